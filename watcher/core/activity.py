"""Activity in a window: counted actions per actor, kept up to date as blocks come and hours leave.

    block facts ─▶ hours ─▶ the window of one app ─▶ Counts

    rolling, N days         the N x 24 UTC hours before the hour of the block, and that hour up to the block
    complete_days, N days   the N complete UTC days before the day of the block

A window moves at the first block of an hour and at no other; between two such blocks counts only grow.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from watcher.core.types import SECONDS_PER_DAY, SECONDS_PER_HOUR, ActorId, WindowSpec

HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True)
class Counts:
    """What one app's window holds.

    `actions_gross` counts every counted action, `actions` at most so many an actor as the policy says (net).
    `complete` is False where a declared gap lies in the window: the numbers are then lower bounds.
    """

    actions: int
    actions_gross: int
    actors: int
    active_days: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Counted actions and distinct actors of one UTC day (days since 1970) inside a window."""

    day: int
    actions: int
    actors: int


def hour_of(timestamp: int) -> int:
    """Give the UTC hour an instant lies in, as hours since 1970."""
    return timestamp // SECONDS_PER_HOUR


def span(window: WindowSpec, timestamp: int) -> tuple[int, int]:
    """Give the first and last hour, both inclusive, that count as of a block of that time."""
    hour = hour_of(timestamp)
    if window.kind == "rolling":
        return hour - window.days * HOURS_PER_DAY, hour
    midnight = hour - hour % HOURS_PER_DAY
    return midnight - window.days * HOURS_PER_DAY, midnight - 1


def full_from(window: WindowSpec, begin: int) -> int:
    """Give the first instant whose window does not begin before `begin`; both in Unix seconds."""
    unit = SECONDS_PER_HOUR if window.kind == "rolling" else SECONDS_PER_DAY
    return -(-begin // unit) * unit + window.days * SECONDS_PER_DAY


class Tally:
    """Counts per actor that can be forked in no time: a fork writes beside what it reads.

    While a fork is in use its origin must not change.
    """

    __slots__ = ("_below", "_own")

    def __init__(self, below: "Tally | None" = None) -> None:
        """Start empty, or on top of another tally."""
        self._own: dict[int, int] = {}
        self._below = below

    def fork(self) -> "Tally":
        """Copy; what is added to the copy is not seen here."""
        return Tally(self)

    def get(self, actor: int) -> int:
        """Give an actor's count, zero when it has none."""
        count = self._own.get(actor)
        if count is None:
            return self._below.get(actor) if self._below else 0
        return count

    def set(self, actor: int, count: int) -> None:
        """Set an actor's count."""
        if count or self._below:
            self._own[actor] = count
        else:
            self._own.pop(actor, None)

    def items(self) -> Iterator[tuple[int, int]]:
        """Give each actor that has a count, in no order."""
        for actor, count in self._own.items():
            if count:
                yield actor, count
        if self._below:
            for actor, count in self._below.items():
                if actor not in self._own:
                    yield actor, count


@dataclass(frozen=True, slots=True)
class _ClosedHour:
    """A finished hour, packed: 16 bytes an actor."""

    actors: "array[int]"
    counts: "array[int]"

    @classmethod
    def pack(cls, pairs: Iterable[tuple[int, int]]) -> "_ClosedHour":
        actors, counts = array("q"), array("q")
        for actor, count in pairs:
            actors.append(actor)
            counts.append(count)
        return cls(actors, counts)

    def items(self) -> Iterable[tuple[int, int]]:
        return zip(self.actors, self.counts, strict=True)


class ActivityWindow:
    """One app's window: exact distinct actors, gross and net actions and active days as of the last block."""

    __slots__ = ("_active", "_actors", "_cap", "_closed", "_days", "_gross", "_hour", "_net", "_now", "_spec")

    def __init__(self, spec: WindowSpec, max_actions_per_actor: int | None) -> None:
        """Start with nothing: before `count_from` there is no activity."""
        self._spec = spec
        self._cap = max_actions_per_actor
        self._hour: int | None = None
        self._now = Tally()
        self._closed: dict[int, _ClosedHour] = {}
        self._active = Tally()
        self._days: dict[int, int] = {}
        self._gross = self._net = self._actors = 0

    def fork(self) -> "ActivityWindow":
        """Copy; what happens to the copy is not seen here, and while it lives this one must not change."""
        copy = ActivityWindow(self._spec, self._cap)
        copy._hour, copy._now = self._hour, self._now.fork()
        copy._closed, copy._active, copy._days = dict(self._closed), self._active.fork(), dict(self._days)
        copy._gross, copy._net, copy._actors = self._gross, self._net, self._actors
        return copy

    @property
    def empty(self) -> bool:
        """Tell whether there is no action that counts, now or later: none in the window, none behind it."""
        return not self._closed and next(iter(self._now.items()), None) is None

    def roll(self, timestamp: int) -> None:
        """Move the window to a block's time; times never go back."""
        hour = hour_of(timestamp)
        if hour == self._hour:
            return
        first, last = span(self._spec, timestamp)
        if self._hour is not None:
            _, last_before = span(self._spec, self._hour * SECONDS_PER_HOUR)
            self._close(self._hour)
            if self._spec.kind == "complete_days":
                for entering in [h for h in self._closed if last_before < h <= last]:
                    self._count(entering, self._closed[entering].items(), 1)
            for leaving in [h for h in self._closed if h < first]:
                self._count(leaving, self._closed.pop(leaving).items(), -1)
        self._hour = hour

    def add(self, actors: Mapping[ActorId, int]) -> None:
        """Count one block's actions per actor, in the hour that the window was rolled to."""
        now = self._now
        for actor, count in actors.items():
            now.set(actor, now.get(actor) + count)
        if self._spec.kind == "rolling" and self._hour is not None:
            self._count(self._hour, actors.items(), 1)

    def restore(self, hour: int, actors: Iterable[tuple[int, int]]) -> None:
        """Put back one stored hour; hours come ascending, before any block is added."""
        self.roll(hour * SECONDS_PER_HOUR)
        self.add({ActorId(actor): count for actor, count in actors})

    def counts(self, *, complete: bool = True) -> Counts:
        """Give what the window holds now."""
        return Counts(self._net, self._gross, self._actors, len(self._days), complete)

    def days(self) -> list[DayCounts]:
        """Give the window's active UTC days, ascending, each with its actions and distinct actors."""
        if self._hour is None:
            return []
        first, last = span(self._spec, self._hour * SECONDS_PER_HOUR)
        seen: dict[int, set[int]] = {}
        actions: dict[int, int] = {}
        hours: list[tuple[int, Iterable[tuple[int, int]]]] = [
            *((hour, closed.items()) for hour, closed in self._closed.items()),
            (self._hour, self._now.items()),
        ]
        for hour, pairs in hours:
            if first <= hour <= last:
                day = hour // HOURS_PER_DAY
                for actor, count in pairs:
                    seen.setdefault(day, set()).add(actor)
                    actions[day] = actions.get(day, 0) + count
        return [DayCounts(day, actions[day], len(seen[day])) for day in sorted(actions)]

    def _close(self, hour: int) -> None:
        packed = _ClosedHour.pack(self._now.items())
        if packed.actors:
            self._closed[hour] = packed
        self._now = Tally()

    def _count(self, hour: int, pairs: Iterable[tuple[int, int]], sign: int) -> None:
        active, cap = self._active, self._cap
        moved = 0
        for actor, count in pairs:
            before = active.get(actor)
            after = before + sign * count
            active.set(actor, after)
            moved += count
            if cap is None:
                self._net += after - before
            else:
                self._net += min(after, cap) - min(before, cap)
            if before == 0:
                self._actors += 1
            elif after == 0:
                self._actors -= 1
        if moved:
            self._gross += sign * moved
            day = hour // HOURS_PER_DAY
            left = self._days.get(day, 0) + sign * moved
            if left:
                self._days[day] = left
            else:
                del self._days[day]
