"""A KPI's history as a plain series: one number a UTC day.

    readings by day ─▶ the end that decides ─▶ Series ─▶ back-test, forecast

A KPI is met for certain by one end of its reading: the low one where it has to rise to its bar, the high one
where it has to fall. That end is what is forecast. Floats are fine here: nothing is decided by a forecast.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.core.readings import Reading
from watcher.core.types import Comparator, KpiId
from watcher.stages.history import DayReadings


@dataclass(frozen=True, slots=True)
class Series:
    """One value a day from `first_day` (Unix days) on; `inexact` counts the days whose reading was open."""

    first_day: int
    values: tuple[float, ...]
    inexact: int = 0

    @property
    def last_day(self) -> int:
        """Give the last day that has a value; the day before the first in an empty series."""
        return self.first_day + len(self.values) - 1


def rises(comparator: Comparator) -> bool:
    """Tell whether a reading has to rise to its bar; else it has to fall to it."""
    return comparator in (Comparator.AT_LEAST, Comparator.MORE_THAN)


def series(days: Sequence[DayReadings], kpi: KpiId, comparator: Comparator) -> Series:
    """Give the deciding end of a KPI's reading for each day, ascending and without holes.

    A day on which nothing was concluded has the value of the day before. Where the deciding end was
    unbounded there is no value: the series begins after the last such day.
    """
    first_day, inexact = 0, 0
    values: list[float] = []
    for day in days:
        reading = day.readings[kpi]
        end = _deciding(reading, comparator)
        if end is None:
            values, inexact = [], 0
            continue
        if not values:
            first_day = day.day
        values += [values[-1]] * (day.day - first_day - len(values)) if values else []
        values.append(end)
        inexact += reading.low != reading.high
    return Series(first_day, tuple(values), inexact)


def _deciding(reading: Reading, comparator: Comparator) -> float | None:
    end = reading.low if rises(comparator) else reading.high
    return None if end is None else float(end)
