"""Discovery kind `deployer`: the app's contracts are those that given accounts created by a transaction.

Creations inside calls are invisible in receipts: what a factory makes is found by `factory_event`, and a
shared factory is never a deployer. A creation that failed announces nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field

from watcher.core.facts import Announcement
from watcher.core.types import Address, AppId
from watcher.core.window import BlockReceipts, Query
from watcher.fields import HexAddresses, Table

_SUCCESS = "0x1"


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
        """Give the contracts that these accounts created in this block.

        A creation has no log of its own: its place is the index that its transaction's first log has or would
        have, so that it is ordered rightly among claims that logs make in the same block.
        """
        logs_before = 0
        for receipt in block.receipts:
            created = receipt.contract_address
            if created is not None and receipt.sender in self.accounts and receipt.status == _SUCCESS:
                yield Announcement(self.app_id, Address(created), self.source, logs_before)
            logs_before += len(receipt.logs)


def build(settings: Settings, app_id: AppId, count_from: int) -> Deployer:  # noqa: ARG001  # one form for all kinds
    """Make the discovery of one app."""
    return Deployer(app_id, frozenset(settings.accounts))
