"""Metric `attested_value`: a number that no chain holds, as signers attest it.

attestations of the subject ─▶ as many signers as required say the same ─▶ the number
"""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from watcher.core.aggregates import Shape
from watcher.core.readings import UNKNOWN, Needs, Reading, View
from watcher.fields import Id, Table


class Settings(Table):
    """Which number."""

    subject: Id = Field(description="the name under which it is attested")


@dataclass(frozen=True, slots=True)
class AttestedValue:
    """The number that is attested as of the block; unknown while nobody says so, or signers differ."""

    subject: str
    integral: ClassVar = False
    shape: ClassVar = Shape.LEVEL

    @property
    def needs(self) -> Needs:
        """Ask for attestations."""
        return Needs(attested=(self.subject,))

    def read(self, view: View) -> Reading:
        """Give the reading as of the view's block."""
        value = view.attested.get(self.subject)
        return UNKNOWN if value is None else Reading.exactly(value)


def build(settings: Settings) -> AttestedValue:
    """Make the metric."""
    return AttestedValue(settings.subject)


def bounds(settings: Settings, app_count: int) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all."""
    return UNKNOWN
