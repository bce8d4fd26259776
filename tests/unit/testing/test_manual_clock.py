"""The clock that tests and the demo move."""

from datetime import timedelta

from watcher.testing.manual_clock import START, ManualClock


def test_it_stands_still_until_it_is_moved() -> None:
    """Nothing in a test happens because time went by."""
    clock = ManualClock()
    assert clock.now() == clock.now() == START
    clock.advance(timedelta(hours=1))
    assert clock.now() == START + timedelta(hours=1)


def test_a_step_back_of_the_wall_clock_does_not_turn_monotonic_time_back() -> None:
    """Wall clocks are set back at times; the other one only ever grows."""
    clock = ManualClock()
    clock.advance(timedelta(seconds=90))
    clock.advance(timedelta(seconds=-60))
    assert clock.now() == START + timedelta(seconds=30)
    assert clock.monotonic() == 90
