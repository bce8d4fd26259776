"""The series that is forecast: one number a day, the end of the reading that decides."""

from fractions import Fraction

import pytest

from watcher.core.readings import Reading
from watcher.core.types import Comparator, KpiId
from watcher.forecast.series import Series, series
from watcher.stages.history import DayReadings

K = KpiId("k")


def day(number: int, low: int, high: int | None) -> DayReadings:
    """Give a day on which the KPI read so."""
    return DayReadings(number, {K: Reading(Fraction(low), None if high is None else Fraction(high))})


@pytest.mark.parametrize(
    ("comparator", "values"),
    [
        (Comparator.AT_LEAST, (1.0, 2.0)),
        (Comparator.MORE_THAN, (1.0, 2.0)),
        (Comparator.AT_MOST, (1.0, 5.0)),
        (Comparator.LESS_THAN, (1.0, 5.0)),
    ],
)
def test_the_end_that_decides_for_certain_is_taken(comparator: Comparator, values: tuple[float, ...]) -> None:
    """A reading that is an interval counts by its low end where it has to rise, by its high end otherwise."""
    assert series([day(10, 1, 1), day(11, 2, 5)], K, comparator) == Series(10, values, inexact=1)


def test_a_day_without_conclusions_has_the_value_of_the_day_before() -> None:
    """Nothing happened, so nothing changed; the series has no holes."""
    found = series([day(10, 1, 1), day(13, 4, 4)], K, Comparator.AT_LEAST)
    assert found == Series(10, (1.0, 1.0, 1.0, 4.0))
    assert found.last_day == 13


def test_the_series_begins_after_the_last_day_without_a_value() -> None:
    """An unbounded end is no number; where the low end decides it does not matter."""
    days = [day(10, 1, 3), day(11, 1, None), day(12, 2, 2)]
    assert series(days, K, Comparator.AT_MOST) == Series(12, (2.0,))
    assert series(days, K, Comparator.AT_LEAST).values == (1.0, 1.0, 2.0)


def test_without_a_day_the_series_is_empty() -> None:
    """There is no history, and no value is made up."""
    assert series([], K, Comparator.AT_LEAST).values == ()
