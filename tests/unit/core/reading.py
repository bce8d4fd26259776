"""What the tests of extraction read: receipts of made-up transactions, and discovery methods that say so.

Says("one", {5: [joins("a", APP)]})      announces at block 5, whatever is in it
Hears("reg", "a", REGISTRY)              announces the address in the second topic of the registry's logs
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.unit.core.givens import at, definition, ref
from watcher.core.applications import Discovery
from watcher.core.definition import App, Definition, LivenessPolicy, SystemTransactions
from watcher.core.extract import Extractor
from watcher.core.facts import Announcement, BlockFacts
from watcher.core.types import Address, AppId
from watcher.core.window import BlockReceipts, Query
from watcher.testing.fake_blocks import FakeTx, receipts_of

ANNOUNCED, REMOVED = "0xadd", "0xde1"


@dataclass(frozen=True, slots=True)
class Says:
    """A discovery method that announces what the test says, by block."""

    source: str
    by_block: Mapping[int, Sequence[Announcement]]
    query: Query = field(default_factory=Query)

    def wants(self) -> Query:
        """Ask for what the test says."""
        return self.query

    def read(self, block: BlockReceipts) -> Sequence[Announcement]:
        """Give the block's announcements."""
        return self.by_block.get(block.number, ())


@dataclass(frozen=True, slots=True)
class Hears:
    """A registry of one app: its logs carry the contract as their second topic."""

    source: str
    app: str
    registry: Address

    def wants(self) -> Query:
        """Ask for the registry's logs."""
        return Query(log_addresses=frozenset({self.registry}))

    def read(self, block: BlockReceipts) -> Iterator[Announcement]:
        """Give what the registry announces and removes."""
        for receipt in block.receipts:
            for log in receipt.logs:
                if log.address == self.registry and log.topics[0] in (ANNOUNCED, REMOVED):
                    removed = log.topics[0] == REMOVED
                    index = int(log.log_index, 16)
                    yield Announcement(
                        AppId(self.app), Address(log.topics[1]), self.source, index, removed=removed
                    )


def found(app: str, *discoveries: Discovery) -> App:
    """Give an app with these ways to find its contracts."""
    return App(AppId(app), app, discoveries)


def program(
    *apps: App, liveness: LivenessPolicy | None = None, system: SystemTransactions | None = None
) -> Definition:
    """Give a program of these apps."""
    return definition(*apps, liveness=liveness, system=system)


def receipts(number: int, *transactions: FakeTx) -> BlockReceipts:
    """Give a block of these transactions."""
    return BlockReceipts(number, ref(number, 0).hash, receipts_of(transactions))


def extracted(definition: Definition, *blocks: Sequence[FakeTx]) -> list[BlockFacts[Address]]:
    """Read blocks 1, 2, 3 and so on, an hour apart; give the facts of each."""
    extractor = Extractor(definition)
    return [
        extractor.read(receipts(number, *transactions)).at(ref(number, at(hours=number)))
        for number, transactions in enumerate(blocks, start=1)
    ]
