"""Membership: which contract belongs to which app at which block, and which claim prevails."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import address, joins, leaves
from watcher.core.applications import Membership
from watcher.core.facts import Announcement
from watcher.core.types import Address, AppId

C1, C2 = address(1), address(2)


def owner(membership: Membership, contract: Address = C1) -> str | None:
    """Name the app that a contract belongs to."""
    claim = membership.owner(contract)
    return None if claim is None else claim.app


def test_a_contract_belongs_from_its_announcement_up_to_its_removal() -> None:
    """Membership is by whole blocks: the block of the announcement is in, that of the removal out."""
    membership = Membership()
    assert membership.apply(5, [joins("a", C1)]) == {C1}
    assert owner(membership) == "a"
    assert membership.apply(9, [leaves("a", C1)]) == set()
    assert owner(membership) is None
    assert list(membership.addresses()) == []
    assert membership.members(AppId("a")) == {}


def test_announced_and_removed_in_one_block_never_belongs() -> None:
    """From the block up to, not including, the block: no block at all."""
    membership = Membership()
    assert membership.apply(5, [joins("a", C1, log_index=1), leaves("a", C1, log_index=2)]) == set()
    assert owner(membership) is None


def test_removed_and_announced_in_one_block_stays() -> None:
    """There is no block at which it does not belong, so it does not join anew either."""
    membership = Membership()
    membership.apply(5, [joins("a", C1)])
    assert membership.apply(6, [leaves("a", C1, log_index=1), joins("a", C1, log_index=2)]) == set()
    assert owner(membership) == "a"


def test_the_earliest_claim_prevails_and_later_ones_are_kept() -> None:
    """By block, then by log index; the later claim is shown and takes over when the earlier one ends."""
    membership = Membership()
    membership.apply(5, [joins("b", C1, log_index=7)])
    assert membership.apply(6, [joins("a", C1, log_index=0)]) == set()
    assert owner(membership) == "b"
    assert [claim.app for _, claim in membership.claims()] == ["b", "a"]
    assert membership.apply(8, [leaves("b", C1)]) == {C1}
    assert owner(membership) == "a"


def test_within_one_block_the_log_index_decides() -> None:
    """Numbers are compared as numbers, and the order in which discoveries were asked does not matter."""
    claims = [joins("a", C1, log_index=10), joins("b", C1, log_index=9), joins("c", C1, log_index=11)]
    for order in permutations(claims):
        membership = Membership()
        membership.apply(5, order)
        assert [claim.app for _, claim in membership.claims()] == ["b", "a", "c"]


def test_a_listed_claim_comes_before_every_other() -> None:
    """What the program lists outweighs what a registry announced long before."""
    membership = Membership()
    membership.apply(5, [joins("a", C1)])
    assert membership.apply(50, [joins("b", C1, source="listed:b", listed=True)]) == {C1}
    assert owner(membership) == "b"


def test_a_removal_ends_only_the_claim_of_its_own_source() -> None:
    """A registry cannot take away what the program lists, nor another registry's word."""
    membership = Membership()
    membership.apply(5, [joins("a", C1, source="one"), joins("a", C1, source="two")])
    membership.apply(6, [leaves("a", C1, source="one")])
    assert owner(membership) == "a"
    membership.apply(6, [leaves("b", C1, source="two")])
    assert owner(membership) == "a"
    membership.apply(7, [leaves("a", C1, source="two")])
    assert owner(membership) is None


def test_announcing_again_changes_nothing() -> None:
    """The first claim of a source stands, with its place and role."""
    membership = Membership()
    membership.apply(5, [joins("a", C1)])
    assert membership.apply(7, [joins("a", C1, role="token")]) == set()
    claim = membership.owner(C1)
    assert claim is not None
    assert (claim.block_number, claim.role) == (5, "core")
    membership.apply(8, [leaves("a", C1)])
    assert owner(membership) is None


def test_removing_what_nobody_announced_changes_nothing() -> None:
    """A removal without a claim is no error: a registry may say what it likes."""
    membership = Membership()
    assert membership.apply(5, [leaves("a", C1)]) == set()
    assert list(membership.claims()) == []


def test_only_core_and_router_count() -> None:
    """Contracts of other roles belong to the app but count for nothing."""
    membership = Membership()
    roles = ("core", "router", "token", "oracle", "admin")
    membership.apply(
        5, [joins("a", address(10 - place), role=role, log_index=place) for place, role in enumerate(roles)]
    )
    assert set(membership.members(AppId("a"))) == {address(10 - place) for place in range(5)}
    assert membership.counted(AppId("a")) == [address(9), address(10)]
    assert membership.counted(AppId("b")) == []


def test_a_contract_whose_role_comes_to_count_joins() -> None:
    """Nobody looked at it while it did not count, so its state is due as that of a new one."""
    membership = Membership()
    membership.apply(5, [joins("a", C1, source="listed", listed=True, role="token"), joins("a", C1)])
    assert membership.counted(AppId("a")) == []
    assert membership.apply(9, [leaves("a", C1, source="listed")]) == {C1}
    assert membership.counted(AppId("a")) == [C1]


def test_a_fork_and_its_origin_do_not_see_each_other() -> None:
    """A provisional pass leaves no trace."""
    origin = Membership()
    origin.apply(5, [joins("a", C1)])
    fork = origin.fork()
    fork.apply(6, [leaves("a", C1), joins("a", C2)])
    origin.apply(6, [joins("b", C2)])
    assert (owner(origin), owner(origin, C2)) == ("a", "b")
    assert (owner(fork), owner(fork, C2)) == (None, "a")
    assert list(origin.members(AppId("a"))) == [C1]


SOURCES = [("a", "one"), ("a", "two"), ("b", "three"), ("b", "four")]

ITEMS = st.builds(
    lambda place, contract, removed, listed: Announcement(
        AppId(SOURCES[place][0]), address(contract), SOURCES[place][1], place, removed=removed, listed=listed
    ),
    st.integers(0, 3),
    st.integers(1, 2),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(st.lists(ITEMS, max_size=4), max_size=6))
def test_a_membership_rebuilt_from_its_claims_is_the_same(blocks: list[list[Announcement]]) -> None:
    """A state that is stored and loaded goes on as the one that never left memory."""
    membership = Membership()
    for number, items in enumerate(blocks):
        rebuilt = Membership(membership.claims())
        assert membership.fork().apply(number, items) == rebuilt.apply(number, items)
        membership.apply(number, items)
        assert list(rebuilt.claims()) == list(membership.claims())
        for app in (AppId("a"), AppId("b")):
            assert rebuilt.members(app) == membership.members(app)


def test_what_anybody_may_claim_comes_last() -> None:
    """A contract that a registry announces later than it was created is the registry's app's."""
    membership = Membership()
    membership.apply(5, [joins("by/0xc0", C1, source="open")])
    assert owner(membership) == "by/0xc0"
    assert membership.apply(9, [joins("a", C1)]) == {C1}
    assert owner(membership) == "a"
    assert membership.members(AppId("by/0xc0")) == {}
    assert membership.apply(12, [leaves("a", C1)]) == {C1}
    assert owner(membership) == "by/0xc0"


def test_a_part_knows_all_about_a_few_contracts() -> None:
    """And nothing of the others; what happens to it is not seen by the whole."""
    membership = Membership()
    membership.apply(5, [joins("a", C1), joins("b", C1), joins("a", C2)])
    part = membership.part([C1, address(3)])
    assert list(part.claims()) == [item for item in membership.claims() if item[0] == C1]
    part.apply(6, [leaves("a", C1)])
    assert (owner(part), owner(membership)) == ("b", "a")


def test_a_copy_and_its_origin_go_their_own_ways() -> None:
    """Members are shared until either changes them."""
    membership = Membership()
    membership.apply(5, [joins("a", C1)])
    copy = membership.fork()
    membership.apply(6, [joins("a", C2)])
    assert copy.counted(AppId("a")) == [C1]
    copy.apply(6, [leaves("a", C1)])
    assert membership.counted(AppId("a")) == [C1, C2]
    assert copy.counted(AppId("a")) == []
