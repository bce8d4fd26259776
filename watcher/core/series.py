"""A series: one metric's readings over time, hour by hour, so that every fold is exact to the second.

    reading a block ─▶ the running hour ─▶ (when it is over) SeriesHour ─▶ fold over the hours of a window

Windows begin and end with hours, so a fold needs nothing but whole hours and the running one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from math import ceil

from watcher.core.activity import HOURS_PER_DAY, hour_of
from watcher.core.aggregates import OF_DAYS, Aggregate, Fold, Shape
from watcher.core.readings import NOTHING, UNKNOWN, Reading
from watcher.core.types import SECONDS_PER_DAY, SECONDS_PER_HOUR, Verdict

_MEDIAN = Fraction(50)
"""The percentile where none is said; the program file says one."""


@dataclass(slots=True)
class SeriesHour:
    """What one hour held; not changed once the hour is over.

    `total`: a level times the seconds it held, or the sum of what blocks added or were. `least` and `most`
    among the levels that held and the blocks' values. `blocks` counts those visited, of a level only
    whether there was one. `close` is the level at the end.
    `points` counts the values of single blocks, where a percentile over them is asked. `whole` is False where
    a declared gap reaches into the hour.
    """

    total: Reading = NOTHING
    least: Reading | None = None
    most: Reading | None = None
    blocks: int = 0
    close: Reading = NOTHING
    points: Counter[Reading] = field(default_factory=Counter)
    whole: bool = True

    def copy(self) -> "SeriesHour":
        """Copy; neither copy sees what the other learns."""
        return SeriesHour(
            self.total, self.least, self.most, self.blocks, self.close, self.points.copy(), self.whole
        )

    def reach(self, value: Reading) -> None:
        """Take in a value for the extremes."""
        self.least = value if self.least is None else self.least.least(value)
        self.most = value if self.most is None else self.most.most(value)


class Series:
    """One metric of one subject under one aggregate. Blocks come ascending, times never go back."""

    __slots__ = (
        "_begin",
        "_closed",
        "_fresh",
        "_hour",
        "_kept_days",
        "_kept_points",
        "_kept_total",
        "_last",
        "_now",
        "aggregate",
        "shape",
        "value",
    )

    def __init__(self, shape: Shape, aggregate: Aggregate, begin: int) -> None:
        """Start with nothing at `begin`, the time of the block `count_from`: before it everything is zero."""
        self.shape = shape
        self.aggregate = aggregate
        self.value = NOTHING
        """A level since the last block; what a flow has added up to; the last block's property."""
        self._begin = self._last = begin
        self._hour = hour_of(begin)
        self._now = SeriesHour()
        self._closed: dict[int, SeriesHour] = {}
        self._fresh: dict[int, SeriesHour] = {}
        self._kept_total: Reading | None = None
        self._kept_points: Counter[Reading] | None = None
        self._kept_days: tuple[range, bool, list[Reading]] | None = None

    def fork(self) -> "Series":
        """Copy; neither copy sees what the other learns."""
        copy = Series(self.shape, self.aggregate, self._begin)
        copy.value, copy._last, copy._hour = self.value, self._last, self._hour
        copy._now, copy._closed = self._now.copy(), dict(self._closed)
        copy._kept_total, copy._kept_points = self._kept_total, self._kept_points
        copy._kept_days = self._kept_days
        return copy

    def observe(self, timestamp: int, reading: Reading) -> None:
        """Take in the reading of the next visited block; of a flow only what it adds."""
        self.roll(timestamp)
        now = self._now
        if self.shape is Shape.FLOW:
            self.value = self.value.plus(reading)
            now.total = now.total.plus(reading)
            return
        self.value = now.close = reading
        now.reach(reading)
        if self.shape is Shape.LEVEL:
            now.blocks = 1
            return
        now.blocks += 1
        now.total = now.total.plus(reading)
        if self.aggregate.fold is Fold.PERCENTILE:
            now.points[reading] += 1

    def roll(self, timestamp: int) -> None:
        """Move to a block's time: a level has held until then, and hours that are over are closed."""
        if self.shape is Shape.LEVEL:
            self._hold(timestamp, self.value)
        self._turn(hour_of(timestamp))
        self._last = timestamp

    def lose(self, timestamp: int) -> None:
        """Note that nobody knows what happened between the last block and one of this time."""
        if self.shape is Shape.LEVEL:
            self._hold(timestamp, UNKNOWN, lost=True)
            self._turn(hour_of(timestamp))
        else:
            self.value = self.value.plus(UNKNOWN) if self.shape is Shape.FLOW else self.value
            for hour in range(self._hour, hour_of(timestamp) + 1):
                self._turn(hour)
                self._now.total = self._now.total.plus(UNKNOWN)
                self._now.reach(UNKNOWN)
                self._now.whole = False
        self._last = timestamp

    def read(self, *, worst_is_most: bool = False) -> Reading:
        """Fold as of the last block's time.

        `worst_is_most`: of consecutive days the largest value decides, not the smallest.
        """
        fold = self.aggregate.fold
        if fold is Fold.CONSECUTIVE_DAYS or fold in OF_DAYS[self.shape]:
            return self._of_days(fold, most=worst_is_most)
        folds: dict[Fold, Callable[[], Reading]] = {
            Fold.INSTANT: lambda: self.value,
            Fold.SUM: self._total,
            Fold.TIME_WEIGHTED_MEAN: lambda: self._mean_until(self._last, self._total()),
            Fold.MINIMUM: lambda: self._extreme([hour.least for hour in self._hours()], Reading.least),
            Fold.MAXIMUM: lambda: self._extreme([hour.most for hour in self._hours()], Reading.most),
        }
        return folds.get(fold, lambda: self._of_blocks(fold))()

    def full(self) -> bool:
        """Tell whether the window as of the last block begins at `count_from` or later."""
        return self.aggregate.begins(self._last) >= self._begin

    def crossing(self, decide: Callable[[Reading], Verdict]) -> int | None:
        """Give the first instant in the running hour at which the verdict is another by time alone, or None.

        Only a time-weighted mean moves between blocks: each of its ends steadily towards the present level,
        so that a verdict which changed stays changed.
        """
        window = self.aggregate.window
        if self.aggregate.fold is not Fold.TIME_WEIGHTED_MEAN or window is None:
            return None
        if window.kind != "rolling":
            return None
        total = self._total()

        def at(instant: int) -> Verdict:
            held = self.value.times(Fraction(instant - self._last))
            return decide(self._mean_until(instant, total.plus(held)))

        before, last = at(self._last), (self._hour + 1) * SECONDS_PER_HOUR - 1
        low, high = self._last, last
        if high <= low or at(high) is before:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if at(middle) is before else (low, middle)
        return high

    @property
    def hour(self) -> int:
        """Give the running hour; those before it are closed."""
        return self._hour

    def window_hours(self) -> dict[int, SeriesHour]:
        """Give the hours of the window that held anything, ascending, the running one among them."""
        first, last = self.aggregate.hours(self._last)
        hours = {hour: held for hour, held in sorted(self._closed.items()) if first <= hour <= last}
        return {**hours, self._hour: self._now} if self._hour <= last else hours

    def take_closed(self) -> dict[int, SeriesHour]:
        """Give the hours that were closed since the last call."""
        fresh, self._fresh = self._fresh, {}
        return fresh

    def running(self) -> tuple[int, int, SeriesHour]:
        """Give when the series begins, until when it reaches, and what the running hour holds."""
        return self._begin, self._last, self._now

    def resume(self, last: int, now: SeriesHour, value: Reading) -> None:
        """Go on where `running` and `value` were taken; closed hours come with `restore`."""
        self._last, self._hour, self._now, self.value = last, hour_of(last), now, value

    def restore(self, hours: Mapping[int, SeriesHour]) -> None:
        """Put back closed hours, those before the running one."""
        self._closed.update(hours)
        self._kept_total = self._kept_points = self._kept_days = None

    def _hold(self, timestamp: int, level: Reading, *, lost: bool = False) -> None:
        """Let a level hold until an instant; `lost`: of blocks meanwhile nobody knows."""
        while self._last < timestamp:
            end = min(timestamp, (self._hour + 1) * SECONDS_PER_HOUR)
            now = self._now
            now.total = now.total.plus(level.times(Fraction(end - self._last)))
            now.reach(level)
            now.close = level
            if lost:  # there may have been blocks
                now.blocks = 1
            self._last = end
            if end == (self._hour + 1) * SECONDS_PER_HOUR:
                self._turn(self._hour + 1)

    def _turn(self, hour: int) -> None:
        """Close the running hour where another one has begun, and forget hours that no window reaches."""
        if hour == self._hour:
            return
        if self._now != SeriesHour():
            self._closed[self._hour] = self._fresh[self._hour] = self._now
        self._hour, self._now = hour, SeriesHour()
        self._kept_total = self._kept_points = None
        first, _ = self.aggregate.hours(hour * SECONDS_PER_HOUR)
        for gone in [each for each in self._closed if each < first]:
            del self._closed[gone]

    def _of_days(self, fold: Fold, *, most: bool) -> Reading:
        values = self._day_values(extremes=fold is Fold.CONSECUTIVE_DAYS, most=most)
        if fold is Fold.MEAN:
            return added(values).times(Fraction(1, len(values)))
        if fold is Fold.PERCENTILE:
            return nearest_rank(Counter(values), self.aggregate.percent or _MEDIAN)
        most = most if fold is Fold.CONSECUTIVE_DAYS else fold is Fold.MAXIMUM
        return reduce(Reading.most if most else Reading.least, values)

    def _of_blocks(self, fold: Fold) -> Reading:
        hours = self._hours()
        blocks = sum(hour.blocks for hour in hours)
        if not all(hour.whole for hour in hours):
            return UNKNOWN
        if fold is Fold.MEAN:
            return self._total().times(Fraction(1, blocks)) if blocks else NOTHING
        return nearest_rank(self._points(), self.aggregate.percent or _MEDIAN)

    def _extreme(
        self, values: Iterable[Reading | None], choose: Callable[[Reading, Reading], Reading]
    ) -> Reading:
        """Choose among the window's values; before `count_from` a level was zero, and without any it is."""
        known = [value for value in values if value is not None]
        if not known or (self.shape is Shape.LEVEL and not self.full()):
            known.append(NOTHING)
        return reduce(choose, known)

    def _hours(self) -> list[SeriesHour]:
        return list(self.window_hours().values())

    def _total(self) -> Reading:
        """Add up the window's hours; those that are over are added once an hour."""
        first, last = self.aggregate.hours(self._last)
        if self._kept_total is None:
            self._kept_total = added(
                held.total for hour, held in self._closed.items() if first <= hour <= last
            )
        return self._kept_total.plus(self._now.total) if self._hour <= last else self._kept_total

    def _mean_until(self, instant: int, total: Reading) -> Reading:
        first, last = self.aggregate.hours(self._last)
        end = min(instant, (last + 1) * SECONDS_PER_HOUR)
        return total.times(Fraction(1, end - first * SECONDS_PER_HOUR))

    def _points(self) -> Counter[Reading]:
        """Count the values of the window's blocks; those of hours that are over are counted once an hour."""
        first, last = self.aggregate.hours(self._last)
        if self._kept_points is None:
            self._kept_points = Counter()
            for hour, held in self._closed.items():
                if first <= hour <= last:
                    self._kept_points.update(held.points)
        return self._kept_points + self._now.points if self._hour <= last else self._kept_points

    def _day_values(self, *, extremes: bool, most: bool) -> list[Reading]:
        """Give one value a complete day of the window; they are worked out once a day."""
        days = self.aggregate.days(self._last)
        if self._kept_days is None or self._kept_days[:2] != (days, most):
            values = [self._day_value(day, extremes=extremes, most=most) for day in days]
            self._kept_days = days, most, values
        return self._kept_days[2]

    def _day_value(self, day: int, *, extremes: bool, most: bool) -> Reading:
        hours = range(day * HOURS_PER_DAY, (day + 1) * HOURS_PER_DAY)
        held = [self._closed[hour] for hour in hours if hour in self._closed]
        if self.shape is Shape.FLOW:
            return added(hour.total for hour in held)
        if not any(hour.blocks for hour in held):
            return NOTHING
        if not extremes:
            return held[-1].close
        values = [value for hour in held if (value := hour.most if most else hour.least) is not None]
        begins_within = self.shape is Shape.LEVEL and self._begin > day * SECONDS_PER_DAY
        return reduce(Reading.most if most else Reading.least, values, *([NOTHING] if begins_within else []))


def added(readings: Iterable[Reading]) -> Reading:
    """Add up amounts."""
    return reduce(Reading.plus, readings, NOTHING)


def nearest_rank(points: Mapping[Reading, int], percent: Fraction) -> Reading:
    """Give the percentile by nearest rank: the smallest value that so many percent are not above.

    Of intervals each end by itself; no points at all: zero.
    """
    rank = ceil(percent / 100 * sum(points.values()))
    if not rank:
        return NOTHING
    lows, highs = Counter[Fraction](), Counter[Fraction]()
    for value, count in points.items():
        lows[value.low] += count
        if value.high is not None:
            highs[value.high] += count
    low = _ranked(lows, rank)
    return Reading(low if low is not None else NOTHING.low, _ranked(highs, rank))


def _ranked(counts: Mapping[Fraction, int], rank: int) -> Fraction | None:
    """Give the value of this rank ascending; None where there are fewer."""
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= rank:
            return value
    return None
