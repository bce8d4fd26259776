"""The order of deliveries under every mixture of messages, failures and waiting, against a model outbox."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from watcher.core.delivery import (
    QUICK_FAILURES,
    Delivered,
    Disable,
    Done,
    Exhausted,
    Failed,
    Gone,
    Outcome,
    Retry,
    consequence,
    is_hurried,
    plan,
)

START = datetime(2030, 1, 1, tzinfo=UTC)
FOREVER = timedelta(days=30)

TYPES = (
    "countdown.projected",
    "countdown.started",
    "countdown.marked",
    "countdown.paused",
    "countdown.resumed",
    "countdown.cancelled",
    "countdown.elapsed",
)


@dataclass(frozen=True)
class Row:
    """One delivery of the model."""

    sequence: int
    event_type: str
    countdown: str | None
    next_attempt_at: datetime
    quick_failures: int = 0
    attempts: int = 0
    status: str = "pending"


@dataclass
class Outbox:
    """An outbox in memory that does what the store promises, and watches each sending."""

    now: datetime = START
    rows: list[Row] = field(default_factory=list)
    failures_since: dict[tuple[int, int], int] = field(default_factory=dict)
    """How often the first has failed since the second was written."""
    sent: list[int] = field(default_factory=list)

    def write(self, event_type: str, countdown: str | None) -> None:
        """Add a message; older ones of its countdown may be tried quickly again."""
        self.rows = [
            replace(row, quick_failures=0) if countdown is not None and row.countdown == countdown else row
            for row in self.rows
        ]
        self.rows.append(Row(len(self.rows), event_type, countdown, self.now))

    def pending(self) -> list[Row]:
        """List what waits."""
        return [row for row in self.rows if row.status == "pending"]

    def run(self, outcomes: list[Outcome], chance: float) -> bool:
        """Send whatever may go now, once each; tell whether anything went."""
        chosen = plan(self.pending(), self.now)
        for row in chosen.superseded:
            self._check_superseded(row)
            self.rows[row.sequence] = replace(row, status="superseded")
        for row in chosen.due:
            self._check_order(row)
            self._send(row, outcomes[row.sequence % len(outcomes)], chance)
        return bool(chosen.due)

    def drain(self, outcome: Outcome) -> None:
        """Let every attempt from now on end like this, until nothing waits."""
        for _ in range(100 * len(self.rows)):
            if not self.run([outcome], 0.5):
                self.now += timedelta(hours=12)

    def _newer(self, row: Row) -> list[Row]:
        return [
            other
            for other in self.pending()
            if row.countdown is not None
            and other.countdown == row.countdown
            and other.sequence > row.sequence
        ]

    def _send(self, row: Row, outcome: Outcome, chance: float) -> None:
        self.sent.append(row.sequence)
        newer = self._newer(row)
        hurried = is_hurried(row, newer_waits=bool(newer))
        match consequence(
            outcome, failures=row.attempts, hurried=hurried, critical=True, now=self.now, chance=chance
        ):
            case Done():
                self.rows[row.sequence] = replace(row, status="delivered")
            case Retry(at, quick):
                for other in newer:
                    key = (row.sequence, other.sequence)
                    self.failures_since[key] = self.failures_since.get(key, 0) + 1
                self.rows[row.sequence] = replace(
                    row,
                    next_attempt_at=at,
                    quick_failures=row.quick_failures + int(quick),
                    attempts=row.attempts + int(not quick),
                )
            case Exhausted():
                self.rows[row.sequence] = replace(row, status="dead")
            case Disable():
                raise AssertionError("a critical endpoint was disabled")

    def _check_superseded(self, row: Row) -> None:
        assert row.event_type == "countdown.marked"
        assert self._newer(row)

    def _check_order(self, row: Row) -> None:
        for older in self.pending():
            if row.countdown is None or older.countdown != row.countdown or older.sequence >= row.sequence:
                continue
            assert older.event_type not in {"countdown.cancelled", "countdown.marked"}
            assert self.failures_since.get((older.sequence, row.sequence), 0) >= QUICK_FAILURES


MESSAGES = st.tuples(st.just("write"), st.sampled_from(TYPES), st.sampled_from(["a", "b", None]))
OUTCOMES = st.sampled_from(
    [
        Delivered("200 OK"),
        Failed("500"),
        Failed("no answer", timed_out=True),
        Failed("429", retry_after_seconds=100_000, throttled=True),
        Gone("410 Gone"),
    ]
)
RUNS = st.tuples(
    st.just("run"),
    st.lists(OUTCOMES, min_size=1, max_size=3),
    st.floats(min_value=0, max_value=1, exclude_max=True),
)
WAITS = st.tuples(st.just("wait"), st.sampled_from([1, 10, 120, 3_600, 100_000, -3_600]))
STEPS = st.lists(st.one_of(MESSAGES, RUNS, RUNS, WAITS), max_size=60)


def play(steps: list[tuple[object, ...]]) -> Outbox:
    """Act out the steps; every sending on the way is checked."""
    outbox = Outbox()
    for step in steps:
        match step:
            case ("write", str(event_type), None | str() as countdown):
                outbox.write(event_type, countdown)
            case ("run", list(outcomes), float(chance)):
                outbox.run(outcomes, chance)
            case ("wait", int(seconds)):
                outbox.now += timedelta(seconds=seconds)
            case _:
                raise AssertionError(step)
    return outbox


@given(STEPS)
def test_nothing_overtakes_a_cancellation_and_nothing_overtakes_without_three_failures(
    steps: list[tuple[object, ...]],
) -> None:
    """Whatever fails, is written meanwhile, however the clock steps: the order holds at each sending."""
    play(steps)


@given(STEPS)
def test_every_message_is_delivered_or_a_dead_letter_or_a_mark_that_something_newer_replaced(
    steps: list[tuple[object, ...]],
) -> None:
    """Nothing is stuck: once the receiver takes messages again, nothing waits any more."""
    outbox = play(steps)
    outbox.drain(Delivered("200 OK"))
    assert not outbox.pending()
    delivered = {row.sequence for row in outbox.rows if row.status == "delivered"}
    assert delivered <= set(outbox.sent)


@given(STEPS)
def test_nothing_is_a_dead_letter_before_its_tenth_attempt(
    steps: list[tuple[object, ...]],
) -> None:
    """Quick attempts come on top: nothing dies with fewer attempts than the schedule promises."""
    outbox = play(steps)
    outbox.drain(Failed("500"))
    assert not outbox.pending()
    for row in outbox.rows:
        if row.status == "dead":
            assert outbox.sent.count(row.sequence) >= 10


@given(STEPS)
def test_messages_without_a_countdown_never_wait_longer_than_their_own_schedule(
    steps: list[tuple[object, ...]],
) -> None:
    """Order costs nothing to those that have none."""
    outbox = play(steps)
    outbox.now += FOREVER
    due = {row.sequence for row in plan(outbox.pending(), outbox.now).due}
    assert {row.sequence for row in outbox.pending() if row.countdown is None} <= due
