"""Explaining: everything in the program that has an id, as of a moment, with what the ledger says of it.

id ─▶ app, KPI, milestone, countdown, tranche of that name ─▶ State + its entries ─▶ Explanation
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from typing import Any

from watcher.core.applications import is_open
from watcher.core.definition import Definition
from watcher.core.explain_app import explain_app
from watcher.core.explain_goals import explain_countdown, explain_milestone
from watcher.core.explain_kpi import DAYS_SHOWN, explain_kpi
from watcher.core.explain_tranche import explain_tranche
from watcher.core.explanation import Explanation
from watcher.core.readings import Reading
from watcher.core.types import SECONDS_PER_DAY, AppId, CountdownId, KpiId, MilestoneId, TrancheId
from watcher.errors import UsageError
from watcher.stages.history import readings_by_day
from watcher.stages.lookback import AsOf
from watcher.store.database import Tx


def explain(definition: Definition, tx: Tx, as_of: AsOf, name: str) -> list[Explanation]:
    """Explain all that has this id, apps first; UsageError suggests an id where nothing has it."""
    if definition.open_rule is not None and is_open(AppId(name)):
        name = name.lower()  # the creator's address, however it is written
        if name not in as_of.state.apps:
            raise UsageError(
                f'"{name}" is no app that was used within the window: `watcher apps` lists those'
            )
        return list(_found(definition, tx, as_of, name))
    goals = (definition.kpis, definition.milestones, definition.countdowns, definition.tranches)
    ids = {*definition.apps, *(each for goal in goals for each in goal)}
    _refuse_unknown(name, ids, "app, KPI, milestone, countdown or tranche")
    return list(_found(definition, tx, as_of, name))


def milestone_id(definition: Definition, name: str) -> MilestoneId:
    """Give a milestone's id as such; UsageError suggests one where the program has no such milestone."""
    _refuse_unknown(name, definition.milestones.keys(), "milestone")
    return MilestoneId(name)


def kpi_ids(definition: Definition, names: Sequence[str]) -> list[KpiId]:
    """Give the KPIs of these names, all of them where there are none; UsageError where one is unknown."""
    for name in names:
        _refuse_unknown(name, definition.kpis.keys(), "KPI")
    return [KpiId(name) for name in names] or list(definition.kpis)


def _refuse_unknown(name: str, ids: AbstractSet[str], kind: str) -> None:
    if name not in ids:
        close = get_close_matches(name, sorted(ids), 1)
        remedy = f'did you mean "{close[0]}"?' if close else f"there is {', '.join(sorted(ids)) or 'none'}"
        raise UsageError(f'"{name}" is no {kind} of this program: {remedy}')


def _found(definition: Definition, tx: Tx, as_of: AsOf, name: str) -> Iterator[Explanation]:
    state, block = as_of.state, as_of.block
    if name in state.apps:
        entries = _entries(tx, as_of, "app.", name)
        yield explain_app(definition, state, block, AppId(name), entries)
    if name in definition.kpis:
        entries, before = _entries(tx, as_of, "kpi.", name), _before(tx, as_of, KpiId(name))
        yield explain_kpi(definition, state, block, KpiId(name), entries, before=before)
    if name in definition.milestones:
        entries = _entries(tx, as_of, "milestone.", name)
        yield explain_milestone(
            definition, state, MilestoneId(name), entries, _observed_at(tx, as_of, MilestoneId(name))
        )
    if name in definition.countdowns:
        entries = _entries(tx, as_of, "countdown.", name)
        yield explain_countdown(definition, state, block, CountdownId(name), entries)
    if name in definition.tranches:
        entries = _entries(tx, as_of, "tranche.", name)
        yield explain_tranche(definition, state, TrancheId(name), entries)


def _observed_at(tx: Tx, as_of: AsOf, milestone: MilestoneId) -> int | None:
    """Give the block of an open observation; looking back there was none to be seen from there."""
    present = tx.state.load()
    if present is None or present.block.number != as_of.number:
        return None
    return next((each.block_number for each in tx.state.observations() if each.milestone == milestone), None)


def _before(tx: Tx, as_of: AsOf, kpi: KpiId) -> list[tuple[int, Reading]]:
    """Give what a KPI read at the ends of the days before the block's own, as many as are shown."""
    today = as_of.block.timestamp // SECONDS_PER_DAY
    days = readings_by_day(tx, as_of.number, today - DAYS_SHOWN)
    return [(each.day, each.readings[kpi]) for each in days if each.day < today]


def _entries(tx: Tx, as_of: AsOf, prefix: str, subject: str) -> list[Mapping[str, Any]]:
    """Give the ledger's entries about a subject up to the moment."""
    return [
        entry
        for entry in tx.ledger.find(subject=subject)
        if entry["type"].startswith(prefix) and entry["block_number"] <= as_of.number
    ]
