"""Marks: notices at fixed wall-clock instants of a running countdown (T-3d, T-1h, T-0)."""

from watcher.core.countdown import CountdownStatus, Mark, Phase, due_marks
from watcher.core.definition import Countdown, Definition
from watcher.core.events import Notice, NoticeType
from watcher.core.kpis import condition_verdict
from watcher.core.state import State
from watcher.core.types import Verdict, iso_utc
from watcher.stages.announce import Announcer
from watcher.store.database import Tx

STALE_AFTER_SECONDS = 60
"""A mark that goes out later than this says so: its receiver may have acted on the clock already."""


def mark(
    tx: Tx, definition: Definition, announcer: Announcer, *, final: State, ahead: State, now: int
) -> int:
    """Write the mark whose instant came last, for each running countdown; return how many were new.

    A countdown that is only projected (its milestone is not final yet) has marks too, at risk by nature.
    Older marks that were missed are superseded by the newest and not written at all.
    """
    written = 0
    for countdown_id, countdown in definition.countdowns.items():
        settled = final.countdowns[countdown_id]
        status = settled if settled.phase is Phase.RUNNING else ahead.countdowns[countdown_id]
        for due in due_marks(countdown, status, now)[-1:]:
            at_risk = settled is not status or _regressing(definition, countdown, ahead)
            notice = _notice(due, status, at_risk=at_risk, stale=now - due.at > STALE_AFTER_SECONDS)
            written += announcer.notice(tx, notice).new
    return written


def _regressing(definition: Definition, countdown: Countdown, ahead: State) -> bool:
    verdicts = {kpi: status.verdict for kpi, status in ahead.kpis.items()}
    condition = definition.milestones[countdown.after].condition
    return condition_verdict(condition, verdicts) is Verdict.NOT_MET


def _notice(due: Mark, status: CountdownStatus, *, at_risk: bool, stale: bool) -> Notice:
    # Named by when the countdown began, not by which run it is: after a reorganisation the same run may have
    # begun at another block, and nobody has seen the marks of that one.
    key = f"countdown.marked/{due.countdown}/{status.started_at}/{due.remaining_seconds}"
    data = {
        "mark": f"T-{due.remaining_seconds}s",
        "remaining_seconds": due.remaining_seconds,
        "deadline": iso_utc(due.deadline),
        "expires_at": iso_utc(due.deadline),
        "run": status.runs,
        "at_risk": at_risk,
        "stale": stale,
    }
    return Notice(NoticeType.COUNTDOWN_MARKED, due.countdown, key, due.at, data, countdown=due.countdown)
