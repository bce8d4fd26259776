"""The outbox: events written in the transaction that concludes them, and what became of each delivery.

evaluate ─▶ mint (event + one pending delivery a channel) ─▶ deliver: pending ─▶ send ─▶ record
                                                              people: list, show, replay
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import bindparam, insert, select, update
from sqlmodel import col

from watcher.core.events import Event
from watcher.store.channels import Channels
from watcher.store.sql import Query, Record, among
from watcher.store.tables import AttemptRow, DeliveryRow, EventRow

_DETAIL_LENGTH = 500


class DeliveryStatus(StrEnum):
    """Where a delivery stands; only pending ones are ever sent."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    SUPERSEDED = "superseded"


_JOINED: Query = (
    select(
        col(DeliveryRow.sequence),
        col(EventRow.id).label("event_id"),
        col(EventRow.type).label("event_type"),
        col(DeliveryRow.channel),
        col(EventRow.countdown),
        col(EventRow.occurred_at),
        col(EventRow.created_at),
        col(EventRow.body),
        col(DeliveryRow.status),
        col(DeliveryRow.attempts),
        col(DeliveryRow.quick_failures),
        col(DeliveryRow.next_attempt_at),
        col(DeliveryRow.last_outcome),
    )
    .join_from(DeliveryRow, EventRow, col(EventRow.sequence) == col(DeliveryRow.event_sequence))
    .order_by(col(DeliveryRow.sequence))
)
_PENDING = _JOINED.where(
    col(DeliveryRow.channel) == bindparam("to_channel"), col(DeliveryRow.status) == DeliveryStatus.PENDING
)
_MINTED = select(col(EventRow.sequence)).where(
    (col(EventRow.key) == bindparam("known_key")) | (col(EventRow.id) == bindparam("known_id"))
)
_BY_KEY = select(EventRow).where(col(EventRow.key) == bindparam("known_key"))
_ATTEMPTED = (
    update(DeliveryRow)
    .where(col(DeliveryRow.sequence) == bindparam("of_delivery"))
    .values(
        attempts=col(DeliveryRow.attempts) + bindparam("scheduled"),
        quick_failures=col(DeliveryRow.quick_failures) + bindparam("quick"),
        status=bindparam("now_status"),
        next_attempt_at=bindparam("now_due"),
        last_outcome=bindparam("now_outcome"),
    )
)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was written; `occurred_at` is Unix seconds, `created_at` the wall clock."""

    sequence: int
    id: str
    key: str
    type: str
    countdown: str | None
    occurred_at: int
    created_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event to one channel.

    `sequence` ascends with the events. `attempts` counts those on the schedule since it was queued or
    replayed, `quick_failures` those beside it since the latest newer message of its countdown was written.
    `occurred_at` is Unix seconds; `created_at` (of the event) and `next_attempt_at` are the wall clock.
    """

    sequence: int
    event_id: str
    event_type: str
    channel: str
    countdown: str | None
    occurred_at: int
    created_at: datetime
    body: bytes
    status: DeliveryStatus
    attempts: int
    quick_failures: int
    next_attempt_at: datetime
    last_outcome: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one delivery, wall clock; `detail` is cut to 500 characters, None: no answer, no wish."""

    started_at: datetime
    finished_at: datetime
    outcome: str
    status_code: int | None = None
    detail: str = ""
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class EventHistory:
    """An event with its deliveries, and the attempts at each by the delivery's sequence, oldest first."""

    event: StoredEvent
    deliveries: tuple[Delivery, ...]
    attempts: dict[int, tuple[Attempt, ...]]


class Outbox(Channels):
    """The rows of `event`, `delivery`, `attempt` and `channel`."""

    def mint(self, key: str, event: Event, channels: Sequence[str], now: datetime) -> bool:
        """Write an event and one delivery a channel, due now; False, and nothing changes, where it exists.

        It exists when its key or its id does. The body is made here, once: compact JSON of the payload.
        Waiting deliveries of the same countdown to these channels get their quick tries anew.
        """
        row = {
            "id": event.id,
            "key": key,
            "type": event.type,
            "countdown": event.countdown,
            "occurred_at": event.occurred_at,
            "created_at": now,
            "body": msgspec.json.encode(event.payload),
        }
        known = {"known_key": key, "known_id": event.id}
        if self._connection.execute(_MINTED, known).first():
            return False
        self._connection.execute(insert(EventRow), row)
        if not channels:
            return True
        sequence = self._connection.execute(_MINTED, known).scalar_one()
        if event.countdown is not None:
            self._reset_quick_failures(event.countdown, channels)
        waiting = {
            "status": DeliveryStatus.PENDING,
            "attempts": 0,
            "quick_failures": 0,
            "next_attempt_at": now,
        }
        self._connection.execute(
            insert(DeliveryRow),
            [{"event_sequence": sequence, "channel": channel, **waiting} for channel in channels],
        )
        return True

    def event_by_key(self, key: str) -> StoredEvent | None:
        """Give the event that was minted under a key, None where none was."""
        row = self._connection.execute(_BY_KEY, {"known_key": key}).first()
        return _as_event(row) if row else None

    def is_addressed(self, sequence: int) -> bool:
        """Tell whether an event has a delivery to any channel, sent or waiting."""
        query = select(col(DeliveryRow.sequence)).where(col(DeliveryRow.event_sequence) == sequence)
        return self._connection.execute(query.limit(1)).first() is not None

    def events(
        self, event_type: str | None = None, since: datetime | None = None, limit: int | None = None
    ) -> list[StoredEvent]:
        """Give events, newest first: of a type, written at or after an instant, at most so many."""
        query = select(EventRow).order_by(col(EventRow.sequence).desc()).limit(limit)
        if event_type is not None:
            query = query.where(col(EventRow.type) == event_type)
        if since is not None:
            query = query.where(col(EventRow.created_at) >= since)
        return [_as_event(row) for row in self._connection.execute(query)]

    def pending(self, channel: str) -> Sequence[Delivery]:
        """Give everything that waits for a channel, due or not, ascending by sequence."""
        return self._deliveries(_PENDING, to_channel=channel)

    def record(
        self,
        delivery_sequence: int,
        attempt: Attempt,
        status: DeliveryStatus,
        next_attempt_at: datetime,
        *,
        quick: bool = False,
    ) -> None:
        """Note an attempt and how the delivery stands after it.

        `quick`: an attempt for the sake of a newer message, which the schedule does not count.
        `next_attempt_at` matters only while the delivery is pending.
        """
        self._connection.execute(
            insert(AttemptRow),
            {
                "delivery_sequence": delivery_sequence,
                "started_at": attempt.started_at,
                "finished_at": attempt.finished_at,
                "outcome": attempt.outcome,
                "status_code": attempt.status_code,
                "detail": attempt.detail[:_DETAIL_LENGTH],
                "retry_after_seconds": attempt.retry_after_seconds,
            },
        )
        self._connection.execute(
            _ATTEMPTED,
            {
                "of_delivery": delivery_sequence,
                "scheduled": 0 if quick else 1,
                "quick": 1 if quick else 0,
                "now_status": status,
                "now_due": next_attempt_at,
                "now_outcome": attempt.outcome,
            },
        )

    def supersede(self, sequences: Collection[int]) -> None:
        """Drop waiting deliveries that need not be sent any more; others are left as they are."""
        self._connection.execute(
            update(DeliveryRow)
            .where(
                col(DeliveryRow.status) == DeliveryStatus.PENDING,
                among(self._connection, col(DeliveryRow.sequence), sequences),
            )
            .values(status=DeliveryStatus.SUPERSEDED)
        )

    def show(self, event_id: str) -> EventHistory | None:
        """Give everything about one event, None where the id is unknown."""
        row = self._connection.execute(select(EventRow).where(col(EventRow.id) == event_id)).first()
        if row is None:
            return None
        deliveries = self._deliveries(_JOINED.where(col(EventRow.id) == event_id))
        attempts: dict[int, list[Attempt]] = {delivery.sequence: [] for delivery in deliveries}
        tried = among(self._connection, col(AttemptRow.delivery_sequence), list(attempts))
        for attempt in self._connection.execute(select(AttemptRow).where(tried).order_by(col(AttemptRow.id))):
            attempts[attempt.delivery_sequence].append(_as_attempt(attempt))
        return EventHistory(
            _as_event(row), tuple(deliveries), {key: tuple(value) for key, value in attempts.items()}
        )

    def replay(
        self,
        now: datetime,
        *,
        channel: str | None = None,
        event_id: str | None = None,
        since: datetime | None = None,
        statuses: Collection[DeliveryStatus] = (DeliveryStatus.DEAD,),
    ) -> int:
        """Make finished deliveries wait again, due now and with a fresh schedule; return how many.

        Chosen by channel, event and the instant at or after which the event was written, all that are given,
        and by status. Past attempts stay; the message keeps its id.
        """
        chosen = select(col(EventRow.sequence))
        if event_id is not None:
            chosen = chosen.where(col(EventRow.id) == event_id)
        if since is not None:
            chosen = chosen.where(col(EventRow.created_at) >= since)
        statement = update(DeliveryRow).where(
            col(DeliveryRow.event_sequence).in_(chosen),
            among(self._connection, col(DeliveryRow.status), [str(status) for status in statuses]),
        )
        if channel is not None:
            statement = statement.where(col(DeliveryRow.channel) == channel)
        again = {"status": DeliveryStatus.PENDING, "attempts": 0, "quick_failures": 0, "next_attempt_at": now}
        return self._connection.execute(statement.values(**again)).rowcount

    def list(
        self, channel: str | None = None, status: DeliveryStatus | None = None, limit: int | None = None
    ) -> Sequence[Delivery]:
        """Give deliveries, newest first: of a channel, of a status, at most so many."""
        query = _JOINED
        if channel is not None:
            query = query.where(col(DeliveryRow.channel) == channel)
        if status is not None:
            query = query.where(col(DeliveryRow.status) == status)
        newest_first = query.order_by(None).order_by(col(DeliveryRow.sequence).desc())
        return self._deliveries(newest_first.limit(limit))

    def _reset_quick_failures(self, countdown: str, channels: Sequence[str]) -> None:
        older = select(col(EventRow.sequence)).where(col(EventRow.countdown) == countdown)
        self._connection.execute(
            update(DeliveryRow)
            .where(
                col(DeliveryRow.status) == DeliveryStatus.PENDING,
                col(DeliveryRow.event_sequence).in_(older),
                among(self._connection, col(DeliveryRow.channel), channels),
            )
            .values(quick_failures=0)
        )

    def _deliveries(self, query: Query, **values: str) -> Sequence[Delivery]:
        return [_as_delivery(row) for row in self._connection.execute(query, values)]


def _as_delivery(row: Record) -> Delivery:
    return Delivery(**{**row._mapping, "status": DeliveryStatus(row.status)})  # noqa: SLF001  # Row's public name


def _as_event(row: Record) -> StoredEvent:
    return StoredEvent(**row._mapping)  # noqa: SLF001  # Row's public name


def _as_attempt(row: Record) -> Attempt:
    return Attempt(
        row.started_at,
        row.finished_at,
        row.outcome,
        row.status_code,
        row.detail,
        row.retry_after_seconds,
    )
