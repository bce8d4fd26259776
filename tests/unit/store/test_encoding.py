"""Block facts as bytes: what goes in comes out, for every block there can be."""

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
from watcher.store.encoding import decode, decode_pairs, encode, encode_pairs

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
)


@given(blocks)
def test_every_block_comes_back_with_numbers_for_its_actors(
    facts: BlockFacts[Address],
) -> None:
    """Decoding undoes encoding; amounts beyond 64 bits too."""
    actors = sorted({actor for item in facts.activity.values() for actor in item.actors})
    number_of = {actor: ActorId(number) for number, actor in enumerate(actors, 1)}
    back = decode(BLOCK, encode(facts, number_of))
    address_of = {number: actor for actor, number in number_of.items()}
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


@given(blocks)
def test_only_a_block_that_says_nothing_has_no_payload(facts: BlockFacts[Address]) -> None:
    """The row of an empty block costs its header and nothing else."""
    number_of = {actor: ActorId(1) for item in facts.activity.values() for actor in item.actors}
    assert (encode(facts, number_of) is None) == facts.empty


@given(st.dictionaries(st.integers(0, 2**63 - 1), counts))
def test_actors_and_counts_come_back_ascending(pairs: dict[int, int]) -> None:
    """Whatever the order they were given in."""
    assert decode_pairs(encode_pairs(sorted(pairs.items(), reverse=True))) == sorted(pairs.items())


PLAIN = (
    "9581a36170709782cd012c020201010309070481a430786363950301cd520807049197a3617070a430786363b17265676973"
    "7472793a307864643a61707005c2c3a6726f757465729192a430786363a4307865659192a430786363c391a430786363"
)
SPELLED_OUT = (
    "9581a36170709782cd012c0202010103b43138343436373434303733373039353531363136b6313138303539313632303731"
    "373431313330333432340481a430786363950301a53231303030b63131383035393136323037313734313133303334323404"
    "9197a3617070a430786363b172656769737472793a307864643a61707005c2c3a6726f757465729192a430786363a4307865"
    "659192a430786363c391a430786363"
)


@pytest.mark.parametrize(("gas", "fee_wei", "payload"), [(9, 7, PLAIN), (2**64, 2**70, SPELLED_OUT)])
def test_what_the_first_release_wrote_is_still_read(gas: int, fee_wei: int, payload: str) -> None:
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
    assert decode(BLOCK, bytes.fromhex(payload)) == BlockFacts(
        BLOCK,
        {AppId("app"): activity},
        (Announcement(AppId("app"), contract, "registry:0xdd:app", 5, listed=True, role="router"),),
        (Creation(contract, Address("0xee")),),
        (PauseLog(contract, paused=True),),
        (contract,),
    )
