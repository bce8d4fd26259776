"""Extraction: from a block's receipts to facts about the tracked applications. The hot loop of indexing.

    BlockReceipts ─▶ discovery ─▶ Membership ─▶ Findings ─▶ (with the block's header) BlockFacts

Membership is by whole blocks, so a block's announcements are applied before its transactions are counted.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from watcher.core.applications import Discovery
from watcher.core.definition import Definition
from watcher.core.facts import Activity, Announcement, BlockFacts, ContractTotals, Creation, PauseLog
from watcher.core.tracked import CODE_CHANGES, PAUSED, PAUSES, Tracked
from watcher.core.types import Address, AppId, BlockRef
from watcher.core.window import BlockReceipts, Log, Receipt

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
APPROVAL = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"
TOKEN_NOISE = frozenset({TRANSFER, APPROVAL})
"""Logs that never make a transaction reach an app: anyone can move a token through a contract for nothing."""

SUCCESS = "0x1"


@dataclass(slots=True)
class _Tally:
    """What reached one app, or one contract of it, so far in this block."""

    actors: dict[Address, int] = field(default_factory=dict)
    actions: int = 0
    failed: int = 0
    excluded: int = 0
    gas: int = 0
    fee_wei: int = 0
    logs: int = 0

    def add(self, gas: int, fee_wei: int, *, succeeded: bool, excluded: bool) -> None:
        """Add one transaction."""
        self.gas += gas
        self.fee_wei += fee_wei
        if not succeeded:
            self.failed += 1
        elif excluded:
            self.excluded += 1
        else:
            self.actions += 1


@dataclass(slots=True)
class _Found:
    """What one block said so far; a contract belongs to one app at a block, so its address is key enough."""

    apps: dict[AppId, _Tally] = field(default_factory=dict)
    contracts: dict[Address, _Tally] = field(default_factory=dict)
    pauses: list[PauseLog] = field(default_factory=list)
    changes: dict[Address, None] = field(default_factory=dict)

    def app(self, app: AppId) -> _Tally:
        tally = self.apps.get(app)
        if tally is None:
            tally = self.apps[app] = _Tally()
        return tally

    def contract(self, address: Address) -> _Tally:
        tally = self.contracts.get(address)
        if tally is None:
            tally = self.contracts[address] = _Tally()
        return tally


@dataclass(frozen=True, slots=True)
class Findings:
    """What a block's receipts say, before its header is known."""

    activity: Mapping[AppId, Activity[Address]]
    announcements: tuple[Announcement, ...]
    creations: tuple[Creation, ...]
    pauses: tuple[PauseLog, ...]
    code_changes: tuple[Address, ...]

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to keep."""
        return not (self.activity or self.announcements or self.creations or self.pauses or self.code_changes)

    def at(self, block: BlockRef) -> BlockFacts[Address]:
        """Put the block's header to it."""
        return BlockFacts(
            block, self.activity, self.announcements, self.creations, self.pauses, self.code_changes
        )


class Extractor:
    """Reads blocks in ascending order and keeps what is tracked as of the last one read."""

    def __init__(self, definition: Definition, tracked: Tracked | None = None) -> None:
        """Start before the first block, or behind the blocks that `tracked` has learnt from."""
        self._policy = definition.liveness
        self._system = definition.chain.system
        discoveries = [each for app in definition.apps.values() for each in app.discoveries]
        queries = [discovery.wants() for discovery in discoveries]
        self._always = [
            each for each, query in zip(discoveries, queries, strict=True) if not query.log_addresses
        ]
        self._listening = [
            (query.log_addresses, each)
            for each, query in zip(discoveries, queries, strict=True)
            if query.log_addresses
        ]
        # What a registry or factory will announce is not known when it is created.
        self._all_creations = any(query.log_addresses for query in queries)
        self._creators = frozenset().union(*(query.creators for query in queries))
        self._created = frozenset().union(*(query.created for query in queries))
        self._touched = self._policy.reach == "touched"
        self.tracked = tracked or Tracked(definition)

    def read(self, block: BlockReceipts) -> Findings:
        """Read the next block."""
        creations = self._creations(block.receipts)
        announcements = self._announcements(block)
        if announcements or creations:
            self.tracked.learn(block.number, announcements, creations)
        found, counted = _Found(), self.tracked.counted
        for receipt in block.receipts:
            reached = self._read_logs(block.number, receipt.logs, found) if receipt.logs else ()
            to = receipt.to
            if to is None:
                continue
            if not self._touched:
                reached = (Address(to),) if to in counted else ()
            if reached:
                self._count(receipt, reached, found)
        return Findings(
            self._activity(found), announcements, creations, tuple(found.pauses), tuple(found.changes)
        )

    def _read_logs(self, block_number: int, logs: Iterable[Log], found: _Found) -> Collection[Address]:
        """Note what a transaction's logs say; return the contracts that it made emit something."""
        reached: set[Address] = set()
        counted = self.tracked.counted
        for log in logs:
            address, topics = Address(log.address), log.topics
            topic = topics[0] if topics else ""
            app = counted.get(address)
            # Also of others: a beacon is known only once a proxy behind it was sampled, and a contract may
            # have been paused before it joins an app.
            if topic in CODE_CHANGES:
                found.changes[address] = None
            elif topic in PAUSES and self._policy.not_paused:
                found.pauses.append(PauseLog(address, topic == PAUSED))
            if app is None:
                continue
            self.tracked.alive(address, block_number)
            found.app(app).logs += 1
            found.contract(address).logs += 1
            if topic not in TOKEN_NOISE:
                reached.add(address)
        return reached

    def _count(self, receipt: Receipt, reached: Iterable[Address], found: _Found) -> None:
        """Count a transaction for each app that it reached, once, and for each contract of it."""
        sender = Address(receipt.sender)
        if sender in self._system.senders or receipt.type in self._system.types:
            return
        gas = int(receipt.gas_used, 16)
        fee = gas * int(receipt.effective_gas_price, 16)
        if receipt.l1_fee is not None:
            fee += int(receipt.l1_fee, 16)
        succeeded = receipt.status == SUCCESS
        apps: set[AppId] = set()
        for address in reached:
            app = self.tracked.counted[address]
            excluded = sender in self._policy.excluded or sender in self.tracked.excluded.get(app, ())
            found.contract(address).add(gas, fee, succeeded=succeeded, excluded=excluded)
            if app in apps:
                continue
            apps.add(app)
            tally = found.app(app)
            tally.add(gas, fee, succeeded=succeeded, excluded=excluded)
            if succeeded and not excluded:
                tally.actors[sender] = tally.actors.get(sender, 0) + 1

    def _activity(self, found: _Found) -> dict[AppId, Activity[Address]]:
        contracts: dict[AppId, dict[Address, ContractTotals]] = {app: {} for app in found.apps}
        for address, each in found.contracts.items():
            totals = ContractTotals(each.actions, each.failed, each.gas, each.fee_wei, each.logs)
            contracts[self.tracked.counted[address]][address] = totals
        return {
            app: Activity(
                each.actors, each.failed, each.excluded, each.gas, each.fee_wei, each.logs, contracts[app]
            )
            for app, each in found.apps.items()
        }

    def _announcements(self, block: BlockReceipts) -> tuple[Announcement, ...]:
        """Ask each discovery method; those that only listen to certain emitters are asked when one spoke."""
        listening: list[Discovery] = self._always
        if self._listening:
            emitters = {log.address for receipt in block.receipts for log in receipt.logs}
            heard = [each for addresses, each in self._listening if not addresses.isdisjoint(emitters)]
            listening = [*listening, *heard]
        return tuple(item for discovery in listening for item in discovery.read(block))

    def _creations(self, receipts: Iterable[Receipt]) -> tuple[Creation, ...]:
        return tuple(
            Creation(Address(receipt.contract_address), Address(receipt.sender))
            for receipt in receipts
            if receipt.contract_address is not None
            and receipt.status == SUCCESS
            and (
                self._all_creations
                or receipt.sender in self._creators
                or receipt.contract_address in self._created
            )
        )
