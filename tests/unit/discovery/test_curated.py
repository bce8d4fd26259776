"""Curated discovery: listed contracts belong to the app from one block up to, not including, another."""

from tests.unit.discovery.givens import APP, ONE, TWO, block, chain
from watcher.core.facts import Announcement
from watcher.core.window import Query
from watcher.discovery.curated import Contract, Curated, Settings, build


def _curated(*contracts: Contract, count_from: int = 5) -> Curated:
    return build(Settings(contract=contracts), APP, chain(count_from))


def test_a_listed_contract_joins_at_the_first_block_that_counts() -> None:
    """Without from_block the membership begins at count_from, before all logs of that block."""
    curated = _curated(Contract(address=ONE))
    assert list(curated.read(block(number=5))) == [
        Announcement(APP, ONE, "curated:kumbaya", -1, listed=True, role="core")
    ]
    assert not curated.read(block(number=4))
    assert not curated.read(block(number=6))


def test_membership_lasts_from_its_first_block_up_to_not_including_the_last() -> None:
    """from_block is the first block of the membership, until_block the first one after it."""
    curated = _curated(Contract(address=ONE, role="router", from_block=10, until_block=20))
    [joins] = curated.read(block(number=10))
    [leaves] = curated.read(block(number=20))
    assert (joins.removed, joins.role) == (False, "router")
    assert (leaves.removed, leaves.listed, leaves.source) == (True, True, joins.source)
    assert [number for number in range(30) if curated.read(block(number=number))] == [10, 20]


def test_a_membership_that_began_before_counting_does_joins_at_the_start() -> None:
    """Before count_from there is nothing, so an earlier from_block means count_from."""
    curated = _curated(Contract(address=ONE, from_block=1))
    assert [number for number in range(30) if curated.read(block(number=number))] == [5]


def test_the_order_in_the_file_does_not_matter() -> None:
    """Contracts are announced by address, however they are listed."""
    one, two = Contract(address=ONE), Contract(address=TWO)
    assert _curated(one, two) == _curated(two, one)


def test_it_wants_only_to_know_who_deployed_the_listed_contracts() -> None:
    """Listing needs no logs, but the blocks it speaks at; creations tell whose actions may be excluded."""
    wants = _curated(Contract(address=ONE, until_block=9)).wants()
    assert wants == Query(created=frozenset({ONE}), blocks=frozenset({5, 9}))
