"""Unlocked by performance against unlocked by time, as curves over the same dates.

tranche entries ─▶ steps ┐
                         ├─▶ Curve: instants with both amounts ─▶ table, picture
schedules       ─▶ lines ┘
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from watcher.core.types import SECONDS_PER_DAY
from watcher.core.vesting import Schedule, unlocked_by


@dataclass(frozen=True, slots=True)
class Point:
    """What is unlocked at an instant (Unix seconds), in whole tokens; `by_time` by schedules.

    `by_time_before` is that of the second before: where the two differ by much, time unlocks with a jump.
    """

    at: int
    by_performance: Fraction
    by_time: Fraction
    by_time_before: Fraction


def curve(
    unlocked: Iterable[tuple[int, Fraction]], schedules: Mapping[str, Schedule], now: int, points: int
) -> list[Point]:
    """Give both amounts at so many instants at most, ascending, from the first that matters to the last.

    `now` is always one of them. `unlocked` are the tranches so far: when, and how much. Behind `now`
    performance is not known and stays as it is; time goes on to the last schedule's end.
    """
    steps = sorted(unlocked)
    edges = {at for at, _ in steps} | {now}
    for each in schedules.values():
        edges |= each.edges(points)
    chosen = _spread(sorted(edges), now, points)
    return [
        Point(
            at,
            sum((amount for when, amount in steps if when <= at), Fraction(0)),
            unlocked_by(schedules.values(), at),
            unlocked_by(schedules.values(), at - 1),
        )
        for at in chosen
    ]


def _spread(edges: Sequence[int], now: int, points: int) -> list[int]:
    """Fill in whole days between the edges, or thin the edges out, to no more than so many."""
    first, last = edges[0], edges[-1]
    if len(edges) > points:
        gaps = points - 2  # one place is for `now`
        return sorted({now, *(edges[place * (len(edges) - 1) // gaps] for place in range(gaps + 1))})
    every = max(1, -(-(last - first) // max(1, points - len(edges))))
    every = -(-every // SECONDS_PER_DAY) * SECONDS_PER_DAY
    return sorted({*edges, *range(first, last, every)})[:points]
