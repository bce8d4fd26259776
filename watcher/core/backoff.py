"""When to try again: the ten-attempt schedule of a delivery, pure in time and chance.

A failed attempt comes in from `watcher.core.delivery`, the pause before the next one goes out. The schedule
is the example of the Standard Webhooks specification: 75 h 35 min 5 s in all, which fits well inside a
seven-day countdown.
"""

from datetime import timedelta

SCHEDULE: tuple[timedelta, ...] = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The pause before each attempt; the first goes out at once."""

QUICK = SCHEDULE[1]
"""The pause between the quick attempts of a message that a newer one is waiting for."""

JITTER = 0.2
"""Pauses are spread by this share either way, so that receivers are not met by every retry at once."""

PATIENCE = timedelta(seconds=60)
"""The least pause after a time-out or a 429: an endpoint in trouble is not helped by a quick retry."""


def pause_after(
    failures: int, chance: float, *, retry_after_seconds: float | None = None, patience: bool = False
) -> timedelta | None:
    """Give the pause after the n-th failed attempt (n from 1), or None when that was the last one.

    `chance` in [0, 1) spreads the pause by `JITTER`; `retry_after_seconds` is the receiver's own wish, held
    between once and twice the planned pause; `patience` asks for at least `PATIENCE`.
    """
    if failures >= len(SCHEDULE):
        return None
    return spread(SCHEDULE[failures], chance, retry_after_seconds=retry_after_seconds, patience=patience)


def spread(
    planned: timedelta, chance: float, *, retry_after_seconds: float | None = None, patience: bool = False
) -> timedelta:
    """Turn a planned pause into the one to keep; the arguments are those of `pause_after`.

    A receiver that named an instant is not met before it by chance: its wish is not spread.
    """
    if retry_after_seconds is None:
        pause = planned * (1 + JITTER * (2 * chance - 1))
    else:
        longest = 2 * planned
        wish = min(max(retry_after_seconds, planned.total_seconds()), longest.total_seconds())
        pause = timedelta(seconds=wish)
    return max(pause, PATIENCE) if patience else pause
