"""Metric `live_apps`: how many applications are live.

verdict per app ─▶ [LIVE, LIVE + UNKNOWN]
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from watcher.core.aggregates import Shape
from watcher.core.readings import Needs, Reading, View
from watcher.core.types import LiveVerdict
from watcher.fields import Table


class Settings(Table):
    """Nothing to set: the liveness policy says what counts."""


@dataclass(frozen=True, slots=True)
class LiveApps:
    """The number of live applications; one that the definition leaves unknown may be one of them or not."""

    integral: ClassVar = True
    shape: ClassVar = Shape.LEVEL
    needs: ClassVar = Needs(verdicts=True)

    def read(self, view: View) -> Reading:
        """Give the reading as of the view's block."""
        verdicts = list(view.apps.values())
        live = verdicts.count(LiveVerdict.LIVE)
        return Reading(Fraction(live), Fraction(live + verdicts.count(LiveVerdict.UNKNOWN)))


def build(settings: Settings) -> LiveApps:  # noqa: ARG001  # one form for all metrics
    """Make the metric."""
    return LiveApps()


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all, so that a bar that decides nothing is refused."""
    return Reading(Fraction(0), None if app_count is None else Fraction(app_count))
