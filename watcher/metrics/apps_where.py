"""Metric `apps_where`: how many apps meet a bar of their own, by any metric that goes by app.

metric of each app ─▶ its aggregate ─▶ its bar ─▶ [apps that surely meet it, and those that may]
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from watcher.core.aggregates import Shape
from watcher.core.readings import Needs, Reading, View
from watcher.core.types import Verdict
from watcher.fields import refuse
from watcher.kinded import Kinded, KindOf, module_of
from watcher.metrics import _goals


class Settings(_goals.Goal):
    """What is measured of each app, and the bar for it."""

    metric: Annotated[Kinded, KindOf("metrics", {"apps_where": "one of the other metrics"})] = Field(
        description='what is measured of each app: { kind = "app_actions" }'
    )

    @model_validator(mode="after")
    def _of_single_apps(self) -> Self:
        metric = module_of("metrics", self.metric.kind).build(self.metric.settings)
        if not metric.needs.by_app:
            raise refuse(("metric",), f"{self.metric.kind} does not go by app here: choose one that does")
        if getattr(self.metric.settings, "app", None) is not None:
            raise refuse(("metric", "app"), "is of no use here, where every app is asked about: leave it out")
        wrong = self.unfit(metric)
        if wrong is not None:
            raise refuse(("aggregate", "kind"), wrong)
        return self


@dataclass(frozen=True, slots=True)
class AppsWhere:
    """The number of apps that meet the inner bar; one for which that is unknown may or may not."""

    needs: Needs
    integral: ClassVar = True
    shape: ClassVar = Shape.LEVEL

    def read(self, view: View) -> Reading:
        """Give the reading as of the view's block."""
        verdicts = list(view.each.values())
        met = verdicts.count(Verdict.MET)
        return Reading(Fraction(met), Fraction(met + verdicts.count(Verdict.UNKNOWN)))


def build(settings: Settings) -> AppsWhere:
    """Make the metric."""
    inner = settings.metric
    metric = module_of("metrics", inner.kind).build(inner.settings)
    return AppsWhere(Needs(each=settings.build_goal(metric, inner)))


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all, so that a bar that decides nothing is refused."""
    return Reading(Fraction(0), None if app_count is None else Fraction(app_count))
