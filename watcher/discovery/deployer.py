"""Discovery kind `deployer`: the app's contracts are those that given accounts created by a transaction.

Creations inside calls are invisible in receipts: what a factory makes is found by `factory_event`, and a
shared factory is never a deployer. A creation that failed announces nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field

from watcher.core.definition import Chain
from watcher.core.facts import Announcement
from watcher.core.types import Address, AppId
from watcher.core.window import BlockReceipts, Query
from watcher.discovery._creations import creations
from watcher.fields import HexAddresses, Table


class Settings(Table):
    """The accounts that deploy for the app."""

    accounts: HexAddresses = Field(description="what they create by a transaction belongs to the app")


@dataclass(frozen=True, slots=True)
class Deployer:
    """What the deploying accounts of one app create."""

    app_id: AppId
    accounts: frozenset[Address]

    @property
    def source(self) -> str:
        """Name this instance."""
        return f"deployer:{','.join(sorted(self.accounts))}"

    def wants(self) -> Query:
        """Ask for the creations of these accounts."""
        return Query(creators=self.accounts)

    def read(self, block: BlockReceipts) -> Iterator[Announcement]:
        """Give the contracts that these accounts created in this block."""
        for receipt, created, place in creations(block):
            if receipt.sender in self.accounts:
                yield Announcement(self.app_id, created, self.source, place)


def build(settings: Settings, app_id: AppId, chain: Chain) -> Deployer:  # noqa: ARG001  # one form for all kinds
    """Make the discovery of one app."""
    return Deployer(app_id, frozenset(settings.accounts))
