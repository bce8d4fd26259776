"""Seams: ranges that follow each other are one read of the chain; whatever else is asked for begins anew."""

from collections.abc import Generator, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.stages.world import Cut, Watch, busy, definition, fresh_store, open_for_business
from watcher.core.types import BlockRange
from watcher.core.window import LogFilter, Window
from watcher.stages.cutting import Cutting, Sizes
from watcher.stages.read_window import Job, JobReader
from watcher.stages.seams import Seams
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain


class Counted(FakeChain):
    """A chain that notes which ranges it was asked for, and which reads are still open."""

    def __init__(self, blocks: int) -> None:
        """Make so many blocks."""
        super().__init__()
        self.asked: list[tuple[int, int]] = []
        self.open = 0
        for _ in range(blocks):
            self.block()

    def windows(
        self, blocks: BlockRange, size: int, *, only: LogFilter | None = None, every_header: bool = False
    ) -> Generator[Window]:
        """Note the range, then read."""
        self.asked.append((blocks.first, blocks.last))
        self.open += 1
        try:
            yield from super().windows(blocks, size, every_header=every_header, only=only)
        finally:
            self.open -= 1


def numbers(windows: Iterator[Window]) -> list[int]:
    """Give the blocks that were read."""
    return [block.number for window in windows for block in window.blocks]


def activity(store: Store) -> dict[int, object]:
    """Give what stored blocks say, by block."""
    with store.reading() as tx:
        return {
            facts.block.number: facts.activity for facts in tx.facts.blocks(1, 700, 1_000) if facts.activity
        }


def test_ranges_that_follow_each_other_are_one_read() -> None:
    """It ends with the last whole range, and the next one is another read."""
    chain = Counted(50)
    seams = Seams(chain)
    read = [numbers(seams.windows(BlockRange(first, first + 9), 38)) for first in (1, 11, 21)]
    assert read == [list(range(first, first + 10)) for first in (1, 11, 21)]
    assert (chain.asked, chain.open) == ([(1, 30)], 0)
    assert numbers(seams.windows(BlockRange(31, 40), 40)) == list(range(31, 41))
    assert chain.asked == [(1, 30), (31, 40)]


@pytest.mark.parametrize(
    "blocks", [BlockRange(21, 30), BlockRange(11, 15)], ids=["another place", "another length"]
)
def test_what_does_not_follow_begins_anew(blocks: BlockRange) -> None:
    """And the read that would have gone on is closed."""
    chain = Counted(50)
    seams = Seams(chain)
    numbers(seams.windows(BlockRange(1, 10), 50))
    assert chain.open == 1
    assert numbers(seams.windows(blocks, blocks.last)) == [*range(blocks.first, blocks.last + 1)]
    assert (chain.asked, chain.open) == ([(1, 50), (blocks.first, blocks.last)], 0)


def test_a_range_that_broke_off_is_not_gone_on_with() -> None:
    """Whoever asks again gets it from its beginning."""
    chain = Counted(50)
    seams = Seams(chain)
    windows = seams.windows(BlockRange(1, 10), 50)
    next(windows)
    windows.close()
    assert chain.open == 0
    assert numbers(seams.windows(BlockRange(1, 10), 50)) == list(range(1, 11))
    seams.forget()
    assert chain.open == 0


def test_a_backfill_is_one_read(tmp_path: Path) -> None:
    """Until close to finality, and over runs that end in between; what is stored is every block."""
    chain = Counted(0)
    open_for_business(chain)
    busy(chain, Random(7), 700 - chain.head().number, lambda: 1)
    with fresh_store(tmp_path) as store:
        watch = Watch(definition(tmp_path, finality="depth = 0"), chain, store, cut=Cut(final_window=20))
        for _ in range(4):
            watch.index.run("final", max_windows=2)
        assert [each for each in chain.asked if each[1] - each[0] >= 20] == [(1, 200)]
        assert chain.open == 1
        watch.index.run("final")
        assert chain.open == 0
        found = activity(store)
    with fresh_store(tmp_path / "at once") as store:
        Watch(definition(tmp_path, finality="depth = 0"), chain, store, cut=Cut(final_window=700)).index.run()
        assert found == activity(store)
    assert len(found) > 100


def test_cutting_lets_one_reader_read_on_to_where_each_block_is_linked(tmp_path: Path) -> None:
    """Not near finality, nor for several readers."""
    chain = definition(tmp_path).chain
    sizes = Sizes(final=10, linked=20)
    one, several = Cutting(chain, sizes, one_reader=True), Cutting(chain, sizes)

    def through(cutting: Cutting, at: int) -> int | None:
        job = cutting.final_job(at, 100, (), by_logs=False)
        assert job is not None
        return job.through

    assert [through(one, at) for at in (1, 71, 72, 81)] == [80, 80, None, None]
    assert through(several, 1) is None


class InParts(FakeChain):
    """A chain that ends windows early, as a source may to bound memory."""

    def windows(
        self, blocks: BlockRange, size: int, *, only: LogFilter | None = None, every_header: bool = False
    ) -> Generator[Window]:
        """Read three blocks at a time, and no window over the end of one of `size`."""
        for first in range(blocks.first, blocks.last + 1, size):
            whole = BlockRange(first, min(first + size - 1, blocks.last))
            yield from super().windows(whole, 3, every_header=every_header, only=only)


def test_a_range_may_come_in_several_windows() -> None:
    """It ends where its last block is."""
    chain = InParts()
    chain.empty_blocks(40)
    seams = Seams(chain)
    read = [numbers(seams.windows(BlockRange(first, first + 9), 40)) for first in (1, 11)]
    assert read == [list(range(first, first + 10)) for first in (1, 11)]


class Short(FakeChain):
    """A chain whose windows end too early, against its word."""

    def windows(
        self, blocks: BlockRange, size: int, *, only: LogFilter | None = None, every_header: bool = False
    ) -> Generator[Window]:
        """Read all but the last blocks."""
        fewer = BlockRange(blocks.first, blocks.last - 5)
        return super().windows(fewer, size, every_header=every_header, only=only)


@pytest.mark.parametrize("through", [None, 20])
def test_a_window_that_ends_early_is_never_stored(tmp_path: Path, through: int | None) -> None:
    """Blocks that nobody read are not blocks in which nothing happened."""
    chain = Short()
    chain.empty_blocks(20)
    reader = JobReader(definition(tmp_path), chain)
    with pytest.raises(RuntimeError, match=r"to 15 only"):
        reader(Job(BlockRange(1, 20), through=through))
