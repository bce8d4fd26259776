"""Grants: one person's allocation, with parts that performance and parts that time unlocks.

Grant, what was reached, instant ─▶ vested, at risk, next
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from watcher.core.vesting import Schedule


@dataclass(frozen=True, slots=True)
class Performance:
    """What a part waits for: the kind (`kpi`, `milestone` or `tranche`) and its id."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a grant, whole tokens; `waits_for` is a schedule for what time alone unlocks."""

    amount: Fraction
    waits_for: Performance | Schedule


@dataclass(frozen=True, slots=True)
class GrantStanding:
    """How a grant stands at an instant; whole tokens, and vested, at risk and by time later are all of it.

    `next_at` (Unix seconds) is when time unlocks more, `next_amount` what that adds; None: nothing is left.
    """

    vested: Fraction
    at_risk: Fraction
    by_time_later: Fraction
    next_at: int | None
    next_amount: Fraction


def standing(parts: tuple[Part, ...], unlocked: Callable[[Performance], Fraction], at: int) -> GrantStanding:
    """Say how a grant stands; `unlocked` gives which share of what a part waits for was reached, 0 to 1."""
    vested = at_risk = later = Fraction(0)
    schedules = []
    for part in parts:
        if isinstance(part.waits_for, Schedule):
            so_far = part.waits_for.unlocked(at)
            schedules.append(part.waits_for)
            later += part.amount - so_far
        else:
            so_far = part.amount * unlocked(part.waits_for)
            at_risk += part.amount - so_far
        vested += so_far
    coming = [moment for each in schedules if (moment := each.next_after(at)) is not None]
    next_at = min(coming, default=None)
    adds = Fraction(0)
    if next_at is not None:
        adds = sum((each.unlocked(next_at) - each.unlocked(at) for each in schedules), Fraction(0))
    return GrantStanding(vested, at_risk, later, next_at, adds)
