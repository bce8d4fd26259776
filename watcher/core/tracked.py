"""What is tracked: which contracts count for which app, whose actions do not, and which logs tell of them.

announcements, creations ─▶ Tracked ─▶ extraction's look-up tables, the filter of a reading by logs
"""

from collections.abc import Iterable

from watcher.core.applications import Membership
from watcher.core.definition import Definition
from watcher.core.facts import Announcement, BlockFacts, Creation
from watcher.core.metering import needs_of
from watcher.core.types import Address, AppId
from watcher.core.window import LogFilter

UPGRADED = "0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b"
BEACON_UPGRADED = "0x1cf3b03a6cf19fa2baba4df148e9dcabedea7f8a5c07840e207e5c089be95d3e"
DIAMOND_CUT = "0x8faa70878671ccd212d20771b795c50af8fd3ff6cf27f4bde57e5d4de0aeb673"
CHANGED_MASTER_COPY = "0x75e41bc35ff1bf14d81d1d2f649c0084a0f974f9289c803ec9898eeec4c8d0b8"
CODE_CHANGES = frozenset({UPGRADED, BEACON_UPGRADED, DIAMOND_CUT, CHANGED_MASTER_COPY})
"""topic0 of the logs that make their block a sample block (ERC-1967, ERC-2535, Safe before 1.0)."""

PAUSED = "0x62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a258"
UNPAUSED = "0x5db9ee0a495bf2e6ff9c91a7834c1ba4fdd244a5e8aa4e537bd38aeae4b073aa"
PAUSES = frozenset({PAUSED, UNPAUSED})
"""topic0 of Paused(address) and Unpaused(address), as OpenZeppelin's Pausable emits them."""


class Tracked:
    """What the blocks read so far say about who belongs to which app; it learns block by block, in order."""

    def __init__(self, definition: Definition, known: Iterable[BlockFacts[Address]] = ()) -> None:
        """Start before the first block, or behind blocks whose announcements and creations are `known`."""
        self._policy = definition.liveness
        self._apps = tuple(definition.apps)
        self._needs = needs_of(definition)
        self._queries = [found.wants() for app in definition.apps.values() for found in app.discoveries]
        self.membership = Membership()
        self.counted: dict[Address, AppId] = {}
        self.excluded: dict[AppId, frozenset[Address]] = {}
        self._creator_of: dict[Address, Address] = {}
        self._created_at: dict[Address, int] = {}
        self._alive_at: dict[Address, int] = {}
        for facts in known:
            self._note(facts.block.number, facts.announcements, facts.creations)
        self._refresh()

    def fork(self) -> "Tracked":
        """Copy cheaply; neither copy sees what the other learns."""
        copy = object.__new__(Tracked)
        copy._policy, copy._apps, copy._queries = self._policy, self._apps, self._queries
        copy._needs = self._needs
        copy.membership = self.membership.fork()
        copy.counted, copy.excluded = self.counted, self.excluded  # replaced when they change, never changed
        copy._creator_of = dict(self._creator_of)
        copy._created_at = dict(self._created_at)
        copy._alive_at = dict(self._alive_at)
        return copy

    def learn(
        self, block_number: int, announcements: Iterable[Announcement], creations: Iterable[Creation]
    ) -> None:
        """Take in what the next block announces and creates."""
        self._note(block_number, announcements, creations)
        self._refresh()

    def alive(self, address: Address, block_number: int) -> None:
        """Note that a log or a creation receipt of a block proves that a contract has code."""
        self._alive_at.setdefault(address, block_number)

    def steers(self, facts: BlockFacts[Address]) -> bool:
        """Tell whether what a block announces or creates changes what later blocks are read for."""
        return bool(facts.announcements) or (self._policy.exclude_deployers and bool(facts.creations))

    def log_filter(self) -> LogFilter | None:
        """Give the blocks that this program's facts are in; None where logs do not determine them.

        They do not where a call counts that emits nothing (`reach = "direct"`), nor where creations matter:
        they are in receipts only. Nor where a metric is about every block.
        """
        if self._apps and (self._policy.reach != "touched" or self._policy.exclude_deployers):
            return None
        if self._needs.every_block:
            return None
        if any(query.creators for query in self._queries):
            return None
        return LogFilter(
            addresses=frozenset(self.counted).union(
                *(query.log_addresses | query.created for query in self._queries),
                *(measure.emitters for measure in self._needs.measures if measure.emitters is not None),
            ),
            topics=CODE_CHANGES | PAUSES if self._policy.not_paused else CODE_CHANGES,
            blocks=frozenset().union(*(query.blocks for query in self._queries)),
        )

    def created_at(self, address: Address) -> int | None:
        """Give the block of a contract's creation receipt; None where none was kept."""
        return self._created_at.get(address)

    def alive_at(self, address: Address) -> int | None:
        """Give the first block read whose receipts prove that a contract had code; None: not seen yet."""
        return self._alive_at.get(address)

    def alive_from(self, block_number: int) -> dict[Address, int]:
        """Give the contracts first seen alive at or after a block, with that first block."""
        return {address: number for address, number in self._alive_at.items() if number >= block_number}

    def _note(
        self, block_number: int, announcements: Iterable[Announcement], creations: Iterable[Creation]
    ) -> None:
        for creation in creations:
            self._creator_of[creation.address] = creation.creator
            self._created_at.setdefault(creation.address, block_number)
            self._alive_at.setdefault(creation.address, block_number)
        self.membership.apply(block_number, announcements)

    def _refresh(self) -> None:
        """Bring the look-up tables of the hot loop up to date with the membership."""
        counted: dict[Address, AppId] = {}
        deployers: dict[AppId, set[Address]] = {}
        for app in self._apps:
            for address, claim in self.membership.members(app).items():
                if claim.counts:
                    counted[address] = app
                if self._policy.exclude_deployers and address in self._creator_of:
                    deployers.setdefault(app, set()).add(self._creator_of[address])
        self.counted = counted
        self.excluded = {app: frozenset(accounts) for app, accounts in deployers.items()}
