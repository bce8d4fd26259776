"""Metric `event_sum`: the sum of an event's argument, of given contracts or of the apps' own.

logs of the event ─▶ the argument's word ─▶ what the block adds, in whole units
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from watcher.abi import EventSignature, WordReader
from watcher.core.aggregates import Shape
from watcher.core.measures import Measure
from watcher.core.readings import UNKNOWN, Needs, Reading, View
from watcher.core.window import Log
from watcher.fields import HexAddresses, Id, Table, Text
from watcher.metrics._amounts import about, amount, measure_key, number_in, one_source, unsigned, whole


class Settings(Table):
    """Which argument of which event, whose, and of which app."""

    event: EventSignature = Field(description="the event")
    argument: Text = Field(description="the name of the event's argument to add up, of an unsigned type")
    decimals: Annotated[int, Field(ge=0, le=255)] = Field(0, description="digits behind the point")
    emitters: HexAddresses | None = Field(
        None, description="the contracts that are believed; default: those that count for each app"
    )
    app: Id | None = Field(None, description="the app; default: all of them")

    @model_validator(mode="after")
    def _names_a_number(self) -> Self:
        unsigned(self.event, self.argument)
        one_source(self.app, self.emitters)
        return self


@dataclass(frozen=True, slots=True)
class EventSum:
    """How much of the argument a block adds."""

    measure: Measure
    decimals: int
    app: str | None
    integral: ClassVar = False
    shape: ClassVar = Shape.FLOW

    @property
    def needs(self) -> Needs:
        """Ask for the logs."""
        return Needs(measures=(self.measure,), by_app=self.measure.emitters is None)

    def read(self, view: View) -> Reading:
        """Give what the block adds."""
        by_app = self.measure.emitters is None
        view = about(view, self.app)
        added = amount(view.amounts, self.measure.key, view.app, by_app=by_app)
        reading = Reading.exactly(whole(added, self.decimals))
        return view.widened(reading) if by_app else reading


def build(settings: Settings) -> EventSum:
    """Make the metric."""
    reader = WordReader.of(settings.event, settings.argument)

    def read(log: Log) -> int | None:
        return number_in(reader.read(log))

    key = measure_key("sum", settings.event, settings.argument, settings.emitters)
    emitters = None if settings.emitters is None else frozenset(settings.emitters)
    return EventSum(Measure(key, frozenset({reader.topic0}), emitters, read), settings.decimals, settings.app)


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all."""
    return UNKNOWN
