"""Deployer discovery: what given accounts create by a transaction belongs to the app."""

from tests.unit.discovery.givens import ALICE, APP, BOB, ONE, TWO, block, chain, joined, topic
from watcher.core.window import Query
from watcher.discovery.deployer import Deployer, Settings, build
from watcher.testing.fake_blocks import create, log, tx


def _deployer() -> Deployer:
    return build(Settings(accounts=(ALICE,)), APP, chain())


def test_a_created_contract_belongs_to_its_deployers_app() -> None:
    """Only contracts that the listed accounts created count."""
    made = block(create(ALICE, contract=ONE), create(BOB, contract=TWO))
    assert joined(_deployer().read(made)) == [(ONE, 0)]


def test_a_failed_creation_announces_nothing() -> None:
    """Its receipt carries an address at which nothing was put."""
    assert not list(_deployer().read(block(create(ALICE, contract=ONE, ok=False))))


def test_a_plain_transaction_announces_nothing() -> None:
    """Calling a contract does not make it one's own."""
    assert not list(_deployer().read(block(tx(ALICE, ONE))))


def test_a_creation_stands_where_its_first_log_would() -> None:
    """So that it is ordered rightly among the claims that logs make in the same block."""
    noise = [log(BOB, topic("Noise()"))] * 3
    made = block(
        tx(BOB, BOB, logs=noise), create(ALICE, contract=ONE, logs=noise), create(ALICE, contract=TWO)
    )
    assert joined(_deployer().read(made)) == [(ONE, 3), (TWO, 6)]


def test_it_wants_the_creations_of_its_accounts() -> None:
    """No log tells anything here; the source names the accounts in one order."""
    deployer = build(Settings(accounts=(BOB, ALICE)), APP, chain())
    assert deployer.wants() == Query(creators=frozenset({ALICE, BOB}))
    assert deployer.source == f"deployer:{','.join(sorted([ALICE, BOB]))}"
