"""Blocks, facts and events for the store's tests, made from small numbers."""

from datetime import UTC, datetime, timedelta

from watcher.core.events import Event
from watcher.core.facts import Activity, BlockFacts, ContractTotals, Creation
from watcher.core.types import Address, AppId, BlockHash, BlockRef

NOW = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)
GENESIS_TIME = 1_700_000_000
WEI_BEYOND_64_BITS = 2**70 + 1


def later(seconds: float) -> datetime:
    """Give an instant so many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def address(number: int) -> Address:
    """Give the address that ends in a number."""
    return Address(f"0x{number:040x}")


def ref(number: int, fork: int = 0) -> BlockRef:
    """Give a block, 10 seconds after its parent; another fork has other hashes."""
    return BlockRef(number, _hash(number, fork), _hash(number - 1, fork), GENESIS_TIME + 10 * number)


def empty(*numbers: int) -> list[BlockFacts[Address]]:
    """Give blocks that say nothing."""
    return [BlockFacts(ref(number)) for number in numbers]


def busy(number: int, *actors: int, app: str = "app") -> BlockFacts[Address]:
    """Give a block in which each actor acted once, on contract 1000 of an app."""
    totals = ContractTotals(len(actors), 1, 21_000, WEI_BEYOND_64_BITS, 2)
    activity = Activity(
        {address(actor): 1 for actor in actors}, 1, 0, 21_000, WEI_BEYOND_64_BITS, 2, {address(1000): totals}
    )
    return BlockFacts(ref(number), {AppId(app): activity})


def creating(number: int) -> BlockFacts[Address]:
    """Give a block in which somebody created a contract."""
    return BlockFacts(ref(number), creations=(Creation(address(1000), address(1)),))


def event(event_id: str = "event-1", event_type: str = "kpi.met", countdown: str | None = None) -> Event:
    """Give an event with a payload beyond ASCII."""
    return Event(event_id, event_type, GENESIS_TIME, {"type": event_type, "data": {"app": "café"}}, countdown)


def _hash(number: int, fork: int) -> BlockHash:
    return BlockHash(f"0x{fork:032x}{number:032x}")
