"""What a series held day by day: one reading a UTC day, by the shape of what is measured."""

import pytest

from tests.unit.core.givens import MIDNIGHT, at
from watcher.core.aggregates import Aggregate, Fold, Shape
from watcher.core.readings import Reading
from watcher.core.series import Series
from watcher.core.series_days import days_of
from watcher.core.types import WindowSpec

TODAY = MIDNIGHT // 86_400
BLOCKS = [(at(), 4), (at(hours=5), 8), (at(days=2, hours=1), 1), (at(days=2, hours=2), 6)]
"""Two blocks on the first day, none on the second, two on the third."""


def held(shape: Shape, fold: Fold, *, kind: str = "rolling") -> Series:
    """Give a series that has seen the blocks."""
    spec = WindowSpec(3, "rolling" if kind == "rolling" else "complete_days")
    series = Series(shape, Aggregate(fold, spec), at())
    for time, value in BLOCKS:
        series.observe(time, Reading.exactly(value))
    return series


@pytest.mark.parametrize(
    ("shape", "fold", "values"),
    [
        (Shape.FLOW, Fold.SUM, [12, 0, 7]),
        (Shape.LEVEL, Fold.TIME_WEIGHTED_MEAN, [8, 8, 6]),
        (Shape.BLOCK, Fold.MEAN, [6, 0, 3.5]),
        (Shape.LEVEL, Fold.CONSECUTIVE_DAYS, [4, 8, 1]),
        (Shape.BLOCK, Fold.CONSECUTIVE_DAYS, [4, 0, 1]),
    ],
)
def test_each_day_has_the_value_that_its_shape_asks_for(
    shape: Shape, fold: Fold, values: list[float]
) -> None:
    """Sums of what adds up, the level at the end, the mean of blocks, the least where every day counts."""
    days = days_of(held(shape, fold))
    assert [day for day, _ in days] == [TODAY, TODAY + 1, TODAY + 2]
    assert [float(reading.low) for _, reading in days] == values


def test_where_a_day_must_stay_below_its_largest_value_decides() -> None:
    """A limit is broken by the worst moment."""
    days = days_of(held(Shape.LEVEL, Fold.CONSECUTIVE_DAYS), worst_is_most=True)
    assert [reading.low for _, reading in days] == [8, 8, 8]


def test_without_a_window_or_an_hour_in_it_there_are_no_days() -> None:
    """An instant has none, and neither has a window of complete days on the first."""
    assert days_of(Series(Shape.LEVEL, Aggregate(), at())) == []
    fresh = Series(Shape.FLOW, Aggregate(Fold.SUM, WindowSpec(1, "complete_days")), at())
    fresh.observe(at(), Reading.exactly(1))
    assert days_of(fresh) == []


def test_complete_days_leave_the_running_one_out() -> None:
    """It is not over."""
    days = days_of(held(Shape.LEVEL, Fold.MEAN, kind="complete_days"))
    assert [(day - TODAY, int(reading.low)) for day, reading in days] == [(0, 8), (1, 8)]
