"""Providers that limit the calls a second or a minute, simulated: how many refusals it takes to know."""

import json
from collections import deque
from datetime import timedelta

import pytest

from watcher.chain.endpoint import Endpoint, EndpointSettings
from watcher.chain.refusals import RATE_LIMIT, Failure, Refusal
from watcher.chain.wire import Call
from watcher.testing.manual_clock import ManualClock

BATCH = [Call("eth_chainId")] * 10
LATENCY = timedelta(milliseconds=10)


class Provider:
    """A connection to a provider that takes so many calls in any span of so many seconds."""

    name = "endpoint simulated"

    def __init__(self, clock: ManualClock, limit: int, span_seconds: float, *, tells: bool) -> None:
        self.limit = limit
        self.refusals = 0
        self.answered = 0
        self._clock = clock
        self._span_seconds = span_seconds
        self._tells = tells
        self._taken: deque[tuple[float, int]] = deque()

    def quote(self, text: str | bytes) -> str:
        """Give the text as it is."""
        return str(text)

    def post(self, body: bytes) -> bytes | Failure:
        """Take a batch or refuse it, after the latency."""
        self._clock.advance(LATENCY)
        now, calls = self._clock.monotonic(), len(json.loads(body))
        while self._taken and self._taken[0][0] <= now - self._span_seconds:
            self._taken.popleft()
        if sum(count for _, count in self._taken) + calls > self.limit:
            self.refusals += 1
            patience = self._taken[0][0] + self._span_seconds - now if self._tells else None
            return Failure(Refusal.BUSY, "slow down", patience, RATE_LIMIT)
        self._taken.append((now, calls))
        self.answered += calls
        return b"[]"

    def close(self) -> None:
        """Nothing is open."""


def ask_for(seconds: float, clock: ManualClock, endpoint: Endpoint) -> None:
    """Ask as fast as the endpoint lets one, resting when it wants that."""
    until = clock.monotonic() + seconds
    while clock.monotonic() < until:
        clock.advance(timedelta(seconds=endpoint.condition.rest_left()))
        reply = endpoint.send(BATCH)
        if isinstance(reply.parts[0][1], bytes):
            endpoint.worked(reply.sent_at)


def connected(provider: Provider, clock: ManualClock) -> Endpoint:
    """Give the endpoint that is this provider; waiting moves the clock."""

    def wait(seconds: float) -> bool:
        clock.advance(timedelta(seconds=seconds, microseconds=1))
        return False

    return Endpoint(
        EndpointSettings("simulated", "http://127.0.0.1"), clock, wait, connect=lambda _settings: provider
    )


@pytest.mark.parametrize(
    ("limit", "span_seconds", "tells"),
    [(100, 1.0, False), (100, 1.0, True), (330, 1.0, False), (300, 60.0, True), (1_000, 10.0, True)],
)
def test_one_refusal_tells_a_provider_s_limit(limit: int, span_seconds: float, *, tells: bool) -> None:
    """From a cold start, in two minutes; and no less than a third of what it would take is asked."""
    clock = ManualClock()
    provider = Provider(clock, limit, span_seconds, tells=tells)
    endpoint = connected(provider, clock)
    ask_for(120, clock, endpoint)
    assert provider.refusals <= 1
    assert provider.answered > limit / span_seconds * 120 / 3


def test_a_limit_that_is_lowered_costs_few_refusals() -> None:
    """The first one counts calls from before; the next one knows."""
    clock = ManualClock()
    provider = Provider(clock, 100, 1.0, tells=False)
    endpoint = connected(provider, clock)
    ask_for(60, clock, endpoint)
    provider.limit = 40
    ask_for(600, clock, endpoint)
    assert provider.refusals <= 3


def test_what_was_lost_is_won_back() -> None:
    """In ten minutes the rate has come near the limit again, and it is not refused before long."""
    clock = ManualClock()
    provider = Provider(clock, 100, 1.0, tells=False)
    endpoint = connected(provider, clock)
    ask_for(600, clock, endpoint)
    before = provider.answered
    ask_for(600, clock, endpoint)
    assert provider.answered - before > 0.75 * 600 * 100
    assert provider.refusals <= 3


def test_a_provider_without_a_limit_is_never_slowed_down() -> None:
    """Nothing is waited for."""
    clock = ManualClock()
    provider = Provider(clock, 10**9, 1.0, tells=False)
    ask_for(10, clock, connected(provider, clock))
    assert provider.answered >= 9_990
