"""Discovery kind `open`: every contract created by a transaction, one app for each creating account.

[[app]] id = "chain"  ─▶  chain/0x…creator: what that account created, from the block of each creation on

So the question "how many applications are live on this chain" needs no list. The chain's own contracts (those
of its family, and what its system creates) and what the program excludes are left out. A contract that a
listed app claims in another way is that app's: `open` comes last. Creations inside calls are invisible in
receipts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field

from watcher.core.applications import open_app
from watcher.core.definition import Chain
from watcher.core.facts import Announcement
from watcher.core.types import Address, AppId
from watcher.core.window import BlockReceipts, Query
from watcher.discovery._creations import creations
from watcher.fields import HexAddresses, Table


class Settings(Table):
    """What is no application although somebody created it."""

    exclude: HexAddresses | None = Field(
        None, description="contracts to leave out, and accounts to leave out with all that they create"
    )


@dataclass(frozen=True, slots=True)
class Open:
    """What anybody creates, but for what is left out."""

    rule: AppId
    chain: Chain
    excluded: frozenset[Address]

    @property
    def source(self) -> str:
        """Name this instance; there is one a program."""
        return "open"

    def wants(self) -> Query:
        """Ask for every creation."""
        return Query(every_creation=True)

    def read(self, block: BlockReceipts) -> Iterator[Announcement]:
        """Give the contracts that were created in this block, each for its creator's app."""
        system = self.chain.system
        for receipt, created, place in creations(block):
            creator = Address(receipt.sender)
            own = system.created(creator, receipt.type, created)
            if not own and self.excluded.isdisjoint((creator, created)):
                yield Announcement(open_app(self.rule, creator), created, self.source, place)


def build(settings: Settings, app_id: AppId, chain: Chain) -> Open:
    """Make the discovery of everybody's apps, which are named after the app `app_id`."""
    return Open(app_id, chain, frozenset(settings.exclude or ()))
