"""Blocks in the store: appended, read back, pruned, rewound."""

import pytest

from tests.contract.store.givens import NOW, WEI_BEYOND_64_BITS, address, busy, creating, empty, ref
from tests.databases import statements
from watcher.core.facts import Announcement, BlockAtWant, BlockFacts, CallAnswer, CodeKind, Sample, SampleWant
from watcher.core.types import ActorId, AppId, ViewCall
from watcher.store.blocks import Extent
from watcher.store.database import Store
from watcher.store.encoding import pack


def test_the_checkpoint_is_the_last_block_appended(store: Store) -> None:
    """Facts and checkpoint are one thing: the highest row."""
    with store.writing() as tx:
        assert tx.facts.checkpoint() is None
        tx.facts.append(pack([*empty(3), busy(7, 1)]))
        assert tx.facts.checkpoint() == ref(7)
        tx.facts.append(pack([]))
        assert tx.facts.checkpoint() == ref(7)


def test_facts_come_back_with_actors_as_numbers(store: Store) -> None:
    """The same address has the same number everywhere; amounts beyond 64 bits stay exact."""
    with store.writing() as tx:
        tx.facts.append(pack([busy(1, 5, 6)]))
        tx.facts.append(pack([busy(2, 6, 7, app="other"), *empty(3)]))
        tx.facts.append(pack([busy(4, 7, 5)]))
    with store.reading() as tx:
        first, second, third, fourth = tx.facts.blocks(0, 10, 10)
        known = tx.facts.actor_addresses([ActorId(1), ActorId(2), ActorId(3), ActorId(99)])
    assert sorted(known.values()) == [address(5), address(6), address(7)]
    assert {known[actor] for actor in first.activity[AppId("app")].actors} == {address(5), address(6)}
    assert {known[actor] for actor in second.activity[AppId("other")].actors} == {address(6), address(7)}
    assert {known[actor] for actor in fourth.activity[AppId("app")].actors} == {address(5), address(7)}
    assert first.activity[AppId("app")].fee_wei == WEI_BEYOND_64_BITS
    assert first.activity[AppId("app")].contracts[address(1000)].fee_wei == WEI_BEYOND_64_BITS
    assert (third.block, third.empty) == (ref(3), True)


@pytest.mark.parametrize("numbers", [[5], [6, 6], [8, 7], [4, 9]])
def test_blocks_only_ever_go_on_from_the_checkpoint(store: Store, numbers: list[int]) -> None:
    """A block at or below the checkpoint, or out of order, is refused and nothing is written."""
    with store.writing() as tx:
        tx.facts.append(pack(empty(5)))
    with pytest.raises(ValueError, match="cannot follow block"), store.writing() as tx:
        tx.facts.append(pack(empty(*numbers)))
    with store.reading() as tx:
        assert tx.facts.checkpoint() == ref(5)


def test_blocks_are_given_in_slices(store: Store) -> None:
    """`after` is exclusive, `up_to` inclusive, and no more than `limit` come at once."""
    with store.writing() as tx:
        tx.facts.append(pack(empty(*range(1, 11))))
        assert [facts.block.number for facts in tx.facts.blocks(3, 7, 100)] == [4, 5, 6, 7]
        assert [facts.block.number for facts in tx.facts.blocks(3, 7, 2)] == [4, 5]
        assert tx.facts.blocks(10, 20, 5) == []


def test_stored_blocks_can_be_compared_with_the_chain(store: Store) -> None:
    """References are given for a range, both ends inclusive, or one by one."""
    with store.writing() as tx:
        tx.facts.append(pack(empty(1, 2, 4, 5)))
        assert tx.facts.refs(2, 4) == [ref(2), ref(4)]
        assert tx.facts.refs(4) == [ref(4), ref(5)]
        assert tx.facts.ref(2) == ref(2)
        assert tx.facts.ref(3) is None


def test_blocks_since_an_instant_end_at_a_number(store: Store) -> None:
    """An hour that is still running is rebuilt from its rows, those at its first second included."""
    with store.writing() as tx:
        tx.facts.append(pack([busy(1, 1), *empty(2, 3), busy(4, 1), *empty(5)]))
        recent = tx.facts.blocks_since(ref(3).timestamp, 4)
        assert [facts.block.number for facts in recent] == [3, 4]
        assert recent[1].activity[AppId("app")].actors == {ActorId(1): 1}
        assert tx.facts.blocks_since(ref(1).timestamp - 5, 5)[0].block == ref(1)


def test_the_block_at_an_instant_is_the_last_one_not_after_it(store: Store) -> None:
    """`--at DATE` asks for it, and only among blocks up to a number; before the first there is none."""
    with store.writing() as tx:
        tx.facts.append(pack(empty(2, 3, 5)))
        assert tx.facts.ref_at(ref(3).timestamp, 5) == ref(3)
        assert tx.facts.ref_at(ref(5).timestamp - 1, 5) == ref(3)
        assert tx.facts.ref_at(ref(9).timestamp, 4) == ref(3)
        assert tx.facts.ref_at(ref(2).timestamp - 1, 5) is None


def test_only_blocks_that_announce_or_create_are_given_as_announcing(store: Store) -> None:
    """Membership is rebuilt from few rows, however long the history."""
    announcement = Announcement(AppId("app"), address(1), "registry:1:app", 3, role="router")
    announced = BlockFacts(ref(4), announcements=(announcement,))
    with store.writing() as tx:
        tx.facts.append(pack([busy(1, 1), creating(2), *empty(3), announced]))
        announcing = list(tx.facts.announcing())
    assert [facts.block.number for facts in announcing] == [2, 4]
    assert announcing[0].creations == creating(2).creations
    assert announcing[1].announcements == (announcement,)


def test_pruning_spares_what_says_something_is_kept_or_is_the_checkpoint(store: Store) -> None:
    """Blocks that say nothing go once they are final; the checkpoint is never lost."""
    with store.writing() as tx:
        tx.facts.append(pack([*empty(1, 2), busy(3, 1), *empty(4, 5, 6)]), keep={2})
        tx.facts.keep([4, 99])
        tx.facts.prune(0, 6)
        assert [block.number for block in tx.facts.refs(0)] == [2, 3, 4, 6]
        tx.facts.prune(0, 100)
        assert [block.number for block in tx.facts.refs(0)] == [2, 3, 4, 6]


def test_pruning_looks_at_what_is_new_only(store: Store) -> None:
    """Blocks before the first one stay, whatever they say: nobody goes over years of history again."""
    with store.writing() as tx:
        tx.facts.append(pack(empty(1, 2, 3, 4, 5)))
        tx.facts.prune(3, 5)
        assert [block.number for block in tx.facts.refs(0)] == [1, 2, 5]


def test_headers_fill_in_below_the_checkpoint_and_are_kept(store: Store) -> None:
    """A block that was left out is added for good; one that is there stays as it is, but for good."""
    with store.writing() as tx:
        tx.facts.append(pack([busy(1, 1), *empty(3, 5)]))
        tx.facts.add_headers([ref(1), ref(2), ref(3, fork=9)])
        tx.facts.prune(0, 100)
        assert tx.facts.refs(0) == [ref(1), ref(2), ref(3), ref(5)]
        assert tx.facts.blocks(0, 1, 1)[0].activity != {}


@pytest.mark.parametrize("number", [1, 6])
def test_a_header_alone_never_moves_the_checkpoint(store: Store, number: int) -> None:
    """Above the checkpoint a block has to be read whole: with no block stored, every one is."""
    with store.writing() as tx:
        if number > 1:
            tx.facts.append(pack(empty(5)))
        with pytest.raises(ValueError, match="lies above the checkpoint"):
            tx.facts.add_headers([ref(number)])


def test_a_rewind_forgets_what_was_read_above_the_fork_point(store: Store) -> None:
    """Blocks, samples, answers to calls and wants above it go, everything at or below it stays."""
    low, high = SampleWant(address(1), 3), SampleWant(address(1), 4)
    below, across = BlockAtWant(5, 1, 3), BlockAtWant(5, 1, 4)
    samples = [Sample(address(1), number, CodeKind.NONE, None, runnable=False) for number in (3, 4)]
    call = ViewCall(address(2), "0x01e1d114")
    with store.writing() as tx:
        tx.facts.append(pack([*empty(1, 2, 3), busy(4, 1), *empty(5)]))
        tx.facts.add_samples(samples)
        tx.facts.add_calls([CallAnswer(call, number, b"\x07") for number in (3, 4)])
        tx.facts.put_wants([low, high, below, across], NOW)
        assert tx.facts.rewind(3) == 2
        assert tx.facts.checkpoint() == ref(3)
        assert tx.facts.samples([3, 4]) == {(address(1), 3): samples[0]}
        assert tx.facts.calls([3, 4]) == {(call, 3): b"\x07"}
        assert {open_want.want for open_want in tx.facts.wants()} == {low, below}
        tx.facts.append(pack([BlockFacts(ref(4, fork=1))]))
        assert tx.facts.checkpoint() == ref(4, fork=1)


def test_a_window_costs_the_same_statements_however_long_it_is(store: Store) -> None:
    """A row a block would be the end of a fast backfill: one statement writes them all."""
    counts = []
    for first, length in ((1, 2), (100, 500)):
        window = [busy(number, number, number + 10_000) for number in range(first, first + length)]
        with statements() as executed, store.writing() as tx:
            tx.facts.append(pack(window))
        counts.append(len([sql for sql in executed if not sql.startswith("BEGIN")]))
    assert counts[0] == counts[1] <= 8


def numbers(store: Store) -> tuple[int | None, tuple[int, int] | None]:
    """Give the checkpoint, and the ends of the region at the head."""
    with store.reading() as tx:
        found = tx.facts.extent()
        assert found.checkpoint == tx.facts.checkpoint()
    ahead = (found.ahead.first.number, found.ahead.last.number) if found.ahead else None
    return (found.checkpoint.number if found.checkpoint else None), ahead


def test_a_region_at_the_head_moves_no_checkpoint_until_it_is_joined(store: Store) -> None:
    """It grows, and the history below it, and then both are one."""
    with store.writing() as tx:
        assert tx.facts.extent() == Extent(None, None)
        tx.facts.append_ahead(pack(empty(20, 21)))
    assert numbers(store) == (None, (20, 21))
    with store.writing() as tx:
        tx.facts.append(pack(empty(1, 5)))
        tx.facts.append_ahead(pack(empty(22)))
    assert numbers(store) == (5, (20, 22))
    with store.writing() as tx:
        tx.facts.append(pack(empty(16, 19)))
        assert tx.facts.extent().newest == ref(22)
        tx.facts.join()
        assert tx.facts.extent().newest == ref(22)
    assert numbers(store) == (22, None)


@pytest.mark.parametrize("blocks", [[9, 10], [10, 11], [12], [15]])
def test_the_history_does_not_grow_into_what_was_read_ahead(store: Store, blocks: list[int]) -> None:
    """Two readings of one block are never mixed."""
    with store.writing() as tx:
        tx.facts.append(pack(empty(5)))
        tx.facts.append_ahead(pack(empty(10, 12)))
    with pytest.raises(ValueError, match="it was read ahead"), store.writing() as tx:
        tx.facts.append(pack(empty(*blocks)))
    assert numbers(store) == (5, (10, 12))


@pytest.mark.parametrize("blocks", [[5, 7], [4], [9, 10], [9], [12], [11, 13]])
def test_what_is_read_ahead_only_ever_goes_on(store: Store, blocks: list[int]) -> None:
    """It is added above what is there."""
    with store.writing() as tx:
        tx.facts.append(pack(empty(5)))
        tx.facts.append_ahead(pack(empty(10, 12)))
    with pytest.raises(ValueError, match="cannot"), store.writing() as tx:
        tx.facts.append_ahead(pack(empty(*blocks)))
    assert numbers(store) == (5, (10, 12))


@pytest.mark.parametrize(
    ("to", "left"), [(11, (5, (10, 11))), (10, (5, (10, 10))), (9, (5, None)), (3, (3, None))]
)
def test_a_rewind_takes_from_the_head_first(
    store: Store, to: int, left: tuple[int, tuple[int, int] | None]
) -> None:
    """A region of which nothing is left is none: the history goes on from the checkpoint."""
    with store.writing() as tx:
        tx.facts.append(pack(empty(3, 5)))
        tx.facts.append_ahead(pack(empty(10, 11, 12)))
        tx.facts.rewind(to)
    assert numbers(store) == left


def test_what_was_read_ahead_is_not_pruned_and_announces_nothing_yet(store: Store) -> None:
    """It is no part of the history until it is joined."""
    announced = BlockFacts(
        ref(11), announcements=(Announcement(AppId("app"), address(1), "curated:app", -1),)
    )
    with store.writing() as tx:
        tx.facts.append(pack(empty(3, 4, 5)))
        tx.facts.append_ahead(pack([*empty(10), announced]))
        tx.facts.prune(0, 100)
        assert tx.facts.refs(0) == [ref(5), ref(10), ref(11)]
        assert list(tx.facts.announcing()) == []
        assert (tx.facts.newest(0, 9), tx.facts.newest(6, 9), tx.facts.newest(6, 99)) == (
            ref(5),
            None,
            ref(11),
        )
        tx.facts.join()
        assert [facts.block for facts in tx.facts.announcing()] == [ref(11)]
