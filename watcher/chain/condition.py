"""The condition of one endpoint: whether it may be asked now, what it lacks, and since when it fails.

answer ─▶ worked ─┐                        ┌─▶ rest_left: whom to ask
failure ─▶ failed ├─▶ Condition ───────────┼─▶ trouble: what channels are told
ban, quarantine  ─┘   (one an endpoint)    └─▶ fault: counted, and logged once a kind
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import structlog

from watcher.chain.pace import rest_seconds
from watcher.chain.refusals import RATE_LIMIT, Failure, Refusal
from watcher.chain.source import EndpointTrouble
from watcher.chain.wire import Call
from watcher.clock import Clock

ALONE_SECONDS = {Refusal.BARRED: 600.0, Refusal.WENT_BACK: 60.0}
"""So long an endpoint is left alone that asking again soon cannot help, and might cost."""
LACKS_SECONDS = 300.0
"""So long an endpoint is asked last for what it said that it lacks."""
COUNTED_SECONDS = 1.0
"""An endpoint that refused for the rate and named no time gets at least so long: most count by the second."""
NEAR_HEAD = 64
"""What an endpoint lacks so close below its head may be there in a moment: nothing is remembered of it."""
LONG_FAILURES = 5
LONG_SECONDS = 300.0
"""After so many failures in a row, over so long, an endpoint is in trouble."""

_BLOCK_PLACE = {
    "eth_getBlockByNumber": 0,
    "eth_getBlockReceipts": 0,
    "eth_getCode": 1,
    "eth_getStorageAt": 1 + 1,
    "eth_call": 1,
    "eth_getBalance": 1,
}
"""Where in a method's parameters the block stands."""

_log = structlog.get_logger("watcher.chain")


@dataclass(slots=True)
class Traffic:
    """What went over one endpoint since the start: for telemetry, and for tests that count."""

    requests: int = 0
    calls: int = 0
    bytes_read: int = 0
    failures: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """How often the endpoint was at fault, by kind of fault."""


@dataclass(frozen=True, slots=True)
class _Lack:
    """A method, or its answers about blocks up to `up_to` (None: all), that the endpoint lacks."""

    up_to: int | None
    until: float


class Condition:
    """The condition of one endpoint; every method may be called from any thread."""

    def __init__(self, name: str, clock: Clock, jitter: Callable[[], float]) -> None:
        """Start in good health; `jitter` gives numbers from 0 to 1 that spread rests."""
        self.traffic = Traffic()
        self.last_failure: Failure | None = None
        self._name = name
        self._clock = clock
        self._jitter = jitter
        self._lock = Lock()
        self._failures = 0
        self._failed_at = float("-inf")
        self._failing_from = float("-inf")
        self._rest_until = float("-inf")
        self._since: datetime | None = None
        self._alone = False
        self._lacks: dict[str, _Lack] = {}

    def rest_left(self) -> float:
        """Give the seconds for which the endpoint should be left alone, 0 where it need not."""
        return max(0.0, self._rest_until - self._clock.monotonic())

    def failed(self, failure: Failure, sent_at: float) -> bool:
        """Leave the endpoint alone for as long as it asks, or longer the more often it failed in a row.

        False: nothing new, as what was sent before the last failure and failed like it is no further failure.
        """
        with self._lock:
            if sent_at <= self._failed_at:
                return False
            self._failed_at = self._clock.monotonic()
            if not self._failures:
                self._failing_from, self._since = self._failed_at, self._clock.now()
            self._failures += 1
            self.traffic.failures += 1
            self.last_failure = failure
            rest = rest_seconds(self._failures, self._jitter)
            if failure.kind == RATE_LIMIT and failure.retry_after_seconds is None:
                rest = max(rest, COUNTED_SECONDS)
            alone = ALONE_SECONDS.get(failure.refusal, 0.0)
            self._alone = self._alone or bool(alone)
            self._rest_until = self._failed_at + max(rest, alone, failure.retry_after_seconds or 0.0)
        return True

    def worked(self, sent_at: float) -> None:
        """Forget earlier failures, if what was sent after them was answered."""
        if self._since is not None and sent_at > self._failed_at:
            with self._lock:
                self._failures = 0
                self._since = None
                self._alone = False

    def fault(self, failure: Failure) -> None:
        """Count what the endpoint did wrong, and name each kind in the log once."""
        kind = failure.fault
        with self._lock:
            self.traffic.faults[kind] += 1
            first = self.traffic.faults[kind] == 1
        if first:
            _log.warning("endpoint fault", endpoint=self._name, kind=kind, detail=failure.message)

    def trouble(self) -> EndpointTrouble | None:
        """Say what is wrong where the endpoint is left alone or fails for long, None where nothing is.

        It stays in trouble until it answered again.
        """
        since, failure = self._since, self.last_failure
        if since is None or failure is None:
            return None
        lasted = self._failed_at - self._failing_from
        if not self._alone and (self._failures < LONG_FAILURES or lasted < LONG_SECONDS):
            return None
        return EndpointTrouble(self._name, since, failure.message)

    def lack(self, call: Call, failure: Failure, head: int) -> None:
        """Remember for a while what the endpoint said that it does not have.

        A method that it does not know, or everything that this method tells of this block and those before;
        not close to `head`, the newest block it showed.
        """
        block = block_of(call)
        if failure.refusal is Refusal.HISTORY:
            if block is None or block > head - NEAR_HEAD:
                return
        elif failure.refusal is Refusal.NO_METHOD:
            block = None
        else:
            return
        known = self._lacks.get(call.method)
        if known is not None and known.up_to is not None and block is not None:
            block = max(block, known.up_to)
        self._lacks[call.method] = _Lack(block, self._clock.monotonic() + LACKS_SECONDS)

    def lacks(self, calls: Iterable[Call]) -> bool:
        """Tell whether the endpoint said lately that it lacks what one of these calls asks for."""
        if not self._lacks:
            return False
        now = self._clock.monotonic()
        return any(self._lacks_one(call, now) for call in calls)

    def lacks_method(self, call: Call) -> bool:
        """Tell whether the endpoint said lately that it does not know the method of a call."""
        known = self._lacks.get(call.method)
        return known is not None and known.up_to is None and known.until > self._clock.monotonic()

    def _lacks_one(self, call: Call, now: float) -> bool:
        known = self._lacks.get(call.method)
        if known is None or known.until <= now:
            return False
        block = block_of(call)
        return known.up_to is None or (block is not None and block <= known.up_to)


def block_of(call: Call) -> int | None:
    """Give the number of the block that a call asks about, None where it names none."""
    place = _BLOCK_PLACE.get(call.method)
    quantity = call.params[place] if place is not None and place < len(call.params) else None
    return int(quantity, 16) if isinstance(quantity, str) and quantity.startswith("0x") else None
