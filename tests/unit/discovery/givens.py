"""What the tests of discovery are given: blocks made of transactions, and words as they stand in logs."""

from collections.abc import Iterable

from eth_utils.crypto import keccak

from watcher.core.definition import Chain, Finality, SystemTransactions
from watcher.core.facts import Announcement
from watcher.core.types import Address, AppId, BlockHash
from watcher.core.window import BlockReceipts
from watcher.testing.fake_blocks import FakeTx, address, receipts_of

APP = AppId("kumbaya")
ALICE, BOB, REGISTRY, FACTORY, ONE, TWO = map(
    address, ("alice", "bob", "registry", "factory", "contract one", "contract two")
)


def block(*transactions: FakeTx, number: int = 10) -> BlockReceipts:
    """Make a block of transactions."""
    return BlockReceipts(number, BlockHash(f"0x{number:064x}"), receipts_of(transactions))


def chain(count_from: int = 0, system: SystemTransactions | None = None) -> Chain:
    """Give a chain that counts from a block."""
    finality = Finality(tag="finalized")
    return Chain(31_337, "ethereum", finality, count_from, system=system or SystemTransactions())


def topic(text: str) -> str:
    """Give the keccak-256 of a text as a topic."""
    return "0x" + keccak(text=text).hex()


def word(account: Address) -> str:
    """Write an address as a word of 32 bytes."""
    return "0x" + account[2:].rjust(64, "0")


def joined(announcements: Iterable[Announcement]) -> list[tuple[str, int]]:
    """Give what was announced, as pairs of address and log index; nothing may have been removed."""
    items = list(announcements)
    assert not any(item.removed for item in items)
    return [(item.address, item.log_index) for item in items]
