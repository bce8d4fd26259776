"""How fast one endpoint is asked: rest after failures, billed calls a minute, requests at the same time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

MAX_REST_SECONDS = 8.0
_FIRST_REST_SECONDS = 0.25
_SECONDS_PER_MINUTE = 60.0
_FIRST_AT_ONCE = 16
MAX_AT_ONCE = 32
_BURST_SECONDS = 5.0
"""A pause earns at most so many seconds' worth of calls, so that no minute sees many more than allowed."""


def rest_seconds(failures: int, jitter: Callable[[], float]) -> float:
    """Give how long to leave an endpoint alone after its n-th failure in a row (from 1).

    Doubles each time up to `MAX_REST_SECONDS`; `jitter` (0 to 1) takes off up to half, so that several
    watchers do not come back together.
    """
    longest = min(MAX_REST_SECONDS, _FIRST_REST_SECONDS * (1 << min(failures - 1, 16)))
    return longest * (1 - jitter() / 2)


class CallBudget:
    """A token bucket of billed calls; not safe for several threads at once."""

    def __init__(self, calls_per_minute: int) -> None:
        """Start with a full burst."""
        self._seconds_per_call = _SECONDS_PER_MINUTE / calls_per_minute
        self._paid_until = float("-inf")

    def reserve(self, calls: int, now: float) -> float:
        """Take so many calls out of the budget; give the seconds to wait before they may be sent.

        A request larger than the burst is let through once the calls before it are paid for.
        """
        earliest = max(self._paid_until, now - _BURST_SECONDS)
        self._paid_until = earliest + calls * self._seconds_per_call
        return max(0.0, earliest - now)


class Crowd:
    """Bounds the requests under way at once: half as many after a failure, one more after a round that works.

    So an endpoint with a limit that nobody told us is asked about as fast as it takes, after few refusals.
    """

    def __init__(self) -> None:
        """Start with what most endpoints take."""
        self._limit = float(_FIRST_AT_ONCE)
        self._under_way = 0
        self._room = Condition()

    @property
    def limit(self) -> int:
        """Give the requests allowed at once, at least one."""
        return int(self._limit)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for room, then hold one place while a request is under way."""
        with self._room:
            self._room.wait_for(lambda: self._under_way < self.limit)
            self._under_way += 1
        try:
            yield
        finally:
            with self._room:
                self._under_way -= 1
                self._room.notify()

    def shrink(self) -> None:
        """Allow half as many."""
        with self._room:
            self._limit = max(1.0, self._limit / 2)

    def grow(self) -> None:
        """Allow a little more: one more after as many successes as are allowed at once."""
        with self._room:
            self._limit = min(float(MAX_AT_ONCE), self._limit + 1 / self._limit)
            self._room.notify()
