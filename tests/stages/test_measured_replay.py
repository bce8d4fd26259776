"""Replay equality of a program made of every metric and every aggregate."""

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.stages.measured_world import BY_LOGS, begin, definition, grow
from tests.stages.world import Cut, Watch, fresh_store, world_clock
from watcher.core.definition import Definition
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain

GAP = '[[chain.gap]]\nfirst = 20\nlast = 24\nreason = "lost"'
PROGRAMS: dict[str, dict[str, Any]] = {
    "all": {},
    "gap": {"chain": GAP},
    "direct, sampled often": {"reach": "direct", "chain": 'state_every = "6h"'},
}


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Definition:
    """Programs that differ in what is read and how often."""
    return definition(tmp_path, **PROGRAMS[request.param])


def backfilled(
    program: Definition, chain: FakeChain, folder: Path, cut: Cut | None = None
) -> list[dict[str, Any]]:
    """Give the ledger of a fresh watcher that reads everything at once."""
    with fresh_store(folder) as store:
        watch = Watch(program, chain.clone(), store, cut=cut)
        watch.sync()
        return watch.entries()


def test_windows_and_chunks_of_any_size_give_the_same_bytes(program: Definition, tmp_path: Path) -> None:
    """How the history is cut into reads and transactions does not matter."""
    random = Random(3)
    chain = begin(random, 120)
    expected = backfilled(program, chain, tmp_path / "whole")
    assert len({entry["subject"] for entry in expected if entry["type"] == "kpi.met"}) > 12
    assert any(entry["type"] == "kpi.unmet" for entry in expected)
    for number in range(2):
        cut = Cut(random.randint(1, 40), random.randint(1, 5), random.randint(1, 30))
        assert backfilled(program, chain, tmp_path / str(number), cut) == expected, cut


def live_through(
    program: Definition, url: str, random: Random, blocks: int
) -> tuple[list[dict[str, Any]], FakeChain]:
    """Live through a history, a few blocks at a time, with forks above finality and restarts in between."""
    chain = begin(random, 2)
    clock = world_clock()
    store = Store.open(url, create=True)
    try:
        watch = Watch(program, chain, store, clock)
        highest = 0
        while chain.head().number < blocks:
            highest = max(highest, chain.head().number)
            above_finality = chain.head().number - (highest - 3)
            if random.random() < 0.15 and above_finality:
                chain.reorg(random.randint(1, above_finality))
            grow(chain, random, random.choice((1, 1, 1, 3)))
            if random.random() < 0.3:
                watch = Watch(program, chain, store, clock)
            watch.sync()
            clock.advance(timedelta(seconds=60))
        return watch.entries(), chain
    finally:
        store.close()


def test_a_live_watcher_with_restarts_and_reorgs_writes_what_a_clean_backfill_writes(
    program: Definition, tmp_path: Path
) -> None:
    """A block at a time, forks above finality and new processes in between: byte-identical ledgers."""
    url = f"sqlite:///{tmp_path / 'live.db'}"
    entries, chain = live_through(program, url, Random(11), 90)
    assert entries == backfilled(program, chain, tmp_path / "clean")


@pytest.mark.postgres
def test_a_live_watcher_on_postgresql_writes_the_same_bytes(tmp_path: Path, empty_database_url: str) -> None:
    """The ledger does not know which database it is in."""
    program = definition(tmp_path, chain=GAP)
    entries, chain = live_through(program, empty_database_url, Random(7), 60)
    assert entries == backfilled(program, chain, tmp_path / "clean")


def test_reading_by_logs_gives_the_same_bytes(tmp_path: Path) -> None:
    """Where no metric is about every block, blocks that no log concerns need not be read."""
    program = definition(tmp_path, without=BY_LOGS)
    chain = begin(Random(5), 120)
    expected = backfilled(program, chain, tmp_path / "receipts")
    by_logs = backfilled(program, chain, tmp_path / "logs", Cut(by_logs=True, logs_window=30))
    assert by_logs == expected


def test_the_ledger_stands_still_before_a_call_that_cannot_be_read(
    program: Definition, tmp_path: Path
) -> None:
    """A failed read is never a value: what is there is a prefix, and goes on when an archive answers."""
    chain = begin(Random(6), 60)
    expected = backfilled(program, chain, tmp_path / "archive")
    with fresh_store(tmp_path / "slow") as store:
        pruned = chain.clone()
        pruned.missing_state_below(30)
        standing = Watch(program, pruned, store)
        assert standing.sync().evaluate.stalled
        entries = standing.entries()
        assert entries == expected[: len(entries)]
        healed = Watch(program, chain, store)
        assert healed.sync().evaluate.stalled is None
        assert healed.entries() == expected
