"""Extraction: who created what, whose deployers are excluded, and starting again behind stored facts."""

import pytest

from tests.unit.core.givens import address, joins, leaves, policy
from tests.unit.core.reading import ANNOUNCED, REMOVED, Hears, Says, extracted, found, program, receipts
from watcher.core.definition import Definition
from watcher.core.extract import Extractor
from watcher.core.facts import BlockFacts, Creation
from watcher.core.tracked import PAUSED, Tracked
from watcher.core.types import Address, AppId
from watcher.core.window import Query
from watcher.testing.fake_blocks import create, log, tx

CORE, OTHER, REGISTRY = address(1), address(2), address(0x4E6)
ANN, BOB, DEV = address(0xA1), address(0xA2), address(0xDE)
A, B = AppId("a"), AppId("b")


def listing(*, from_block: int = 1, exclude_deployers: bool = True) -> Definition:
    """Give a program that lists one contract of app `a`."""
    says = Says("a", {from_block: [joins("a", CORE)]}, Query(created=frozenset({CORE})))
    return program(found("a", says), liveness=policy(exclude_deployers=exclude_deployers))


def actors(block: BlockFacts[Address], app: AppId = A) -> dict[Address, int]:
    """Give an app's counted actions per actor."""
    activity = block.activity.get(app)
    return {} if activity is None else dict(activity.actors)


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (Query(), []),
        (Query(created=frozenset({CORE})), [CORE]),
        (Query(creators=frozenset({DEV})), [CORE]),
        (Query(creators=frozenset({BOB})), [OTHER]),
        (Query(log_addresses=frozenset({REGISTRY})), [CORE, OTHER]),
    ],
)
def test_those_creations_are_kept_that_discovery_asked_for(query: Query, kept: list[Address]) -> None:
    """All of them where a registry or factory may announce anything later."""
    asked = program(found("a", Says("a", {}, query)))
    [block] = extracted(asked, [create(DEV, contract=CORE), create(BOB, contract=OTHER)])
    assert [creation.address for creation in block.creations] == kept


def test_a_creation_that_failed_created_nothing() -> None:
    """Its receipt names an address all the same."""
    [block] = extracted(listing(), [create(DEV, contract=CORE, ok=False)])
    assert block.creations == ()


def test_deployers_are_excluded_from_the_block_of_the_creation_on() -> None:
    """What they do with the contract that they created is no use of it."""
    blocks = extracted(listing(), [create(DEV, contract=CORE), tx(DEV, CORE), tx(BOB, CORE)], [tx(DEV, CORE)])
    assert blocks[0].creations == (Creation(CORE, DEV),)
    assert [actors(block) for block in blocks] == [{BOB: 1}, {}]
    assert [block.activity[A].excluded for block in blocks] == [1, 1]


def test_deployers_count_where_the_policy_does_not_exclude_them() -> None:
    """It is a rule of the program."""
    blocks = extracted(listing(exclude_deployers=False), [create(DEV, contract=CORE)], [tx(DEV, CORE)])
    assert actors(blocks[1]) == {DEV: 1}


def test_a_creation_ahead_of_the_membership_is_remembered() -> None:
    """The contract joins later; who created it is known by then."""
    blocks = extracted(
        listing(from_block=3), [create(DEV, contract=CORE)], [], [tx(DEV, CORE), tx(BOB, CORE)]
    )
    assert actors(blocks[2]) == {BOB: 1}


def test_deployers_are_excluded_for_their_own_app_only() -> None:
    """Whoever created one app's contract may use another app."""
    both = program(
        found("a", Says("a", {1: [joins("a", CORE)]}, Query(created=frozenset({CORE})))),
        found("b", Says("b", {1: [joins("b", OTHER)]})),
        liveness=policy(exclude_deployers=True),
    )
    blocks = extracted(both, [create(DEV, contract=CORE)], [tx(DEV, CORE), tx(DEV, OTHER)])
    assert (actors(blocks[1]), actors(blocks[1], B)) == ({}, {DEV: 1})


def test_the_creator_of_a_contract_that_does_not_count_is_a_deployer_too() -> None:
    """The app's token is the app's contract."""
    token = Says(
        "a", {1: [joins("a", OTHER, role="token"), joins("a", CORE)]}, Query(creators=frozenset({DEV}))
    )
    liveness = policy(exclude_deployers=True)
    blocks = extracted(
        program(found("a", token), liveness=liveness), [create(DEV, contract=OTHER)], [tx(DEV, CORE)]
    )
    assert actors(blocks[1]) == {}


def registry_program() -> Definition:
    """Give a program whose app is found by a registry."""
    return program(
        found("a", Hears("reg", "a", REGISTRY)), liveness=policy(exclude_deployers=True, touched=True)
    )


def test_an_announcement_in_a_block_holds_for_all_of_it() -> None:
    """The registry's log comes last in the block, and the contract counts from the block's first log on."""
    blocks = extracted(
        registry_program(),
        [
            create(DEV, contract=CORE),
            tx(DEV, OTHER, logs=[log(CORE, PAUSED)]),
            tx(BOB, OTHER, logs=[log(CORE, "0x1")]),
            tx(ANN, REGISTRY, logs=[log(REGISTRY, ANNOUNCED, CORE)]),
        ],
        [tx(BOB, OTHER, logs=[log(CORE, "0x1")]), tx(ANN, REGISTRY, logs=[log(REGISTRY, REMOVED, CORE)])],
    )
    assert actors(blocks[0]) == {BOB: 1}
    assert (blocks[0].activity[A].excluded, blocks[0].activity[A].logs) == (1, 2)
    assert actors(blocks[1]) == {}
    assert [item.removed for block in blocks for item in block.announcements] == [False, True]


@pytest.mark.parametrize("cut", range(5))
def test_starting_again_behind_stored_facts_reads_the_same(cut: int) -> None:
    """Announcements and creations are all that an extractor remembers of earlier blocks."""
    chain = [
        [create(DEV, contract=CORE), create(BOB, contract=OTHER)],
        [tx(ANN, REGISTRY, logs=[log(REGISTRY, ANNOUNCED, CORE)]), tx(DEV, CORE, logs=[log(CORE, "0x1")])],
        [tx(BOB, CORE, logs=[log(CORE, "0x1")]), tx(ANN, REGISTRY, logs=[log(REGISTRY, ANNOUNCED, OTHER)])],
        [tx(BOB, CORE, logs=[log(OTHER, "0x1")]), tx(ANN, REGISTRY, logs=[log(REGISTRY, REMOVED, CORE)])],
        [tx(DEV, CORE, logs=[log(CORE, "0x1"), log(OTHER, "0x1")])],
    ]
    whole = extracted(registry_program(), *chain)
    known: list[BlockFacts[Address]] = [
        BlockFacts(block.block, announcements=block.announcements, creations=block.creations)
        for block in whole[:cut]
    ]
    again = Extractor(registry_program(), Tracked(registry_program(), known))
    rest = [
        again.read(receipts(number, *transactions)).at(block.block)
        for number, (transactions, block) in enumerate(zip(chain, whole, strict=True), start=1)
        if number > cut
    ]
    assert rest == whole[cut:]


def test_signs_of_life_prove_code_from_their_block_on() -> None:
    """The creation receipt, or the first log of a contract while it belonged to an app."""
    extractor = Extractor(registry_program())
    blocks = [
        [create(DEV, contract=CORE), tx(ANN, REGISTRY, logs=[log(REGISTRY, ANNOUNCED, OTHER)])],
        [tx(BOB, OTHER, logs=[log(OTHER, "0x1"), log(ANN, "0x1")])],
        [tx(BOB, OTHER, logs=[log(OTHER, "0x1")]), create(BOB, contract=CORE)],
    ]
    for number, transactions in enumerate(blocks, start=1):
        extractor.read(receipts(number, *transactions))
    assert [extractor.tracked.created_at(contract) for contract in (CORE, OTHER, ANN)] == [1, None, None]
    assert [extractor.tracked.alive_at(contract) for contract in (CORE, OTHER, ANN)] == [1, 2, None]


def test_a_contract_that_left_is_no_longer_read() -> None:
    """Its logs reach nobody."""
    gone = Says("a", {1: [joins("a", CORE)], 2: [leaves("a", CORE)]})
    blocks = extracted(program(found("a", gone)), [], [tx(BOB, CORE, logs=[log(CORE, PAUSED)])])
    assert (blocks[1].activity, blocks[1].pauses) == ({}, ())
