"""What a window costs the database, exactly: a backfill is thousands of windows, so the counts are gates."""

from pathlib import Path
from random import Random

import pytest

from tests.databases import statements
from tests.stages.world import (
    APPS,
    USERS,
    Cut,
    Watch,
    busy,
    definition,
    fresh_store,
    open_for_business,
)
from watcher.testing.fake_blocks import tx
from watcher.testing.fake_chain import FakeChain

STATEMENTS_A_WINDOW = 12
"""Reads and writes, whatever is in the window."""


STATEMENTS_A_HEAD_BLOCK = 13
"""Reads and writes of one run of evaluate that concludes one block, in which apps are used."""


def executed(folder: Path, windows: int, size: int) -> list[str]:
    """Backfill so many windows of so many blocks; give the SQL."""
    chain = FakeChain()
    open_for_business(chain)
    busy(chain, Random(7), windows * size, lambda: 1)
    with fresh_store(folder) as store:
        watch = Watch(definition(folder, finality="depth = 0"), chain, store, cut=Cut(final_window=size))
        watch.index.run(1)
        with statements() as collected:
            result = watch.index.run("final")
    assert result.blocks == windows * size
    assert result.with_facts > 0
    return collected


@pytest.mark.parametrize("size", [20, 100])
def test_five_windows_more_are_five_transactions_and_as_many_inserts(tmp_path: Path, size: int) -> None:
    """A window is one writing transaction; no statement is repeated for each block, app or actor in it."""
    few, many = executed(tmp_path / "few", 2, size), executed(tmp_path / "many", 7, size)
    for statement in ("BEGIN IMMEDIATE", "INSERT INTO block "):
        assert [sum(each.startswith(statement) for each in run) for run in (few, many)] == [2, 7]
    counts = [sum(not each.startswith("BEGIN") for each in run) for run in (few, many)]
    assert counts[1] - counts[0] <= 5 * STATEMENTS_A_WINDOW


@pytest.mark.parametrize("history", [30, 300])
def test_a_block_at_the_head_costs_the_same_after_any_history(tmp_path: Path, history: int) -> None:
    """One writing transaction, final and provisional, and a fixed number of statements in it."""
    chain = FakeChain()
    open_for_business(chain)
    busy(chain, Random(7), history, lambda: 1)
    with fresh_store(tmp_path) as store:
        watch = Watch(definition(tmp_path, finality="depth = 3"), chain, store)
        watch.sync()
        chain.block(tx(USERS[0], APPS[0]))
        watch.index.run()
        with statements() as collected:
            result = watch.evaluate.run()
    assert (result.blocks, result.entries, result.notices) == (1, 0, 0)
    begun = sum(each.startswith("BEGIN") for each in collected)
    assert (begun, len(collected) - begun) == (1, STATEMENTS_A_HEAD_BLOCK)
