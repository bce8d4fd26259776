"""Metric `event_count`: how often an event was emitted, by given contracts or by the apps' own.

logs of the event ─▶ what the block adds
"""

from dataclasses import dataclass
from typing import ClassVar, Self

from pydantic import Field, model_validator

from watcher.abi import EventSignature
from watcher.core.aggregates import Shape
from watcher.core.measures import Measure
from watcher.core.readings import UNKNOWN, Needs, Reading, View
from watcher.core.window import Log
from watcher.fields import HexAddresses, Id, Table
from watcher.metrics._amounts import about, amount, measure_key, one_source


class Settings(Table):
    """Which event, whose, and of which app."""

    event: EventSignature = Field(description="the event")
    emitters: HexAddresses | None = Field(
        None, description="the contracts that are believed; default: those that count for each app"
    )
    app: Id | None = Field(None, description="the app; default: all of them")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        one_source(self.app, self.emitters)
        return self


@dataclass(frozen=True, slots=True)
class EventCount:
    """How many logs of the event a block adds."""

    measure: Measure
    app: str | None
    integral: ClassVar = True
    shape: ClassVar = Shape.FLOW

    @property
    def needs(self) -> Needs:
        """Ask for the logs."""
        return Needs(measures=(self.measure,), by_app=self.measure.emitters is None)

    def read(self, view: View) -> Reading:
        """Give what the block adds."""
        by_app = self.measure.emitters is None
        view = about(view, self.app)
        counted = Reading.exactly(amount(view.amounts, self.measure.key, view.app, by_app=by_app))
        return view.widened(counted) if by_app else counted


def build(settings: Settings) -> EventCount:
    """Make the metric."""
    topics = 1 + sum(parameter.indexed for parameter in settings.event.parameters)

    def read(log: Log) -> int | None:
        return 1 if len(log.topics) == topics else None

    key = measure_key("count", settings.event, settings.emitters)
    emitters = None if settings.emitters is None else frozenset(settings.emitters)
    measure = Measure(key, frozenset({settings.event.topic0}), emitters, read)
    return EventCount(measure, settings.app)


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all."""
    return UNKNOWN
