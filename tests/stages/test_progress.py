"""Progress: a long read says how far it is, how fast, and how long it will take."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from watcher.stages.progress import SECONDS_A_LINE, Headway, Progress
from watcher.testing.manual_clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands still."""
    return ManualClock()


def test_a_long_read_tells_block_goal_rate_and_time_left(clock: ManualClock) -> None:
    """At most one line in ten seconds, none for the first window nor for the last."""
    progress = Progress(clock)
    with capture_logs() as lines:
        for second in range(26):
            progress(1_000 + 100 * second, 10_000)
            clock.advance(timedelta(seconds=1))
        progress(10_000, 10_000)
    assert lines == [
        {
            "event": "reading",
            "log_level": "info",
            "block": 1_000 + 100 * second,
            "goal": 10_000,
            "blocks_per_second": 100.0,
            "time_left": left,
        }
        for second, left in ((10, "1m 20s"), (20, "1m 10s"))
    ]
    assert SECONDS_A_LINE == 10


def test_the_rate_is_that_of_the_last_minute(clock: ManualClock) -> None:
    """An endpoint that became slower is not believed to be fast for long."""
    progress = Progress(clock)
    for second in range(100):
        progress.note(1_000 * second, 1_000_000)
        clock.advance(timedelta(seconds=1))
    for second in range(69):
        progress.note(100_000 + second, 1_000_000)
        clock.advance(timedelta(seconds=1))
    assert progress.note(100_069, 1_000_000) == Headway(100_069, 1_000_000, 1.0, 899_931)


def test_nothing_is_said_of_the_time_left_before_it_is_known(clock: ManualClock) -> None:
    """One window is no rate; nor is what was before blocks were taken back."""
    progress = Progress(clock)
    assert progress.note(50, 100) == Headway(50, 100, 0.0, None)
    clock.advance(timedelta(seconds=1))
    assert progress.note(60, 100) == Headway(60, 100, 10.0, 4)
    assert progress.note(40, 100) == Headway(40, 100, 0.0, None)


def test_a_read_of_which_nothing_is_known_yet_says_so_too(clock: ManualClock) -> None:
    """A line after ten seconds without headway has no rate to go by."""
    progress = Progress(clock)
    progress(7, 100)
    clock.advance(timedelta(seconds=11))
    with capture_logs() as lines:
        progress(7, 100)
    assert [(line["blocks_per_second"], line["time_left"]) for line in lines] == [(0.0, None)]
