"""The form of schedules by time, in programs and in grants.

{ kind = "linear", start = …, duration = "730d", cliff = "365d" } ─▶ core Schedule
"""

from fractions import Fraction
from typing import Literal, Self

from pydantic import Field, model_validator

from watcher.core.vesting import Schedule
from watcher.fields import Instant, PositiveSeconds, Seconds, Table, refuse


class TimeLock(Table):
    """When time alone unlocks an amount."""

    kind: Literal["cliff", "linear", "step"] = Field(
        description='"cliff": all at once; "linear": in a straight line; "step": in equal parts'
    )
    start: Instant = Field(description="when it begins")
    cliff: Seconds = Field(0, description="how long after the start nothing is unlocked")
    duration: PositiveSeconds | None = Field(None, description="for linear and step: how long it takes")
    every: PositiveSeconds | None = Field(None, description="for step: how far apart the parts are")

    @model_validator(mode="after")
    def _what_the_kind_takes(self) -> Self:
        wanted = {"cliff": set[str](), "linear": {"duration"}, "step": {"duration", "every"}}[self.kind]
        for key in ("duration", "every"):
            given = getattr(self, key) is not None
            if given and key not in wanted:
                raise refuse((key,), f'is of no use with kind = "{self.kind}": leave it out')
            if key in wanted and not given:
                raise refuse((key,), f'is missing: kind = "{self.kind}" needs it')
        if self.duration is not None and self.cliff > self.duration:
            raise refuse(("cliff",), "is longer than the duration: write less")
        if self.duration is not None and self.every is not None and self.duration % self.every:
            raise refuse(("every",), "does not divide the duration: write a span that does")
        return self

    def schedule(self, amount: Fraction) -> Schedule:
        """Give the schedule of an amount."""
        return Schedule(self.kind, amount, self.start, self.cliff, self.duration or 0, self.every or 0)
