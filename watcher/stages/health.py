"""Health from the store: what the stage runs, wants and channels say, and the heartbeat that tells of it.

stage runs, wants, channels ─▶ signs ─▶ diagnose ─▶ `watcher status`, watcher.heartbeat
"""

from collections.abc import Iterator
from dataclasses import dataclass

from watcher.clock import Clock
from watcher.core.costs import CALLS_PER_BLOCK
from watcher.core.definition import Chain, Definition
from watcher.core.events import Notice, NoticeType
from watcher.core.health import Signs, Trouble, diagnose, lag_seconds
from watcher.core.types import iso_utc
from watcher.stages.announce import Announcer
from watcher.stages.cutting import FINAL_WINDOW
from watcher.stages.runs import EVALUATE, INDEX, delivering
from watcher.stages.standstill import Standstill, unanswered, unread
from watcher.store.database import Store, Tx
from watcher.store.outbox import DeliveryStatus

_BLIND_AFTER_INTERVALS = 10
_BLIND_AFTER_SECONDS = 60
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Expected:
    """What a deployment makes one expect: its channels, and how often the chain is read at least."""

    channels: tuple[str, ...]
    patience_seconds: int


def patience(index_every_seconds: int, calls_per_minute: int | None) -> int:
    """Give after how many seconds without a good run of the index stage the watcher is blind.

    A slow schedule is not blindness, nor is one slow run of a fast one, nor a window that takes its time
    because the endpoint allows only so many calls (None: it has no ceiling).
    """
    calls = CALLS_PER_BLOCK * FINAL_WINDOW
    a_window = calls * _SECONDS_PER_MINUTE // calls_per_minute if calls_per_minute else 0
    return max(_BLIND_AFTER_SECONDS, _BLIND_AFTER_INTERVALS * index_every_seconds, 2 * a_window)


def signs(tx: Tx, chain: Chain, expected: Expected, now: int) -> Signs:
    """Gather what the store says about the watcher's health; `now` is the wall clock in Unix seconds.

    A run of the index stage that history was missing for has looked at the chain all the same. What is final
    before the first block that counts is none of the program's.
    """
    last = tx.runs.last(INDEX)
    look = last if unread(tx, chain, last) else tx.runs.last_ok(INDEX)
    concluded, final = tx.state.concluded(), tx.state.final()
    counts = final is not None and final.number >= chain.next_block(chain.count_from - 1)
    return Signs(
        now=now,
        patience_seconds=expected.patience_seconds,
        last_look=int(look.finished_at.timestamp()) if look else None,
        troubles=(*_failing(tx, chain, expected), *_channels(tx, expected)),
        concluded=concluded.timestamp if concluded else None,
        final=final.timestamp if final and counts else None,
    )


def standstill(tx: Tx, chain: Chain) -> Standstill | None:
    """Say what the next conclusion lacks and could not be read, as of the last runs; None: nothing."""
    run = tx.runs.last_ok(EVALUATE)
    found = unanswered(tx.facts.wants()) if run and run.detail.get("stalled") else None
    return found or unread(tx, chain, tx.runs.last(INDEX))


def heartbeat(
    definition: Definition, store: Store, clock: Clock, announcer: Announcer, expected: Expected
) -> None:
    """Tell channels that the watcher lives and how it is: silence is what nobody can be told of."""
    now = int(clock.now().timestamp())
    with store.writing() as tx:
        found = signs(tx, definition.chain, expected, now)
        health = diagnose(found)
        checkpoint, final = tx.facts.checkpoint(), tx.state.final()
        data = {
            "health": str(health.standing),
            "reason": health.reason,
            "checkpoint": checkpoint.number if checkpoint else None,
            "final": final.number if final else None,
            "lag_seconds": lag_seconds(found),
        }
        key = f"{NoticeType.WATCHER_HEARTBEAT}/{iso_utc(now)}"
        announcer.notice(tx, Notice(NoticeType.WATCHER_HEARTBEAT, definition.program_id, key, now, data))


def _failing(tx: Tx, chain: Chain, expected: Expected) -> Iterator[Trouble]:
    still = standstill(tx, chain)
    if still is not None:
        yield Trouble(still.since, f"the ledger stands still {still.reason}", still.remedy)
    for stage in (INDEX, EVALUATE, *map(delivering, expected.channels)):
        since, run = tx.runs.failing_since(stage), tx.runs.last(stage)
        if stage == INDEX and unread(tx, chain, run):
            continue
        if since is not None and run is not None:
            remedy = "it is tried again by itself; `watcher check` looks at what it needs"
            if run.detail.get("fatal"):
                remedy = "the watcher stopped: put that right, then start it again"
            yield Trouble(int(since.timestamp()), f"stage {stage} fails: {run.error}", remedy)


def _channels(tx: Tx, expected: Expected) -> Iterator[Trouble]:
    for name in expected.channels:
        channel = tx.outbox.channel(name)
        replay = f"`watcher deliveries replay --channel {name}`"
        if channel is not None and channel.disabled_at is not None:
            since = int(channel.disabled_at.timestamp())
            what = f"channel {name} is switched off: {channel.reason}"
            yield Trouble(since, what, f"put its receiver right, then {replay}")
        dead = tx.outbox.list(name, DeliveryStatus.DEAD)
        if dead:
            since = int(min(delivery.created_at for delivery in dead).timestamp())
            messages = "1 message" if len(dead) == 1 else f"{len(dead)} messages"
            what = f"channel {name} has {messages} that could not be delivered"
            yield Trouble(since, what, f"see `watcher deliveries list`, then {replay}")
