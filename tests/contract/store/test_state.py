"""The state of the evaluation, what the database is about, and observations."""

import pytest

from tests.contract.store.givens import NOW, ref
from watcher.core.types import BlockHash, MilestoneId
from watcher.errors import StoreError
from watcher.store.database import Store
from watcher.store.state import DatabaseIdentity, Observation, StoredState

IDENTITY = DatabaseIdentity(31337, BlockHash("0x" + "00" * 32), "devnet", "ab" * 32, NOW)


def test_a_database_is_about_one_chain_and_program_for_ever(store: Store) -> None:
    """The identity is written once; a second one is refused, whatever it says."""
    with store.writing() as tx:
        assert tx.state.identity() is None
        tx.state.set_identity(IDENTITY)
    with pytest.raises(StoreError), store.writing() as tx:
        tx.state.set_identity(IDENTITY)
    with store.reading() as tx:
        assert tx.state.identity() == IDENTITY


def test_the_present_state_is_replaced(store: Store) -> None:
    """There is one, and it comes back byte for byte."""
    with store.writing() as tx:
        assert tx.state.load() is None
        tx.state.save(StoredState(ref(1), b"{}"))
        tx.state.save(StoredState(ref(2), b'{"a":1}'))
        assert tx.state.load() == StoredState(ref(2), b'{"a":1}')


def test_states_to_go_back_to_are_kept_one_a_day(store: Store) -> None:
    """The latest that covers no block above the one asked for is given; the present one is none of them."""
    with store.writing() as tx:
        tx.state.save(StoredState(ref(5), b"now"))
        assert tx.state.snapshot_at_or_before(99) is None
        tx.state.snapshot(100, StoredState(ref(10), b"early"))
        tx.state.snapshot(100, StoredState(ref(11), b"first"))
        tx.state.snapshot(101, StoredState(ref(20), b"second"))
        assert tx.state.snapshot_at_or_before(10) is None
        assert tx.state.snapshot_at_or_before(11) == StoredState(ref(11), b"first")
        assert tx.state.snapshot_at_or_before(19) == StoredState(ref(11), b"first")
        assert tx.state.snapshot_at_or_before(99) == StoredState(ref(20), b"second")
        both = [(100, StoredState(ref(11), b"first")), (101, StoredState(ref(20), b"second"))]
        assert list(tx.state.snapshots(0, 20)) == both
        assert list(tx.state.snapshots(101, 20)) == both[1:]
        assert list(tx.state.snapshots(-5, 19)) == both[:1]
        tx.state.drop_snapshots_after(11)
        assert tx.state.snapshot_at_or_before(99) == StoredState(ref(11), b"first")
        tx.state.drop_snapshots_after(0)
        assert tx.state.load() == StoredState(ref(5), b"now")


def test_head_and_finality_are_remembered(store: Store) -> None:
    """Each is the last one that was noted."""
    with store.writing() as tx:
        assert (tx.state.head(), tx.state.final()) == (None, None)
        tx.state.set_head(ref(9))
        tx.state.set_final(ref(4))
        tx.state.set_head(ref(10))
        assert (tx.state.head(), tx.state.final()) == (ref(10), ref(4))
        assert tx.state.agreed() is None
        tx.state.set_agreed(ref(3))
        tx.state.set_agreed(ref(7))
        assert tx.state.agreed() == ref(7)


def test_an_observation_is_open_until_it_is_reached_or_retracted(store: Store) -> None:
    """Ended ones are still known, so that a second observation is not mistaken for the first."""
    first = Observation("a", MilestoneId("ten"), 7, ref(7).hash)
    second = Observation("b", MilestoneId("ten"), 8, ref(8).hash)
    third = Observation("c", MilestoneId("one"), 7, ref(7).hash)
    with store.writing() as tx:
        for observation in (second, first, third):
            tx.state.add_observation(observation)
        assert tx.state.observations() == [third, first, second]
        tx.state.close_observation("a", "retracted")
        tx.state.close_observation("c", "reached")
        tx.state.close_observation("nobody", "reached")
        assert tx.state.observations() == [second]
        statuses = [each.status for each in tx.state.observations(open_only=False)]
        assert statuses == ["reached", "retracted", "open"]
