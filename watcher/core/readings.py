"""Readings: what a metric gives as of a block, and what metrics may look at.

one block's facts, what was concluded (View) ─▶ metric (one kind a file in watcher.metrics) ─▶ Reading
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from watcher.core.aggregates import NEED_FULL_WINDOW, Aggregate, Shape
from watcher.core.measures import Amounts, Measure
from watcher.core.types import Address, AppId, Comparator, LiveVerdict, Verdict, ViewCall, WindowSpec

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Reading:
    """An interval that surely holds the measured value, both ends inclusive; equal ends: it is known.

    `high` None means unbounded. Only what the definition leaves unknown widens a reading; a failed read
    never reaches one.
    """

    low: Fraction
    high: Fraction | None

    @classmethod
    def exactly(cls, value: int | Fraction) -> "Reading":
        """Make a reading that is known."""
        return cls(Fraction(value), Fraction(value))

    def plus(self, other: "Reading") -> "Reading":
        """Add two amounts."""
        high = None if self.high is None or other.high is None else self.high + other.high
        return Reading(self.low + other.low, high)

    def times(self, factor: Fraction) -> "Reading":
        """Multiply by a factor that is not negative; zero times the unbounded is zero."""
        if factor == 0:
            return NOTHING
        return Reading(self.low * factor, None if self.high is None else self.high * factor)

    def least(self, other: "Reading") -> "Reading":
        """Give the smaller of two values, as far as it is known."""
        highs = [high for high in (self.high, other.high) if high is not None]
        return Reading(min(self.low, other.low), min(highs, default=None))

    def most(self, other: "Reading") -> "Reading":
        """Give the larger of two values, as far as it is known."""
        high = None if self.high is None or other.high is None else max(self.high, other.high)
        return Reading(max(self.low, other.low), high)


NOTHING = Reading(ZERO, ZERO)
"""A known zero."""

UNKNOWN = Reading(ZERO, None)
"""Anything from zero on: no metric reads below zero."""


@dataclass(frozen=True, slots=True)
class TokenUse:
    """A token as the program describes it; `supply` names the measure of all that is minted less burnt."""

    address: Address
    decimals: int
    supply: str | None = None
    initial: Fraction = ZERO


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be there for a metric to read: kept of each block, sampled, or kept up to date.

    `every_block`: blocks that say nothing to anybody else are visited too. `verdicts`: the apps' standing.
    `activity`: the actions that reached apps.
    """

    measures: tuple[Measure, ...] = ()
    calls: tuple[ViewCall, ...] = ()
    actors: tuple[WindowSpec, ...] = ()
    every_block: bool = False
    verdicts: bool = False
    attested: tuple[str, ...] = ()
    """Subjects whose number has to be attested."""
    activity: bool = False
    by_app: bool = False
    """It can be asked about one app by itself, and so stand in `apps_where`."""
    tokens: tuple[TokenUse, ...] = ()
    """Which tokens it takes amounts of, for whoever compares them with what they say of themselves."""
    each: "Goal | None" = None
    """What each app by itself is measured against, for a metric that counts apps."""


@dataclass(frozen=True, slots=True)
class View:
    """What a metric may look at: facts of one whole block, and conclusions as of it.

    `app` is the app that is asked about, None for all of them. `unknown` are the apps whose contracts the
    definition neither names nor has a way to find. By the measure's key: `amounts` are of this block,
    `totals` of all blocks since `count_from`, `latest` what a measure said last and when (Unix seconds).
    `whole` is False where a declared gap lies behind, so that totals and latest may lack something.
    `interval` is the time since the block before in seconds, None where that is not known. `actors` are the
    distinct actors in a window, by app and together. `calls` holds what each sampled call returned last: None
    where it reverted, no entry before its first sample. `each` is how each app stands against the inner bar
    of `apps_where`.
    """

    timestamp: int
    apps: Mapping[AppId, LiveVerdict]
    app: AppId | None = None
    unknown: frozenset[AppId] = frozenset()
    amounts: Mapping[str, Amounts] = field(default_factory=dict)
    totals: Mapping[str, Amounts] = field(default_factory=dict)
    latest: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    whole: bool = True
    interval: int | None = None
    actions: Mapping[AppId, int] = field(default_factory=dict)
    actors: Mapping[WindowSpec, Mapping[str, Reading]] = field(default_factory=dict)
    calls: Mapping[ViewCall, bytes | None] = field(default_factory=dict)
    each: Mapping[AppId, Verdict] = field(default_factory=dict)
    attested: Mapping[str, Fraction] = field(default_factory=dict)
    """The numbers that are attested, by subject; none for what nobody says, or they differ about."""

    def widened(self, reading: Reading) -> Reading:
        """Leave open what apps may add whose contracts the definition leaves unknown."""
        asked = self.unknown if self.app is None else self.unknown & {self.app}
        return reading.plus(UNKNOWN) if asked else reading


class Metric(Protocol):
    """One measured quantity; implementations live in `watcher.metrics`. Never below zero."""

    @property
    def shape(self) -> Shape:
        """Say what a reading at one block means."""
        ...

    @property
    def integral(self) -> bool:
        """Tell whether readings are whole numbers, so that progress is told unit by unit."""
        ...

    @property
    def needs(self) -> Needs:
        """Say what has to be there for `read`."""
        ...

    def read(self, view: View) -> Reading | None:
        """Give the reading as of the view's block; pure and total.

        None, for a property of blocks alone: this block has none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Goal:
    """What is measured, and the bar for it. `series` names the measured: metric and aggregate.

    `words` say what is measured, for people; nothing rests on them.
    """

    series: str
    metric: Metric
    aggregate: Aggregate
    comparator: Comparator
    bar: Fraction
    words: str = field(default="", compare=False)

    @property
    def needs_full_window(self) -> bool:
        """Tell whether it is NOT_MET, whatever it reads, while its window begins before `count_from`."""
        floor = self.comparator in (Comparator.AT_LEAST, Comparator.MORE_THAN)
        return self.aggregate.full and self.aggregate.fold in NEED_FULL_WINDOW and floor
