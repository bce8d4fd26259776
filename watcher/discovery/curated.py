"""Discovery kind `curated`: the app's contracts are those that the program lists.

[[app.contract]] ─▶ announcements at `from_block`, removals at `until_block`

Listed claims come before all others, whatever a registry or factory says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from watcher.core.definition import Chain
from watcher.core.facts import Announcement
from watcher.core.types import Address, AppId
from watcher.core.window import BlockReceipts, Query
from watcher.fields import Count, HexAddress, Rows, Table

BEFORE_ALL_LOGS = -1
"""A listed contract belongs to its app from the start of the block."""


class Contract(Table):
    """One listed contract."""

    address: HexAddress
    role: Literal["core", "router", "token", "oracle", "admin"] = Field(
        "core", description="core and router count; token, oracle and admin do not"
    )
    from_block: Count | None = Field(None, description="first block of its membership; default count_from")
    until_block: Count | None = Field(None, description="first block at which it is no longer a member")


class Settings(Table):
    """What the program says for one app."""

    contract: Rows[Contract] = Field(min_length=1, description="the listed contracts")


@dataclass(frozen=True, slots=True)
class Curated:
    """The listed contracts of one app, by the block at which something is to be said about them."""

    source: str
    addresses: frozenset[Address]
    by_block: Mapping[int, tuple[Announcement, ...]]

    def wants(self) -> Query:
        """Ask for the creations of the listed contracts, which say who deployed them."""
        return Query(created=self.addresses, blocks=frozenset(self.by_block))

    def read(self, block: BlockReceipts) -> tuple[Announcement, ...]:
        """Give the claims that begin and end with this block, by address."""
        return self.by_block.get(block.number, ())


def build(settings: Settings, app_id: AppId, chain: Chain) -> Curated:
    """Make the discovery of one app; a contract listed from before `count_from` joins there."""
    source = f"curated:{app_id}"
    by_block: dict[int, list[Announcement]] = {}
    for contract in sorted(settings.contract, key=lambda item: item.address):
        joins = Announcement(
            app_id, contract.address, source, BEFORE_ALL_LOGS, listed=True, role=contract.role
        )
        by_block.setdefault(max(contract.from_block or 0, chain.count_from), []).append(joins)
        if contract.until_block is not None:
            leaves = Announcement(
                app_id,
                contract.address,
                source,
                BEFORE_ALL_LOGS,
                removed=True,
                listed=True,
                role=contract.role,
            )
            by_block.setdefault(contract.until_block, []).append(leaves)
    return Curated(
        source,
        frozenset(contract.address for contract in settings.contract),
        {number: tuple(items) for number, items in by_block.items()},
    )
