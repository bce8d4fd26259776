"""Rollup: block facts folded into hours, so that months of history load in a moment.

    BlockFacts ─▶ HourBook ─▶ (when the hour is over) HourRow, ContractHour ─▶ store

An hour is written once, when it is complete. The hour that is still running is rebuilt from its block rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from watcher.core.activity import hour_of
from watcher.core.facts import BlockFacts, ContractTotals
from watcher.core.types import ActorId, Address, AppId


@dataclass(frozen=True, slots=True)
class HourRow:
    """What reached one app in one UTC hour (hours since 1970); `actors`: sorted (actor, actions) pairs."""

    app: AppId
    hour: int
    actors: Sequence[tuple[ActorId, int]] = ()
    failed: int = 0
    excluded: int = 0
    gas: int = 0
    fee_wei: int = 0
    logs: int = 0


@dataclass(frozen=True, slots=True)
class ContractHour:
    """What reached one contract of an app in one UTC hour, for show."""

    app: AppId
    address: Address
    hour: int
    totals: ContractTotals


@dataclass(slots=True)
class _Running:
    actors: dict[ActorId, int] = field(default_factory=dict)
    failed: int = 0
    excluded: int = 0
    gas: int = 0
    fee_wei: int = 0
    logs: int = 0
    contracts: dict[Address, ContractTotals] = field(default_factory=dict)


class HourBook:
    """Adds up the running hour of each app and gives it out when a later hour begins."""

    def __init__(self) -> None:
        """Start with no hour running."""
        self._hour: int | None = None
        self._apps: dict[AppId, _Running] = {}

    def add(self, facts: BlockFacts[ActorId]) -> tuple[list[HourRow], list[ContractHour]]:
        """Take in the next block; return the rows of the hour that it ended, if it began a new one."""
        hour = hour_of(facts.block.timestamp)
        closed: tuple[list[HourRow], list[ContractHour]] = ([], [])
        if hour != self._hour:
            closed = self._close()
            self._hour = hour
        for app, activity in facts.activity.items():
            running = self._apps.setdefault(app, _Running())
            for actor, count in activity.actors.items():
                running.actors[actor] = running.actors.get(actor, 0) + count
            running.failed += activity.failed
            running.excluded += activity.excluded
            running.gas += activity.gas
            running.fee_wei += activity.fee_wei
            running.logs += activity.logs
            for address, totals in activity.contracts.items():
                before = running.contracts.get(address)
                running.contracts[address] = totals if before is None else added(before, totals)
        return closed

    def _close(self) -> tuple[list[HourRow], list[ContractHour]]:
        hour = self._hour
        if hour is None:
            return [], []
        rows = [_row(app, hour, running) for app, running in sorted(self._apps.items())]
        contracts = [
            ContractHour(app, address, hour, totals)
            for app, running in sorted(self._apps.items())
            for address, totals in sorted(running.contracts.items())
        ]
        self._apps = {}
        return rows, contracts


def added(left: ContractTotals, right: ContractTotals) -> ContractTotals:
    """Add two contracts' totals field by field."""
    return ContractTotals(
        left.actions + right.actions,
        left.failed + right.failed,
        left.gas + right.gas,
        left.fee_wei + right.fee_wei,
        left.logs + right.logs,
    )


def _row(app: AppId, hour: int, running: _Running) -> HourRow:
    return HourRow(
        app=app,
        hour=hour,
        actors=sorted(running.actors.items()),
        failed=running.failed,
        excluded=running.excluded,
        gas=running.gas,
        fee_wei=running.fee_wei,
        logs=running.logs,
    )
