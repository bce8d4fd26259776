"""Tranches: amounts of the token that a KPI or milestone unlocks, once and for ever.

    KPI verdicts, milestones, time ─▶ settle ─▶ unlocked in full, in part, or never any more

Unlocked only ever means that the condition of the programme was observed: nobody's tokens move by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from watcher.core.readings import Reading
from watcher.core.types import BlockRef, KpiId, MilestoneId, TrancheId, Verdict


@dataclass(frozen=True, slots=True)
class Partial:
    """What a reading between two bounds unlocks: `minimum` at `lower` or below, all of it at `upper`."""

    lower: Fraction
    upper: Fraction
    minimum: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Tranche:
    """An amount in whole tokens; exactly one of `kpi` and `milestone` is set.

    `expiry` (Unix seconds): after it nothing is unlocked any more. With `partial` the first block at or after
    the expiry settles it, by the KPI's reading there; while that is open, the first of a later hour.
    """

    id: TrancheId
    amount: Fraction
    kpi: KpiId | None = None
    milestone: MilestoneId | None = None
    expiry: int | None = None
    partial: Partial | None = None

    @property
    def falls_due(self) -> int | None:
        """Give the Unix second from which time alone settles it: in part at its expiry, else past it."""
        if self.expiry is None:
            return None
        return self.expiry if self.partial is not None else self.expiry + 1


@dataclass(frozen=True, slots=True)
class TrancheStatus:
    """How a tranche was settled: at which block, and how much of it is unlocked (zero: it expired)."""

    block: BlockRef
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Allocation:
    """The share of the supply that unlocks by KPI, whole tokens; tranches and `unassigned` add up to it."""

    symbol: str
    decimals: int
    share: Fraction
    unassigned: Fraction


@dataclass(frozen=True, slots=True)
class Standing:
    """What tranches wait for, as of one block."""

    verdicts: Mapping[KpiId, Verdict]
    readings: Mapping[KpiId, Reading]
    reached: Mapping[MilestoneId, BlockRef]


def settle(tranche: Tranche, block: BlockRef, standing: Standing, decimals: int) -> TrancheStatus | None:
    """Settle a locked tranche as of one block, amounts cut to so many decimals; None: it stays locked."""
    over = tranche.expiry is not None and block.timestamp >= tranche.expiry
    if tranche.partial is not None and tranche.kpi is not None:
        if not over:
            return None
        amount = _part(tranche.amount, tranche.partial, standing.readings[tranche.kpi], decimals)
        return None if amount is None else TrancheStatus(block, amount)
    if tranche.expiry is not None and block.timestamp > tranche.expiry:
        return TrancheStatus(block, Fraction(0))
    if tranche.milestone is not None:
        holds = tranche.milestone in standing.reached
    else:
        holds = tranche.kpi is not None and standing.verdicts[tranche.kpi] is Verdict.MET
    return TrancheStatus(block, tranche.amount) if holds else None


def _part(amount: Fraction, partial: Partial, reading: Reading, decimals: int) -> Fraction | None:
    """Give what a reading unlocks, cut to the token's digits; None while the reading leaves it open."""

    def at(value: Fraction) -> Fraction:
        share = min(max((value - partial.lower) / (partial.upper - partial.lower), Fraction(0)), Fraction(1))
        exact = partial.minimum + (amount - partial.minimum) * share
        return Fraction(floor(exact * 10**decimals), 10**decimals)

    low = at(reading.low)
    high = amount if reading.high is None else at(reading.high)
    return low if low == high else None
