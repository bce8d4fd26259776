"""Deliveries and attempts as rows, lines and JSON."""

from datetime import datetime
from typing import Any

from watcher.core.types import iso_utc
from watcher.store.outbox import Attempt, Delivery, DeliveryStatus

COLUMNS = ("event", "type", "of", "channel", "status", "attempts", "last outcome", "next attempt")
"""Headings of `delivery_row`."""


def instant(at: datetime) -> str:
    """Write an instant of the wall clock."""
    return iso_utc(int(at.timestamp()))


def next_attempt(delivery: Delivery) -> str | None:
    """Say when a waiting delivery is tried next; None where it does not wait."""
    return instant(delivery.next_attempt_at) if delivery.status is DeliveryStatus.PENDING else None


def delivery_row(delivery: Delivery) -> tuple[object, ...]:
    """Give one line of a table."""
    return (
        delivery.event_id,
        delivery.event_type,
        iso_utc(delivery.occurred_at),
        delivery.channel,
        str(delivery.status),
        delivery.attempts,
        delivery.last_outcome,
        next_attempt(delivery),
    )


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """Give one delivery without its payload."""
    return {
        "sequence": delivery.sequence,
        "event_id": delivery.event_id,
        "type": delivery.event_type,
        "channel": delivery.channel,
        "countdown": delivery.countdown,
        "occurred_at": iso_utc(delivery.occurred_at),
        "created_at": instant(delivery.created_at),
        "status": str(delivery.status),
        "attempts": delivery.attempts,
        "last_outcome": delivery.last_outcome,
        "next_attempt_at": next_attempt(delivery),
    }


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """Give one attempt."""
    return {
        "started_at": instant(attempt.started_at),
        "finished_at": instant(attempt.finished_at),
        "outcome": attempt.outcome,
        "status_code": attempt.status_code,
        "detail": attempt.detail,
        "retry_after_seconds": attempt.retry_after_seconds,
    }


def attempt_text(attempt: Attempt) -> str:
    """Say in a line what came of an attempt."""
    answered = f" {attempt.status_code}" if attempt.status_code is not None else ""
    wish = f", asks for {attempt.retry_after_seconds:g} s" if attempt.retry_after_seconds is not None else ""
    return f"{instant(attempt.started_at)} {attempt.outcome}{answered}{wish}: {attempt.detail}"
