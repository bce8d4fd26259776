"""The deliver stage: from the outbox to one channel, each attempt recorded with what it led to.

    pending deliveries ─▶ plan ─▶ send (no transaction open) ─▶ one transaction: attempt + outcome

One job a channel, so that a slow or dead receiver holds up nobody else. A crash between sending and recording
sends the message again, with the same id and the same bytes: at least once.
"""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from watcher.channels import Channel
from watcher.clock import Clock
from watcher.core.delivery import (
    Consequence,
    Delivered,
    Disable,
    Done,
    Exhausted,
    Failed,
    Gone,
    Message,
    Outcome,
    Retry,
    consequence,
    is_hurried,
    plan,
)
from watcher.core.events import Notice, NoticeType
from watcher.stages.runs import Run, delivering, plainly
from watcher.store.database import Store, Tx
from watcher.store.outbox import Attempt, Delivery, DeliveryStatus

SENDS_PER_RUN = 100
"""A run ends after so many attempts, so that stopping and health never wait long for a backlog."""


_NAMES = {Delivered: "delivered", Failed: "failed", Gone: "gone"}


@dataclass(slots=True)
class DeliverResult:
    """What one run did for one channel, in messages.

    `waiting` were pending when it last looked, less those it finished; `unfinished` tells that it ended at
    its bound with messages still due, `disabled` that the channel is switched off.
    """

    channel: str
    attempts: int = 0
    delivered: int = 0
    dead: int = 0
    superseded: int = 0
    waiting: int = 0
    unfinished: bool = False
    disabled: bool = False

    def count(self, follows: Consequence) -> None:
        """Count one attempt by what it led to."""
        self.attempts += 1
        self.delivered += isinstance(follows, Done)
        self.dead += isinstance(follows, Exhausted)
        self.waiting -= isinstance(follows, Done | Exhausted)
        self.disabled |= isinstance(follows, Disable)


class Deliver:
    """Sends what waits for one channel.

    `announce` writes a notice for the channels that asked for it, `chance` gives the numbers in [0, 1) that
    spread retries, and a run ends soon after `stopping` says so.
    """

    def __init__(
        self,
        store: Store,
        channel: Channel,
        clock: Clock,
        announce: Callable[[Tx, Notice], object],
        *,
        chance: Callable[[], float] = random.random,
        sends: int = SENDS_PER_RUN,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take what every run needs; nothing is read or sent before `run`."""
        self.name = delivering(channel.id)
        self._store = store
        self._channel = channel
        self._clock = clock
        self._announce = announce
        self._chance = chance
        self._sends = sends
        self._stopping = stopping

    def run(self) -> DeliverResult:
        """Send what is due, until nothing is or the run is long enough.

        A receiver that times out or asks for patience ends it too: the next message would fare alike. When
        StoreError ends it, what is recorded stays recorded and the rest waits.
        """
        result = DeliverResult(self._channel.id)
        while self._pass(result):
            pass
        return result

    def _look(self) -> Sequence[Delivery] | None:
        """Give what waits for the channel; None: it is switched off.

        A URL that is new, or another than before, switches it on.
        """
        channel = self._channel
        with self._store.reading() as tx:
            known = tx.outbox.channel(channel.id)
            pending = tx.outbox.pending(channel.id)
        if known is None or known.url_digest != channel.target_digest:
            with self._store.writing() as tx:
                tx.outbox.put_channel(channel.id, channel.target_digest)
            return pending
        return pending if known.disabled_at is None else None

    def _pass(self, result: DeliverResult) -> bool:
        """Send each message that may go now once; tell whether it is worth looking again."""
        pending = self._look()
        if pending is None:
            result.disabled = True
            return False
        chosen = plan(pending, self._clock.now())
        if chosen.superseded:
            with self._store.writing() as tx:
                tx.outbox.supersede([delivery.sequence for delivery in chosen.superseded])
        result.superseded += len(chosen.superseded)
        result.waiting = len(pending) - len(chosen.superseded)
        newest = {delivery.countdown: delivery.sequence for delivery in pending}
        for delivery in chosen.due:
            if result.attempts >= self._sends or self._stopping():
                result.unfinished = True
                return False
            is_ordered = delivery.countdown is not None
            newer_waits = is_ordered and newest[delivery.countdown] > delivery.sequence
            if not self._attempt(delivery, result, newer_waits=newer_waits):
                return False
        return bool(chosen.due)

    def _attempt(self, delivery: Delivery, result: DeliverResult, *, newer_waits: bool) -> bool:
        """Send one message and record what came of it; tell whether the next may follow."""
        started_at = self._clock.now()
        message = Message(delivery.event_id, delivery.event_type, delivery.body)
        outcome = self._channel.send(message, delivery.attempts + 1)
        finished_at = self._clock.now()
        follows = consequence(
            outcome,
            failures=delivery.attempts,
            hurried=is_hurried(delivery, newer_waits=newer_waits),
            critical=self._channel.critical,
            now=finished_at,
            chance=self._chance(),
        )
        attempt = _as_attempt(outcome, started_at, finished_at)
        with self._store.writing() as tx:
            self._record(tx, delivery, attempt, follows)
        result.count(follows)
        patience = isinstance(outcome, Failed) and outcome.asks_for_patience
        return not (patience or result.disabled)

    def _record(self, tx: Tx, delivery: Delivery, attempt: Attempt, follows: Consequence) -> None:
        now, quick = attempt.finished_at, False
        match follows:
            case Done():
                status, at = DeliveryStatus.DELIVERED, now
            case Exhausted():
                status, at = DeliveryStatus.DEAD, now
            case Retry(at, quick):
                status = DeliveryStatus.PENDING
            case Disable():
                status, at = DeliveryStatus.PENDING, now
                tx.outbox.disable(self._channel.id, attempt.detail, now)
                self._announce(tx, _disabled(self._channel.id, attempt))
            case _:
                assert_never(follows)
        tx.outbox.record(delivery.sequence, attempt, status, at, quick=quick)


def deliver_all(stages: Sequence[Deliver], run: Run = plainly) -> list[DeliverResult]:
    """Run the stage for several channels side by side, a thread each; the results stand in the same order.

    All run to their end; then the first error, if there was one, is raised.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(stages)), thread_name_prefix="deliver") as threads:
        return list(threads.map(lambda stage: run(stage.name, stage.run), stages))


def _as_attempt(outcome: Outcome, started_at: datetime, finished_at: datetime) -> Attempt:
    wish = outcome.retry_after_seconds if isinstance(outcome, Failed) else None
    return Attempt(started_at, finished_at, _NAMES[type(outcome)], outcome.status_code, outcome.detail, wish)


def _disabled(channel_id: str, attempt: Attempt) -> Notice:
    return Notice(
        NoticeType.ENDPOINT_DISABLED,
        subject=channel_id,
        key=f"{NoticeType.ENDPOINT_DISABLED}/{channel_id}/{attempt.finished_at.isoformat()}",
        occurred_at=int(attempt.finished_at.timestamp()),
        data={"reason": attempt.detail},
    )
