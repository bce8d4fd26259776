"""A clock that stands still until it is told to move."""

from datetime import UTC, datetime, timedelta
from threading import Lock

START = datetime(2026, 3, 1, tzinfo=UTC)


class ManualClock:
    """Tells the time that a test or the demo set; several threads may ask and move it."""

    def __init__(self, start: datetime = START) -> None:
        """Stand at an instant, aware UTC."""
        self._now = start
        self._advanced = timedelta(0)
        self._lock = Lock()

    def now(self) -> datetime:
        """Return the instant it stands at."""
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        """Return the seconds it was moved forward in all; steps back do not lower it."""
        with self._lock:
            return self._advanced.total_seconds()

    def advance(self, by: timedelta) -> None:
        """Move forward, or back as a wall clock may be set back."""
        with self._lock:
            self._now += by
            self._advanced += max(by, timedelta(0))
