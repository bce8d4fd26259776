"""Metric `app_actions`: counted actions, of one app or of all together.

a block's counted actions ─▶ what the block adds
"""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from watcher.core.aggregates import Shape
from watcher.core.readings import UNKNOWN, Needs, Reading, View
from watcher.fields import Id, Table
from watcher.metrics._amounts import about


class Settings(Table):
    """Whose actions; the liveness policy says what counts as one."""

    app: Id | None = Field(None, description="the app; default: all of them")


@dataclass(frozen=True, slots=True)
class AppActions:
    """How many counted actions a block adds; an action that reaches two apps is one of each."""

    app: str | None
    integral: ClassVar = True
    shape: ClassVar = Shape.FLOW
    needs: ClassVar = Needs(activity=True, by_app=True)

    def read(self, view: View) -> Reading:
        """Give what the block adds."""
        view = about(view, self.app)
        asked = view.actions if view.app is None else {view.app: view.actions.get(view.app, 0)}
        return view.widened(Reading.exactly(sum(asked.values())))


def build(settings: Settings) -> AppActions:
    """Make the metric."""
    return AppActions(settings.app)


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all."""
    return UNKNOWN
