"""The generated parts of the pages are what the code says now. After a change: `make docs`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from tests.architecture.pages import page
from watcher import kinded
from watcher.cli import _reference as commands
from watcher.cli import app
from watcher.config import reference as files
from watcher.config.deployment import DeploymentFile
from watcher.config.program_file import ProgramFile

RENEW: dict[str, Callable[[str], None]] = {
    "docs/programs.md": lambda path: files.main(["program", path]),
    "docs/operations.md": lambda path: files.main(["deployment", path]),
    "docs/commands.md": lambda path: commands.main([path]),
}
"""What `make docs` does to each page; docs/database.md has a test of its own."""


@pytest.mark.parametrize("name", RENEW)
def test_the_page_is_current(name: str, tmp_path: Path) -> None:
    """Making it anew changes nothing."""
    copy = tmp_path / "page.md"
    copy.write_text(page(name), encoding="utf-8")
    RENEW[name](str(copy))
    assert copy.read_text(encoding="utf-8") == page(name)


def test_the_makefile_renews_every_page_that_has_a_generated_part() -> None:
    """Nobody has to know which module makes what."""
    assert [name for name in [*RENEW, "docs/database.md"] if f" {name}\n" not in page("Makefile")] == []


def test_what_is_written_by_hand_stays() -> None:
    """Only what stands below the marker is made anew."""
    assert files.renewed(f"By hand.\n{files.MARKER}\nold\n", "new\n") == f"By hand.\n{files.MARKER}\n\nnew\n"


def test_a_page_without_the_marker_is_refused() -> None:
    """Else somebody's text would be lost, or the reference forgotten."""
    with pytest.raises(ValueError, match="has no line"):
        files.renewed("By hand.", "new")


@pytest.mark.parametrize("model", [ProgramFile, DeploymentFile])
def test_every_key_has_a_meaning(model: type[ProgramFile] | type[DeploymentFile]) -> None:
    """A row without words helps nobody."""
    text = files.reference(model)
    assert [line for line in text.splitlines() if line.endswith("|  |")] == []


def test_rows_say_type_default_and_meaning() -> None:
    """One of each form."""
    program, deployment = files.reference(ProgramFile), files.reference(DeploymentFile)
    for row in (
        "| `id` | id | required | an id |",
        '| `reach` | `"direct"` or `"touched"` | `"direct"` |',
        '| `state_every` | duration | `"1d"` |',
        "| `not_paused` | `true` or `false` | `false` |",
        "| `days` | whole number from 1 to 3660 | required |",
        "| `quotes` | table of text |  |",
        "| `kpi_share` | amount |  |",
        "| `required` | list of addresses |  |",
        "| `any_of` | list of ids or tables |  |",
        "| `finality` | table | required |",
    ):
        assert row in program
    for row in (
        "| `database` | text or secret | required |",
        "| `secrets` | list of secrets | required |",
        "| `channel` | tables |  |",
        '| `events` | list of text | `["*"]` |',
    ):
        assert row in deployment


@pytest.mark.parametrize(
    ("family", "model", "heading"),
    [
        ("discovery", ProgramFile, '### `[[app.discover]]` with `kind = "{}"`'),
        ("metrics", ProgramFile, '### `[kpi.metric]` with `kind = "{}"`'),
        ("channels", DeploymentFile, '### `[[channel]]` with `kind = "{}"`'),
    ],
)
def test_every_kind_has_its_keys(
    family: kinded.Family, model: type[ProgramFile] | type[DeploymentFile], heading: str
) -> None:
    """A section each; listed contracts have their own table."""
    text = files.reference(model)
    assert "### `[[app.contract]]`" in files.reference(ProgramFile)
    assert [
        kind for kind in kinded.known(family) if kind != "curated" and heading.format(kind) not in text
    ] == []


def test_every_command_has_its_options() -> None:
    """A section each, groups one for each of their commands, with values, defaults and variables."""
    text = commands.reference()
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    assert [name for name in group.commands if f"### `watcher {name}" not in text] == []
    for row in (
        "### `watcher explain ID`",
        "### `watcher deliveries replay [EVENT_ID]`",
        r"| `--at BLOCK\|DATE` |",
        r"| `--only index\|evaluate\|deliver` | run this stage and no other |  |",
        "| `--program FILE`, or `WATCHER_PROGRAM` | the program file | `program.toml` |",
        "| `--json` | print JSON on stdout |  |",
        "; may be repeated |",
    ):
        assert row in text
