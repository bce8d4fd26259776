"""The outlook of one KPI: the days on which it may be met.

Series ─▶ back-test ─▶ the best method ─▶ its forecast ± its own errors ─▶ where that crosses the bar

                                    / the more favourable errors: earliest
     bar ──────────────────────────/─────/────────────
                           history/────/ the forecast: likely
     ────────────────────────────╯────── the less favourable errors: latest, or not at all
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from watcher.core.definition import Kpi
from watcher.core.types import Comparator
from watcher.forecast.backtest import MINIMUM_DAYS, backtest, best, plan
from watcher.forecast.methods import Method
from watcher.forecast.series import Series, rises

_FLOOR = "naive"
_ROUNDING = 1e-9
"""A line that meets the bar exactly must not miss it by the last bit of a float."""


@dataclass(frozen=True, slots=True)
class Met:
    """It is met: nothing is left to foretell."""

    since_block: int
    since: str
    """`YYYY-MM-DDTHH:MM:SSZ`, chain time."""


@dataclass(frozen=True, slots=True)
class TooShort:
    """The history is too short for a back-test."""

    days: int
    needed: int = MINIMUM_DAYS


@dataclass(frozen=True, slots=True)
class Outlook:
    """When it may be met, in Unix days; None where not up to `horizon_end`, the last day that was looked at.

    `earliest` and `latest` come of the range of the back-tested errors, `likely` of the forecast itself.
    """

    earliest: int | None
    likely: int | None
    latest: int | None
    horizon_end: int
    method: str
    mean_absolute_error: float
    naive_error: float
    origins: int
    horizon: int


def outlook(
    series: Series, kpi: Kpi, load: Callable[[], Mapping[str, Method]], *, full_from: int = 0
) -> Outlook | TooShort:
    """Foretell when a KPI that is not met will be; `load` gives the methods, and is called where needed.

    `full_from` is the day (Unix days) before which its window is not full, so that it cannot be met.
    """
    values = series.values
    trial = plan(len(values))
    if trial is None:
        return TooShort(len(values))
    methods = load()
    scores = backtest(values, methods, trial)
    chosen = best(scores)
    path = methods[chosen.name](values, trial.horizon)
    ranges = [chosen.range_at(ahead) for ahead in range(1, trial.horizon + 1)]
    least = [value + low for value, (low, _) in zip(path, ranges, strict=True)]
    most = [value + high for value, (_, high) in zip(path, ranges, strict=True)]
    best_case, worst_case = (most, least) if rises(kpi.comparator) else (least, most)

    def first_met(foretold: Iterable[float]) -> int | None:
        days = enumerate(foretold, series.last_day + 1)
        return next((day for day, value in days if day >= full_from and _meets(value, kpi)), None)

    return Outlook(
        first_met(best_case),
        first_met(path),
        first_met(worst_case),
        series.last_day + trial.horizon,
        chosen.name,
        chosen.mean_absolute,
        next(score.mean_absolute for score in scores if score.name == _FLOOR),
        len(trial.origins),
        trial.horizon,
    )


def _meets(value: float, kpi: Kpi) -> bool:
    """Compare as `watcher.core.kpis` does, up to rounding where equal is enough."""
    bar = float(kpi.bar)
    near = _ROUNDING * max(abs(bar), 1.0)
    match kpi.comparator:
        case Comparator.AT_LEAST:
            return value >= bar - near
        case Comparator.MORE_THAN:
            return value > bar + near
        case Comparator.AT_MOST:
            return value <= bar + near
        case Comparator.LESS_THAN:
            return value < bar - near
        case _:
            assert_never(kpi.comparator)
