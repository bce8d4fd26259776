"""How an outlook is told: dates, method, error, history, in words and as JSON."""

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.unit.core.givens import kpi
from watcher.core.kpis import KpiStatus
from watcher.core.readings import Reading
from watcher.core.types import Verdict
from watcher.forecast.outlook import Met, Outlook, TooShort
from watcher.forecast.report import Report
from watcher.forecast.series import Series

DAY = 20_000
"""2024-10-04."""

OUTLOOK = Outlook(
    earliest=DAY + 3,
    likely=DAY + 5,
    latest=DAY + 9,
    horizon_end=DAY + 20,
    method="Theta",
    mean_absolute_error=0.25,
    naive_error=1_234_567.5,
    origins=30,
    horizon=20,
)


def report(answer: Met | TooShort | Outlook, inexact: int = 0, days: int = 60) -> Report:
    """Report on a KPI that reads 7 or more and has to reach 10."""
    status = KpiStatus(Verdict.NOT_MET, Reading(Fraction(7), None))
    goal = replace(kpi("k"), bar=Fraction(10))
    return Report(goal, status, Series(DAY + 1 - days, (7.0,) * days, inexact), answer)


@pytest.mark.parametrize(
    ("outlook", "words"),
    [
        (OUTLOOK, "between 2024-10-07 and 2024-10-13, most likely on 2024-10-09"),
        (replace(OUTLOOK, earliest=DAY + 5, latest=DAY + 5), "on 2024-10-09"),
        (
            replace(OUTLOOK, latest=None),
            "on 2024-10-07 at the earliest, most likely on 2024-10-09, perhaps after 2024-10-24",
        ),
        (
            replace(OUTLOOK, likely=None, latest=None),
            "on 2024-10-07 at the earliest, most likely after 2024-10-24",
        ),
        (
            replace(OUTLOOK, earliest=None, likely=None, latest=None),
            "not up to 2024-10-24, which is as far as the history allows to look",
        ),
    ],
)
def test_a_range_is_told_as_far_as_it_is_known(outlook: Outlook, words: str) -> None:
    """What lies beyond the horizon has no date."""
    assert report(outlook).lines[1] == f"when       {words}"


def test_the_method_stands_beside_its_error_and_that_of_the_floor() -> None:
    """In the KPI's unit, large ones without an exponent; the floor is not compared with itself."""
    head, _, *told = report(OUTLOOK, inexact=2).lines
    assert head == "KPI k: 7 or more, at least 10"
    assert told == [
        "method     Theta, the best of its back-tests: mean absolute error 0.25, where naive has 1,234,568",
        "           30 back-tests of up to 20 days; the range holds 80 % of their errors",
        (
            "history    60 days, 2024-08-06 to 2024-10-04; on 2 of them the reading was open, and the end "
            "that decides is taken"
        ),
    ]
    floor = report(replace(OUTLOOK, method="naive")).lines[2]
    assert floor == "method     naive, the best of its back-tests: mean absolute error 0.25"


def test_without_any_day_no_history_is_shown() -> None:
    """On its first day a watcher has none."""
    first = report(TooShort(0), days=0)
    assert first.lines[1:] == [
        "when       cannot tell: 0 days of history, and a back-test needs 28 that are over"
    ]
    assert first.as_json()["history"] == {"days": 0, "first": None, "last": None, "inexact_days": 0}


def test_machines_get_days_numbers_and_null() -> None:
    """Every part has its field; what is beyond the horizon is null."""
    told = report(replace(OUTLOOK, latest=None)).as_json()
    assert told == {
        "kpi": "k",
        "comparator": "at_least",
        "bar": "10",
        "low": "7",
        "high": None,
        "answer": "outlook",
        "earliest": "2024-10-07",
        "likely": "2024-10-09",
        "latest": None,
        "horizon_end": "2024-10-24",
        "method": "Theta",
        "mean_absolute_error": 0.25,
        "naive_error": 1_234_567.5,
        "back_tests": 30,
        "horizon_days": 20,
        "coverage_percent": 80,
        "history": {"days": 60, "first": "2024-08-06", "last": "2024-10-04", "inexact_days": 0},
    }
    assert report(Met(5, "2024-10-01T00:00:00Z")).as_json()["since_block"] == 5
