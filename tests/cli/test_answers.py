"""`apps`, `explain`, `ledger` and `evidence`: what was concluded, and why."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.stages.world import APPS, START, Watch, definition, use
from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.core.ledger import canonical
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain


@pytest.mark.usefixtures("watch")
def test_apps_are_listed_with_their_counts_and_what_is_missing(watcher: Command) -> None:
    """A table in a pipe is plain, one line an app, and says once what receipts cannot show."""
    said = watcher("apps")
    head, columns, *rows, missing, note = said.out.splitlines()
    assert said.code == 0
    assert head == "2 of 3 apps are live as of block 8, 2023-11-15T03:13:23Z"
    assert columns.split() == [
        *("app", "verdict", "deployed", "active", "actions", "gross", "actors", "days", "contracts")
    ]
    assert rows[1].split() == ["beta", "LIVE", "MET", "MET", "5", "5", "4", "1", "1"]
    assert missing == "missing    gamma: min_actions: 0, needs 4; min_actors: 0, needs 2"
    assert "invisible in receipts" in note
    assert "\x1b" not in said.out


@pytest.mark.usefixtures("watch")
def test_apps_as_json_are_one_object_a_line(watcher: Command) -> None:
    """Nothing else is on stdout; the block that was taken is named beside it."""
    said = watcher("apps", "--json", "--at", "2")
    assert [(each["id"], each["verdict"], each["actions"]) for each in said.objects] == [
        ("alpha", "LIVE", 4),
        ("beta", "NOT_LIVE", 0),
        ("gamma", "NOT_LIVE", 0),
    ]
    assert [contract["address"] for contract in said.objects[0]["contracts"]] == [APPS[0]]
    assert "as of block 2, 2023-11-14T22:13:22Z" in said.err


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize(
    ("at", "code", "words"),
    [
        ("9", 4, "block 9 is not concluded yet: the last concluded block is 8"),
        ("2030-01-01", 4, "is not concluded yet"),
        ("0", 2, "the first that does is 1"),
        ("yesterday", 2, "write a block number"),
    ],
)
def test_a_moment_that_cannot_be_told_says_what_can(watcher: Command, at: str, code: int, words: str) -> None:
    """Not yet is another answer than never."""
    for command in (["apps"], ["explain", "alpha"]):
        said = watcher(*command, "--at", at)
        assert (said.code, said.out) == (code, "")
        assert words in said.err


@pytest.mark.usefixtures("store")
def test_questions_before_the_first_conclusion_cannot_be_answered(watcher: Command) -> None:
    """Nothing is there yet, and nobody is told "none"."""
    for command in (["apps"], ["explain", "alpha"], ["ledger", "--digest"], ["evidence", "first"]):
        said = watcher(*command)
        assert (said.code, said.out) == (4, "")
        assert said.err.startswith("watcher: ")
    assert watcher("ledger").code == 0


@pytest.mark.usefixtures("program")
def test_without_a_database_a_question_makes_none(watcher: Command, folder: Path) -> None:
    """The remedy is named; the folder stays as it is."""
    said = watcher("apps")
    assert said.code == 3
    assert "watcher sync" in said.err
    assert sorted(path.name for path in folder.iterdir()) == ["watcher.toml", "world.toml"]


def test_a_database_of_another_program_is_refused_with_both_hashes(
    watcher: Command, watch: Watch, folder: Path
) -> None:
    """An answer about another definition would be a wrong answer."""
    changed = definition(folder, duration="8d")
    said = watcher("explain", "alpha")
    assert said.code == 2
    assert changed.hash in said.err
    assert watch.program.hash in said.err


@pytest.mark.usefixtures("watch")
def test_explain_says_why_on_one_screen(watcher: Command) -> None:
    """The verdict first, then the rule, each criterion, the ledger's word."""
    said = watcher("explain", "beta")
    assert said.code == 0
    assert said.out.startswith("app beta is LIVE as of block 8, 2023-11-15T03:13:23Z\nrule ")
    assert "min_actors       MET      4, needs 2" in said.out
    assert "app.went_live at block 3" in said.out
    assert len(said.out.splitlines()) < 25
    [told] = watcher("explain", "beta", "--json", "--at", "2").objects
    assert (told["kind"], told["verdict"], told["entries"]) == ("app", "NOT_LIVE", [])
    assert told["as_of"] == {"block_number": 2}


@pytest.mark.usefixtures("watch")
def test_explain_knows_kpis_milestones_and_countdowns(watcher: Command) -> None:
    """Whatever has an id can be asked about."""
    heads = [watcher("explain", name).out.splitlines()[0] for name in ("three-live", "first", "tge")]
    assert [head.partition(" as of ")[0] for head in heads] == [
        "KPI three-live is NOT_MET",
        "milestone first is reached",
        "countdown tge is running",
    ]
    assert watcher("explain", "first", "--at", "2").out.startswith("milestone first is open")


def test_a_kpi_is_explained_with_its_days_on_one_screen(
    watcher: Command, program: Definition, store: Store
) -> None:
    """What it read at the end of each day that is over, and what it reads now."""
    chain = FakeChain(genesis_time=START)
    chain.block(at=START + 1, code={APPS[0]: b"\x60\x01", APPS[1]: b"\x60\x02"})
    for day in range(5):
        chain.block(*use(APPS[0], 0, 1, 2, 3), *use(APPS[1], *range(day)), at=START + 2 + day * 86_400)
    chain.empty_blocks(3)
    Watch(program, chain, store).sync()
    said = watcher("explain", "three-live")
    assert len(said.out.splitlines()) <= 24
    assert "\ndays       2023-11-14 ▄▄▄██ 2023-11-18  1 to 2\n" in said.out
    [told] = watcher("explain", "three-live", "--json", "--at", "4").objects
    assert [day["low"] for day in told["days"]] == ["1", "1", "1"]


def test_explain_shows_all_that_share_an_id(watcher: Command, folder: Path) -> None:
    """An app and a KPI of one name are both told."""
    file = folder / "world.toml"
    definition(folder)
    file.write_text(file.read_text(encoding="utf-8").replace('"two-live"', '"beta"'), encoding="utf-8")
    chain = FakeChain(genesis_time=START)
    chain.empty_blocks(5)
    store = Store.open(f"sqlite:///{folder / 'watcher.db'}", create=True)
    Watch(load_program(file).definition, chain, store).sync()
    store.close()
    assert [told["kind"] for told in watcher("explain", "beta", "--json").objects] == ["app", "kpi"]
    assert "\n\nKPI beta" in watcher("explain", "beta").out


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("explain", "alhpa"), 'did you mean "alpha"?'),
        (("explain", "x"), "there is alpha, beta, first, gamma, tge, three-live, two-live"),
        (("evidence", "frist"), 'did you mean "first"?'),
        (("ledger", "--generation", "2"), "there is no generation 2 of the ledger: write 1 to 1"),
    ],
)
def test_a_name_that_is_none_is_answered_with_one_that_is(
    watcher: Command, command: tuple[str, ...], words: str
) -> None:
    """Nobody has to look the ids up."""
    said = watcher(*command)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


def test_an_observation_is_explained_as_one(watcher: Command, store: Store, program: Definition) -> None:
    """At the head a condition may hold before anything is final."""
    chain = FakeChain(genesis_time=START)
    chain.block(code={APPS[0]: b"\x60\x01", APPS[1]: b"\x60\x02"})
    chain.empty_blocks(4)
    chain.block(*use(APPS[0], 0, 1, 2, 3), *use(APPS[1], 0, 1, 2, 3))
    Watch(program, chain, store).sync()
    assert "observed at block 6, which is not final yet" in watcher("explain", "first").out
    assert "not reached" in watcher("explain", "first", "--at", "2").out


def test_the_ledger_is_printed_entry_by_entry(watcher: Command, watch: Watch) -> None:
    """For people a line each, for scripts the very entries."""
    said = watcher("ledger")
    lines = said.out.splitlines()
    assert [line.split()[3] for line in lines[1:]] == [entry["type"] for entry in watch.entries()]
    assert lines[-1].split()[5] == watch.digest()[:12]
    assert watcher("ledger", "--json").objects == watch.entries()
    assert watcher("ledger", "--json", "--generation", "1").objects == watch.entries()


def test_a_closed_generation_stays_readable(watcher: Command, watch: Watch) -> None:
    """A rewind leaves the ledger that was told to receivers as it was."""
    with watch.store.writing() as tx:
        tx.ledger.close_generation(after_block=2)
    old = watcher("ledger", "--json", "--generation", "1").objects
    assert [entry["block_number"] for entry in watcher("ledger", "--json").objects] == [1, 2]
    assert [entry["block_number"] for entry in old] == [1, 2, 3, 3, 3, 3]
    [digest] = watcher("ledger", "--digest", "--json", "--generation", "1").objects
    assert digest["digest"] == old[-1]["digest"]


def test_the_digest_is_one_word(watcher: Command, watch: Watch) -> None:
    """Two watchers are compared by it."""
    assert watcher("ledger", "--digest").out == f"{watch.digest()}\n"
    assert watcher("ledger", "--digest", "--json").objects == [
        {"sequence": len(watch.entries()), "digest": watch.digest()}
    ]


def test_evidence_as_json_is_the_bytes_that_the_entry_names(watcher: Command, watch: Watch) -> None:
    """Piped into sha256sum it gives the ledger's own digest of it."""
    [entry] = [entry for entry in watch.entries() if entry["type"] == "milestone.reached"]
    said = watcher("evidence", "first", "--json")
    assert hashlib.sha256(said.bytes).hexdigest() == entry["evidence"]["bundle_sha256"]
    assert canonical(json.loads(said.bytes)) == said.bytes


def test_evidence_for_people_tells_block_kpis_and_apps(watcher: Command, watch: Watch) -> None:
    """Everything a stranger needs, with the name of the bundle."""
    said = watcher("evidence", "first")
    assert "two-live: MET, 2, at least 2" in said.out
    assert "(depth 3)" in said.out
    assert "alpha: LIVE, 4 actions (4 gross), 4 actors, 1 active day" in said.out
    [entry] = [entry for entry in watch.entries() if entry["type"] == "milestone.reached"]
    assert said.out.splitlines()[-1].split() == ["sha256", entry["evidence"]["bundle_sha256"]]


def test_a_milestone_that_is_not_reached_has_no_evidence(
    watcher: Command, store: Store, program: Definition
) -> None:
    """The answer is no, with the state of its condition, and stdout stays empty."""
    chain = FakeChain(genesis_time=START)
    chain.empty_blocks(5)
    Watch(program, chain, store).sync()
    for arguments in ([], ["--json"]):
        said = watcher("evidence", "first", *arguments)
        assert (said.code, said.out) == (1, "")
        assert "any of: NOT_MET" in said.err
