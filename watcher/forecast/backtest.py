"""The back-test: what each method would have said, day after day, against what came.

    history  ├────── known ──────┤···· foretold ····┤          an origin: the end of what is known
             ├────── known ─────────┤···· foretold ····┤       the origins roll on through the history
                                     error = what came - what was foretold, by days ahead

No error is assumed to have a shape: the range of a forecast is made of those that there were.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from watcher.forecast.methods import Method

MINIMUM_DAYS = 28
"""With fewer days the back-test cannot look ten days ahead."""

LONGEST_DAYS = 365
"""Further ahead than a year nothing is foretold, however long the history."""

COVERAGE_PERCENT = 80
"""So many of a hundred back-tested errors lie in the range of a forecast."""

_FEWEST_KNOWN = 10
_MOST_ORIGINS = 30
"""A fit takes a hundredth of a second: a KPI is told in less than one."""
_FEWEST_ERRORS = 9
"""The next error lies between the least and the largest of nine eight times of ten: that is 80 %."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which origins are tried (how many days are known at each, ascending), and how many days ahead."""

    origins: tuple[int, ...]
    horizon: int


@dataclass(frozen=True, slots=True)
class Score:
    """How a method did: its errors by days ahead (the first of them one day), each list ascending."""

    name: str
    errors: tuple[tuple[float, ...], ...]

    @property
    def mean_absolute(self) -> float:
        """Give the mean absolute error, in the unit of the series."""
        return fmean(abs(error) for errors in self.errors for error in errors)

    def range_at(self, ahead: int) -> tuple[float, float]:
        """Give the errors so many days ahead between which the stated share of them lies."""
        errors = self.errors[ahead - 1]
        outside = (100 - COVERAGE_PERCENT) / 200
        rank = math.floor(outside * (len(errors) + 1) + 1e-9)
        return errors[rank - 1], errors[-rank]


def plan(days: int) -> Plan | None:
    """Plan the back-test of a history of so many days; None where it is too short.

    The horizon is at most half the history, and no day further ahead than enough errors are known of.
    """
    if days < MINIMUM_DAYS:
        return None
    first = max(_FEWEST_KNOWN, days // 4)
    stride = math.ceil((days - first) / _MOST_ORIGINS)
    origins = tuple(sorted(range(days - 1, first - 1, -stride)))
    return Plan(origins, min(days - origins[_FEWEST_ERRORS - 1], days // 2, LONGEST_DAYS))


def backtest(values: Sequence[float], methods: Mapping[str, Method], trial: Plan) -> list[Score]:
    """Try each method at each origin; one whose forecasts are no numbers somewhere is left out."""
    scores = (_score(name, method, values, trial) for name, method in methods.items())
    return [score for score in scores if math.isfinite(score.mean_absolute)]


def best(scores: Sequence[Score]) -> Score:
    """Give the one with the least mean absolute error; of equals the first, which is the simplest."""
    return min(scores, key=lambda score: score.mean_absolute)


def _score(name: str, method: Method, values: Sequence[float], trial: Plan) -> Score:
    errors: list[list[float]] = [[] for _ in range(trial.horizon)]
    for origin in trial.origins:
        came = values[origin : origin + trial.horizon]
        foretold = method(values[:origin], len(came))
        for place, (truth, guess) in enumerate(zip(came, foretold, strict=True)):
            errors[place].append(truth - guess)
    return Score(name, tuple(tuple(sorted(each)) for each in errors))
