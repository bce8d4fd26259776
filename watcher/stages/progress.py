"""Progress of a long read: how far, how fast, and how long it will still take.

index stage ─▶ (block read, goal) after each window ─▶ Progress ─▶ a log line now and then, or a bar
"""

from collections import deque
from dataclasses import dataclass

import structlog

from watcher.clock import Clock
from watcher.core.wording import duration_text
from watcher.log import STAGES

SECONDS_A_LINE = 10.0
"""A line so often at most; a read that is over sooner says nothing but its result."""

SECONDS_OF_RATE = 60.0
"""The rate is that of the last minute: endpoints become faster and slower."""

_log = structlog.get_logger(STAGES)


@dataclass(frozen=True, slots=True)
class Headway:
    """How a read fares; `seconds_left` None: nothing can be said yet."""

    block: int
    goal: int
    blocks_per_second: float
    seconds_left: int | None


class Progress:
    """Takes note of each window and logs how the read fares."""

    def __init__(self, clock: Clock) -> None:
        """Start when the first window is told of."""
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()
        self._said_at: float | None = None

    def __call__(self, block: int, goal: int) -> None:
        """Hear that everything up to a block was read, on the way to `goal`."""
        found = self.note(block, goal)
        now = self._clock.monotonic()
        self._said_at = now if self._said_at is None else self._said_at
        if now - self._said_at < SECONDS_A_LINE or block >= goal:
            return
        self._said_at = now
        left = None if found.seconds_left is None else duration_text(found.seconds_left)
        _log.info(
            "reading",
            block=block,
            goal=goal,
            blocks_per_second=round(found.blocks_per_second, 1),
            time_left=left,
        )

    def note(self, block: int, goal: int) -> Headway:
        """Take note of a block and say how the read fares."""
        now = self._clock.monotonic()
        if self._seen and block < self._seen[-1][1]:
            self._seen.clear()  # blocks were taken back, or this is another read
        self._seen.append((now, block))
        while now - self._seen[0][0] > SECONDS_OF_RATE and len(self._seen) > 2:  # noqa: PLR2004  # a pair
            self._seen.popleft()
        since, first = self._seen[0]
        rate = (block - first) / (now - since) if now > since else 0.0
        left = int((goal - block) / rate) if rate > 0 else None
        return Headway(block, goal, rate, left)
