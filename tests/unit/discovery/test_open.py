"""Open discovery: whoever creates a contract by a transaction has an app."""

from tests.unit.discovery.givens import ALICE, APP, BOB, ONE, TWO, block, chain, joined, topic
from watcher.core.applications import is_open, open_app
from watcher.core.definition import SystemTransactions
from watcher.core.types import Address
from watcher.core.window import Query
from watcher.discovery.open import Open, Settings, build
from watcher.testing.fake_blocks import create, log, tx


def _open(*exclude: Address, system: SystemTransactions | None = None) -> Open:
    return build(Settings(exclude=exclude or None), APP, chain(system=system))


def test_each_creating_account_has_an_app_of_its_own() -> None:
    """It is named after the rule and the account, as no listed app can be."""
    made = block(create(ALICE, contract=ONE), create(BOB, contract=TWO))
    found = list(_open().read(made))
    assert [(item.app, item.address) for item in found] == [
        (f"kumbaya/{ALICE}", ONE),
        (f"kumbaya/{BOB}", TWO),
    ]
    assert all(is_open(item.app) and not item.listed and item.role == "core" for item in found)
    assert open_app(APP, ALICE) == f"kumbaya/{ALICE}"
    assert not is_open(APP)


def test_what_failed_or_creates_nothing_announces_nothing() -> None:
    """A failed creation's receipt carries an address at which nothing was put."""
    assert not list(_open().read(block(create(ALICE, contract=ONE, ok=False), tx(ALICE, TWO))))


def test_a_creation_stands_where_its_first_log_would_stand() -> None:
    """As one that the kind `deployer` finds."""
    noise = [log(BOB, topic("Noise()"))] * 2
    made = block(tx(BOB, BOB, logs=noise), create(ALICE, contract=ONE, logs=noise), create(BOB, contract=TWO))
    assert joined(_open().read(made)) == [(ONE, 2), (TWO, 4)]


def test_what_the_program_excludes_is_left_out() -> None:
    """A contract, or an account with all that it creates."""
    made = block(create(ALICE, contract=ONE), create(BOB, contract=TWO))
    assert joined(_open(ONE).read(made)) == [(TWO, 0)]
    assert joined(_open(BOB).read(made)) == [(ONE, 0)]


def test_what_is_the_chains_own_is_left_out() -> None:
    """By contract, by who creates it in upgrades, and by the sender and type of system transactions."""
    made = block(create(ALICE, contract=ONE))
    own = [
        SystemTransactions(contracts=frozenset({ONE})),
        SystemTransactions(creators=frozenset({ALICE})),
        SystemTransactions(senders=frozenset({ALICE})),
        SystemTransactions(types=frozenset({"0x2"})),
    ]
    assert [joined(_open(system=system).read(made)) for system in own] == [[], [], [], []]


def test_it_wants_every_creation() -> None:
    """There is one of it a program, so its source needs no name."""
    assert _open().wants() == Query(every_creation=True)
    assert _open().source == "open"
