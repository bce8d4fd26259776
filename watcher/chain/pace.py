"""How fast one endpoint is asked: rest after failures, billed calls a minute, requests at the same time."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

MAX_REST_SECONDS = 8.0
_FIRST_REST_SECONDS = 0.25
_SECONDS_PER_MINUTE = 60.0
_FIRST_AT_ONCE = 4
MAX_AT_ONCE = 32
_BURST_SECONDS = 5.0
"""A pause earns at most so many seconds' worth of calls, so that no minute sees many more than allowed."""
_FIRST_LESS = 0.5
"""What was taken before the first refusal may hold twice what the endpoint takes for long: its burst."""
_LESS = 0.75
_CREEP_SECONDS = 500.0
"""A rate gains the highest one seen in so many seconds."""
_LID = 0.9
_LID_SECONDS = 600.0
"""Only after a run of so long without a refusal is more tried than this part of what was taken before it."""
_SLOWEST = 1.0
"""Calls a second that are tried of every endpoint."""
_TICK_SECONDS = 0.05
"""Answers are counted so finely."""


def rest_seconds(failures: int, jitter: Callable[[], float]) -> float:
    """Give how long to leave an endpoint alone after its n-th failure in a row (from 1).

    Doubles each time up to `MAX_REST_SECONDS`; `jitter` (0 to 1) takes off up to half, so that several
    watchers do not come back together.
    """
    longest = min(MAX_REST_SECONDS, _FIRST_REST_SECONDS * (1 << min(failures - 1, 16)))
    return longest * (1 - jitter() / 2)


class CallBudget:
    """A token bucket of billed calls, at a rate that follows what the endpoint takes.

    No faster than `calls_per_minute`, where that is known. A refusal for the rate shows how fast it was: from
    then on the rate is a part of that, and it creeps up with the calls that are answered. Not safe for
    several threads at once.
    """

    def __init__(self, calls_per_minute: int | None) -> None:
        """Start with a full burst, and without a ceiling where none is known."""
        self._ceiling = calls_per_minute / _SECONDS_PER_MINUTE if calls_per_minute else float("inf")
        self._paid_until = float("-inf")
        self._answered: deque[tuple[float, int]] = deque()
        self._highest = 0.0
        self._lid = self._lid_until = float("-inf")
        self.rate = self._ceiling

    def reserve(self, calls: int, now: float) -> float:
        """Take so many calls out of the budget; give the seconds to wait before they may be sent.

        A request larger than the burst is let through once the calls before it are paid for.
        """
        # Where the rate is learnt, the endpoint that refused may count by the second.
        burst = _BURST_SECONDS if self.rate == self._ceiling else 0.0
        earliest = max(self._paid_until, now - burst)
        self._paid_until = earliest + calls / self.rate
        return max(0.0, earliest - now)

    def answered(self, calls: int, now: float) -> None:
        """Take in that so many calls were answered."""
        if self._answered and now - self._answered[-1][0] < _TICK_SECONDS:
            at, before = self._answered.pop()
            self._answered.append((at, before + calls))
        else:
            self._answered.append((now, calls))
        while self._answered[0][0] <= now - _SECONDS_PER_MINUTE:
            self._answered.popleft()
        if self.rate < self._ceiling:
            # So many calls take calls / rate seconds: in _CREEP_SECONDS of them the highest rate is added.
            creep = self._highest * calls / self.rate / _CREEP_SECONDS
            lid = self._lid if now < self._lid_until else self._ceiling
            self.rate = max(self.rate, min(lid, self.rate + creep, self._ceiling))

    def refused(self, now: float, retry_after_seconds: float | None) -> None:
        """Slow down: the endpoint refused a call for the rate of the calls before it.

        What it wants waited for tells over how long it counts; it counts seconds where it says nothing.
        """
        over = min(max(retry_after_seconds or 1.0, 1.0), _SECONDS_PER_MINUTE)
        taken = sum(calls for at, calls in self._answered if at > now - over) / over
        if not taken:
            return  # it refuses everything: a rest is what it wants, and no rate can be learnt
        learnt = self.rate < self._ceiling
        self._highest = max(self._highest, taken)
        self._lid, self._lid_until = _LID * taken, now + _LID_SECONDS
        self.rate = min(self.rate, max(_SLOWEST, taken * (_LESS if learnt else _FIRST_LESS)))


class Crowd:
    """Bounds the requests under way at once: half as many after a failure, one more after a round that works.

    Until the first failure it doubles with each round. So an endpoint with a limit that nobody told us is
    asked about as fast as it takes, after few refusals.
    """

    def __init__(self) -> None:
        """Start with what every endpoint takes."""
        self._limit = float(_FIRST_AT_ONCE)
        self._unhurt = True
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
            self._unhurt = False

    def grow(self) -> None:
        """Allow a little more: one more after as many successes as are allowed at once, or after each."""
        with self._room:
            more = 1 if self._unhurt else 1 / self._limit
            self._limit = min(float(MAX_AT_ONCE), self._limit + more)
            self._room.notify()
