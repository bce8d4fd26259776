"""How many calls go into one request: what was answered before; a larger batch is tried alone.

    calls ─▶ take ─▶ size, and whether it is a trial ─▶ answered or refused ─▶ the size of the next

Providers refuse batches above a limit that few of them name. If everybody under way tried a larger size at
once, everybody would be refused.
"""

from threading import Condition

MAX_BATCH = 100
"""More calls than this go into several requests from the start: many providers take no more."""
FIRST_BATCH = 10
"""So many calls go into a request before a larger one was answered; hardly any provider takes fewer."""

_LONG_RUN = 1_000
"""After so many answers without a refusal a larger batch than was refused is tried again."""


class BatchSize:
    """The batch size of one endpoint; every method may be called from any thread."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.limit = MAX_BATCH
        """No request has more calls than this."""
        self._answered = FIRST_BATCH
        self._trying = False
        self._good_run = 0
        self._changed = Condition()

    def take(self, calls: int) -> tuple[int, bool]:
        """Give how many of the calls to send in one request, and whether nobody did so before.

        Such a trial is no more than twofold, and has to be ended by `tried`; who would send as many meanwhile
        waits for what comes of it.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._trying or min(calls, self.limit) <= self._answered)
            size = min(calls, self.limit)
            if size <= self._answered:
                return size, False
            self._trying = True
            return min(size, 2 * self._answered), True

    def tried(self, size: int, *, refused: bool | None) -> None:
        """End a trial; None: it failed for other reasons, and says nothing."""
        with self._changed:
            self._trying = False
            if refused:
                self._limit_to(size // 2)
            elif refused is False:
                self._answered = max(self._answered, size)
            self._changed.notify_all()

    def refused(self, calls: int) -> None:
        """Take in that so many calls at once were too many: half of them, until it went well for long."""
        with self._changed:
            self._limit_to(calls // 2)

    def worked(self) -> None:
        """Take in one answer."""
        self._good_run += 1
        if self._good_run >= _LONG_RUN:
            with self._changed:
                self.limit = min(MAX_BATCH, 2 * self.limit)
                self._good_run = 0

    def _limit_to(self, calls: int) -> None:
        self.limit = min(self.limit, max(1, calls))
        self._answered = min(self._answered, self.limit)
        self._good_run = 0
