"""Observations: what the blocks that are not yet final say about milestones, and what became of it.

                     concluded on the copy           final at that block
    (nothing) ─────────────────────────────▶ open ─────────────────────────▶ reached (a ledger entry)
                                              │
                                              └── the copy no longer says so ──▶ retracted

Each observation is followed by exactly one of the two, across restarts: it is stored until then.
"""

from collections.abc import Iterable

from watcher.core.countdown import Phase
from watcher.core.definition import Definition
from watcher.core.events import Notice, NoticeType
from watcher.core.ledger import Entry, EntryType
from watcher.core.state import State
from watcher.core.types import MilestoneId, iso_utc
from watcher.stages.announce import Announcer
from watcher.store.database import Tx
from watcher.store.state import Observation


def settle(tx: Tx, announcer: Announcer, entries: Iterable[Entry], now: int) -> int:
    """Give observations of milestones that are now reached their outcome; return how many were retracted.

    Has to come before the entries are announced: a retraction never follows what replaced it.
    """
    retracted = 0
    reached = {entry.subject: entry for entry in entries if entry.type is EntryType.MILESTONE_REACHED}
    opened = tx.state.observations() if reached else []
    for observation in [each for each in opened if each.milestone in reached]:
        entry = reached[observation.milestone]
        if entry.block_hash == observation.block_hash:
            tx.state.close_observation(observation.id, "reached")
        else:
            _retract(tx, announcer, observation, now, "it was reached at another block")
            retracted += 1
    return retracted


def compare(
    tx: Tx, definition: Definition, announcer: Announcer, *, final: State, ahead: State, now: int
) -> int:
    """Observe what the copy `ahead` concluded beyond `final`, retract what it no longer says.

    `now` is the wall clock: a retraction happens when it is found out, so that whoever heard of the
    observation hears of it too, however old the blocks. Returns the number of notices written.
    """
    notices = 0
    still_open = set()
    for observation in tx.state.observations():
        block = ahead.milestones.get(observation.milestone)
        if block is not None and block.hash == observation.block_hash:
            still_open.add(observation.milestone)
        elif block is not None or _is_gone(tx, observation, ahead):
            _retract(tx, announcer, observation, now, "the condition no longer holds at that block")
            notices += 1
        else:
            still_open.add(observation.milestone)
    for milestone in ahead.milestones:
        if milestone not in final.milestones and milestone not in still_open:
            notices += _observe(tx, definition, announcer, milestone, ahead)
    return notices


def retract_above(tx: Tx, announcer: Announcer, block_number: int, now: int) -> None:
    """Retract what was observed above a block that an operator went back to; `now` is the wall clock."""
    for observation in tx.state.observations():
        if observation.block_number > block_number:
            _retract(tx, announcer, observation, now, "the block was taken back by hand")


def _is_gone(tx: Tx, observation: Observation, ahead: State) -> bool:
    """Tell whether the block no longer carries the observation; a copy that is not there yet cannot tell."""
    if ahead.block is not None and ahead.block.number >= observation.block_number:
        return True
    stored = tx.facts.ref(observation.block_number)
    return stored is None or stored.hash != observation.block_hash


def _observe(
    tx: Tx, definition: Definition, announcer: Announcer, milestone: MilestoneId, ahead: State
) -> int:
    block = ahead.milestones[milestone]
    times = sum(1 for each in tx.state.observations(open_only=False) if each.milestone == milestone) + 1
    where = {
        "block_number": block.number,
        "block_hash": block.hash,
        "occurred_at": iso_utc(block.timestamp),
        "finality": definition.chain.finality.as_json(),
    }
    key = f"milestone.observed/{milestone}/{times}"
    notice = Notice(NoticeType.MILESTONE_OBSERVED, milestone, key, block.timestamp, where)
    observed_id = announcer.notice(tx, notice).id
    tx.state.add_observation(Observation(observed_id, milestone, block.number, block.hash))
    notices = 1
    for countdown_id, countdown in definition.countdowns.items():
        status = ahead.countdowns[countdown_id]
        if countdown.after != milestone or status.phase is not Phase.RUNNING or status.deadline is None:
            continue
        data = {
            **where,
            "observation": observed_id,
            "deadline": iso_utc(status.deadline),
            "duration_seconds": countdown.duration_seconds,
        }
        key = f"countdown.projected/{countdown_id}/{times}"
        notice = Notice(
            NoticeType.COUNTDOWN_PROJECTED, countdown_id, key, block.timestamp, data, countdown=countdown_id
        )
        announcer.notice(tx, notice)
        notices += 1
    return notices


def _retract(tx: Tx, announcer: Announcer, observation: Observation, at: int, why: str) -> None:
    data = {
        "observation": observation.id,
        "block_number": observation.block_number,
        "block_hash": observation.block_hash,
        "reason": why,
    }
    key = f"milestone.retracted/{observation.id}"
    announcer.notice(tx, Notice(NoticeType.MILESTONE_RETRACTED, observation.milestone, key, at, data))
    tx.state.close_observation(observation.id, "retracted")
