"""The pages name what is there, and nothing that is not."""

import json
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from tests.architecture.pages import anchors, blocks, by_hand, code, links, named, page, pages
from tests.architecture.project import PACKAGE, ROOT, files
from watcher import errors, kinded
from watcher.chain.code import MAX_DEPTH
from watcher.chain.pace import MAX_REST_SECONDS
from watcher.channels._exchange import Route
from watcher.cli import app
from watcher.config import program_file as form
from watcher.config.deployment import Schedule, load_deployment
from watcher.config.families import families
from watcher.config.program import load_program
from watcher.core.countdown import Phase
from watcher.core.definition import OnRegression
from watcher.core.delivery import QUICK_FAILURES
from watcher.core.events import EVENT_TYPES
from watcher.core.facts import CodeKind
from watcher.core.health import BEHIND_SECONDS, Standing
from watcher.core.types import Verdict
from watcher.discovery.curated import Contract
from watcher.errors import WatcherError
from watcher.stages.cutting import BACKLOG
from watcher.stages.deliver import DeliverResult
from watcher.stages.evaluate import EvaluateResult
from watcher.stages.health import patience
from watcher.stages.index import IndexResult
from watcher.stages.marks import STALE_AFTER_SECONDS
from watcher.stages.runs import FAILURES_UNTIL_DEGRADED
from watcher.store.views import views

ENVIRONMENT = {"RPC_URL": "https://rpc.example.org/key", "WATCHER_OPS_SECRET": "whsec_" + "QUJD" * 11}


def commands() -> set[str]:
    """Return the names of every command."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return set(group.commands)


def targets() -> set[str]:
    """Return the targets that `make help` lists."""
    return set(re.findall(r"^([a-z-]+):.*## ", page("Makefile"), re.MULTILINE))


def every_error() -> set[type[WatcherError]]:
    """Return the classes of the one tree of errors."""
    return {each for each in vars(errors).values() if isinstance(each, type)}


@pytest.mark.parametrize("path", pages(), ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    """To a file of the project, and where it names a heading, to one that the page has."""
    for link in links(path.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert ROOT in (target, *target.parents), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("path", pages(), ids=named)
def test_every_command_that_a_page_names_is_there(path: Path) -> None:
    """`watcher NAME` and `make NAME`, in shell blocks and inline."""
    for line in code(path.read_text(encoding="utf-8")):
        called = re.match(r"(watcher|make) ([a-z][a-z-]*)\b(?!\.)", line)
        if called:
            known = commands() if called[1] == "watcher" else targets()
            assert called[2] in known, line


@pytest.mark.parametrize("path", pages(), ids=named)
def test_every_option_that_a_page_names_is_there(path: Path) -> None:
    """An option in a call of `watcher` is one that some command takes, as docs/commands.md has it."""
    known = set(re.findall(r"`(--[a-z-]+)", page("docs/commands.md"))) | {"--help", "--version"}
    for line in code(path.read_text(encoding="utf-8")):
        if line.startswith("watcher "):
            call = line.partition("|")[0]
            assert set(re.findall(r"(?<!\S)--[a-z-]+", call)) <= known, line


@pytest.mark.parametrize("path", pages(), ids=named)
def test_every_file_that_a_page_names_is_there(path: Path) -> None:
    """Paths from the top of the project, or from the package."""
    folders = "|".join(sorted({each.relative_to(ROOT).parts[0] for each in files() if each.parent != ROOT}))
    for line in code(path.read_text(encoding="utf-8")):
        if re.fullmatch(rf"(?:{folders}|core|stages|store)/[\w./-]+", line):
            assert any((top / line).exists() for top in (ROOT, PACKAGE)), line


def test_the_readme_begins_with_the_two_commands() -> None:
    """They are what a newcomer types first, and both are targets."""
    first = [line.partition("#")[0].strip() for line in blocks(page("README.md"), "sh")[0].splitlines()]
    assert first == ["make demo", "make test"]


def test_the_readme_lists_every_command() -> None:
    """Once, and no other."""
    listed = re.findall(r"^\| `watcher ([a-z-]+)` \|", page("README.md"), re.MULTILINE)
    assert sorted(listed) == sorted(commands())


def test_the_readme_shows_a_message_of_the_form_that_is_explained() -> None:
    """It has the keys of the example of docs/webhooks.md; that `make demo` sends it is held by tests/e2e."""
    [shown] = blocks(page("README.md"), "json")
    [example] = blocks(page("docs/webhooks.md"), "json entry")
    assert json.loads(shown).keys() == json.loads(example).keys()
    assert json.loads(shown)["data"].keys() == json.loads(example)["data"].keys()


def test_the_readme_leads_to_every_page() -> None:
    """A page that nobody finds is not there."""
    found = set(links(page("README.md")))
    assert {named(path) for path in pages() if path.parent == ROOT / "docs"} <= found


def test_every_decision_is_listed_and_has_its_parts() -> None:
    """The list names each page once, under the number that it has."""
    records = sorted(path for path in (ROOT / "docs" / "adr").glob("*.md") if path.name != "README.md")
    assert list(links(page("docs/adr/README.md"))) == [path.name for path in records]
    for number, path in enumerate(records, start=1):
        text = path.read_text(encoding="utf-8")
        assert path.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number:04}: ")
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Alternatives", "Consequences"], path.name


def test_every_program_on_a_page_is_a_valid_one(tmp_path: Path) -> None:
    """Whoever copies it starts from something that works."""
    shown = blocks(page("docs/programs.md"), "toml program")
    assert shown
    for number, text in enumerate(shown):
        path = tmp_path / f"{number}.toml"
        path.write_text(text, encoding="utf-8")
        assert load_program(path).definition.countdowns


def test_every_deployment_on_a_page_is_a_valid_one(tmp_path: Path) -> None:
    """Whoever copies it starts from something that works; secrets come from the environment."""
    shown = blocks(page("docs/operations.md"), "toml deployment")
    assert shown
    for number, text in enumerate(shown):
        path = tmp_path / f"{number}.toml"
        path.write_text(text, encoding="utf-8")
        assert load_deployment(path, ENVIRONMENT).channels


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("docs/programs.md", kinded.known("discovery")),
        ("docs/programs.md", kinded.known("metrics")),
        ("docs/programs.md", families()),
        ("docs/programs.md", OnRegression),
        ("docs/programs.md", get_args(Contract.model_fields["role"].annotation)),
        ("docs/webhooks.md", EVENT_TYPES),
        ("docs/operations.md", list(Schedule.model_fields)),
    ],
)
def test_a_page_explains_what_there_is_to_choose_from(name: str, words: list[str]) -> None:
    """In words, above the generated reference."""
    text = by_hand(name)
    assert [word for word in words if not re.search(rf"`[^`\n]*\b{re.escape(word)}\b[^`\n]*`", text)] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("docs/programs.md", Verdict),
        ("docs/programs.md", [kind.value.upper() for kind in CodeKind if kind.value.startswith("eip")]),
        ("docs/operations.md", Standing),
        ("docs/glossary.md", [*Standing, *Verdict, "LIVE", "NOT_LIVE"]),
        ("docs/operations.md", [each.name for each in fields(IndexResult)]),
        ("docs/operations.md", [each.name for each in fields(EvaluateResult)]),
        ("docs/operations.md", [each.name for each in fields(DeliverResult)]),
        ("docs/operations.md", Phase),
        ("docs/database.md", [view.name for view in views()]),
        ("docs/commands.md", [error.__name__ for error in every_error() - {WatcherError}]),
    ],
)
def test_a_page_names_every_word_that_its_readers_meet(name: str, words: list[str]) -> None:
    """Verdicts, figures of log lines, views, errors."""
    assert [word for word in words if not re.search(rf"\b{re.escape(word)}\b", page(name))] == []


@pytest.mark.parametrize(
    ("name", "words", "figure", "expected"),
    [
        ("docs/operations.md", "more than five minutes of chain time", BEHIND_SECONDS, 300),
        ("docs/operations.md", "With more than 5,000 final blocks to read", BACKLOG, 5_000),
        ("docs/operations.md", "for a minute, or for ten intervals", patience(1, None), 60),
        ("docs/operations.md", "for a minute, or for ten intervals", patience(60, None), 600),
        ("docs/operations.md", "After three failures in a row", FAILURES_UNTIL_DEGRADED, 3),
        ("docs/operations.md", "up to 8 s", MAX_REST_SECONDS, 8),
        ("docs/operations.md", "more than a minute late", STALE_AFTER_SECONDS, 60),
        ("docs/webhooks.md", "A stage failed three times in a row", FAILURES_UNTIL_DEGRADED, 3),
        ("docs/webhooks.md", "15 seconds in all", Route().timeout_seconds, 15),
        ("docs/webhooks.md", "third quick failure", QUICK_FAILURES, 3),
        ("docs/programs.md", "four deep", MAX_DEPTH, 4),
    ],
)
def test_a_figure_in_words_is_the_one_that_runs(
    name: str, words: str, figure: float, expected: float
) -> None:
    """Whoever changes the figure changes the words, and then this list."""
    assert words.lower() in " ".join(page(name).split()).lower()
    assert figure == expected


def test_every_exit_code_is_explained() -> None:
    """In docs/commands.md and in the README, with the codes that errors have."""
    codes = {0, 1} | {error.exit_code for error in every_error()}
    rows = re.findall(r"^\| (\d) \|", by_hand("docs/commands.md"), re.MULTILINE)
    assert sorted(map(int, rows)) == sorted(codes)
    [line] = [line for line in page("README.md").splitlines() if line.startswith("Everywhere: ")]
    assert {int(digit) for digit in re.findall(r"\d", line)} == codes


def test_every_key_that_is_no_part_of_the_definition_is_named() -> None:
    """An author has to know what may be changed without a new ledger."""
    section = by_hand("docs/programs.md").split("## The definition hash")[1]
    left_out = {
        name if issubclass(form.Described, table) else f"{table.__name__.lower()}.{name}"
        for table in (form.Described, form.Provenance, form.Chain)
        for name, field in table.model_fields.items()
        if field.exclude
    }
    assert left_out == {"title", "description", "chain.name", "provenance.source", "provenance.quotes"}
    assert [key for key in sorted(left_out) if f"`{key}`" not in section] == []


def test_the_documented_layers_are_those_that_are_checked() -> None:
    """The list of docs/architecture.md is that of pyproject.toml, without layers that have no module."""
    contract = tomllib.loads(page("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]
    there = {path.stem for path in PACKAGE.iterdir()}
    checked = [re.findall(r"\w+", layer) for layer in contract["layers"]]
    [shown] = [text for text in blocks(page("docs/architecture.md"), "text") if text.startswith("__main__\n")]
    drawn = [re.findall(r"\w+", re.split(r"  +", line)[0]) for line in shown.splitlines()]
    assert drawn == [[name for name in layer if name in there] for layer in checked]
