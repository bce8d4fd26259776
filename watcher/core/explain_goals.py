"""Why a milestone or a countdown is what it is.

    Definition, State, ledger entries about it ─▶ Explanation

What they rest on is told a line each: the KPIs behind a milestone, the milestone behind a countdown.
"""

from typing import Any

from watcher.core.countdown import CountdownStatus, Phase
from watcher.core.definition import AllOf, Condition, Definition
from watcher.core.evidence import kpi_json
from watcher.core.explanation import Entries, Explanation, history_lines, labelled
from watcher.core.kpis import condition_verdict
from watcher.core.state import State
from watcher.core.types import (
    BlockRef,
    CountdownId,
    MilestoneId,
    iso_utc,
)
from watcher.core.wording import (
    comparator_words,
    duration_text,
    mark_words,
    number_words,
    reading_words,
    regression_words,
)


def explain_milestone(
    definition: Definition,
    state: State,
    milestone_id: MilestoneId,
    entries: Entries,
    observed_at: int | None = None,
) -> Explanation:
    """Explain a milestone: its condition part by part, and the block at which it latched.

    `observed_at` is a block, not yet final, at which its condition held; None: there is none.
    """
    milestone, latched = definition.milestones[milestone_id], state.milestones.get(milestone_id)
    verdicts = {kpi: status.verdict for kpi, status in state.kpis.items()}
    verdict = condition_verdict(milestone.condition, verdicts)
    standing, reached = "open", "not reached"
    if latched is not None:
        standing = "reached"
        reached = f"reached at block {latched.number} {latched.hash}, {iso_utc(latched.timestamp)}, for ever"
    elif observed_at is not None:
        standing = "observed"
        reached = f"observed at block {observed_at}, which is not final yet: it may be retracted"
    follow = [
        f"starts countdown {countdown.id}"
        for countdown in definition.countdowns.values()
        if countdown.after == milestone_id
    ]
    lines = [
        *labelled("state", [reached]),
        *labelled("condition", _tree(definition, state, milestone.condition)),
        *labelled("then", follow),
        *history_lines(entries),
    ]
    data = {
        "title": milestone.title,
        "state": standing,
        "block_number": observed_at if latched is None else latched.number,
        "block_hash": None if latched is None else latched.hash,
        "verdict": str(verdict),
        "condition": _tree_json(definition, state, milestone.condition),
        "entries": list(entries),
    }
    named = milestone_id if milestone.title == milestone_id else f"{milestone_id} ({milestone.title})"
    return Explanation("milestone", milestone_id, f"milestone {named} is {standing}", lines, data)


def explain_countdown(
    definition: Definition, state: State, block: BlockRef, countdown_id: CountdownId, entries: Entries
) -> Explanation:
    """Explain a countdown as of `block`, the state's last: what starts it, where it stands, what ends it."""
    countdown, status = definition.countdowns[countdown_id], state.countdowns[countdown_id]
    condition = definition.milestones[countdown.after].condition
    verdict = condition_verdict(condition, {kpi: item.verdict for kpi, item in state.kpis.items()})
    remaining = _remaining(status, block)
    started = "" if status.started_at is None else f", run {status.runs} since {iso_utc(status.started_at)}"
    left = [] if remaining is None else [f"{duration_text(remaining)} as of block {block.number}"]
    marks = ", ".join(mark_words(mark) for mark in countdown.marks_seconds)
    lines = [
        *labelled(
            "rule", [f"{duration_text(countdown.duration_seconds)} from milestone {countdown.after} on"]
        ),
        *labelled("phase", [f"{status.phase}{started}"]),
        *labelled("deadline", [iso_utc(status.deadline)] if status.deadline is not None else []),
        *labelled("remaining", left),
        *labelled("policy", [regression_words(countdown)]),
        *labelled("marks", [marks]),
        *labelled("milestone", [f"its condition is {verdict} now", *_tree(definition, state, condition)]),
        *history_lines(entries),
    ]
    data = {
        "after": countdown.after,
        "state": str(status.phase),
        "run": status.runs,
        "started_at": None if status.started_at is None else iso_utc(status.started_at),
        "deadline": None if status.deadline is None else iso_utc(status.deadline),
        "remaining_seconds": remaining,
        "duration_seconds": countdown.duration_seconds,
        "marks_seconds": list(countdown.marks_seconds),
        "on_regression": str(countdown.on_regression),
        "rearm": countdown.rearm,
        "condition": _tree_json(definition, state, condition),
        "entries": list(entries),
    }
    return Explanation("countdown", countdown_id, f"countdown {countdown_id} is {status.phase}", lines, data)


def _remaining(status: CountdownStatus, block: BlockRef) -> int | None:
    if status.phase is Phase.RUNNING and status.deadline is not None:
        return status.deadline - block.timestamp
    return status.remaining_seconds


def _tree(definition: Definition, state: State, condition: Condition, depth: int = 0) -> list[str]:
    """Give a condition a line for each part, nested parts further in."""
    indent = "  " * depth
    if isinstance(condition, str):
        kpi, status = definition.kpis[condition], state.kpis[condition]
        bar = f"{comparator_words(kpi.comparator)} {number_words(kpi.bar)}"
        return [f"{indent}{condition}: {status.verdict} ({reading_words(status.reading)}, {bar})"]
    verdict = condition_verdict(condition, {kpi: item.verdict for kpi, item in state.kpis.items()})
    word = "all of" if isinstance(condition, AllOf) else "any of"
    parts = [line for part in condition.parts for line in _tree(definition, state, part, depth + 1)]
    return [f"{indent}{word}: {verdict}", *parts]


def _tree_json(definition: Definition, state: State, condition: Condition) -> dict[str, Any]:
    verdict = condition_verdict(condition, {kpi: item.verdict for kpi, item in state.kpis.items()})
    if isinstance(condition, str):
        return {"kpi": condition, **kpi_json(definition.kpis[condition], state.kpis[condition])}
    word = "all_of" if isinstance(condition, AllOf) else "any_of"
    parts = [_tree_json(definition, state, part) for part in condition.parts]
    return {"verdict": str(verdict), word: parts}
