"""What a KPI and `apps_where` have in common: how readings are folded over time, and the bar for it.

[[kpi]], { kind = "apps_where" } ─▶ Goal ─▶ core Aggregate, Comparator, bar, the name of the series
"""

from fractions import Fraction
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from watcher.core import aggregates, readings
from watcher.core.aggregates import NOT_OF, OF_DAYS, Fold
from watcher.core.ledger import canonical, sha256_hex
from watcher.core.readings import Metric
from watcher.core.types import Comparator, WindowSpec
from watcher.fields import Amount, Days, Table, exactly_one, refuse
from watcher.kinded import Kinded

_HUNDRED = 100


class Window(Table):
    """The span of time over which readings are folded."""

    days: Days = Field(description="its length")
    kind: Literal["rolling", "complete_days"] = Field(
        description='"rolling": so many times 24 hours and the running one; "complete_days": whole UTC days'
    )


class Aggregate(Table):
    """How readings are folded over time."""

    kind: Literal[
        "instant",
        "sum",
        "mean",
        "minimum",
        "maximum",
        "percentile",
        "time_weighted_mean",
        "consecutive_days",
    ] = Field(
        "instant", description="the fold; instant: as of the block, of what adds up all since count_from"
    )
    window: Window | None = Field(
        None, description="over which time, for all but instant and consecutive_days"
    )
    days: Days | None = Field(None, description="with consecutive_days: how many")
    percent: Amount | None = Field(None, description="with percentile: which one, by nearest rank")
    require_full_window: bool = Field(
        default=True, description="a window that begins before count_from does not meet a lower bar"
    )

    @model_validator(mode="after")
    def _what_the_kind_takes(self) -> Self:
        wants = {"consecutive_days": {"days"}, "percentile": {"window", "percent"}, "instant": set[str]()}
        wanted = wants.get(self.kind, {"window"})
        for key in ("window", "days", "percent"):
            given = getattr(self, key) is not None
            if given and key not in wanted:
                raise refuse((key,), f'is of no use with kind = "{self.kind}": leave it out')
            if key in wanted and not given:
                raise refuse((key,), f'is missing: kind = "{self.kind}" needs it')
        if self.percent is not None and not 0 < self.percent <= _HUNDRED:
            raise refuse(("percent",), "is no percentile: write more than 0 and at most 100")
        if not self.require_full_window and Fold(self.kind) not in aggregates.NEED_FULL_WINDOW:
            raise refuse(("require_full_window",), f'is of no use with kind = "{self.kind}": leave it out')
        return self

    def build(self) -> aggregates.Aggregate:
        """Give it as the core has it."""
        window = None if self.window is None else WindowSpec(self.window.days, self.window.kind)
        if self.days is not None:
            window = WindowSpec(self.days, "complete_days")
        fold = Fold(self.kind)
        full = self.require_full_window and fold in aggregates.NEED_FULL_WINDOW
        return aggregates.Aggregate(fold, window, self.percent, full)


class Goal(Table):
    """An aggregate and a bar; exactly one comparator is written."""

    aggregate: Aggregate = Field(
        default_factory=Aggregate, description='how readings are folded: { kind = "sum", window = { … } }'
    )
    at_least: Amount | None = Field(None, description="the bar; exactly one of these four is written")
    more_than: Amount | None = Field(None, description="the bar")
    at_most: Amount | None = Field(None, description="the bar")
    less_than: Amount | None = Field(None, description="the bar")

    @property
    def comparator(self) -> Comparator:
        """Give the comparator that is written, which is exactly one."""
        return Comparator(exactly_one(self, tuple(Comparator)))

    @property
    def bar(self) -> Fraction:
        """Give the bar that is written."""
        bar: Fraction = getattr(self, self.comparator)
        return bar

    @model_validator(mode="after")
    def _one_bar(self) -> Self:
        exactly_one(self, tuple(Comparator))
        return self

    def build_goal(self, metric: Metric, written: Kinded) -> readings.Goal:
        """Put a metric to it; `written` is the metric's table."""
        return readings.Goal(
            self.series(written.canonical()),
            metric,
            self.aggregate.build(),
            self.comparator,
            self.bar,
            written.words,
        )

    def series(self, form: dict[str, Any]) -> str:
        """Name what is measured, metric and aggregate, so that equal ones are kept once."""
        aggregate = self.aggregate.model_dump(mode="json", exclude_defaults=True)
        return sha256_hex(canonical({"metric": form, "aggregate": aggregate}))[:16]

    def unfit(self, metric: Metric) -> str | None:
        """Say why the aggregate means nothing for a metric, and what to write; None: it fits."""
        aggregate = self.aggregate.build()
        wrong = NOT_OF[metric.shape].get(aggregate.fold)
        if wrong is not None:
            return wrong
        rolling = aggregate.window is not None and aggregate.window.kind == "rolling"
        if rolling and aggregate.fold in OF_DAYS[metric.shape]:
            return 'goes by whole days: write kind = "complete_days" in its window'
        return None
