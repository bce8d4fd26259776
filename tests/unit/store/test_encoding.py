"""Block facts as bytes: what goes in comes out, for every block there can be."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.facts import (
    Activity,
    Announcement,
    BlockFacts,
    ContractTotals,
    Creation,
    PauseLog,
)
from watcher.core.types import ActorId, Address, AppId, BlockHash, BlockRef
from watcher.store.encoding import decode_pairs, encode_pairs, pack, payload, unpack

BLOCK = BlockRef(7, BlockHash("0x" + "07" * 32), BlockHash("0x" + "06" * 32), 1_700_000_000)

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: Address("0x" + raw.hex()))
apps = st.text(min_size=1, max_size=8).map(AppId)
counts = st.integers(0, 2**63 - 1)
amounts = st.integers(0, 2**256)
totals = st.builds(ContractTotals, counts, counts, amounts, amounts, counts)
activities: st.SearchStrategy[Activity[Address]] = st.builds(
    Activity,
    st.dictionaries(addresses, counts, max_size=5),
    counts,
    counts,
    amounts,
    amounts,
    counts,
    st.dictionaries(addresses, totals, max_size=3),
)
announcements = st.builds(
    Announcement,
    apps,
    addresses,
    st.text(max_size=8),
    st.integers(-1, 2**31),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["core", "router", "token"]),
)


def _tuples(item: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(item, max_size=3).map(tuple)


blocks: st.SearchStrategy[BlockFacts[Address]] = st.builds(
    BlockFacts,
    st.just(BLOCK),
    st.dictionaries(apps, activities, max_size=3),
    _tuples(announcements),
    _tuples(st.builds(Creation, addresses, addresses)),
    _tuples(st.builds(PauseLog, addresses, st.booleans())),
    _tuples(addresses),
    measures=st.dictionaries(
        st.text(max_size=8),
        st.dictionaries(st.text(max_size=8), st.integers(-(2**300), 2**300), max_size=3),
        max_size=3,
    ),
)


def _through(facts: BlockFacts[Address], first: int) -> tuple[BlockFacts[ActorId], dict[ActorId, Address]]:
    """Pack a block, number its actors from `first` on, and unpack it again."""
    window = pack([facts])
    numbers = [ActorId(first + place) for place in range(len(window.actors))]
    stored = payload(window.blocks[0], numbers)
    return unpack(BLOCK, stored), dict(zip(numbers, window.actors, strict=True))


@given(blocks, st.integers(1, 2**40))
def test_every_block_comes_back_with_numbers_for_its_actors(facts: BlockFacts[Address], first: int) -> None:
    """Unpacking undoes packing; amounts beyond 64 bits too."""
    back, address_of = _through(facts, first)
    named = {
        app: Activity(
            {address_of[actor]: count for actor, count in item.actors.items()},
            item.failed,
            item.excluded,
            item.gas,
            item.fee_wei,
            item.logs,
            item.contracts,
        )
        for app, item in back.activity.items()
    }
    assert named == facts.activity
    assert (back.block, back.announcements, back.creations) == (BLOCK, facts.announcements, facts.creations)
    assert (back.pauses, back.code_changes) == (facts.pauses, facts.code_changes)


@given(st.lists(blocks, max_size=3))
def test_a_window_lists_everybody_who_acted_once(window: list[BlockFacts[Address]]) -> None:
    """So that the writer numbers each of them once."""
    acted = {actor for facts in window for item in facts.activity.values() for actor in item.actors}
    line = [replace(BLOCK, number=number) for number in range(len(window))]
    packed = pack([replace(facts, block=block) for facts, block in zip(window, line, strict=True)])
    assert sorted(packed.actors) == sorted(acted)
    assert [block.announces for block in packed.blocks] == [
        bool(facts.announcements or facts.creations) for facts in window
    ]


@given(blocks)
def test_only_a_block_that_says_nothing_has_no_payload(facts: BlockFacts[Address]) -> None:
    """The row of an empty block costs its header and nothing else."""
    [packed] = pack([facts]).blocks
    assert (payload(packed, [ActorId(1)] * 99) is None) == facts.empty


@given(st.dictionaries(st.integers(0, 2**63 - 1), counts))
def test_actors_and_counts_come_back_ascending(pairs: dict[int, int]) -> None:
    """Whatever the order they were given in."""
    assert decode_pairs(encode_pairs(sorted(pairs.items(), reverse=True))) == sorted(pairs.items())


PLAIN = (
    "92c45c9581a36170709702010309070481a430786363950301cd520807049197a3617070a430786363b1726567697374"
    "72793a307864643a61707005c2c3a6726f757465729192a430786363a4307865659192a430786363c391a43078636394"
    "0201cd012c02"
)
SPELLED_OUT = (
    "92c49f9581a361707097020103b43138343436373434303733373039353531363136b631313830353931363230373137"
    "3431313330333432340481a430786363950301a53231303030b631313830353931363230373137343131333033343234"
    "049197a3617070a430786363b172656769737472793a307864643a61707005c2c3a6726f757465729192a430786363a4"
    "307865659192a430786363c391a430786363940201cd012c02"
)


@pytest.mark.parametrize(("gas", "fee_wei", "stored"), [(9, 7, PLAIN), (2**64, 2**70, SPELLED_OUT)])
def test_stored_bytes_stay_readable(gas: int, fee_wei: int, stored: str) -> None:
    """These bytes are in databases: the code has to follow them, never the other way round."""
    contract = Address("0xcc")
    activity = Activity(
        {ActorId(2): 1, ActorId(300): 2},
        1,
        3,
        gas,
        fee_wei,
        4,
        {contract: ContractTotals(3, 1, 21_000, fee_wei, 4)},
    )
    assert unpack(BLOCK, bytes.fromhex(stored)) == BlockFacts(
        BLOCK,
        {AppId("app"): activity},
        (Announcement(AppId("app"), contract, "registry:0xdd:app", 5, listed=True, role="router"),),
        (Creation(contract, Address("0xee")),),
        (PauseLog(contract, paused=True),),
        (contract,),
    )
