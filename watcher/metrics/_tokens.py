"""ERC-20 transfers as amounts that come and go: for supplies and balances rebuilt from logs.

Transfer(from, to, value) ─▶ + to the holders of one side, - from those of the other
"""

from collections.abc import Callable

from watcher.core.measures import Measure
from watcher.core.types import Address
from watcher.core.window import Log
from watcher.metrics._amounts import TRANSFER, measure_key, number_in

LARGEST = 2**256 - 1
"""No balance and no supply of a token is larger."""

_TOPICS = 3
_ADDRESS_DIGITS = 40
_ZERO = Address("0x" + "0" * _ADDRESS_DIGITS)


def transfer(log: Log) -> tuple[Address, Address, int] | None:
    """Read a Transfer: from, to, smallest units; None where the log has another form (ERC-721)."""
    value = number_in(log.data)
    if len(log.topics) != _TOPICS or value is None:
        return None
    return _account(log.topics[1]), _account(log.topics[2]), value


def minted(token: Address, excluded: tuple[Address, ...]) -> Measure:
    """Add what is minted, take off what is burnt; the balances of `excluded` count as not there."""
    outside = frozenset({_ZERO, *excluded})
    key = measure_key("minted", token, tuple(excluded))
    return _flows(key, token, lambda account: account not in outside)


def held(token: Address, holders: tuple[Address, ...]) -> Measure:
    """Add what some holders get, take off what they give away."""
    inside = frozenset(holders)
    return _flows(measure_key("held", token, tuple(holders)), token, lambda account: account in inside)


def received(token: Address, recipients: tuple[Address, ...], app: str) -> Measure:
    """Add what an app's recipients get from others than each other."""
    inside = frozenset(recipients)

    def read(log: Log) -> int | None:
        moved = transfer(log)
        if moved is None or moved[1] not in inside or moved[0] in inside:
            return None
        return moved[2]

    key = measure_key("received", token, tuple(recipients), app)
    return Measure(key, frozenset({TRANSFER}), frozenset({token}), read, app=app)


def _flows(key: str, token: Address, counts: Callable[[Address], bool]) -> Measure:
    def read(log: Log) -> int | None:
        moved = transfer(log)
        if moved is None:
            return None
        sender, receiver, value = moved
        return (counts(receiver) - counts(sender)) * value or None

    return Measure(key, frozenset({TRANSFER}), frozenset({token}), read)


def _account(topic: str) -> Address:
    return Address("0x" + topic[-_ADDRESS_DIGITS:])
