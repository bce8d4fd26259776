"""How fast one endpoint is asked: rest after failures, and a ceiling of billed calls.

Pure but for the chance in the jitter; whoever asks does the waiting.
"""

from collections.abc import Callable

MAX_REST_SECONDS = 8.0
_FIRST_REST_SECONDS = 0.25
_SECONDS_PER_MINUTE = 60.0
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
