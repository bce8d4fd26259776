"""Countdowns: start, regression by three policies, resumption, deadline, marks."""

import pytest

from tests.unit.core.givens import at, countdown
from watcher.core.countdown import CountdownStatus, Phase, due_marks, elapse, follow
from watcher.core.definition import Countdown, OnRegression
from watcher.core.ledger import EntryType
from watcher.core.types import Verdict

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
WEEK = 7 * 86_400

PENDING = CountdownStatus()
RUNNING = CountdownStatus(Phase.RUNNING, 1, at(), at(days=7))
PAUSED = CountdownStatus(Phase.PAUSED, 1, at(), None, 5 * 86_400)
CANCELLED = CountdownStatus(Phase.CANCELLED, 1, at())
ELAPSED = CountdownStatus(Phase.ELAPSED, 1, at(), at(days=7))


def moved(
    clock: Countdown,
    status: CountdownStatus,
    condition: Verdict,
    timestamp: int,
    *,
    reached_now: bool = False,
) -> tuple[CountdownStatus, str] | None:
    """Follow the condition at one block; give the new status and the entry's type."""
    result = follow(clock, status, reached_now=reached_now, condition=condition, timestamp=timestamp)
    return None if result is None else (result[0], str(result[1]))


def test_it_starts_at_the_block_of_its_milestone_and_lasts_its_duration_exactly() -> None:
    """The start is that block's timestamp, not the next hour nor now."""
    start = at(hours=3, seconds=7)
    assert moved(countdown(), PENDING, MET, start, reached_now=True) == (
        CountdownStatus(Phase.RUNNING, 1, start, start + WEEK),
        "countdown.started",
    )


def test_it_does_not_start_without_its_milestone() -> None:
    """A condition that holds again later starts nothing: the milestone latched once."""
    assert moved(countdown(), PENDING, MET, at()) is None


@pytest.mark.parametrize(("late", "over"), [(-1, False), (0, True), (1, True), (WEEK, True)])
def test_it_elapses_at_the_first_block_at_or_after_its_deadline(late: int, over: bool) -> None:  # noqa: FBT001
    """To the second; the deadline stays known."""
    assert elapse(RUNNING, at(days=7) + late) == (ELAPSED if over else None)


@pytest.mark.parametrize("status", [PENDING, PAUSED, CANCELLED, ELAPSED])
def test_only_a_running_countdown_elapses(status: CountdownStatus) -> None:
    """A frozen, ended or unborn clock has no deadline to pass."""
    assert elapse(status, at(days=99)) is None


def test_a_regression_changes_nothing_under_continue() -> None:
    """The default: a milestone that was reached once counts."""
    assert moved(countdown(), RUNNING, NOT_MET, at(days=1)) is None


def test_a_regression_freezes_the_remaining_time_under_pause() -> None:
    """It stands still from the block at which the condition is not met."""
    clock = countdown(on_regression=OnRegression.PAUSE)
    assert moved(clock, RUNNING, NOT_MET, at(days=2)) == (PAUSED, "countdown.paused")


def test_it_runs_on_from_the_block_at_which_the_condition_holds_again() -> None:
    """The deadline moves by exactly the time it stood still; it is the same run."""
    clock = countdown(on_regression=OnRegression.PAUSE)
    resumed = CountdownStatus(Phase.RUNNING, 1, at(), at(days=10) + 5 * 86_400)
    assert moved(clock, PAUSED, MET, at(days=10)) == (resumed, "countdown.resumed")
    assert moved(clock, PAUSED, NOT_MET, at(days=10)) is None


def test_a_regression_ends_it_under_cancel() -> None:
    """Without rearm it never runs again."""
    clock = countdown(on_regression=OnRegression.CANCEL)
    assert moved(clock, RUNNING, NOT_MET, at(days=2)) == (CANCELLED, "countdown.cancelled")
    assert moved(clock, CANCELLED, MET, at(days=3)) is None


def test_with_rearm_a_new_one_starts_when_the_condition_holds_again() -> None:
    """The new run has its full duration and its own number."""
    clock = countdown(on_regression=OnRegression.CANCEL, rearm=True)
    assert moved(clock, CANCELLED, MET, at(days=3)) == (
        CountdownStatus(Phase.RUNNING, 2, at(days=3), at(days=10)),
        "countdown.started",
    )
    assert moved(clock, CANCELLED, NOT_MET, at(days=3)) is None


@pytest.mark.parametrize("status", [PENDING, RUNNING, PAUSED, CANCELLED, ELAPSED])
@pytest.mark.parametrize("policy", OnRegression)
def test_unknown_is_no_regression_and_no_recovery(status: CountdownStatus, policy: OnRegression) -> None:
    """What nobody can know moves no clock."""
    assert moved(countdown(on_regression=policy, rearm=True), status, UNKNOWN, at(days=1)) is None


@pytest.mark.parametrize("condition", [MET, NOT_MET])
def test_an_elapsed_countdown_follows_nothing(condition: Verdict) -> None:
    """Its end is a fact."""
    for policy in OnRegression:
        assert moved(countdown(on_regression=policy, rearm=True), ELAPSED, condition, at(days=9)) is None


def test_a_condition_that_goes_on_holding_moves_nothing() -> None:
    """A running clock just runs."""
    assert moved(countdown(on_regression=OnRegression.CANCEL), RUNNING, MET, at(days=1)) is None


# Marks

DAY = 86_400
MARKED = countdown(marks=(3 * DAY, 3_600, 0))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (at(), []),
        (at(days=4) - 1, []),
        (at(days=4), [3 * DAY]),
        (at(days=7) - 3_600, [3 * DAY, 3_600]),
        (at(days=7) - 1, [3 * DAY, 3_600]),
        (at(days=7), [3 * DAY, 3_600, 0]),
        (at(days=70), [3 * DAY, 3_600, 0]),
    ],
)
def test_a_mark_is_due_at_its_instant(now: int, due: list[int]) -> None:
    """So long before the deadline on the wall clock, to the second, the latest last."""
    marks = due_marks(MARKED, RUNNING, now)
    assert [mark.remaining_seconds for mark in marks] == due
    assert all(mark.at == mark.deadline - mark.remaining_seconds for mark in marks)
    assert all((mark.countdown, mark.run, mark.deadline) == ("c", 1, at(days=7)) for mark in marks)


@pytest.mark.parametrize("status", [PENDING, PAUSED, CANCELLED, ELAPSED])
def test_only_a_running_countdown_has_marks(status: CountdownStatus) -> None:
    """A frozen clock has no instants."""
    assert due_marks(MARKED, status, at(days=99)) == []


def test_a_mark_longer_than_the_countdown_is_never_due() -> None:
    """There is no three days before the end of a clock that lasts one; its very start is an instant of it."""
    short = countdown(duration=DAY, marks=(3 * DAY, DAY, 0))
    status = CountdownStatus(Phase.RUNNING, 1, at(), at(days=1))
    assert [mark.remaining_seconds for mark in due_marks(short, status, at())] == [DAY]


def test_the_type_of_each_movement_is_an_entry() -> None:
    """All movements of a countdown are in the ledger, and nothing else of one is."""
    assert {entry for entry in EntryType if entry.startswith("countdown.")} == {
        "countdown.elapsed",
        "countdown.cancelled",
        "countdown.paused",
        "countdown.resumed",
        "countdown.started",
    }
