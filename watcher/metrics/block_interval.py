"""Metric `block_interval`: the time from each block to the next one, by their timestamps.

timestamps of neighbouring blocks ─▶ seconds ─▶ one value a block

Block timestamps are whole seconds on most chains: what happens within a second cannot be seen.
"""

from dataclasses import dataclass
from typing import ClassVar

from watcher.core.aggregates import Shape
from watcher.core.readings import UNKNOWN, Needs, Reading, View
from watcher.fields import Table


class Settings(Table):
    """Nothing to set."""


@dataclass(frozen=True, slots=True)
class BlockInterval:
    """Seconds between a block and the one before it."""

    integral: ClassVar = True
    shape: ClassVar = Shape.BLOCK
    needs: ClassVar = Needs(every_block=True)

    def read(self, view: View) -> Reading | None:
        """Give the seconds; None for the first block that counts, and behind a declared gap."""
        return None if view.interval is None else Reading.exactly(view.interval)


def build(settings: Settings) -> BlockInterval:  # noqa: ARG001  # one form for all metrics
    """Make the metric."""
    return BlockInterval()


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all."""
    return UNKNOWN
