"""What a window costs the database, exactly: a backfill is thousands of windows, so the counts are gates."""

from pathlib import Path
from random import Random

import pytest

from tests.databases import statements
from tests.stages.world import Cut, Watch, busy, definition, fresh_store, open_for_business
from watcher.testing.fake_chain import FakeChain

STATEMENTS_A_WINDOW = 12
"""Reads and writes, whatever is in the window."""


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
