"""Discovery kind `registry`: the app's contracts are what an on-chain registry announces and removes.

Announced(string indexed app, address indexed account)    account belongs to app from this block on
Removed(string indexed app, address indexed account)      and no longer from this block on

The registry is contracts_abi/sources/AppRegistry.sol, or anything that emits these two events.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from eth_utils.crypto import keccak
from pydantic import Field

from watcher.abi import address_in
from watcher.core.definition import Chain
from watcher.core.facts import Announcement
from watcher.core.types import Address, AppId
from watcher.core.window import BlockReceipts, Query
from watcher.fields import HexAddress, Table, Text

ANNOUNCED = "0x" + keccak(text="Announced(string,address)").hex()
REMOVED = "0x" + keccak(text="Removed(string,address)").hex()

_TOPICS = 3


class Settings(Table):
    """Which registry, and the app's name in it."""

    address: HexAddress = Field(description="the registry")
    app: Text = Field(description="the app's name in the registry")


@dataclass(frozen=True, slots=True)
class Registry:
    """One app's entries of one registry."""

    app_id: AppId
    address: Address
    name: str
    name_topic: str

    @property
    def source(self) -> str:
        """Name this instance."""
        return f"registry:{self.address}:{self.name}"

    def wants(self) -> Query:
        """Ask for the registry's logs."""
        return Query(log_addresses=frozenset({self.address}))

    def read(self, block: BlockReceipts) -> Iterator[Announcement]:
        """Give what the registry announces and removes for this app; the zero address never joins."""
        for receipt in block.receipts:
            for log in receipt.logs:
                topics = log.topics
                if log.address != self.address or len(topics) != _TOPICS or topics[1] != self.name_topic:
                    continue
                account = address_in(topics[2])
                if account is None or topics[0] not in (ANNOUNCED, REMOVED):
                    continue
                index = int(log.log_index, 16)
                yield Announcement(self.app_id, account, self.source, index, removed=topics[0] == REMOVED)


def build(settings: Settings, app_id: AppId, chain: Chain) -> Registry:  # noqa: ARG001  # one form for all kinds
    """Make the discovery of one app."""
    # An indexed string stands in its topic as the keccak-256 of its UTF-8 bytes (Solidity ABI, events).
    return Registry(app_id, settings.address, settings.app, "0x" + keccak(text=settings.app).hex())
