"""Outlooks on synthetic histories: growth, noise, standstill, and too little of it."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from tests.unit.core.givens import kpi
from watcher.core.definition import Kpi
from watcher.core.types import Comparator
from watcher.errors import ConfigurationError
from watcher.forecast.methods import Method, drift, load_methods, naive
from watcher.forecast.outlook import Outlook, TooShort, outlook
from watcher.forecast.series import Series

FIRST = 20_000


def goal(bar: int, comparator: Comparator = Comparator.AT_LEAST) -> Kpi:
    """Give a KPI with a bar."""
    return replace(kpi("k"), bar=Fraction(bar), comparator=comparator)


def told(values: list[float], wanted: Kpi, methods: Mapping[str, Method] | None = None) -> Outlook:
    """Foretell from a history that is long enough, by the methods given, or by all of them."""
    found = outlook(Series(FIRST, tuple(values)), wanted, lambda: methods or load_methods())
    assert isinstance(found, Outlook)
    return found


@pytest.mark.parametrize(
    ("comparator", "bar", "days"),
    [
        (Comparator.AT_LEAST, 150, 150),
        (Comparator.MORE_THAN, 150, 151),
        (Comparator.AT_MOST, -150, 150),
        (Comparator.LESS_THAN, -150, 151),
    ],
)
def test_a_line_meets_its_bar_on_the_day_that_it_does(comparator: Comparator, bar: int, days: int) -> None:
    """One a day, a hundred days known: the day of the 150th is foretold, and the method is the line."""
    sign = 1 if bar > 0 else -1
    methods = None if comparator is Comparator.AT_LEAST else {"naive": naive, "drift": drift}
    found = told([sign * float(day) for day in range(101)], goal(bar, comparator), methods)
    if days > 150:
        assert (found.earliest, found.horizon_end) == (None, FIRST + 150)
    else:
        assert (found.earliest, found.likely, found.latest) == (FIRST + 150,) * 3
    assert found.method == "drift"
    assert found.mean_absolute_error < 1e-6 < found.naive_error


def test_noisy_growth_gives_a_range_around_the_true_day() -> None:
    """The range comes of the errors that there were, and holds the day on which the bar is really met."""
    random = Random(7)
    found = told([2.0 * day + random.gauss(0, 6) for day in range(120)], goal(300))
    assert found.earliest is not None
    assert found.likely is not None
    assert found.latest is not None
    assert found.earliest < found.likely < found.latest
    assert found.earliest <= FIRST + 150 <= found.latest
    assert found.mean_absolute_error < found.naive_error


def test_a_history_that_stands_still_foretells_no_day() -> None:
    """Nothing moved, so nothing is foretold, by the simplest method."""
    found = told([7.0] * 60, goal(10))
    assert (found.earliest, found.likely, found.latest) == (None, None, None)
    assert (found.method, found.mean_absolute_error) == ("naive", 0.0)
    assert found.horizon_end == FIRST + 59 + found.horizon


def test_before_its_window_is_full_a_kpi_is_not_foretold_to_be_met() -> None:
    """However high it reads, it cannot be."""
    line = Series(FIRST, tuple(float(day) for day in range(101)))
    methods: Mapping[str, Method] = {"naive": naive, "drift": drift}
    found = outlook(line, goal(90), lambda: methods, full_from=FIRST + 120)
    assert isinstance(found, Outlook)
    assert (found.earliest, found.likely, found.latest) == (FIRST + 120,) * 3


def test_a_range_may_be_open_towards_later() -> None:
    """A walk without a direction: the bar is in reach of the errors, but not of the forecast."""
    random = Random(3)
    values = [0.0]
    for _ in range(89):
        values.append(values[-1] + random.choice((-1, 1)))
    found = told(values, goal(int(max(values[-30:])) + 1))
    assert found.latest is None


def test_growth_that_levels_off_is_not_drawn_on_as_a_line() -> None:
    """A method that follows the last days does better in the back-test than the line through all."""
    found = told([100 * (1 - 0.93**day) for day in range(90)], goal(150))
    assert found.method != "drift"
    assert found.likely is None


def test_with_too_little_history_nothing_is_foretold() -> None:
    """How much there is and how much is needed are named; no library is loaded for that."""
    loaded: list[Mapping[str, Method]] = []

    def load() -> Mapping[str, Method]:
        loaded.append({})
        return loaded[0]

    assert outlook(Series(FIRST, (1.0,) * 27), goal(10), load) == TooShort(27, 28)
    assert loaded == []


def test_without_the_extra_the_command_to_install_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is large, so it comes only where it is asked for."""
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.holtwinters", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'watcher\[forecast\]'"):
        load_methods()


@pytest.mark.parametrize("method", ["naive", "drift", "Holt (damped)", "Theta"])
@pytest.mark.parametrize(
    "values",
    [
        [0.0] * 10,
        [0.0] * 9 + [1.0],
        [1.0] + [0.0] * 9,
        [float(day % 2) for day in range(30)],
        [5e8 + 1e6 * day for day in range(30)],
        [1e-9 * day for day in range(30)],
        [1e70 * day for day in range(30)],
    ],
)
def test_every_method_answers_whatever_the_history(method: str, values: list[float]) -> None:
    """As many numbers as days were asked for, and no warning."""
    assert len(load_methods()[method](values, 5)) == 5
