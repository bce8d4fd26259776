"""Countdowns: the clock that a reached milestone starts, in chain time.

          milestone reached                    deadline
PENDING ───────────────────▶ RUNNING ──────────────────────▶ ELAPSED
                              │    ▲
                 regression   │    │ the condition holds again
                              ▼    │
          PAUSED (pause) or CANCELLED (cancel; back to RUNNING only with rearm)
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from watcher.core.definition import Countdown, OnRegression
from watcher.core.ledger import EntryType
from watcher.core.types import Verdict


class Phase(StrEnum):
    """Where a countdown stands."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    ELAPSED = "elapsed"


@dataclass(frozen=True, slots=True)
class CountdownStatus:
    """A countdown's standing; instants in Unix seconds of chain time.

    `deadline` is set while it runs and after it elapsed, `remaining_seconds` while it is paused. `runs`
    counts how often it was started.
    """

    phase: Phase = Phase.PENDING
    runs: int = 0
    started_at: int | None = None
    deadline: int | None = None
    remaining_seconds: int | None = None


def elapse(status: CountdownStatus, timestamp: int) -> CountdownStatus | None:
    """End a running countdown whose deadline is at or before a block's time; None: nothing happens."""
    if status.phase is Phase.RUNNING and status.deadline is not None and timestamp >= status.deadline:
        return replace(status, phase=Phase.ELAPSED)
    return None


def follow(
    countdown: Countdown, status: CountdownStatus, *, reached_now: bool, condition: Verdict, timestamp: int
) -> tuple[CountdownStatus, EntryType] | None:
    """Start, pause, resume or cancel as of one block before the deadline; None: nothing happens.

    `condition` is the verdict of the milestone's whole condition at this block; UNKNOWN changes nothing.
    """
    match status.phase:
        case Phase.PENDING if reached_now:
            return _start(countdown, status, timestamp), EntryType.COUNTDOWN_STARTED
        case Phase.RUNNING if condition is Verdict.NOT_MET:
            return _regress(countdown, status, timestamp)
        case Phase.PAUSED if condition is Verdict.MET and status.remaining_seconds is not None:
            deadline = timestamp + status.remaining_seconds
            resumed = replace(status, phase=Phase.RUNNING, deadline=deadline, remaining_seconds=None)
            return resumed, EntryType.COUNTDOWN_RESUMED
        case Phase.CANCELLED if countdown.rearm and condition is Verdict.MET:
            return _start(countdown, status, timestamp), EntryType.COUNTDOWN_STARTED
        case _:
            return None


def _start(countdown: Countdown, status: CountdownStatus, timestamp: int) -> CountdownStatus:
    return CountdownStatus(
        phase=Phase.RUNNING,
        runs=status.runs + 1,
        started_at=timestamp,
        deadline=timestamp + countdown.duration_seconds,
    )


def _regress(
    countdown: Countdown, status: CountdownStatus, timestamp: int
) -> tuple[CountdownStatus, EntryType] | None:
    match countdown.on_regression:
        case OnRegression.CONTINUE:
            return None
        case OnRegression.PAUSE:
            remaining = (status.deadline or timestamp) - timestamp
            paused = replace(status, phase=Phase.PAUSED, deadline=None, remaining_seconds=remaining)
            return paused, EntryType.COUNTDOWN_PAUSED
        case OnRegression.CANCEL:
            return replace(status, phase=Phase.CANCELLED, deadline=None), EntryType.COUNTDOWN_CANCELLED
        case _:
            assert_never(countdown.on_regression)


@dataclass(frozen=True, slots=True)
class Mark:
    """One instant of a running countdown at which a notice goes out (Unix seconds, wall clock)."""

    countdown: str
    run: int
    remaining_seconds: int
    at: int
    deadline: int


def due_marks(countdown: Countdown, status: CountdownStatus, now: int) -> list[Mark]:
    """List the marks of a running countdown whose instant has come, the latest last."""
    if status.phase is not Phase.RUNNING or status.deadline is None:
        return []
    return [
        Mark(countdown.id, status.runs, remaining, status.deadline - remaining, status.deadline)
        for remaining in countdown.marks_seconds
        if status.deadline - remaining <= now and remaining <= countdown.duration_seconds
    ]
