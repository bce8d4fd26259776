"""New heads over WebSocket, as endpoints tell of them: some twice, some never, and connections that end.

    heads since the last turn ─▶ lost, doubled ─▶ HeadListener ─▶ how often index is woken

The listener is the real one; only its connection is made up.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from threading import Event

from watcher.chain.endpoint import EndpointSettings
from watcher.chain.heads import HeadListener
from watcher.testing.manual_clock import ManualClock


class Heads:
    """One listener through all restarts: of a story it remembers no more than a new one would."""

    def __init__(self, random: Random, clock: ManualClock) -> None:
        self._random = random
        self._clock = clock
        self._stopping = Event()
        self._known = 0
        self._messages = 0
        self._woken = 0
        self._listener = HeadListener(
            [EndpointSettings("telling", "wss://telling.example")],
            self._wake,
            self._stopping,
            poll_seconds=2.0,
            clock=clock,
            jitter=random.random,
            subscribe=self._subscribe,
        )

    def told(self, head: int) -> int:
        """Listen for one turn, to what was told since the last one; return how often that wakes."""
        self._messages = sum(self._random.choice((0, 1, 1, 2)) for _ in range(self._known, head))
        self._known, self._woken = head, 0
        self._stopping.clear()
        self._listener.run()
        return self._woken

    def polled(self, head: int) -> None:
        """Take note of a poll, as the daemon does."""
        self._listener.polled(head)

    def _wake(self) -> None:
        self._woken += 1

    @asynccontextmanager
    async def _subscribe(self, _url: str) -> AsyncIterator[AsyncIterator[object]]:
        if self._random.random() < 0.1:
            self._stopping.set()
            raise ConnectionRefusedError("nobody is there")
        yield self._told()

    async def _told(self) -> AsyncIterator[object]:
        for _ in range(self._messages):
            self._clock.advance(timedelta(seconds=self._random.choice((0.0, 0.05, 0.3))))
            yield {}
        self._stopping.set()  # the turn is over, whatever becomes of the connection
        if self._random.random() < 0.3:
            raise ConnectionResetError("hung up")
