"""Health: what an operator reads first, told from stored facts alone.

    last good look at the chain, troubles, how far conclusions are ─▶ OK, BEHIND, DEGRADED or BLIND

Asking changes nothing, and no run that has not happened counts.
"""

from dataclasses import dataclass
from enum import StrEnum

from watcher.core.types import iso_utc

BEHIND_SECONDS = 300
"""Conclusions may end so many seconds of chain time before the final block: finality comes in leaps."""


class Standing(StrEnum):
    """The first word of `watcher status`, the worst last."""

    OK = "OK"
    BEHIND = "BEHIND"
    DEGRADED = "DEGRADED"
    BLIND = "BLIND"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not as it should be, since when (Unix seconds, wall clock), and what to do."""

    since: int
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Signs:
    """What the store says, wall clock in Unix seconds; `final` and `concluded` are chain time.

    `last_look` is when the index stage last did all it should, None: never; it is due again within
    `patience_seconds`. `concluded` and `final` are the times of the last concluded and the last final block,
    None where there is none.
    """

    now: int
    patience_seconds: int
    last_look: int | None
    troubles: tuple[Trouble, ...] = ()
    concluded: int | None = None
    final: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """A standing, since when (None: it cannot be told), why, and what to do; both texts empty when OK."""

    standing: Standing
    since: int | None = None
    reason: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        since = f" since {iso_utc(self.since)}" if self.since is not None else ""
        why = f": {self.reason}; {self.remedy}" if self.reason else ""
        return f"{self.standing}{since}{why}"


def lag_seconds(signs: Signs) -> int | None:
    """Give how much chain time lies between the last concluded and the last final block.

    None: nothing is final yet, or nothing is concluded.
    """
    if signs.final is None or signs.concluded is None:
        return None
    return max(0, signs.final - signs.concluded)


def diagnose(signs: Signs) -> Health:
    """Give the worst standing that the signs support."""
    if signs.last_look is None or signs.now - signs.last_look > signs.patience_seconds:
        return _blind(signs)
    if signs.troubles:
        first = min(signs.troubles, key=lambda trouble: trouble.since)
        what = ". ".join(trouble.what for trouble in signs.troubles)
        return Health(Standing.DEGRADED, first.since, what, first.remedy)
    if signs.final is None:
        return Health(Standing.OK)
    if signs.concluded is None:
        return Health(Standing.BEHIND, None, "nothing is concluded yet", "wait: history is being read")
    lag = signs.final - signs.concluded
    if lag > BEHIND_SECONDS:
        reason = f"conclusions end {lag} s of chain time before the last final block"
        return Health(Standing.BEHIND, signs.concluded, reason, "wait: history is being read")
    return Health(Standing.OK)


def _blind(signs: Signs) -> Health:
    if signs.last_look is None:
        reason = "the chain was never read"
    else:
        reason = f"the chain was last read {signs.now - signs.last_look} s ago"
    if not signs.troubles:
        return Health(Standing.BLIND, signs.last_look, reason, "see that `watcher run` is running")
    trouble = signs.troubles[0]
    return Health(Standing.BLIND, signs.last_look, f"{reason}. {trouble.what}", trouble.remedy)
