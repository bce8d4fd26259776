"""Standing still: the words for each kind of fact that can be missing."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.stages.world import APPS, START, Cut, Watch, definition, open_for_business, use
from watcher.core.facts import AgreedWant, BlockAtWant, SampleWant, Want
from watcher.core.types import Address, BlockRange, BlockRef
from watcher.core.window import LogFilter, Window
from watcher.errors import HistoryMissing
from watcher.stages.standstill import unanswered
from watcher.store.database import Store
from watcher.store.reads import OpenWant
from watcher.testing.fake_chain import FakeChain

APP = Address("0x" + "aa" * 20)
THEN = datetime(2026, 1, 3, tzinfo=UTC)
LATER = datetime(2026, 1, 4, tzinfo=UTC)


class Forgetful(FakeChain):
    """A chain some of whose headers are pruned, or the receipts of one of whose blocks."""

    forgotten = range(0)
    hole: int | None = None

    def windows(
        self, blocks: BlockRange, size: int, *, only: LogFilter | None = None, every_header: bool = False
    ) -> Generator[Window]:
        """Refuse ranges with the hole in them."""
        if self.hole is not None and self.hole in blocks:
            raise HistoryMissing(f"the receipts of block {self.hole} are pruned")
        return super().windows(blocks, size, every_header=every_header, only=only)

    def headers(self, numbers: Sequence[int]) -> list[BlockRef | None]:
        """Refuse what is forgotten."""
        if any(number in self.forgotten for number in numbers):
            raise HistoryMissing("old headers are pruned")
        return super().headers(numbers)


@pytest.mark.parametrize(
    ("want", "words"),
    [
        (
            SampleWant(APP, 9),
            (
                f"before block 9, which needs the state of contract {APP} at block 9: pruned; since "
                "2026-01-03T00:00:00Z; add an archive endpoint, with state from block 9 on: what it answers "
                "is stored; where nobody has it, declare a [[chain.gap]]"
            ),
        ),
        (
            BlockAtWant(1_767_398_400, 3, 9),
            (
                "before block 9, which needs the first block at or after 2026-01-03T00:00:00Z, one of blocks "
                "4 to 9: pruned; since 2026-01-03T00:00:00Z; add an endpoint with blocks from 4 on; "
                "where nobody has it, declare a [[chain.gap]]"
            ),
        ),
        (
            AgreedWant(9, 2),
            (
                "before block 9, which needs the agreement of 2 endpoints on block 9: pruned; since "
                "2026-01-03T00:00:00Z; wait for them, add another endpoint, or lower `agree`"
            ),
        ),
    ],
)
def test_each_kind_of_fact_is_named_with_what_would_bring_it(want: Want, words: str) -> None:
    """Before which block, what, why, since when, and what to do."""
    assert str(unanswered([OpenWant(want, THEN, 1, "pruned")])) == words


def test_the_first_block_that_lacks_something_is_the_one_that_counts() -> None:
    """Looking ahead asks for later ones too; what nobody tried yet lacks nothing."""
    wants = [
        OpenWant(SampleWant(APP, 8), THEN, 0, None),
        OpenWant(SampleWant(APP, 20), THEN, 3, "pruned"),
        OpenWant(SampleWant(APP, 9), LATER, 3, "pruned"),
        OpenWant(BlockAtWant(0, 3, 9), LATER, 3, "pruned"),
    ]
    found = unanswered(wants)
    assert found is not None
    assert (found.before_block, found.missing, found.since) == (9, 2, int(LATER.timestamp()))
    assert "and 1 more read: pruned" in str(found)
    assert unanswered(wants[:1]) is None


def test_a_header_that_is_missing_holds_up_the_ledger_and_not_the_index(tmp_path: Path, store: Store) -> None:
    """The block of a deadline is looked for among old headers: where they are gone, blocks are read on."""
    program = definition(tmp_path, duration="1h17m", finality='tag = "finalized"')
    chain = Forgetful(genesis_time=START)
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1, 2, 3), *use(APPS[1], 0, 1, 2, 3))
    chain.finalize(chain.empty_blocks(700, every=7).number)
    watch = Watch(program, chain, store)
    for _ in range(2):
        watch.index.run()
        watch.evaluate.run()
    chain.forgotten = range(510, 690)
    chain.block()
    found = watch.index.run("head")
    assert (found.unanswered, found.behind) == (1, 0)
    stalled = watch.evaluate.run().stalled
    assert stalled is not None
    assert "the first block at or after 2023-11-14T23:30:22Z" in stalled
    chain.forgotten = range(0)
    assert watch.sync().evaluate.stalled is None
    assert "countdown.elapsed" in {entry["type"] for entry in watch.entries()}


@pytest.mark.parametrize("by_logs", [True, False])
def test_history_is_read_up_to_the_very_block_that_is_missing(
    tmp_path: Path,
    store: Store,
    by_logs: bool,  # noqa: FBT001
) -> None:
    """Windows shrink until they end before it; then a run asks for it alone, until it is there."""
    made = definition(tmp_path)
    apps = {name: app for name, app in made.apps.items() if name != "gamma"}
    program = replace(made, liveness=replace(made.liveness, reach="touched"), apps=apps)
    chain = Forgetful(genesis_time=START)
    chain.empty_blocks(300)
    chain.hole = 137
    watch = Watch(program, chain, store, cut=Cut(final_window=100, logs_window=1_000, by_logs=by_logs))
    for _ in range(20):
        with pytest.raises(HistoryMissing):
            watch.index.run()
    with store.reading() as tx:
        checkpoint = tx.facts.checkpoint()
    assert checkpoint is not None
    assert checkpoint.number == 136
    chain.hole = None
    chain.calls.clear()
    watch.index.run()
    assert chain.calls["windows"] < 12
