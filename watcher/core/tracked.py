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
        self._queries = [found.wants() for found in definition.discoveries]
        self.membership = Membership()
        self.counted: dict[Address, AppId] = {}
        self.excluded: dict[AppId, frozenset[Address]] = {}
        self._creator_of: dict[Address, Address] = {}
        self._created_at: dict[Address, int] = {}
        self._alive_at: dict[Address, int] = {}
        for facts in known:
            self.learn(facts.block.number, facts.announcements, facts.creations)

    def fork(self) -> "Tracked":
        """Copy cheaply; neither copy sees what the other learns."""
        copy = object.__new__(Tracked)
        copy._policy, copy._apps, copy._queries = self._policy, self._apps, self._queries
        copy._needs = self._needs
        copy.membership = self.membership.fork()
        copy.counted, copy.excluded = dict(self.counted), dict(self.excluded)
        copy._creator_of = dict(self._creator_of)
        copy._created_at = dict(self._created_at)
        copy._alive_at = dict(self._alive_at)
        return copy

    def learn(
        self, block_number: int, announcements: Iterable[Announcement], creations: Iterable[Creation]
    ) -> None:
        """Take in what the next block announces and creates."""
        announced, created = tuple(announcements), tuple(creations)
        for creation in created:
            self._creator_of[creation.address] = creation.creator
            self._created_at.setdefault(creation.address, block_number)
            self._alive_at.setdefault(creation.address, block_number)
        concerned = {item.address for item in announced}
        before = {app for app in map(self._owner, concerned) if app is not None}
        self.membership.apply(block_number, announced)
        for address in concerned:
            owner = self.membership.owner(address)
            if owner is not None and owner.counts:
                self.counted[address] = owner.app
            else:
                self.counted.pop(address, None)
        if self._policy.exclude_deployers:
            self._exclude(before, concerned | {creation.address for creation in created})

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
        if any(query.creators or query.every_creation for query in self._queries):
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

    def _owner(self, address: Address) -> AppId | None:
        owner = self.membership.owner(address)
        return None if owner is None else owner.app

    def _exclude(self, left: Iterable[AppId], concerned: Iterable[Address]) -> None:
        """Bring the deployers up to date: of apps that may have lost a contract, and of those that have one.

        An app that only gained contracts is not looked through: there may be very many.
        """
        for app in left:
            members = self.membership.members(app)
            self.excluded[app] = frozenset(
                self._creator_of[each] for each in members if each in self._creator_of
            )
        for address in concerned:
            owner, creator = self._owner(address), self._creator_of.get(address)
            if owner is not None and creator is not None and creator not in self.excluded.get(owner, ()):
                self.excluded[owner] = self.excluded.get(owner, frozenset()) | {creator}
