"""The back-test: what is planned, what is measured, which method is best."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.forecast.backtest import (
    LONGEST_DAYS,
    MINIMUM_DAYS,
    Score,
    backtest,
    best,
    plan,
)
from watcher.forecast.methods import drift, naive


def test_a_short_history_has_no_plan() -> None:
    """The minimum is stated, and it is enough."""
    assert plan(MINIMUM_DAYS - 1) is None
    least = plan(MINIMUM_DAYS)
    assert least is not None
    assert (least.origins[0], least.origins[-1], least.horizon) == (10, MINIMUM_DAYS - 1, 10)


@given(st.integers(MINIMUM_DAYS, 3_000))
def test_every_day_ahead_has_enough_errors(days: int) -> None:
    """The range is of measured errors, nine or more, at each distance; half the history is the limit."""
    planned = plan(days)
    assert planned is not None
    assert 1 <= planned.horizon <= min(days // 2, LONGEST_DAYS)
    assert len(planned.origins) <= 30
    assert planned.origins[-1] == days - 1
    assert sum(origin + planned.horizon <= days for origin in planned.origins) >= 9


def test_errors_are_what_came_less_what_was_foretold() -> None:
    """By distance: a series that rises by two a day leaves naive two behind after a day, twenty after ten."""
    values = [2.0 * day for day in range(MINIMUM_DAYS)]
    planned = plan(len(values))
    assert planned is not None
    left, exact = backtest(values, {"naive": naive, "drift": drift}, planned)
    assert set(left.errors[0]) == {2.0}
    assert set(left.errors[9]) == {20.0}
    assert len(left.errors[0]) == 18
    assert len(left.errors[9]) == 9
    assert exact.mean_absolute == pytest.approx(0)
    assert best([left, exact]) is exact


def test_of_equally_good_methods_the_simplest_is_taken() -> None:
    """They are told simplest first."""
    assert best([Score("a", ((1.0,),)), Score("b", ((-1.0,),))]).name == "a"


def test_a_method_whose_forecasts_are_no_numbers_is_left_out() -> None:
    """A fit that broke down is no candidate, however it did elsewhere."""
    planned = plan(MINIMUM_DAYS)
    assert planned is not None
    methods = {"naive": naive, "broken": lambda _values, days: [float("nan")] * days}
    assert [score.name for score in backtest([1.0] * MINIMUM_DAYS, methods, planned)] == ["naive"]


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        (tuple(map(float, range(9))), (0.0, 8.0)),
        (tuple(map(float, range(19))), (1.0, 17.0)),
        (tuple(map(float, range(30))), (2.0, 27.0)),
    ],
)
def test_the_range_leaves_out_a_tenth_at_either_side(
    errors: tuple[float, ...], expected: tuple[float, float]
) -> None:
    """By rank, so that the next error lies inside eight times of ten: no shape is assumed."""
    assert Score("any", (errors,)).range_at(1) == expected
