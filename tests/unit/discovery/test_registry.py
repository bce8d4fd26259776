"""Registry discovery: an on-chain registry announces and removes the contracts of an app by its name."""

import pytest

from tests.unit.discovery.givens import ALICE, APP, BOB, ONE, REGISTRY, TWO, block, chain, joined, topic, word
from watcher.core.types import Address
from watcher.core.window import Query
from watcher.discovery.registry import ANNOUNCED, REMOVED, Registry, Settings, build
from watcher.fields import ZERO_ADDRESS
from watcher.testing.fake_blocks import log, tx

NAME = topic("kumbaya")


def _registry() -> Registry:
    return build(Settings(address=REGISTRY, app="kumbaya"), APP, chain())


def test_an_announced_account_belongs_to_the_named_app() -> None:
    """The announcement carries the log's index in the block, for the order of claims."""
    made = block(
        tx(ALICE, BOB, logs=[log(BOB, topic("Other()"))]),
        tx(ALICE, REGISTRY, logs=[log(REGISTRY, ANNOUNCED, NAME, word(ONE))]),
    )
    assert joined(_registry().read(made)) == [(ONE, 1)]


def test_a_removed_account_leaves_the_app() -> None:
    """What one block announces and removes comes in log order, from the same source."""
    made = block(
        tx(
            ALICE,
            REGISTRY,
            logs=[log(REGISTRY, ANNOUNCED, NAME, word(ONE)), log(REGISTRY, REMOVED, NAME, word(ONE))],
        )
    )
    first, second = _registry().read(made)
    assert (first.removed, second.removed) == (False, True)
    assert first.source == second.source == f"registry:{REGISTRY}:kumbaya"
    assert not first.listed


@pytest.mark.parametrize(
    ("emitter", "topics"),
    [
        (BOB, (ANNOUNCED, NAME, word(ONE))),
        (REGISTRY, (ANNOUNCED, topic("showdown"), word(ONE))),
        (REGISTRY, (topic("Announced(string,address,uint256)"), NAME, word(ONE))),
        (REGISTRY, (ANNOUNCED, NAME)),
        (REGISTRY, (ANNOUNCED, NAME, word(ONE), word(TWO))),
        (REGISTRY, ()),
        (REGISTRY, (ANNOUNCED, NAME, word(ZERO_ADDRESS))),
        (REGISTRY, (ANNOUNCED, NAME, "0x01" + word(ONE)[4:])),
        (REGISTRY, (ANNOUNCED, NAME, "0x")),
    ],
)
def test_nothing_else_is_an_announcement(emitter: Address, topics: tuple[str, ...]) -> None:
    """Another emitter, app, event or form announces nothing; the zero address never joins."""
    assert not list(_registry().read(block(tx(ALICE, REGISTRY, logs=[log(emitter, *topics)]))))


def test_it_wants_the_logs_of_the_registry() -> None:
    """No creation tells anything here."""
    assert _registry().wants() == Query(log_addresses=frozenset({REGISTRY}))
