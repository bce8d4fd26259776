"""Readings: what a metric gives as of a block, and how it is compared with a bar.

verdicts per app (View) ─▶ metric (one kind a file in watcher.metrics) ─▶ Reading ─▶ KPI verdict
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from watcher.core.types import AppId, LiveVerdict


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


@dataclass(frozen=True, slots=True)
class View:
    """What a metric may look at: conclusions as of one whole block."""

    timestamp: int
    apps: Mapping[AppId, LiveVerdict]


class Metric(Protocol):
    """One measured quantity; implementations live in `watcher.metrics`."""

    @property
    def integral(self) -> bool:
        """Tell whether readings are whole numbers, so that progress is told unit by unit."""
        ...

    def read(self, view: View) -> Reading:
        """Give the reading as of the view's block; pure and total."""
        ...
