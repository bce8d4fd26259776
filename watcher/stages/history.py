"""History: what every KPI read at the end of each UTC day, as the kept states tell it.

one kept state a day ─▶ DayReadings ─▶ spark lines of explanations, series of forecasts
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from watcher.core.readings import Reading
from watcher.core.state import readings_from_json
from watcher.core.types import KpiId
from watcher.store.database import Tx


@dataclass(frozen=True, slots=True)
class DayReadings:
    """What each KPI read as of the last final block of a day (days since 1970)."""

    day: int
    readings: Mapping[KpiId, Reading]


def readings_by_day(tx: Tx, last_block: int, first_day: int = 0) -> Iterator[DayReadings]:
    """Give the days that are over, ascending, up to a block; a day without a concluded block has none."""
    for day, state in tx.state.snapshots(first_day, last_block):
        yield DayReadings(day, readings_from_json(json.loads(state.payload)))
