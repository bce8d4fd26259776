"""New heads over WebSocket: a wake-up for the index stage, and nothing more.

    node ─▶ newHeads ─▶ HeadListener ─▶ on_head(): the index stage asks over HTTP what there is
                             ▲
    polled(head) ────────────┘ of heads that only polls see: the subscription is dead, and is renewed

No message is believed: not its content, not its order, not that there are no others. Polling finds the same
blocks, only later.
"""

import asyncio
import random
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import cycle
from threading import Event
from typing import Any

import structlog

from watcher.chain.endpoint import EndpointSettings
from watcher.chain.pace import rest_seconds
from watcher.chain.redaction import Redactor, public_name
from watcher.clock import Clock, SystemClock

SPACING_SECONDS = 0.2
"""Heads that come faster are passed on together: a fast chain is read in windows, not block by block."""

SILENT_POLLS = 3
"""A subscription is dead once polls have seen heads for so many intervals that it did not tell of."""

_TICK_SECONDS = 0.2
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_PING_SECONDS = 10.0
_CLOSE_SECONDS = 0.3
"""Stopping waits no longer for a node to say goodbye."""

_log = structlog.get_logger("watcher.heads")

Subscribe = Callable[[str], AbstractAsyncContextManager[AsyncIterable[object]]]
"""Subscribes to new heads at a URL and gives the messages; whatever it raises ends the subscription."""


class _Lost(Exception):
    """Say why a subscription is no more; it never leaves this module."""


class HeadListener:
    """Keeps one subscription: at the first endpoint, after each failure at the next one.

    `run` has a thread of its own, `polled` is told by another one. What they share are single values, and the
    worst that an unlucky moment does is a subscription renewed without need.
    """

    def __init__(
        self,
        endpoints: Sequence[EndpointSettings],
        on_head: Callable[[], object],
        stopping: Event,
        *,
        poll_seconds: float,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
        subscribe: Subscribe | None = None,
    ) -> None:
        """Connect to nothing yet. The URLs are ws or wss; `on_head` must return soon.

        `poll_seconds` is the interval of the polls that `polled` tells of; `jitter` spreads rests.
        """
        self._endpoints = endpoints
        self._on_head = on_head
        self._stopping = stopping
        self._patience_seconds = SILENT_POLLS * poll_seconds
        self._clock = clock or SystemClock()
        self._jitter = jitter
        self._subscribe = subscribe or _subscribed
        self._failures = 0
        self._polled: int | None = None
        self._heard_since_poll = True
        self._unheard_since: float | None = None
        self._passed_on_at = float("-inf")
        self._to_pass_on = False

    def run(self) -> None:
        """Listen until `stopping` is set, and return within a second of it; nothing else ends it.

        A loss and the return are one line of the log each, however often it fails in between.
        """
        for endpoint in cycle(self._endpoints):
            try:
                asyncio.run(self._keep(endpoint))
            except _Lost as lost:
                if not self._failures:
                    _log.warning("no new heads over WebSocket: polling goes on", error=str(lost))
                self._failures += 1
                self._stopping.wait(rest_seconds(self._failures, self._jitter))
            if self._stopping.is_set():
                return

    def polled(self, head: int) -> None:
        """Take note of the number of the head that a poll saw."""
        if head == self._polled:
            return
        self._polled = head
        if not self._heard_since_poll and self._unheard_since is None:
            self._unheard_since = self._clock.monotonic()
        self._heard_since_poll = False

    async def _keep(self, endpoint: EndpointSettings) -> None:
        """Listen at one endpoint; returns when the program stops, and raises _Lost."""
        self._note_message()
        listening = asyncio.create_task(self._listen(endpoint))
        try:
            while not self._stopping.is_set():
                if listening.done():
                    return listening.result()
                await asyncio.wait({listening}, timeout=_TICK_SECONDS)
                self._pass_on()
                unheard_since = self._unheard_since
                if unheard_since is not None and self._has_passed(self._patience_seconds, unheard_since):
                    raise _Lost(f"{_name(endpoint)} tells of none of the heads that polls see")
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, endpoint: EndpointSettings) -> None:
        try:
            async with self._subscribe(endpoint.url) as messages:
                self._to_pass_on = True  # of what came while nobody listened
                self._pass_on()
                async for _ in messages:
                    self._heard()
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not end the listening for good
            raise _Lost(f"{_name(endpoint)}: {_why(error, endpoint.url)}") from None
        raise _Lost(f"{_name(endpoint)} closed the connection")

    def _note_message(self) -> None:
        self._heard_since_poll, self._unheard_since = True, None

    def _heard(self) -> None:
        self._note_message()
        if self._failures:
            _log.info("new heads over WebSocket again")
            self._failures = 0
        self._to_pass_on = True
        self._pass_on()

    def _pass_on(self) -> None:
        """Tell of heads that came, unless it is too soon after the last time: the next tick does then."""
        if self._to_pass_on and self._has_passed(SPACING_SECONDS, self._passed_on_at):
            self._to_pass_on = False
            self._passed_on_at = self._clock.monotonic()
            self._on_head()

    def _has_passed(self, seconds: float, since: float) -> bool:
        return self._clock.monotonic() - since >= seconds


def probe_heads(url: str, seconds: float) -> str | None:
    """Say what is wrong with a ws or wss URL as a source of new heads; None: it took the subscription."""

    async def subscribe() -> None:
        async with asyncio.timeout(seconds), _subscribed(url):
            pass

    try:
        asyncio.run(subscribe())
    except Exception as error:  # noqa: BLE001  # whatever it is, that is the finding
        return _why(error, url)
    return None


@asynccontextmanager
async def _subscribed(url: str) -> AsyncIterator[AsyncIterable[object]]:
    """Subscribe to new heads and give the messages; the connection is closed in the end."""
    from web3 import AsyncWeb3, WebSocketProvider  # noqa: PLC0415  # 61 MB and 0.9 s
    from websockets.asyncio.client import ClientConnection  # noqa: PLC0415  # as above
    from websockets.client import ClientProtocol  # noqa: PLC0415

    connections: list[ClientConnection] = []

    def connection(protocol: ClientProtocol, **options: Any) -> ClientConnection:  # noqa: ANN401
        connections.append(ClientConnection(protocol, **options))
        return connections[-1]

    provider = WebSocketProvider(
        url,
        max_connection_retries=1,
        request_timeout=_ANSWER_SECONDS,
        websocket_kwargs={
            "open_timeout": _CONNECT_SECONDS,
            "close_timeout": _CLOSE_SECONDS,
            "ping_interval": _PING_SECONDS,
            "ping_timeout": _PING_SECONDS,
            "proxy": None,  # as over HTTP
            "create_connection": connection,
        },
    )
    web3 = AsyncWeb3(provider)
    try:
        await provider.connect()
        await web3.eth.subscribe("newHeads")
        yield web3.socket.process_subscriptions()
    finally:
        with suppress(Exception):
            await provider.disconnect()  # raises what ended its reader, and then closes nothing
        for opened in connections:
            await opened.close()


def _name(endpoint: EndpointSettings) -> str:
    return f"endpoint {endpoint.id} ({public_name(endpoint.url)})"


def _why(error: Exception, url: str) -> str:
    """Say what broke, without the URL, which libraries put into their texts."""
    reason = error.__cause__ if isinstance(error.__cause__, Exception) else error
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    return Redactor(url).quote(f"{type(reason).__name__}: {reason}")
