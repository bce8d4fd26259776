"""`status`: the first word, the picture, the exit code; it reads and changes nothing."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.stages.world import START, Watch
from watcher.cli.status import print_kpis
from watcher.clock import SystemClock
from watcher.core.facts import BlockAtWant, BlockFacts
from watcher.core.types import BlockHash, BlockRef
from watcher.store.encoding import pack
from watcher.store.runs import StageRun


@pytest.fixture
def looked(watch: Watch) -> Watch:
    """Give the watcher, whose index stage ran just now."""
    looks(watch)
    return watch


def looks(watch: Watch, error: str | None = None) -> None:
    """Note a run of the index stage, by the machine's clock as the command has it."""
    now = SystemClock().now()
    with watch.store.writing() as tx:
        tx.runs.add(StageRun("index", now, now, ok=error is None, error=error))


def test_a_watcher_that_is_well_says_ok(watcher: Command, looked: Watch) -> None:
    """Then where everything stands, a line or a row each."""
    said = watcher("status")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "OK"
    assert lines[1] == "program       world, chain 31337"
    assert lines[2] == f"definition    {looked.program.hash}"
    assert lines[3].startswith("read          block 11, 2023-11-15T")
    assert lines[4].startswith("concluded     block 8, 2023-11-15T")
    assert lines[5:8] == [
        "final         block 8",
        "head          block 11",
        "lag           0 s of chain time",
    ]
    rows = [line.split() for line in lines]
    assert ["two-live", "2", "at", "least", "2", "MET"] in rows
    assert ["first", "reached", "3"] in rows
    assert ["tge", "running", "2023-11-21T22:13:23Z", "0:00:00"] in rows


def test_scripts_get_one_object(watcher: Command, looked: Watch) -> None:
    """The same picture with the names that scripts rely on."""
    said = watcher("status", "--json")
    assert said.code == 0
    [figures] = said.objects
    assert figures["health"] == "OK"
    assert figures["definition_hash"] == looked.program.hash
    assert figures["checkpoint"]["number"] == 11
    assert figures["milestones"] == [{"id": "first", "state": "reached", "block_number": 3}]


def test_what_was_read_ahead_of_missing_history_is_shown(watcher: Command, looked: Watch) -> None:
    """How far the history is read, and what is read at the head before it."""
    with looked.store.writing() as tx:
        first = BlockRef(50, BlockHash("0x50"), BlockHash("0x49"), START + 50)
        tx.facts.append_ahead(pack([BlockFacts(first), BlockFacts(replace(first, number=60))]))
    lines = watcher("status").out.splitlines()
    assert lines[3].startswith("read          block 11, ")
    assert lines[4] == "read ahead    blocks 50 to 60; concluded once what is between is read"
    assert watcher("status", "--json").objects[0]["ahead"] == {"first": 50, "last": 60}


def test_what_is_not_well_says_what_to_do_and_ends_with_1(watcher: Command, looked: Watch) -> None:
    """One line: what, since when, why, and the remedy."""
    looks(looked, "endpoint main (http://127.0.0.1:9): connection refused")
    said = watcher("status")
    assert said.code == 1
    first = said.out.splitlines()[0]
    assert first.startswith("DEGRADED since 20")
    assert "stage index fails: endpoint main (http://127.0.0.1:9): connection refused; it is tried" in first
    assert watcher("status", "--json").objects[0]["health"] == "DEGRADED"


def test_a_database_that_nobody_writes_is_blind(watcher: Command, watch: Watch) -> None:
    """The stages ran in some other way than through the program: no run was ever noted."""
    assert watch.entries()
    said = watcher("status")
    assert (said.code, said.out.splitlines()[0]) == (
        1,
        "BLIND: the chain was never read; see that `watcher run` is running",
    )


def test_what_stands_still_is_named(watcher: Command, looked: Watch) -> None:
    """As of the last evaluation that found it."""
    now = SystemClock().now() - timedelta(seconds=1)
    want = BlockAtWant(1_700_000_000, 3, 9)
    with looked.store.writing() as tx:
        tx.facts.put_wants([want], now)
        tx.facts.want_failed(want, "pruned")
        tx.runs.add(StageRun("evaluate", now, now, ok=True, detail={"stalled": "pruned"}))
    [line] = [line for line in watcher("status").out.splitlines() if line.startswith("stands still")]
    assert line.startswith(
        "stands still  before block 9, which needs the first block at or after 2023-11-14T22:13:20Z"
    )


@pytest.mark.parametrize(
    ("low", "high", "reading"),
    [
        ("1", "3", "1 to 3"),
        ("1000", None, "1,000 or more"),
        ("2", "2", "2"),
        ("100/3", "100/3", "about 33.333333"),
        (None, None, ""),
    ],
)
def test_a_reading_is_a_number_or_where_it_is_open_an_interval(
    low: str | None, high: str | None, reading: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As people write numbers; what the definition leaves unknown is shown, not guessed."""
    print_kpis(
        [{"id": "k", "low": low, "high": high, "comparator": "at_least", "bar": "5", "verdict": "MET"}]
    )
    row = capsys.readouterr().out.splitlines()[1]
    assert row.split() == ["k", *reading.split(), "at", "least", "5", "MET"]


@pytest.mark.usefixtures("program")
def test_without_a_database_none_is_made(watcher: Command, folder: Path) -> None:
    """The remedy is named."""
    said = watcher("status")
    assert said.code == 3
    assert "watcher database upgrade" in said.err
    assert not (folder / "watcher.db").exists()
