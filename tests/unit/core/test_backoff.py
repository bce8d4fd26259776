"""The ten-attempt schedule: its pauses, their spread, and what a receiver may ask for."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from watcher.core.backoff import JITTER, PATIENCE, SCHEDULE, pause_after, spread

CHANCES = st.floats(min_value=0, max_value=1, exclude_max=True)
FAILURES = st.integers(min_value=1, max_value=len(SCHEDULE) - 1)


def test_ten_attempts_take_75_hours_35_minutes_and_5_seconds() -> None:
    """The schedule is the example of the Standard Webhooks specification."""
    assert len(SCHEDULE) == 10
    assert sum(SCHEDULE, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    assert SCHEDULE[0] == timedelta(0)


def test_the_tenth_failure_is_the_last() -> None:
    """After the last attempt of the schedule there is no next one."""
    assert pause_after(9, 0.5) == timedelta(hours=24)
    assert pause_after(10, 0.5) is None
    assert pause_after(11, 0.5) is None


@given(FAILURES, CHANCES)
def test_chance_spreads_a_pause_by_a_fifth_either_way(failures: int, chance: float) -> None:
    """Retries of many messages do not all meet a receiver at one instant."""
    pause = pause_after(failures, chance)
    assert pause is not None
    assert SCHEDULE[failures] * (1 - JITTER) <= pause <= SCHEDULE[failures] * (1 + JITTER)


def test_the_middle_of_chance_is_the_planned_pause() -> None:
    """The spread is even on both sides."""
    assert pause_after(2, 0.5) == timedelta(minutes=5)
    assert pause_after(2, 0.0) == timedelta(minutes=4)


@given(FAILURES, CHANCES, st.floats(min_value=0, allow_nan=False))
def test_a_receivers_wish_is_held_between_once_and_twice_the_plan(
    failures: int, chance: float, wish: float
) -> None:
    """A receiver may stretch a pause, neither shorten it nor put a delivery off for ever."""
    pause = pause_after(failures, chance, retry_after_seconds=wish)
    assert pause is not None
    assert SCHEDULE[failures] <= pause <= 2 * SCHEDULE[failures]


def test_a_wish_inside_the_bounds_is_kept_to_the_second() -> None:
    """A receiver that named an instant is not met before it by chance."""
    assert pause_after(2, 0.0, retry_after_seconds=400) == timedelta(seconds=400)


@given(CHANCES, st.none() | st.floats(min_value=0, max_value=1e6))
def test_after_a_time_out_or_a_429_a_minute_passes_at_least(chance: float, wish: float | None) -> None:
    """An endpoint in trouble is left alone for a while even where the plan says five seconds."""
    assert spread(SCHEDULE[1], chance, retry_after_seconds=wish, patience=True) >= PATIENCE
    assert spread(SCHEDULE[3], chance, patience=True) >= SCHEDULE[3] * (1 - JITTER)
