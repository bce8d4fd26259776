"""One endpoint and its condition: how it answers, whether it needs a rest, how much it takes at once.

Rpc ─▶ Endpoint.send (threads) ─▶ Reply ─▶ Reply.read (one place decodes)
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Protocol, TypeVar

import msgspec

from watcher.chain.pace import CallBudget, Crowd, rest_seconds
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.transport import TIMEOUT_SECONDS, Transport
from watcher.chain.wire import Answers, Call, read_answers, write_request
from watcher.clock import Clock
from watcher.errors import CallRefused, ChainError, EndpointUnavailable, HistoryMissing, MalformedAnswer

T = TypeVar("T")

Wait = Callable[[float], bool]
"""Waits so many seconds; True: cut short because the program stops. `threading.Event.wait` fits."""

MAX_BATCH = 100
"""More calls than this go into several requests from the start: many providers take no more."""

_LONG_RUN = 1_000
"""After so many answers without a refusal a larger batch is tried again."""

_NOT_HERE = "; wait until it has the block, or add an endpoint with the whole history"
_REMEDIES = {
    Refusal.HISTORY: _NOT_HERE,
    Refusal.NOT_THERE: _NOT_HERE,
    Refusal.NO_METHOD: "; add an endpoint that offers it",
}


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """One endpoint as the deployment names it. The URL may hold a key: it is never shown."""

    id: str
    url: str = field(repr=False)
    calls_per_minute: int | None = None
    """A ceiling of billed calls (each call of a batch is one); None: none."""
    timeout_seconds: float = TIMEOUT_SECONDS


@dataclass(slots=True)
class Traffic:
    """What went over one endpoint since the start: for telemetry, and for tests that count."""

    requests: int = 0
    calls: int = 0
    bytes_read: int = 0
    failures: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """How often the endpoint was at fault, by kind of fault."""


class Connection(Protocol):
    """What carries requests to one endpoint: HTTP, or a simulated network."""

    @property
    def name(self) -> str:
        """Name the endpoint without its secrets."""
        ...

    def quote(self, text: str | bytes) -> str:
        """Give foreign text as it may be shown."""
        ...

    def post(self, body: bytes) -> bytes | Failure:
        """Send one request and give the answer's bytes."""
        ...

    def close(self) -> None:
        """Close what is idle."""
        ...


Connect = Callable[[EndpointSettings], Connection]
"""Makes the connection of an endpoint; nothing is sent yet."""


def over_http(settings: EndpointSettings) -> Connection:
    """Connect by HTTP, as every real endpoint is."""
    return Transport(settings.id, settings.url, timeout_seconds=settings.timeout_seconds)


class Endpoint:
    """One endpoint; every method may be called from any thread."""

    def __init__(
        self,
        settings: EndpointSettings,
        clock: Clock,
        wait: Wait,
        *,
        connect: Connect = over_http,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Connect to nothing yet; `jitter` gives numbers from 0 to 1 that spread rests."""
        self.verified = False
        self.lock = Lock()
        self.traffic = Traffic()
        self.batch_limit = MAX_BATCH
        self._transport = connect(settings)
        self._jitter = jitter
        self.name = self._transport.name
        self.quote = self._transport.quote
        self._clock = clock
        self._wait = wait
        self._budget = CallBudget(settings.calls_per_minute) if settings.calls_per_minute else None
        self._crowd = Crowd()
        self.last_failure: Failure | None = None
        self._good_run = 0
        self._failures = 0
        self._failed_at = float("-inf")
        self._rest_until = float("-inf")

    def send(self, calls: Sequence[Call]) -> "Reply":
        """Send the calls, in as few requests as the endpoint takes, and give what came back undecoded."""
        sent_at = self._clock.monotonic()
        limit = self.batch_limit
        parts = [calls[start : start + limit] for start in range(0, len(calls), limit)]
        reply = Reply(self, sent_at, [(len(part), self._post(part)) for part in parts])
        for _, body in reply.parts:
            if isinstance(body, Failure) and body.refusal is Refusal.BUSY:
                self.failed(body, sent_at)  # at once: other threads are about to send
        return reply

    def rest_left(self) -> float:
        """Give the seconds for which the endpoint should be left alone, 0 where it need not."""
        return max(0.0, self._rest_until - self._clock.monotonic())

    def failed(self, failure: Failure, sent_at: float) -> None:
        """Leave the endpoint alone for as long as it asks, or longer the more often it failed in a row.

        Requests that were sent before the last failure and failed like it are no further failure.
        """
        with self.lock:
            if sent_at <= self._failed_at:
                return
            self._failed_at = self._clock.monotonic()
            self._failures += 1
            self.traffic.failures += 1
            self.last_failure = failure
            rest = rest_seconds(self._failures, self._jitter)
            self._rest_until = self._failed_at + max(rest, failure.retry_after_seconds or 0.0)
        if failure.refusal is Refusal.BUSY:
            self._crowd.shrink()

    def worked(self, sent_at: float) -> None:
        """Forget earlier failures, if what was sent after them was answered."""
        if sent_at > self._failed_at:
            self._failures = 0
        self._good_run += 1
        if self._good_run >= _LONG_RUN:
            self.batch_limit = min(MAX_BATCH, 2 * self.batch_limit)
            self._good_run = 0

    def batch_refused(self, calls: int) -> None:
        """Send at most half of so many calls at once, until it went well for long."""
        self.batch_limit = min(self.batch_limit, max(1, calls // 2))
        self._good_run = 0

    def error(self, failure: Failure, method: str) -> ChainError:
        """Turn a failure into the error that says so, naming endpoint and method."""
        text = f"{self.name}, {method}: {failure.message}{_REMEDIES.get(failure.refusal, '')}"
        match failure.refusal:
            case Refusal.BUSY:
                return EndpointUnavailable(text, failure.retry_after_seconds)
            case Refusal.HISTORY | Refusal.NOT_THERE:
                return HistoryMissing(text)
            case Refusal.MALFORMED:
                return MalformedAnswer(text)
            case Refusal.TOO_LARGE | Refusal.NO_METHOD | Refusal.REVERTED | Refusal.BARRED | Refusal.FINAL:
                return CallRefused(text)

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()

    def _post(self, calls: Sequence[Call]) -> bytes | Failure:
        if self._budget is not None:
            with self.lock:
                pause = self._budget.reserve(len(calls), self._clock.monotonic())
            if pause and self._wait(pause):
                return Failure(Refusal.BUSY, "stopped while waiting for the budget of calls")
        with self._crowd.one():
            answer = self._transport.post(write_request(calls))
        if isinstance(answer, bytes):
            self._crowd.grow()
        with self.lock:
            self.traffic.requests += 1
            self.traffic.calls += len(calls)
            self.traffic.bytes_read += len(answer) if isinstance(answer, bytes) else 0
        return answer


@dataclass(frozen=True, slots=True)
class Reply:
    """What one endpoint sent back: for each request the number of calls in it and the bytes, or a failure.

    `sent_at` is the monotonic time before the first of them.
    """

    endpoint: Endpoint
    sent_at: float
    parts: Sequence[tuple[int, bytes | Failure]]

    @property
    def size_bytes(self) -> int:
        """Count the bytes of the answers."""
        return sum(len(body) for _, body in self.parts if isinstance(body, bytes))

    @property
    def largest_batch(self) -> int:
        """Give the most calls that went out in one request."""
        return max(count for count, _ in self.parts)

    def read(self, decoder: Answers[T]) -> list[T | Failure | None]:
        """Decode: one result or failure for each call, in the order asked."""
        return [outcome for count, body in self.parts for outcome in self._outcomes(count, body, decoder)]

    def _outcomes(
        self, count: int, body: bytes | Failure, decoder: Answers[T]
    ) -> Sequence[T | Failure | None]:
        if isinstance(body, Failure):
            return [body] * count
        try:
            outcomes = read_answers(body, count, decoder)
        except (msgspec.DecodeError, UnicodeDecodeError):
            shown = self.endpoint.quote(body[:1_000])
            return [Failure(Refusal.MALFORMED, f"not the JSON that was asked for: {shown}")] * count
        return [
            replace(outcome, message=self.endpoint.quote(outcome.message))
            if isinstance(outcome, Failure)
            else outcome
            for outcome in outcomes
        ]
