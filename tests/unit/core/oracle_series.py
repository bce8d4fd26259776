"""The oracle of folds over time: a recount by the second that shares no code with them.

(time, reading) of every block ─▶ what an aggregate has to read as of the last of them
"""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from watcher.core.aggregates import OF_DAYS, Aggregate, Fold, Shape
from watcher.core.types import WindowSpec

HOUR, DAY = 3_600, 86_400

Value = int | Fraction
Seen = tuple[int, Value]
"""A block's time and its reading; the first one is where counting begins."""


def ends(window: WindowSpec, now: int) -> tuple[int, int]:
    """Give a window's first second and the one behind its last."""
    if window.kind == "rolling":
        return (now // HOUR - 24 * window.days) * HOUR, now + 1
    midnight = now // DAY * DAY
    return midnight - window.days * DAY, midnight


def held(seen: Sequence[Seen], first: int, behind: int, now: int) -> list[tuple[Value, int]]:
    """Give the levels that held in a span of seconds up to now, each with how long; none for no time."""
    found = []
    for (time, value), until in zip(seen, [*(time for time, _ in seen[1:]), now], strict=True):
        lasted = min(until, behind, now) - max(time, first)
        if lasted > 0:
            found.append((value, lasted))
    return found


def within(seen: Sequence[Seen], first: int, behind: int) -> list[Value]:
    """Give the readings of the blocks in a span."""
    return [value for time, value in seen if first <= time < behind]


def rank(values: Sequence[Value], percent: int) -> Fraction:
    """Give a percentile by nearest rank."""
    if not values:
        return Fraction(0)
    return Fraction(sorted(values)[ceil(Fraction(percent, 100) * len(values)) - 1])


def day_value(shape: Shape, fold: Fold, seen: Sequence[Seen], day: int, now: int, *, most: bool) -> Value:
    """Give what a whole day counts for."""
    first, behind = day * DAY, (day + 1) * DAY
    inside = within(seen, first, behind)
    if shape is Shape.FLOW:
        return sum(inside)
    if not inside:
        return 0
    if fold is not Fold.CONSECUTIVE_DAYS:
        return inside[-1]
    if shape is Shape.LEVEL:
        inside += [value for value, _ in held(seen, first, behind, now)]
        inside += [0] if first < seen[0][0] else []
    return max(inside) if most else min(inside)


def recounted(  # noqa: C901, PLR0911  # one case a fold
    shape: Shape, aggregate: Aggregate, seen: Sequence[Seen], *, most: bool
) -> Fraction:
    """Fold what was seen, as the words of the documents say."""
    now, fold = seen[-1][0], aggregate.fold
    if aggregate.window is None:
        return Fraction(sum(value for _, value in seen) if shape is Shape.FLOW else seen[-1][1])
    first, behind = ends(aggregate.window, now)
    if fold is Fold.CONSECUTIVE_DAYS or fold in OF_DAYS[shape]:
        days = [
            day_value(shape, fold, seen, day, now, most=most) for day in range(first // DAY, behind // DAY)
        ]
        if fold is Fold.MEAN:
            return Fraction(sum(days), len(days))
        if fold is Fold.PERCENTILE:
            return rank(days, int(aggregate.percent or 0))
        return Fraction(
            max(days) if fold is Fold.MAXIMUM or (most and fold is Fold.CONSECUTIVE_DAYS) else min(days)
        )
    inside = within(seen, first, behind)
    levels = held(seen, first, behind, now)
    if fold is Fold.TIME_WEIGHTED_MEAN:
        return Fraction(sum(value * lasted for value, lasted in levels), min(behind, now) - first)
    if shape is Shape.LEVEL:
        inside += [value for value, _ in levels]
        inside += [0] if first < seen[0][0] else []
    if fold is Fold.SUM:
        return Fraction(sum(inside))
    if fold is Fold.MINIMUM:
        return Fraction(min(inside, default=0))
    if fold is Fold.MAXIMUM:
        return Fraction(max(inside, default=0))
    if fold is Fold.MEAN:
        return Fraction(sum(inside), len(inside)) if inside else Fraction(0)
    return rank(inside, int(aggregate.percent or 0))
