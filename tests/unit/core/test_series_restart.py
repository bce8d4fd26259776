"""A series that is put back from what was stored goes on as the one that was not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.givens import at
from watcher.core.aggregates import NOT_OF, OF_DAYS, Aggregate, Fold, Shape
from watcher.core.meter_json import hour_from_json, hour_json
from watcher.core.readings import UNKNOWN, Reading
from watcher.core.series import Series
from watcher.core.types import WindowSpec

WINDOWED = [fold for fold in Fold if fold is not Fold.INSTANT]
GIVEN = [(shape, fold) for shape in Shape for fold in WINDOWED if fold not in NOT_OF[shape]]
_readings = st.sampled_from(
    [Reading.exactly(0), Reading.exactly(7), Reading.exactly(2**70), UNKNOWN, Reading(UNKNOWN.low + 2, None)]
)
_steps = st.sampled_from([0, 1, 1_800, 3_600, 40_000, 90_000, 180_000])


Rows = dict[int, str]


def put_back(series: Series, rows: Rows) -> Series:
    """Store a series as a process does, the closed hours with those stored before, and read it again."""
    rows |= {hour: json.dumps(hour_json(held)) for hour, held in series.take_closed().items()}
    begin, last, now = series.running()
    value = Reading(series.value.low + 0, None if series.value.high is None else series.value.high + 0)
    again = Series(series.shape, series.aggregate, begin)
    again.resume(last, hour_from_json(json.loads(json.dumps(hour_json(now)))), value)
    first, _ = series.aggregate.hours(last)
    again.restore({hour: hour_from_json(json.loads(row)) for hour, row in rows.items() if hour >= first})
    return again


@pytest.mark.parametrize(("shape", "fold"), GIVEN)
@settings(max_examples=25)
@given(blocks=st.lists(st.tuples(_steps, _readings, st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_a_restart_between_any_two_blocks_changes_no_reading(
    shape: Shape, fold: Fold, blocks: list[tuple[int, Reading, bool, bool]]
) -> None:
    """Across empty days, lost blocks and readings that are unknown."""
    whole_days = fold in OF_DAYS[shape] or fold is Fold.CONSECUTIVE_DAYS
    aggregate = Aggregate(fold, WindowSpec(2, "complete_days") if whole_days else WindowSpec(2, "rolling"))
    live = Series(shape, aggregate, at())
    stored, time = live.fork(), at()
    rows: Rows = {}
    for step, reading, lost, restarted in blocks:
        time += step
        if restarted:
            stored = put_back(stored, rows)
        for series in (live, stored):
            if lost:
                series.lose(time)
            series.observe(time, reading)
        assert live.read() == stored.read()
        assert live.full() == stored.full()


def test_a_level_that_is_unknown_does_not_make_blocks_in_days_without_any() -> None:
    """Such a day is known and zero, whether or not the process was started anew before it."""
    live = Series(Shape.LEVEL, Aggregate(Fold.MEAN, WindowSpec(2, "complete_days")), at())
    live.observe(at(), UNKNOWN)
    stored = put_back(live, {})
    for series in (live, stored):
        series.observe(at(days=3), Reading.exactly(4))
        assert series.read() == Reading.exactly(0)
