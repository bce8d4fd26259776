"""What one channel's waiting deliveries lead to: which go now, which are dropped, what an outcome means.

    pending deliveries ─▶ plan ─▶ send ─▶ Outcome ─▶ consequence ─▶ Done | Retry | Exhausted | Disable

Messages without a countdown are independent of each other. Those of one countdown keep their order:

    cancelled ◀─ nothing overtakes it: whatever is newer waits until it is delivered or dead
    marked ◀──── dropped as soon as anything newer waits: its moment has passed
    any other ◀─ a newer message makes it due at once and follows its success, or its third quick failure
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar, assert_never

from watcher.core.backoff import QUICK, pause_after, spread
from watcher.core.events import NoticeType
from watcher.core.ledger import EntryType

QUICK_FAILURES = 3
"""How often a waiting message is tried at once for the sake of a newer one of its countdown."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event as a channel sends it: `body` is the stored bytes, the same on every attempt."""

    id: str
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took the message."""

    detail: str
    status_code: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The receiver did not take the message, or nobody knows whether it did; it goes out again.

    `retry_after_seconds` is the receiver's own wish, None where it named none.
    """

    detail: str
    status_code: int | None = None
    retry_after_seconds: float | None = None
    timed_out: bool = False
    throttled: bool = False

    @property
    def asks_for_patience(self) -> bool:
        """Tell whether the receiver is slow or overrun, and a quick retry would make it worse."""
        return self.timed_out or self.throttled


@dataclass(frozen=True, slots=True)
class Gone:
    """The receiver wants no more messages: it answered 410."""

    detail: str
    status_code: int = 410


Outcome = Delivered | Failed | Gone
"""What came of one attempt; `detail` is for people's eyes and never shows a path, a query or a secret."""


class Pending(Protocol):
    """What the order of deliveries rests on, as the outbox keeps it for each delivery that still waits."""

    @property
    def sequence(self) -> int:
        """Number the deliveries in the order in which their events were written."""
        ...

    @property
    def event_type(self) -> str:
        """Name the type of its event."""
        ...

    @property
    def countdown(self) -> str | None:
        """Name the countdown whose order it keeps; None: independent."""
        ...

    @property
    def next_attempt_at(self) -> datetime:
        """Give the instant of the next attempt on its own schedule."""
        ...

    @property
    def quick_failures(self) -> int:
        """Count the failures since the latest newer message of its countdown was written."""
        ...


PendingT = TypeVar("PendingT", bound=Pending)


@dataclass(frozen=True, slots=True)
class Plan(Generic[PendingT]):
    """What may be sent now, oldest first and at most one a countdown, and what need not be sent any more."""

    due: tuple[PendingT, ...]
    superseded: tuple[PendingT, ...]


def plan(pending: Sequence[PendingT], now: datetime) -> Plan[PendingT]:
    """Choose from all of one channel's pending deliveries, given in ascending sequence."""
    due: list[PendingT] = []
    superseded: list[PendingT] = []
    countdowns: dict[str, list[PendingT]] = {}
    for delivery in pending:
        if delivery.countdown is not None:
            countdowns.setdefault(delivery.countdown, []).append(delivery)
        elif delivery.next_attempt_at <= now:
            due.append(delivery)
    for queue in countdowns.values():
        superseded.extend(delivery for delivery in queue[:-1] if _is_mark(delivery))
        following = _first_due([*(each for each in queue[:-1] if not _is_mark(each)), queue[-1]], now)
        if following is not None:
            due.append(following)
    return Plan(
        due=tuple(sorted(due, key=lambda delivery: delivery.sequence)),
        superseded=tuple(sorted(superseded, key=lambda delivery: delivery.sequence)),
    )


def _first_due(queue: Sequence[PendingT], now: datetime) -> PendingT | None:
    """Give the oldest message of one countdown that may go now; the first that bars the way ends the search.

    INVARIANT: a message is sent only when each older one that waits has failed three times for its sake, and
    is no cancellation (test_nothing_overtakes_a_cancellation_and_nothing_overtakes_without_three_failures).
    """
    for delivery in queue[:-1]:
        if delivery.next_attempt_at <= now or delivery.quick_failures == 0:
            return delivery
        if delivery.quick_failures < QUICK_FAILURES or _is_cancellation(delivery):
            return None
    return next((delivery for delivery in queue[-1:] if delivery.next_attempt_at <= now), None)


def _is_mark(delivery: Pending) -> bool:
    return delivery.event_type == NoticeType.COUNTDOWN_MARKED


def _is_cancellation(delivery: Pending) -> bool:
    return delivery.event_type == EntryType.COUNTDOWN_CANCELLED


def is_hurried(delivery: Pending, *, newer_waits: bool) -> bool:
    """Tell whether a failure now is one of the quick ones, which the schedule does not count."""
    return newer_waits and delivery.quick_failures < QUICK_FAILURES


@dataclass(frozen=True, slots=True)
class Done:
    """The delivery is finished."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It goes out again at an instant; `quick`: for the sake of a newer message, outside the schedule."""

    at: datetime
    quick: bool


@dataclass(frozen=True, slots=True)
class Exhausted:
    """That was the last attempt of the schedule: the delivery is kept as a dead letter."""


@dataclass(frozen=True, slots=True)
class Disable:
    """The endpoint is switched off, and its deliveries wait, until its URL changes or an operator replays."""


Consequence = Done | Retry | Exhausted | Disable


def consequence(
    outcome: Outcome, *, failures: int, hurried: bool, critical: bool, now: datetime, chance: float
) -> Consequence:
    """Decide what an outcome leads to.

    `failures` counts the failed attempts on the schedule before this one, `hurried` is `is_hurried`, `chance`
    in [0, 1) spreads the retry. A critical endpoint is never disabled: its 410 is a failure like any other.
    """
    match outcome:
        case Delivered():
            return Done()
        case Gone(detail, status_code):
            if not critical:
                return Disable()
            failed = Failed(detail, status_code)
        case Failed():
            failed = outcome
        case _:
            assert_never(outcome)
    wish, patience = failed.retry_after_seconds, failed.asks_for_patience
    if hurried:
        quick = spread(QUICK, chance, retry_after_seconds=wish, patience=patience)
        return Retry(now + quick, quick=True)
    pause = pause_after(failures + 1, chance, retry_after_seconds=wish, patience=patience)
    return Exhausted() if pause is None else Retry(now + pause, quick=False)
