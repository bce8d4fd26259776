"""A reorg that one endpoint alone reports: nothing is rewound, and nothing stops, before another agrees."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stages.world import START, definition, open_for_business, world_clock
from watcher.core.types import BlockRef
from watcher.errors import EndpointUnavailable, ReorgBelowFinality
from watcher.stages.index import Index
from watcher.stages.reorgs import rewind_if_replaced
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain


class Doubted(FakeChain):
    """A chain whose reorgs are a matter of opinion."""

    opinion: Callable[[BlockRef], bool]

    def replaced(self, block: BlockRef, *, lasting: bool = True) -> bool:  # noqa: ARG002
        """Give the opinion of the other endpoints."""
        return self.opinion(block)


@pytest.fixture
def chain(tmp_path: Path, store: Store) -> Doubted:
    """Give a chain of ten blocks that was read, and of which the last five are replaced."""
    made = Doubted(genesis_time=START)
    open_for_business(made)
    made.empty_blocks(9)
    Index(definition(tmp_path), made, store, world_clock()).run()
    made.reorg(5)
    made.empty_blocks(5, every=2)
    return made


def checkpoint(store: Store) -> int | None:
    """Give the number of the last block that is stored."""
    with store.reading() as tx:
        found = tx.facts.checkpoint()
    return None if found is None else found.number


def test_what_others_still_have_was_not_replaced(chain: Doubted, store: Store) -> None:
    """Neither rewound nor fatal: the endpoint that says so is on a fork of its own."""
    chain.opinion = lambda _block: False
    assert rewind_if_replaced(chain, store, chain.head()) == 0
    assert checkpoint(store) == 10


def test_while_endpoints_differ_nothing_changes(chain: Doubted, store: Store) -> None:
    """The run fails and the next one asks again."""

    def differ(_block: BlockRef) -> bool:
        raise EndpointUnavailable("the endpoints differ")

    chain.opinion = differ
    with pytest.raises(EndpointUnavailable):
        rewind_if_replaced(chain, store, chain.head())
    assert checkpoint(store) == 10


def test_what_two_agree_on_below_finality_stops_the_watcher(chain: Doubted, store: Store) -> None:
    """Block 7 was final."""
    chain.opinion = lambda _block: True
    with pytest.raises(ReorgBelowFinality, match="block 7 was final"):
        rewind_if_replaced(chain, store, chain.head())
    assert checkpoint(store) == 10


def test_the_source_hears_of_what_was_read_before(chain: Doubted, store: Store, tmp_path: Path) -> None:
    """After a restart a head far below it is not believed."""
    chain.opinion = lambda _block: False
    Index(definition(tmp_path), chain, store, world_clock()).run()
    assert chain.expected == 10
