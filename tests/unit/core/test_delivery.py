"""What one channel's waiting deliveries lead to, case by case."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from watcher.core.delivery import (
    QUICK_FAILURES,
    Consequence,
    Delivered,
    Disable,
    Done,
    Exhausted,
    Failed,
    Gone,
    Outcome,
    Retry,
    consequence,
    is_hurried,
    plan,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=5)


@dataclass(frozen=True)
class Waiting:
    """A delivery that waits, reduced to what its order rests on."""

    sequence: int
    event_type: str
    countdown: str | None = "tge"
    next_attempt_at: datetime = NOW
    quick_failures: int = 0


def due(*pending: Waiting) -> list[int]:
    """Name what may go now."""
    return [delivery.sequence for delivery in plan(pending, NOW).due]


def superseded(*pending: Waiting) -> list[int]:
    """Name what need not go any more."""
    return [delivery.sequence for delivery in plan(pending, NOW).superseded]


def decide(
    outcome: Outcome, *, failures: int = 0, hurried: bool = False, critical: bool = False
) -> Consequence:
    """Ask for a consequence in the middle of chance."""
    return consequence(outcome, failures=failures, hurried=hurried, critical=critical, now=NOW, chance=0.5)


def test_messages_without_a_countdown_do_not_wait_for_each_other() -> None:
    """Each is due at its own instant, whatever the others do."""
    waiting = Waiting(1, "app.went_live", None, LATER)
    assert due(waiting, Waiting(2, "kpi.met", None), Waiting(3, "countdown.started")) == [2, 3]


def test_nothing_waits_nothing_is_planned() -> None:
    """An empty outbox gives an empty plan."""
    assert due() == []
    assert superseded() == []


def test_two_countdowns_do_not_wait_for_each_other() -> None:
    """Order holds inside a countdown only."""
    assert due(Waiting(1, "countdown.started", "a"), Waiting(2, "countdown.started", "b")) == [1, 2]


def test_a_newer_message_makes_a_waiting_older_one_due_and_goes_after_it() -> None:
    """A receiver that was down hears of the start before it hears of the end."""
    assert due(Waiting(1, "countdown.started", next_attempt_at=LATER)) == []
    older = Waiting(1, "countdown.started", next_attempt_at=LATER)
    assert due(older, Waiting(2, "countdown.elapsed")) == [1]


@pytest.mark.parametrize("failures", [1, 2])
def test_between_quick_failures_both_wait(failures: int) -> None:
    """The quick attempts have a pause too, and the newer message does not slip through it."""
    older = Waiting(1, "countdown.started", next_attempt_at=LATER, quick_failures=failures)
    assert due(older, Waiting(2, "countdown.elapsed")) == []


def test_after_three_quick_failures_the_newer_message_goes() -> None:
    """One message that a receiver cannot digest does not silence a countdown."""
    older = Waiting(1, "countdown.started", next_attempt_at=LATER, quick_failures=QUICK_FAILURES)
    assert due(older, Waiting(2, "countdown.elapsed")) == [2]


def test_an_older_message_that_is_due_again_goes_first() -> None:
    """Giving way once is not giving way for ever."""
    older = Waiting(1, "countdown.started", quick_failures=QUICK_FAILURES)
    assert due(older, Waiting(2, "countdown.elapsed")) == [1]


def test_the_newest_message_keeps_its_own_schedule() -> None:
    """Nothing makes the last of a countdown due before its time."""
    older = Waiting(1, "countdown.started", next_attempt_at=LATER, quick_failures=QUICK_FAILURES)
    assert due(older, Waiting(2, "countdown.elapsed", next_attempt_at=LATER)) == []


def test_nothing_overtakes_a_cancellation() -> None:
    """However often it failed: who hears of a new start has heard of the cancellation, or it is dead."""
    cancelled = Waiting(1, "countdown.cancelled", next_attempt_at=LATER, quick_failures=9)
    assert due(cancelled, Waiting(2, "countdown.started")) == []


@pytest.mark.parametrize(
    "newer", ["countdown.marked", "countdown.cancelled", "countdown.paused", "countdown.elapsed"]
)
def test_a_mark_is_dropped_as_soon_as_something_newer_waits(newer: str) -> None:
    """Nobody wants to hear T-3d after T-1h."""
    mark = Waiting(1, "countdown.marked", next_attempt_at=LATER)
    assert superseded(mark, Waiting(2, newer)) == [1]
    assert due(mark, Waiting(2, newer)) == [2]


def test_the_newest_mark_is_sent_late_rather_than_never() -> None:
    """Only something newer makes a mark superfluous."""
    older = Waiting(1, "countdown.started", next_attempt_at=LATER, quick_failures=QUICK_FAILURES)
    assert superseded(older, Waiting(2, "countdown.marked")) == []
    assert due(older, Waiting(2, "countdown.marked")) == [2]


def test_only_a_waiting_older_message_with_quick_attempts_left_is_hurried() -> None:
    """The fourth failure in a row counts on the schedule again."""
    assert is_hurried(Waiting(1, "countdown.started", quick_failures=2), newer_waits=True)
    assert not is_hurried(Waiting(1, "countdown.started", quick_failures=3), newer_waits=True)
    assert not is_hurried(Waiting(1, "countdown.started"), newer_waits=False)


def test_a_delivered_message_is_done() -> None:
    """Success ends a delivery."""
    assert decide(Delivered("200 OK"), failures=9) == Done()


def test_a_failure_waits_for_the_next_place_in_the_schedule() -> None:
    """The second attempt follows after five seconds, the third after five minutes."""
    assert decide(Failed("no")) == Retry(NOW + timedelta(seconds=5), quick=False)
    assert decide(Failed("no"), failures=1) == Retry(NOW + timedelta(minutes=5), quick=False)


def test_the_tenth_failure_makes_a_dead_letter() -> None:
    """The schedule ends; the message is kept."""
    assert decide(Failed("no"), failures=9) == Exhausted()


def test_quick_failures_do_not_use_up_the_schedule() -> None:
    """Newer messages never turn an older one into a dead letter early."""
    assert decide(Failed("no"), failures=9, hurried=True) == Retry(NOW + timedelta(seconds=5), quick=True)


@pytest.mark.parametrize("failed", [Failed("slow", timed_out=True), Failed("busy", throttled=True)])
@pytest.mark.parametrize("hurried", [True, False])
def test_a_receiver_in_trouble_gets_a_minute(failed: Failed, *, hurried: bool) -> None:
    """Neither a time-out nor a 429 is answered by a retry within the minute."""
    assert decide(failed, hurried=hurried) == Retry(NOW + timedelta(minutes=1), quick=hurried)


def test_a_receivers_wish_reaches_the_schedule() -> None:
    """Retry-After stretches the pause within its bounds."""
    wish = Failed("busy", retry_after_seconds=420)
    assert decide(wish, failures=1) == Retry(NOW + timedelta(seconds=420), quick=False)


def test_a_410_disables_an_endpoint() -> None:
    """A receiver that says it is gone is believed."""
    assert decide(Gone("410 Gone"), failures=9) == Disable()


def test_a_410_of_a_critical_endpoint_is_a_failure_like_any_other() -> None:
    """The operator said that this endpoint must never fall silent."""
    assert decide(Gone("410 Gone"), critical=True) == Retry(NOW + timedelta(seconds=5), quick=False)
    assert decide(Gone("410 Gone"), failures=9, critical=True) == Exhausted()
