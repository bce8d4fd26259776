"""Every fold of every shape, against a recount by the second that shares no code with it."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.oracle_series import DAY, HOUR, Seen, recounted
from watcher.core.aggregates import NOT_OF, OF_DAYS, Aggregate, Fold, Shape
from watcher.core.meter_json import hour_from_json, hour_json
from watcher.core.readings import Reading
from watcher.core.series import Series, SeriesHour
from watcher.core.types import Verdict, WindowSpec

BEGIN = 1_700_000_000
_steps = st.lists(
    st.tuples(st.sampled_from((0, 1, 59, 600, 3_600, 7_201, 40_000, 86_400)), st.integers(0, 9)),
    min_size=1,
    max_size=30,
)
_windows = st.builds(WindowSpec, st.integers(1, 3), st.sampled_from(("rolling", "complete_days")))


def blocks_of(steps: Sequence[tuple[int, int]]) -> list[Seen]:
    """Lay steps out from the begin."""
    time, found = BEGIN, list[Seen]()
    for step, value in steps:
        time += step if found else 0
        found.append((time, value))
    return found


def aggregate_of(shape: Shape, fold: Fold, window: WindowSpec, percent: int) -> Aggregate | None:
    """Give an aggregate that a program may ask of a shape, None for what it may not."""
    if fold in NOT_OF[shape]:
        return None
    if fold is Fold.CONSECUTIVE_DAYS or fold in OF_DAYS[shape]:
        window = WindowSpec(window.days, "complete_days")
    of_percentile = Fraction(percent) if fold is Fold.PERCENTILE else None
    return Aggregate(fold, None if fold is Fold.INSTANT else window, of_percentile)


def restarted(series: Series, closed: dict[int, SeriesHour]) -> Series:
    """Give a series as it comes back from the store: closed hours from rows, the rest from the state."""
    begin, last, now = series.running()
    back = Series(series.shape, series.aggregate, begin)
    back.resume(last, hour_from_json(hour_json(now)), series.value)
    first, _ = series.aggregate.hours(last)
    rows = {hour: hour_from_json(hour_json(each)) for hour, each in closed.items() if hour >= first}
    back.restore(rows)
    return back


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("fold", Fold)
@settings(max_examples=60)
@given(_steps, _windows, st.integers(1, 100), st.booleans(), st.data())
def test_every_fold_is_what_a_recount_finds(  # noqa: PLR0917  # all of it is drawn
    shape: Shape,
    fold: Fold,
    steps: list[tuple[int, int]],
    window: WindowSpec,
    percent: int,
    most: bool,  # noqa: FBT001
    data: st.DataObject,
) -> None:
    """At every block, live, on a copy and after a restart alike."""
    aggregate = aggregate_of(shape, fold, window, percent)
    if aggregate is None:
        return
    series, seen = Series(shape, aggregate, BEGIN), list[Seen]()
    closed: dict[int, SeriesHour] = {}
    for time, value in blocks_of(steps):
        seen.append((time, value))
        copy = series.fork()
        for each in (series, copy):
            each.observe(time, Reading.exactly(value))
            assert each.read(worst_is_most=most) == Reading.exactly(
                recounted(shape, aggregate, seen, most=most)
            )
        assert series.full() == (aggregate.begins(time) >= BEGIN)
        closed.update(series.take_closed())
        if data.draw(st.booleans()):
            series = restarted(series, closed)


@given(_steps, st.integers(1, 2), st.fractions(0, 9, max_denominator=50))
def test_a_mean_crosses_its_bar_at_the_very_second(
    steps: list[tuple[int, int]], days: int, bar: Fraction
) -> None:
    """Between blocks a time-weighted mean moves; the first second at which the verdict is another is told."""
    aggregate = Aggregate(Fold.TIME_WEIGHTED_MEAN, WindowSpec(days, "rolling"))
    series, seen = Series(Shape.LEVEL, aggregate, BEGIN), blocks_of(steps)
    for time, value in seen:
        series.observe(time, Reading.exactly(value))

    def decide(reading: Reading) -> Verdict:
        return Verdict.MET if reading.low >= bar else Verdict.NOT_MET

    now = seen[-1][0]
    before = decide(series.read())

    def later(second: int) -> Verdict:
        mean = recounted(Shape.LEVEL, aggregate, [*seen, (second, 0)], most=False)
        return decide(Reading.exactly(mean))

    others = (second for second in range(now + 1, (now // HOUR + 1) * HOUR) if later(second) is not before)
    assert series.crossing(decide) == next(others, None)


@pytest.mark.parametrize(
    "aggregate",
    [
        Aggregate(),
        Aggregate(Fold.SUM, WindowSpec(1, "rolling")),
        Aggregate(Fold.TIME_WEIGHTED_MEAN, WindowSpec(1, "complete_days")),
    ],
)
def test_nothing_else_moves_between_blocks(aggregate: Aggregate) -> None:
    """Only the time-weighted mean of a rolling window does."""
    shape = Shape.FLOW if aggregate.fold is Fold.SUM else Shape.LEVEL
    series = Series(shape, aggregate, BEGIN)
    series.observe(BEGIN, Reading.exactly(1))
    assert series.crossing(lambda _: Verdict.UNKNOWN) is None


def test_of_complete_days_today_does_not_count_yet() -> None:
    """A percentile over blocks: without any it is zero; what today's hours held comes in tomorrow."""
    midnight = BEGIN // DAY * DAY
    aggregate = Aggregate(Fold.PERCENTILE, WindowSpec(1, "complete_days"), Fraction(50))
    series, read = Series(Shape.BLOCK, aggregate, midnight), []
    for hours, value in ((0, 1), (2, 3), (24, 8), (25, 9), (26, 9), (48, 2)):
        series.observe(midnight + hours * HOUR, Reading.exactly(value))
        read.append(series.read().low)
    assert read == [0, 0, 1, 1, 1, 9]
