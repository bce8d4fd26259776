"""Metric `app_actors`: distinct actors in a window, of one app or of all together.

counted actions by hour and actor ─▶ who acted at least once in the window
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field

from watcher.core.aggregates import Shape
from watcher.core.measures import TOGETHER
from watcher.core.readings import NOTHING, UNKNOWN, Needs, Reading, View
from watcher.core.types import WindowSpec
from watcher.fields import Days, Id, Table
from watcher.metrics._amounts import about


class Window(Table):
    """The span of time in which somebody acted."""

    days: Days = Field(description="its length")
    kind: Literal["rolling", "complete_days"] = Field(
        description='"rolling": so many times 24 hours and the running one; "complete_days": whole UTC days'
    )


class Settings(Table):
    """Whose actors, in which time."""

    window: Window = Field(description='over which time: { days = 30, kind = "rolling" }')
    app: Id | None = Field(None, description="the app; default: all of them, each actor once")


@dataclass(frozen=True, slots=True)
class AppActors:
    """How many distinct actors the window holds as of the block."""

    window: WindowSpec
    app: str | None
    integral: ClassVar = True
    shape: ClassVar = Shape.LEVEL

    @property
    def needs(self) -> Needs:
        """Ask for the window of actors."""
        return Needs(actors=(self.window,), activity=True, by_app=True)

    def read(self, view: View) -> Reading:
        """Give the reading as of the view's block."""
        view = about(view, self.app)
        return view.widened(view.actors.get(self.window, {}).get(view.app or TOGETHER, NOTHING))


def build(settings: Settings) -> AppActors:
    """Make the metric."""
    return AppActors(WindowSpec(settings.window.days, settings.window.kind), settings.app)


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all."""
    return UNKNOWN
