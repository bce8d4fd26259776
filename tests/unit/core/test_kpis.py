"""KPIs: a reading against its bar, and conditions over KPIs."""

from fractions import Fraction
from operator import ge, gt, le, lt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.definition import AllOf, AnyOf, Condition
from watcher.core.kpis import compare, condition_json, condition_kpis, condition_verdict
from watcher.core.readings import Reading
from watcher.core.types import Comparator, KpiId, Verdict

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN

TINY = Fraction(1, 10**40)


@pytest.mark.parametrize(
    ("comparator", "below", "equal", "above"),
    [
        (Comparator.AT_LEAST, NOT_MET, MET, MET),
        (Comparator.MORE_THAN, NOT_MET, NOT_MET, MET),
        (Comparator.AT_MOST, MET, MET, NOT_MET),
        (Comparator.LESS_THAN, MET, NOT_MET, NOT_MET),
    ],
)
def test_a_known_reading_is_compared_exactly(
    comparator: Comparator, below: Verdict, equal: Verdict, above: Verdict
) -> None:
    """A difference that no float could hold decides."""
    bar = Fraction(500_000_000)
    readings = [Reading.exactly(value) for value in (bar - TINY, bar, bar + TINY)]
    assert [compare(reading, comparator, bar) for reading in readings] == [below, equal, above]


def test_whole_numbers_are_known_readings() -> None:
    """A count is an interval without width."""
    assert Reading.exactly(7) == Reading(Fraction(7), Fraction(7))


ENDS = st.integers(-3, 3)


@given(ENDS, st.none() | st.integers(0, 4), st.sampled_from(Comparator), ENDS)
def test_an_interval_decides_when_every_value_in_it_agrees(
    low: int, width: int | None, comparator: Comparator, bar: int
) -> None:
    """Both ends included, also those between whole numbers; an unbounded reading holds every larger value."""
    high = None if width is None else low + width
    halves = [Fraction(half, 2) for half in range(2 * low, 2 * (20 if high is None else high) + 1)]
    holds = {
        Comparator.AT_LEAST: ge,
        Comparator.MORE_THAN: gt,
        Comparator.AT_MOST: le,
        Comparator.LESS_THAN: lt,
    }[comparator]
    answers = {bool(holds(value, bar)) for value in halves}
    expected = UNKNOWN if len(answers) == 2 else MET if answers == {True} else NOT_MET
    reading = Reading(Fraction(low), None if high is None else Fraction(high))
    assert compare(reading, comparator, Fraction(bar)) is expected


A, B, C = KpiId("a"), KpiId("b"), KpiId("c")
NESTED = AnyOf((A, AllOf((B, AnyOf((C, A)))), B))


@pytest.mark.parametrize(
    ("a", "b", "c", "expected"),
    [
        (MET, NOT_MET, NOT_MET, MET),
        (NOT_MET, NOT_MET, MET, NOT_MET),
        (NOT_MET, UNKNOWN, MET, UNKNOWN),
        (UNKNOWN, NOT_MET, NOT_MET, UNKNOWN),
        (UNKNOWN, MET, NOT_MET, MET),
    ],
)
def test_conditions_nest(a: Verdict, b: Verdict, c: Verdict, expected: Verdict) -> None:
    """An OR of ANDs of ORs, with unknown parts."""
    assert condition_verdict(NESTED, {A: a, B: b, C: c}) is expected


def test_all_of_wants_every_part() -> None:
    """The other root."""
    condition: Condition = AllOf((A, B))
    assert condition_verdict(condition, {A: MET, B: MET}) is MET
    assert condition_verdict(condition, {A: MET, B: NOT_MET}) is NOT_MET


def test_the_kpis_of_a_condition_come_in_the_order_of_the_program_each_once() -> None:
    """Evidence lists them so."""
    assert condition_kpis(NESTED) == [A, B, C]


def test_a_condition_is_written_as_in_the_program_file() -> None:
    """A stranger compares it with the published program."""
    assert condition_json(NESTED) == {"any_of": ["a", {"all_of": ["b", {"any_of": ["c", "a"]}]}, "b"]}
