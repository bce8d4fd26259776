"""A changed program and what was read for the old one: what serves both, and what has to be read.

    canonical OLD ┐
                  ├─▶ rereading ─▶ Rereading: these apps and metrics, or everything, and why
    canonical NEW ┘

Bars, windows, aggregates, milestones, countdowns and tranches are conclusions: they ask for no read. What a
block's receipts were read for are apps with their contracts, metrics, and whose actions count.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from watcher.core.definition import Definition
from watcher.core.metering import needs_of
from watcher.core.readings import Needs
from watcher.core.types import Address, AppId, KpiId

_JUDGING = frozenset(
    {
        "attested",
        "dormant_after",
        "leave_below",
        "max_actions_per_actor",
        "min_actions",
        "min_active_days",
        "min_actors",
        "window",
    }
)
"""Keys of [liveness] that judge what was counted; all others say what is counted."""

_TABLES = frozenset({"app", "countdown", "kpi", "milestone", "tranche"})
"""Tables of which a program has several, each with its id."""

_LISTING = frozenset({"contract", "id", "required"})
"""Keys of an [[app]] whose contracts the program alone says."""


@dataclass(frozen=True, slots=True)
class Rereading:
    """What a changed program needs that was not read for the old one.

    `everything`: why nothing that was read serves, None where it does. `apps` are read, `dropped` are those
    whose stored facts are of another listing. `listed` are the contracts of both: where somebody else claims
    one of them, all has to be read. `kpis` are those whose metrics were not read. `tables` names the parts
    of the program that changed, for people.
    """

    tables: tuple[str, ...] = ()
    everything: str | None = None
    apps: frozenset[AppId] = frozenset()
    dropped: frozenset[AppId] = frozenset()
    listed: frozenset[Address] = frozenset()
    kpis: frozenset[KpiId] = frozenset()

    @property
    def history(self) -> bool:
        """Tell whether history has to be read at all."""
        return self.everything is not None or bool(self.apps or self.kpis)

    def words(self) -> str:
        """Say it in a sentence."""
        if self.everything is not None:
            return f"all of the history is read again: {self.everything}"
        parts = [*(f"app {app}" for app in sorted(self.apps)), *(f"KPI {kpi}" for kpi in sorted(self.kpis))]
        if parts:
            return f"the history is read for {', '.join(parts)} alone"
        return "what was read serves: nothing of the history is read again"


def rereading(old: str | None, new: Definition) -> Rereading:
    """Compare an old program, as canonical JSON (None: unknown), with the new one."""
    if old is None:
        return Rereading(everything="the database does not know the program that it was read for")
    was, now = json.loads(old), json.loads(new.canonical)
    changed = tuple(_changes(was, now))
    reason = _reason(was, now)
    if reason is not None:
        return Rereading(changed, everything=reason)
    before, after = _by_id(was, "app"), _by_id(now, "app")
    differing = [
        name for name in {*before, *after} if _listing(before.get(name)) != _listing(after.get(name))
    ]
    tables = [table for name in differing for table in (before.get(name), after.get(name)) if table]
    if any(table.keys() - _LISTING for table in tables):
        return Rereading(changed, everything="the way in which an app's contracts are found changed")
    known = [metric for kpi in was.get("kpi", ()) for metric in _metrics(kpi)]
    unread = {
        KpiId(kpi["id"]): _needs(new, KpiId(kpi["id"]))
        for kpi in now.get("kpi", ())
        if any(metric not in known for metric in _metrics(kpi))
    }
    if any(_goes_by_app(needs) for needs in unread.values()):
        return Rereading(changed, everything="a new metric reads something else of every app")
    return Rereading(
        changed,
        None,
        frozenset(AppId(name) for name in differing if name in after),
        frozenset(AppId(name) for name in differing if name in before),
        frozenset(Address(contract["address"]) for table in tables for contract in table.get("contract", ())),
        frozenset(kpi for kpi, needs in unread.items() if needs.measures or needs.every_block),
    )


def restricted(definition: Definition, plan: Rereading) -> Definition:
    """Give the part of a program whose history is read: these apps, and metrics that are new or go by app."""
    return replace(
        definition,
        apps={name: app for name, app in definition.apps.items() if name in plan.apps},
        open_rule=None,
        kpis={
            name: kpi
            for name, kpi in definition.kpis.items()
            if name in plan.kpis or _goes_by_app(_needs(definition, name))
        },
        milestones={},
        countdowns={},
        tranches={},
    )


def _reason(was: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """Say what makes all that was read useless, None: nothing does."""
    if was["schema"] != now["schema"]:
        return "`schema`, the meaning of the rules, changed"
    if was["chain"] != now["chain"]:
        return "[chain] changed"
    if _counting(was) != _counting(now):
        return "[liveness] counts other actions (unit, reach, exclude or not_paused)"
    return None


def _counting(program: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in program["liveness"].items() if key not in _JUDGING}


def _listing(app: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if app is None else {key: value for key, value in app.items() if key != "required"}


def _by_id(program: Mapping[str, Any], table: str) -> dict[str, Mapping[str, Any]]:
    return {item["id"]: item for item in program.get(table, ())}


def _metrics(kpi: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give the metrics that a KPI reads: an `apps_where` reads the one inside."""
    metric = kpi["metric"]
    if "metric" in metric:
        yield from _metrics(metric)
    else:
        yield metric


def _needs(definition: Definition, kpi: KpiId) -> Needs:
    return needs_of(replace(definition, kpis={kpi: definition.kpis[kpi]}))


def _goes_by_app(needs: Needs) -> bool:
    return any(measure.emitters is None for measure in needs.measures)


def _changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Name the tables that differ, in the order of their names."""
    for key in sorted({*was, *now}):
        if was.get(key) == now.get(key):
            continue
        if key not in _TABLES:
            yield f"[{key}]"
            continue
        old, new = _by_id(was, key), _by_id(now, key)
        for name in sorted({*old, *new}):
            if name not in old or name not in new:
                yield f"[[{key}]] {name} {'added' if name in new else 'removed'}"
            elif old[name] != new[name]:
                yield f"[[{key}]] {name} changed"
