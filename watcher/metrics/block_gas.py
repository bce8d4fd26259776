"""Metric `block_gas`: the gas that blocks use, as their receipts add up to.

every block's receipts ─▶ gas used ─▶ one value a block
"""

from dataclasses import dataclass
from typing import ClassVar

from watcher.core.aggregates import Shape
from watcher.core.measures import GAS
from watcher.core.readings import UNKNOWN, Needs, Reading, View
from watcher.fields import Table
from watcher.metrics._amounts import amount


class Settings(Table):
    """Nothing to set: all transactions count, the system's own too."""


@dataclass(frozen=True, slots=True)
class BlockGas:
    """The gas that the block used."""

    integral: ClassVar = True
    shape: ClassVar = Shape.BLOCK
    needs: ClassVar = Needs(every_block=True)

    def read(self, view: View) -> Reading:
        """Give the block's gas; a block without transactions used none."""
        return Reading.exactly(amount(view.amounts, GAS, None, by_app=False))


def build(settings: Settings) -> BlockGas:  # noqa: ARG001  # one form for all metrics
    """Make the metric."""
    return BlockGas()


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all."""
    return UNKNOWN
