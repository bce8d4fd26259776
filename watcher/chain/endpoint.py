"""One endpoint: how it is asked, how much it takes at once, and what it sends back.

Rpc ─▶ Endpoint.send (threads) ─▶ Reply ─▶ Reply.read (one place decodes)
           └─▶ Condition: whether it may be asked now
"""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Protocol, TypeVar

import msgspec

from watcher.chain.batches import BatchSize
from watcher.chain.condition import Condition, Traffic
from watcher.chain.pace import CallBudget, Crowd
from watcher.chain.refusals import RATE_LIMIT, Failure, Refusal
from watcher.chain.transport import TIMEOUT_SECONDS, Transport
from watcher.chain.wire import Answers, Call, read_answers, write_request
from watcher.clock import Clock
from watcher.errors import CallRefused, ChainError, EndpointUnavailable, HistoryMissing, MalformedAnswer

T = TypeVar("T")

Wait = Callable[[float], bool]
"""Waits so many seconds; True: cut short because the program stops. `threading.Event.wait` fits."""

PARTS_AT_ONCE = 8
"""Requests at a time where a batch holds less than was asked: in turn they would cost round trips."""
CALLS_AT_ONCE = 100
"""Calls in them, at most: whoever counts calls refuses, after one too many, all that are under way."""

_NOT_HERE = "; wait until it has the block, or add an endpoint with the whole history"
_REMEDIES = {
    Refusal.HISTORY: _NOT_HERE,
    Refusal.NOT_THERE: _NOT_HERE,
    Refusal.WENT_BACK: "; nothing is taken back for that: add another endpoint, or wait until it is synced",
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
        at_once: int = PARTS_AT_ONCE,
    ) -> None:
        """Connect to nothing yet.

        `jitter` gives numbers from 0 to 1 that spread rests; calls that take several requests are sent
        `at_once` at a time.
        """
        self.verified = False
        """Whether it said which chain it serves, since the connection to it last failed."""
        self.suspect = False
        """Whether its head went back: before it is used again, it has to show a higher one."""
        self.checking = Lock()
        self.batches = BatchSize()
        self.head = -1
        """The newest block that it showed as its head, the last time."""
        self.stood_at: int | None = None
        """The block at which its head stood still, while it is away for that."""
        self._rose_at = float("-inf")
        self._transport = connect(settings)
        self.name = self._transport.name
        self.quote = self._transport.quote
        self.condition = Condition(self.name, clock, jitter)
        self._clock = clock
        self._wait = wait
        self._pace = Lock()
        self._budget = CallBudget(settings.calls_per_minute)
        self._crowd = Crowd()
        self._at_once = at_once

    @property
    def traffic(self) -> Traffic:
        """Give what went over the endpoint so far."""
        return self.condition.traffic

    def send(self, calls: Sequence[Call]) -> "Reply":
        """Send the calls, in as few requests as the endpoint takes, and give what came back undecoded."""
        sent_at = self._clock.monotonic()
        parts: list[tuple[int, bytes | Failure]] = []
        rest = calls
        while rest:
            size, trial = self.batches.take(len(rest))
            if trial:
                answers = [(size, self._try(rest[:size]))]
            else:
                several = max(1, min(self._at_once, CALLS_AT_ONCE // size))
                answers = self._post_all(_cut(rest[: several * size], size))
            parts += answers
            rest = rest[sum(count for count, _ in answers) :]
            refusal = next((answer for _, answer in answers if _refuses_rate(answer)), None)
            if refusal is not None:  # so it would refuse the rest
                parts += [(len(part), refusal) for part in _cut(rest, size)]
                break
        reply = Reply(self, sent_at, parts)
        for _, body in reply.parts:
            if isinstance(body, Failure) and body.refusal is Refusal.BUSY:
                self.failed(body, sent_at)  # at once: other threads are about to send
        return reply

    def failed(self, failure: Failure, sent_at: float) -> None:
        """Take in that what was sent then failed: the endpoint gets a rest, and less to do at once."""
        if self.condition.failed(failure, sent_at) and failure.refusal is Refusal.BUSY:
            self._crowd.shrink()
            if failure.kind == RATE_LIMIT:
                with self._pace:
                    self._budget.refused(self._clock.monotonic(), failure.retry_after_seconds)

    def shows_head(self, number: int) -> None:
        """Take in the head that the endpoint shows."""
        if number > self.head:
            self.compared()
        self.head = number

    def head_age(self) -> float:
        """Give the seconds since the head rose, or since it was compared with others'."""
        return self._clock.monotonic() - self._rose_at

    def compared(self) -> None:
        """Take in that the head is as it should be now."""
        self._rose_at = self._clock.monotonic()

    def at_fault(self, failure: Failure) -> None:
        """Take in a fault that only shows beside other answers: it is counted, named and rested for."""
        self.verified = False  # who contradicts may be somebody else
        self.condition.fault(failure)
        self.failed(failure, self._clock.monotonic())

    def worked(self, sent_at: float) -> None:
        """Forget earlier failures, if what was sent after them was answered."""
        self.condition.worked(sent_at)
        self.batches.worked()

    def error(self, failure: Failure, method: str) -> ChainError:
        """Turn a failure into the error that says so, naming endpoint and method."""
        text = f"{self.name}, {method}: {failure.message}{_REMEDIES.get(failure.refusal, '')}"
        match failure.refusal:
            case Refusal.BUSY | Refusal.WENT_BACK:
                return EndpointUnavailable(text, failure.retry_after_seconds)
            case Refusal.HISTORY | Refusal.NOT_THERE | Refusal.UNSEALED:
                return HistoryMissing(text)
            case Refusal.MALFORMED:
                return MalformedAnswer(text)
            case (
                Refusal.TOO_LARGE
                | Refusal.RANGE
                | Refusal.ADDRESSES
                | Refusal.NO_METHOD
                | Refusal.REVERTED
                | Refusal.BARRED
                | Refusal.FINAL
            ):
                return CallRefused(text)

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()

    def _try(self, calls: Sequence[Call]) -> bytes | Failure:
        """Send a batch that is larger than any that was answered."""
        answer: bytes | Failure | None = None
        try:
            answer = self._post(calls)
        finally:
            self.batches.tried(len(calls), refused=_refuses_batch(answer))
        return answer

    def _post_all(self, parts: Sequence[Sequence[Call]]) -> list[tuple[int, bytes | Failure]]:
        """Send several requests, side by side."""
        if len(parts) == 1 or self._at_once == 1:
            return [(len(part), self._post(part)) for part in parts]
        with ThreadPoolExecutor(min(len(parts), self._at_once), "part") as threads:
            return [
                (len(part), answer)
                for part, answer in zip(parts, threads.map(self._post, parts), strict=True)
            ]

    def _post(self, calls: Sequence[Call]) -> bytes | Failure:
        with self._pace:
            pause = self._budget.reserve(len(calls), self._clock.monotonic())
        if pause and self._wait(pause):
            return Failure(Refusal.BUSY, "stopped while waiting for the budget of calls")
        with self._crowd.one():
            answer = self._transport.post(write_request(calls))
        with self._pace:
            traffic = self.traffic
            traffic.requests += 1
            traffic.calls += len(calls)
            if isinstance(answer, bytes):
                traffic.bytes_read += len(answer)
                self._budget.answered(len(calls), self._clock.monotonic())
        if isinstance(answer, bytes):
            self._crowd.grow()
        elif answer.kind != RATE_LIMIT and answer.refusal is not Refusal.TOO_LARGE:
            self.verified = False  # the next answer may come from elsewhere
        return answer


def _cut(calls: Sequence[Call], size: int) -> list[Sequence[Call]]:
    return [calls[at : at + size] for at in range(0, len(calls), size)]


def _refuses_rate(answer: bytes | Failure) -> bool:
    return isinstance(answer, Failure) and answer.kind == RATE_LIMIT


def _refuses_batch(answer: bytes | Failure | None) -> bool | None:
    """Tell whether a batch got anything but a list: one error for all of it, or too much of an answer.

    None where it got nothing that says so.
    """
    if isinstance(answer, bytes):
        return not answer.lstrip().startswith(b"[")
    return True if answer is not None and answer.refusal is Refusal.TOO_LARGE else None


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
            self.endpoint.verified = False  # who answers nonsense may be somebody else
            shown = self.endpoint.quote(body[:1_000])
            return [Failure(Refusal.MALFORMED, f"not the JSON that was asked for: {shown}")] * count
        return [
            replace(outcome, message=self.endpoint.quote(outcome.message))
            if isinstance(outcome, Failure)
            else outcome
            for outcome in outcomes
        ]
