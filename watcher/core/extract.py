"""Extraction: from a block's receipts to facts about the tracked applications. The hot loop of indexing.

    BlockReceipts ─▶ discovery ─▶ Membership ─▶ Findings ─▶ (with the block's header) BlockFacts

Membership is by whole blocks, so a block's announcements are applied before its transactions are counted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from watcher.core.actions import Action, Markers
from watcher.core.applications import Discovery
from watcher.core.definition import Definition
from watcher.core.facts import Activity, Announcement, BlockFacts, ContractTotals, Creation, PauseLog
from watcher.core.measures import GAS, TOGETHER, Amounts, Measure
from watcher.core.metering import needs_of
from watcher.core.tracked import CODE_CHANGES, PAUSED, PAUSES, Tracked
from watcher.core.types import Address, AppId, BlockRef
from watcher.core.window import BlockReceipts, Log, Receipt

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
APPROVAL = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"
TOKEN_NOISE = frozenset({TRANSFER, APPROVAL})
"""Logs that never make a transaction reach an app: anyone can move a token through a contract for nothing."""

SUCCESS = "0x1"


_SPEAKING = CODE_CHANGES | PAUSES
"""First topics of logs that say something whoever emits them."""


_Reach = tuple[Receipt, Address, bool]
"""A transaction, a contract that it reached, and whether it had reached another of the same app before."""


class _Tally:
    """What reached one contract, so far in this block."""

    __slots__ = ("actions", "excluded", "failed", "fee_wei", "gas", "logs")

    def __init__(self) -> None:
        self.actions = self.failed = self.excluded = self.gas = self.fee_wei = self.logs = 0

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

    def of(
        self, actors: Mapping[Address, int], contracts: Mapping[Address, ContractTotals]
    ) -> Activity[Address]:
        """Give it as the activity of an app."""
        return Activity(actors, self.failed, self.excluded, self.gas, self.fee_wei, self.logs, contracts)

    def added_to(
        self, known: Activity[Address], contracts: Mapping[Address, ContractTotals], sign: int = 1
    ) -> Activity[Address]:
        """Add it to the activity of an app, or with sign -1 take it off."""
        return Activity(
            known.actors,
            known.failed + sign * self.failed,
            known.excluded + sign * self.excluded,
            known.gas + sign * self.gas,
            known.fee_wei + sign * self.fee_wei,
            known.logs + sign * self.logs,
            contracts,
        )


class _Found:
    """What one block said so far; a contract belongs to one app at a block, so its address is key enough."""

    def __init__(self) -> None:
        self.contracts: dict[Address, _Tally] = {}
        self.actors: dict[AppId, dict[Address, int]] = {}
        self.repeated: dict[AppId, _Tally] = {}
        """What reached further contracts of an app that it had reached already: the app has it once."""
        self.pauses: list[PauseLog] = []
        self.changes: dict[Address, None] = {}
        self.measures: dict[str, dict[str, int]] = {}


@dataclass(frozen=True, slots=True)
class Findings:
    """What a block's receipts say, before its header is known."""

    activity: Mapping[AppId, Activity[Address]]
    announcements: tuple[Announcement, ...]
    creations: tuple[Creation, ...]
    pauses: tuple[PauseLog, ...]
    code_changes: tuple[Address, ...]
    measures: Mapping[str, Amounts]

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to keep."""
        return not (
            self.activity
            or self.announcements
            or self.creations
            or self.pauses
            or self.code_changes
            or self.measures
        )

    def at(self, block: BlockRef) -> BlockFacts[Address]:
        """Put the block's header to it."""
        return BlockFacts(
            block,
            self.activity,
            self.announcements,
            self.creations,
            self.pauses,
            self.code_changes,
            self.measures,
        )


def _cost(receipt: Receipt) -> tuple[int, int]:
    """Give a transaction's gas and its fee in wei."""
    gas = int(receipt.gas_used, 16)
    fee = gas * int(receipt.effective_gas_price, 16)
    return gas, fee if receipt.l1_fee is None else fee + int(receipt.l1_fee, 16)


class Extractor:
    """Reads blocks in ascending order and keeps what is tracked as of the last one read."""

    def __init__(self, definition: Definition, tracked: Tracked | None = None) -> None:
        """Start before the first block, or behind the blocks that `tracked` has learnt from."""
        self._policy = definition.liveness
        self._system = definition.chain.system
        discoveries = definition.discoveries
        queries = [discovery.wants() for discovery in discoveries]
        self._always: list[Discovery] = []
        self._listening: list[tuple[frozenset[Address], Discovery]] = []
        self._at: dict[int, list[Discovery]] = {}
        for each, query in zip(discoveries, queries, strict=True):
            if query.log_addresses:
                self._listening.append((query.log_addresses, each))
            elif query.blocks:
                for number in query.blocks:
                    self._at.setdefault(number, []).append(each)
            else:
                self._always.append(each)
        # What a registry or factory will announce is not known when it is created.
        self._all_creations = any(query.log_addresses or query.every_creation for query in queries)
        self._creators = frozenset().union(*(query.creators for query in queries))
        self._created = frozenset().union(*(query.created for query in queries))
        self._touched = self._policy.reach == "touched"
        self._markers = Markers(self._policy.markers) if self._policy.unit == "action" else None
        needs = needs_of(definition)
        self._every_block = needs.every_block
        self._measures: dict[str, list[Measure]] = {}
        for measure in needs.measures:
            for topic in measure.topics:
                self._measures.setdefault(topic, []).append(measure)
        self._speaking = _SPEAKING | self._measures.keys()
        self.tracked = tracked or Tracked(definition)

    def read(self, block: BlockReceipts) -> Findings:
        """Read the next block."""
        creations = self._creations(block.receipts)
        announcements = self._announcements(block)
        if announcements or creations:
            self.tracked.learn(block.number, announcements, creations)
        found = _Found()
        self._read_logs(block, found)
        if self._every_block:
            gas = sum(int(receipt.gas_used, 16) for receipt in block.receipts)
            found.measures[GAS] = {TOGETHER: gas}
        if not self._touched:
            self._count(self._called(block.receipts), found)
        elif self._markers is None:
            self._count(self._reaching(block.receipts), found)
        else:
            for receipt in block.receipts:
                if receipt.logs and receipt.to is not None:
                    self._count_actions(receipt, self._markers.actions(receipt), found)
        return Findings(
            self._activity(found),
            announcements,
            creations,
            tuple(found.pauses),
            tuple(found.changes),
            found.measures,
        )

    def _read_logs(self, block: BlockReceipts, found: _Found) -> None:
        """Note what a block's logs say, but not yet whom they make a transaction reach."""
        counted, speaking, contracts = self.tracked.counted, self._speaking, found.contracts
        for receipt in block.receipts:
            for log in receipt.logs:
                address: Address = log.address  # type: ignore[assignment]  # as decoded, see _called
                if address in counted:
                    tally = contracts.get(address)
                    if tally is None:
                        tally = contracts[address] = _Tally()
                    tally.logs += 1
                # Also of others: a beacon is known only once a proxy behind it was sampled, and a contract
                # may have been paused before it joins an app.
                topics = log.topics
                if topics and topics[0] in speaking:
                    self._read_speaking(log, found)
        for address in contracts:
            self.tracked.alive(address, block.number)

    def _read_speaking(self, log: Log, found: _Found) -> None:
        topic = log.topics[0]
        if topic in CODE_CHANGES:
            found.changes[Address(log.address)] = None
        elif topic in PAUSES and self._policy.not_paused:
            found.pauses.append(PauseLog(Address(log.address), topic == PAUSED))
        for measure in self._measures.get(topic, ()):
            self._measure(measure, log, found)

    def _measure(self, measure: Measure, log: Log, found: _Found) -> None:
        """Add what one log says to a measure, if its emitter is one of those that are believed."""
        emitter = Address(log.address)
        owner: str | None = measure.app
        if measure.emitters is None:
            owner = self.tracked.counted.get(emitter)
        elif emitter not in measure.emitters:
            return
        amount = None if owner is None else measure.read(log)
        if owner is None or amount is None:
            return
        amounts = found.measures.setdefault(measure.key, {})
        amounts[owner] = amount if measure.latest else amounts.get(owner, 0) + amount

    def _called(self, receipts: Iterable[Receipt]) -> Iterable[_Reach]:
        """Give the contract that a transaction called, where it is one that counts."""
        counted = self.tracked.counted
        # Addresses as decoded: a call of Address() for each would cost more than the count itself.
        return [(receipt, receipt.to, False) for receipt in receipts if receipt.to in counted]  # type: ignore[misc]

    def _reaching(self, receipts: Iterable[Receipt]) -> Iterator[_Reach]:
        """Give each contract that a transaction made emit something; it reaches an app once."""
        counted = self.tracked.counted
        for receipt in receipts:
            if receipt.logs and receipt.to is not None:
                apps: set[AppId] = set()
                for address in self._reached(receipt.logs):
                    yield receipt, address, counted[address] in apps
                    apps.add(counted[address])

    def _reached(self, logs: Iterable[Log]) -> set[Address]:
        counted = self.tracked.counted
        return {
            Address(log.address)
            for log in logs
            if log.address in counted and (not log.topics or log.topics[0] not in TOKEN_NOISE)
        }

    def _count_actions(self, receipt: Receipt, actions: Iterable[Action], found: _Found) -> None:
        """Count each action by itself, but the transaction's gas and fee only once."""
        if receipt.sender in self._system.senders or receipt.type in self._system.types:
            return
        gas, fee = _cost(receipt)
        paid: set[Address] = set()
        paid_for: set[AppId] = set()
        for action in actions:
            apps: set[AppId] = set()
            for address in self._reached(action.logs):
                app = self.tracked.counted[address]
                fresh = address not in paid
                excluded = action.actor in self._policy.excluded or action.actor in self.tracked.excluded.get(
                    app, ()
                )
                share = (gas, fee) if fresh else (0, 0)
                tally = found.contracts.setdefault(address, _Tally())
                tally.add(*share, succeeded=action.succeeded, excluded=excluded)
                if app in apps:
                    repeated = found.repeated.setdefault(app, _Tally())
                    repeated.add(*share, succeeded=action.succeeded, excluded=excluded)
                else:
                    if fresh and app in paid_for:
                        repeated = found.repeated.setdefault(app, _Tally())
                        repeated.gas += gas
                        repeated.fee_wei += fee
                    if action.succeeded and not excluded:
                        actors = found.actors.setdefault(app, {})
                        actors[action.actor] = actors.get(action.actor, 0) + 1
                apps.add(app)
                paid.add(address)
                paid_for.add(app)

    def _count(self, reached: Iterable[_Reach], found: _Found) -> None:
        """Count transactions for contracts that they reached, and unless it is `again` for their apps.

        What a backfill spends most on: so it is one loop, over names that are looked up once.
        """
        system, types, excluded = self._system.senders, self._system.types, self._policy.excluded
        counted, deployers = self.tracked.counted, self.tracked.excluded
        contracts, everybody = found.contracts, found.actors
        for receipt, address, again in reached:
            sender: Address = receipt.sender  # type: ignore[assignment]
            if sender in system or receipt.type in types:
                continue
            app = counted[address]
            gas = int(receipt.gas_used, 16)
            fee = gas * int(receipt.effective_gas_price, 16)
            if receipt.l1_fee is not None:
                fee += int(receipt.l1_fee, 16)
            tally = contracts.get(address)
            if tally is None:
                tally = contracts[address] = _Tally()
            tally.gas += gas
            tally.fee_wei += fee
            succeeded = receipt.status == SUCCESS
            leaves_out = sender in excluded or (app in deployers and sender in deployers[app])
            if not succeeded:
                tally.failed += 1
            elif leaves_out:
                tally.excluded += 1
            else:
                tally.actions += 1
                if not again:
                    actors = everybody.get(app)
                    if actors is None:
                        actors = everybody[app] = {}
                    actors[sender] = actors.get(sender, 0) + 1
            if again:
                repeated = found.repeated.setdefault(app, _Tally())
                repeated.add(gas, fee, succeeded=succeeded, excluded=leaves_out)

    def _activity(self, found: _Found) -> dict[AppId, Activity[Address]]:
        sums: dict[AppId, Activity[Address]] = {}
        for address, each in found.contracts.items():
            app = self.tracked.counted[address]
            contracts = {
                address: ContractTotals(each.actions, each.failed, each.gas, each.fee_wei, each.logs)
            }
            known = sums.get(app)
            if known is None:
                sums[app] = each.of(found.actors.get(app, {}), contracts)
            else:
                sums[app] = each.added_to(known, {**known.contracts, **contracts})
        for app, each in found.repeated.items():
            sums[app] = each.added_to(sums[app], sums[app].contracts, -1)
        return sums

    def _announcements(self, block: BlockReceipts) -> tuple[Announcement, ...]:
        """Ask each discovery method; those that only listen to certain emitters are asked when one spoke."""
        asked = [*self._always, *self._at.get(block.number, ())]
        if self._listening:
            emitters = {log.address for receipt in block.receipts for log in receipt.logs}
            asked += [each for addresses, each in self._listening if not addresses.isdisjoint(emitters)]
        return tuple(item for discovery in asked for item in discovery.read(block))

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
