"""Finality: nothing is final that nobody shows together with the final block."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.stages.world import APPS, START, Cut, Watch, definition, open_for_business, use
from watcher.core.definition import Definition
from watcher.core.types import BlockRef
from watcher.errors import EndpointUnavailable
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain


class TwoBranches(FakeChain):
    """Endpoints on two branches: one gives the blocks, another says what is final."""

    other: FakeChain | None = None

    def headers(self, numbers: Sequence[int]) -> list[BlockRef | None]:
        """Give the other branch's block where a single one is asked for: the final one."""
        if self.other is not None and len(numbers) == 1:
            return self.other.headers(numbers)
        return super().headers(numbers)

    def shows(self, blocks: Sequence[BlockRef]) -> bool:
        """Tell whether one of the branches has all of them."""
        return super().shows(blocks) or (self.other is not None and self.other.shows(blocks))


@pytest.fixture
def program(tmp_path: Path) -> Definition:
    """Give the world's program; three blocks make a block final."""
    return definition(tmp_path, finality="depth = 3")


def branches() -> tuple[TwoBranches, FakeChain]:
    """Give two chains of twelve blocks that part after the fourth."""
    stuck, true = TwoBranches(genesis_time=START), FakeChain(genesis_time=START)
    for chain in (stuck, true):
        open_for_business(chain)
        chain.empty_blocks(3)
    for number in range(8):
        stuck.block()
        true.block(*use(APPS[0], number % 4))
    return stuck, true


def test_what_was_read_of_another_branch_does_not_become_final(program: Definition, store: Store) -> None:
    """The tag goes on, but the stored blocks below it are not its own: nothing is concluded of them."""
    stuck, true = branches()
    watch = Watch(program, stuck, store)
    stuck.show_head(6)
    watch.index.run()
    with store.reading() as tx:
        before = tx.state.final()
    stuck.show_head(None)
    stuck.other = true
    watch.index.run(max_windows=0)
    with store.reading() as tx:
        assert tx.state.final() == before
    stuck.other = None
    watch.index.run(max_windows=0)
    with store.reading() as tx:
        final = tx.state.final()
    assert final is not None
    assert final.number == stuck.head().number - 3


def test_a_window_of_another_branch_is_read_again(program: Definition, store: Store) -> None:
    """Read as final from one endpoint, it has to lie under the final block that another one named."""
    stuck, true = branches()
    stuck.other = true
    stuck.head = true.head  # type: ignore[method-assign]
    with pytest.raises(EndpointUnavailable, match="does not lie under the final one"):
        Watch(program, stuck, store).index.run("final", max_windows=1)
    with store.reading() as tx:
        assert tx.facts.checkpoint() is None


def test_the_first_final_block_lies_above_the_genesis_block(program: Definition, store: Store) -> None:
    """Where nothing is stored yet, an endpoint that went over to another chain is found out by that."""
    stuck, _ = branches()
    watch = Watch(program, stuck, store)
    stuck.show_head(0)
    watch.index.run()
    stuck.show_head(None)
    other = FakeChain(genesis_time=START + 1)
    other.empty_blocks(12)
    stuck.other = other
    watch.index.run(max_windows=0)
    with store.reading() as tx:
        assert tx.state.final() is None
    stuck.other = None
    watch.index.run(max_windows=0)
    with store.reading() as tx:
        assert tx.state.final() is not None


def test_by_depth_the_final_block_is_shown_beside_the_head(program: Definition, store: Store) -> None:
    """An endpoint stuck on a branch that was left does not say what is final below another one's head."""
    stuck, true = branches()
    watch = Watch(program, stuck, store)
    stuck.show_head(9)
    stuck.other = true
    stuck.head = true.head  # type: ignore[method-assign]
    stuck.headers = lambda numbers: FakeChain.headers(stuck, numbers)  # type: ignore[method-assign]
    watch.index.run(max_windows=0)
    with store.reading() as tx:
        assert tx.state.final() is None


def test_a_branch_that_ends_at_a_declared_gap_is_not_built_upon(tmp_path: Path, store: Store) -> None:
    """No parent's hash leads over the gap: the block behind it is shown together with the one before it."""
    program = definition(tmp_path, chain='[[chain.gap]]\nfirst = 8\nlast = 9\nreason = "lost"')
    stuck, true = branches()
    watch = Watch(program, stuck, store)
    stuck.show_head(7)
    watch.index.run()
    stuck.show_head(None)
    behind = Watch(program, true, store)
    true.replaced = lambda _block, **_kept: False  # type: ignore[method-assign]  # a stuck endpoint keeps it
    with pytest.raises(EndpointUnavailable, match="block 10 does not lie above block 7"):
        behind.index.run()
    with store.reading() as tx:
        checkpoint = tx.facts.checkpoint()
    assert checkpoint is not None
    assert checkpoint.number == 7


def test_the_first_blocks_read_lie_above_the_genesis_block(program: Definition, store: Store) -> None:
    """An endpoint that went over to another chain after it was asked for its own gives nothing to store."""
    stuck, _ = branches()
    other = FakeChain(genesis_time=START + 1)
    other.empty_blocks(12)
    watch = Watch(program, stuck, store)
    stuck.show_head(0)
    watch.index.run()
    stuck.show_head(None)
    stuck._blocks[1:] = other._blocks[1:]
    with pytest.raises(EndpointUnavailable, match="block 1 does not lie above block 0"):
        watch.index.run()
    with store.reading() as tx:
        assert tx.facts.checkpoint() is None


def backfilled(program: Definition, chain: FakeChain, store: Store) -> tuple[int, int]:
    """Read everything final in windows of ten; count what was asked ahead, and what was asked afterwards."""
    Watch(program, chain, store, cut=Cut(final_window=10)).index.run("final")
    with store.reading() as tx:
        checkpoint = tx.facts.checkpoint()
    assert checkpoint is not None
    assert checkpoint.number == chain.head().number - 3
    return chain.calls["together"], chain.calls["shows"]


def long_chain(kind: type[FakeChain] = FakeChain) -> FakeChain:
    """Make a chain of which four windows of ten and a part of one are final."""
    chain = kind(genesis_time=START)
    open_for_business(chain)
    chain.empty_blocks(48 - chain.head().number)
    return chain


def test_who_shows_a_window_under_finality_is_asked_ahead(program: Definition, store: Store) -> None:
    """And not again afterwards; of the window that ends with the final block nobody is asked."""
    chain = long_chain()
    ahead, afterwards = backfilled(program, chain, store)
    assert (ahead, afterwards) == (4, 1)  # the one: the final block, above the genesis block


class Silent(FakeChain):
    """A chain whose endpoints cannot be asked ahead."""

    def together(self, numbers: Sequence[int]) -> list[BlockRef | None]:
        """Fail."""
        super().together(numbers)
        raise EndpointUnavailable("connection reset")


class Lagging(FakeChain):
    """A chain of whose endpoints the one that is asked ahead lags behind."""

    def together(self, numbers: Sequence[int]) -> list[BlockRef | None]:
        """Know nothing of the final block."""
        return [*super().together(numbers)[:-1], None]


@pytest.mark.parametrize("kind", [Silent, Lagging])
def test_where_nothing_comes_of_asking_ahead_everybody_is_asked(
    program: Definition, store: Store, kind: type[FakeChain]
) -> None:
    """Once the window is read."""
    assert backfilled(program, long_chain(kind), store) == (4, 5)
