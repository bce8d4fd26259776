"""Vesting: amounts that time alone unlocks, shown beside those that performance unlocks.

schedule, instant ─▶ exact amount unlocked by then. Nothing concludes anything from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from watcher.core.types import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Schedule:
    """An amount in whole tokens that unlocks from `start` on; instants and spans in Unix seconds.

    cliff   all of it at `start` + `cliff`
    linear  in a straight line from `start` to `start` + `duration`, nothing before `start` + `cliff`
    step    in equal parts, one each `every` seconds after `start`, the last at `start` + `duration`;
            nothing before `start` + `cliff`, when the parts until then come at once
    """

    kind: Literal["cliff", "linear", "step"]
    amount: Fraction
    start: int
    cliff: int = 0
    duration: int = 0
    every: int = 0

    @property
    def end(self) -> int:
        """Give the instant from which on all of it is unlocked."""
        return self.start + max(self.cliff, self.duration)

    def unlocked(self, at: int) -> Fraction:
        """Give what is unlocked at an instant, exact."""
        if at < self.start + self.cliff:
            return Fraction(0)
        if self.kind == "cliff" or at >= self.end:
            return self.amount
        passed = at - self.start
        if self.kind == "linear":
            return self.amount * passed / self.duration
        return self.amount * (passed // self.every) / (self.duration // self.every)

    def edges(self, most: int) -> set[int]:
        """Give the instants at which it bends or jumps, its many steps thinned out to `most`."""
        steps = range(self.start + self.every, self.end, self.every) if self.every else range(0)
        return {self.start, self.start + self.cliff, self.end, *steps[:: max(1, -(-len(steps) // most))]}

    def next_after(self, at: int) -> int | None:
        """Give the next instant at which more is unlocked than at `at`; None: all of it is.

        Of a straight line, which moves all the time, the same time on the next day, at most its end.
        """
        if at >= self.end:
            return None
        begins = self.start + self.cliff
        if at < begins and self.unlocked(begins):
            return begins
        if self.kind == "linear":
            return min(max(at, begins) + SECONDS_PER_DAY, self.end)
        passed = max(at, begins) - self.start
        return self.start + (passed // self.every + 1) * self.every


def unlocked_by(schedules: Iterable[Schedule], at: int) -> Fraction:
    """Add up what several schedules have unlocked at an instant."""
    return sum((each.unlocked(at) for each in schedules), Fraction(0))
