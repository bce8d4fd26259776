"""Aggregates: what a KPI makes of a metric's readings over time, as the program writes it.

program file ─▶ Aggregate ─▶ the hours that count as of a block ─▶ folded by `watcher.core.series`
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from watcher.core.activity import HOURS_PER_DAY, full_from, span
from watcher.core.types import SECONDS_PER_HOUR, WindowSpec


class Shape(StrEnum):
    """What a metric's reading at one block means."""

    LEVEL = "level"
    """What holds from the block until the next one: a supply, a count of live apps."""
    FLOW = "flow"
    """What the block adds: fees, actions, events."""
    BLOCK = "block"
    """A property of the block itself: its gas, its interval."""


class Fold(StrEnum):
    """How readings are folded; the value is the `kind` in the program file."""

    INSTANT = "instant"
    SUM = "sum"
    MEAN = "mean"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    PERCENTILE = "percentile"
    TIME_WEIGHTED_MEAN = "time_weighted_mean"
    CONSECUTIVE_DAYS = "consecutive_days"


NEED_FULL_WINDOW = frozenset({Fold.MEAN, Fold.MINIMUM, Fold.PERCENTILE, Fold.TIME_WEIGHTED_MEAN})
"""Folds that read too low, or from too little, over a window that begins before `count_from`."""

NOT_OF = {
    Shape.LEVEL: {Fold.SUM: "a level has no sum: write mean or time_weighted_mean"},
    Shape.FLOW: {Fold.TIME_WEIGHTED_MEAN: "what adds up is not weighted by time: write mean or sum"},
    Shape.BLOCK: {
        Fold.TIME_WEIGHTED_MEAN: "a property of single blocks is not weighted by time: write mean",
    },
}
"""Folds that mean nothing for a shape, and what to write instead."""

OF_DAYS = {
    Shape.LEVEL: frozenset({Fold.MEAN, Fold.PERCENTILE}),
    Shape.FLOW: frozenset({Fold.MEAN, Fold.MINIMUM, Fold.MAXIMUM, Fold.PERCENTILE}),
    Shape.BLOCK: frozenset[Fold](),
}
"""Folds over one value a UTC day, which therefore need whole days: a flow's sum, a level at the day's end."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A fold and the window it reaches over; `window` is None for the instant alone.

    `percent` is set for a percentile. `full`: a window that begins before `count_from` is NOT_MET under
    `at_least` and `more_than`.
    """

    fold: Fold = Fold.INSTANT
    window: WindowSpec | None = None
    percent: Fraction | None = None
    full: bool = False

    def begins(self, timestamp: int) -> int:
        """Give the instant at which the window of a block of that time begins, Unix seconds."""
        return timestamp if self.window is None else self.hours(timestamp)[0] * SECONDS_PER_HOUR

    def full_from(self, begin: int) -> int:
        """Give the first instant whose window does not begin before `begin`, Unix seconds."""
        return begin if self.window is None else full_from(self.window, begin)

    def hours(self, timestamp: int) -> tuple[int, int]:
        """Give the first and last hour, both inclusive, that count as of a block of that time."""
        if self.window is None:
            return 0, -1
        return span(self.window, timestamp)

    def days(self, timestamp: int) -> range:
        """Give the whole UTC days (since 1970) that count; for windows of complete days."""
        first, last = self.hours(timestamp)
        return range(first // HOURS_PER_DAY, (last + 1) // HOURS_PER_DAY)


INSTANT = Aggregate()
"""What a KPI without an aggregate asks: how it stands as of the block."""
