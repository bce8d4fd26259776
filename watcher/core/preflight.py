"""Preflight: what stands in the way of a run, and what should be known before one.

program, endpoints, database, channels ─▶ findings ─▶ the worst of them
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from watcher.core.definition import Bars, Definition, OnRegression
from watcher.core.kpis import compare
from watcher.core.readings import View
from watcher.core.types import Address, AppId, BlockHash, LiveVerdict, Verdict
from watcher.core.window import BlockReceipts
from watcher.core.wording import COVERAGE, counted


class Level(StrEnum):
    """How bad a finding is, the worst last."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `about` names it, `text` says how it is and, if need be, what to do."""

    level: Level
    about: str
    text: str


def worst(findings: Iterable[Finding]) -> Level:
    """Give the worst level of some findings."""
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.OK)


def joins(definition: Definition) -> Iterator[tuple[Address, int]]:
    """Give the listed contracts, each with the block at which it joins its app."""
    for app in definition.apps.values():
        for found in app.discoveries:
            for number in sorted(found.wants().blocks):
                for item in found.read(BlockReceipts(number, BlockHash(""), ())):
                    if not item.removed:
                        yield item.address, number


def program_findings(definition: Definition) -> Iterator[Finding]:
    """Say what the program is, and what in it should be meant as it is written."""
    parts = [
        *([counted(len(definition.apps), "app")] if definition.apps or not definition.open_rule else []),
        *(["an app for each account that creates contracts"] if definition.open_rule else []),
        counted(len(definition.kpis), "KPI"),
        counted(len(definition.milestones), "milestone"),
        counted(len(definition.countdowns), "countdown"),
    ]
    text = f"{definition.program_id}, definition {definition.hash}: {', '.join(parts)}"
    yield Finding(Level.OK, "program", text)
    system = definition.chain.system
    out = [
        *([counted(len(system.senders), "sender")] if system.senders else []),
        *([f"type {', '.join(sorted(system.types))}"] if system.types else []),
    ]
    own = (
        f"leaves out the chain's own transactions ({', '.join(out)})"
        if out
        else "has none of its own to leave out"
    )
    yield Finding(Level.OK, "program", f"family {definition.chain.family} {own}")
    if definition.open_rule:
        yield Finding(Level.WARNING, "program", f"{definition.open_rule.id} finds apps: {COVERAGE}")
    yield from (Finding(Level.WARNING, "program", text) for text in _program_warnings(definition))


def _program_warnings(definition: Definition) -> Iterator[str]:
    for countdown in definition.countdowns.values():
        if countdown.on_regression is not OnRegression.CONTINUE:
            yield (
                f'countdown {countdown.id}: on_regression = "{countdown.on_regression}" gives whoever can '
                'un-live an app a veto; "continue" gives it to nobody'
            )
    without = [app.id for app in definition.apps.values() if not app.discoveries]
    if without:
        yield f"without addresses, and so UNKNOWN until they are added: {', '.join(without)}"
    yield from _gap_warnings(definition)
    if definition.liveness.reach == "touched":
        yield 'reach = "touched" sees a transaction only by a log that it made an app emit'
    if definition.liveness.unit == "action":
        listed = frozenset[Address]().union(*(each.emitters for each in definition.liveness.markers))
        yield (
            f'unit = "action" tells users apart by events of {counted(len(listed), "listed contract")}: '
            "behind any other, whoever relays them is the actor"
        )
    bars = definition.liveness.bars
    if bars == Bars():
        yield "the liveness policy asks for no activity: an app is live as soon as its code can run"
    elif bars.min_actors is None and definition.liveness.max_actions_per_actor is None:
        yield "neither min_actors nor max_actions_per_actor is set: a single sender can make an app live"
    if not definition.milestones:
        yield "there is no milestone: KPIs are recorded, and nothing follows from them"
    yield from _hopeless_kpis(definition, without)


def _hopeless_kpis(definition: Definition, without: Sequence[AppId]) -> Iterator[str]:
    """Name the KPIs that apps `without` addresses keep from being MET; none where anybody may add an app."""
    if definition.open_rule is not None:
        return
    best = {
        app.id: LiveVerdict.LIVE if app.discoveries else LiveVerdict.UNKNOWN
        for app in definition.apps.values()
    }
    for kpi in definition.kpis.values() if without else ():
        reading = kpi.metric.read(View(0, best)) if kpi.metric.needs.verdicts else None
        if reading is not None and compare(reading, kpi.comparator, kpi.bar) is not Verdict.MET:
            yield f"KPI {kpi.id} cannot be MET even if every app with an address is live"


def _gap_warnings(definition: Definition) -> Iterator[str]:
    announcing = [
        app.id
        for app in definition.apps.values()
        if any(found.wants().log_addresses or found.wants().creators for found in app.discoveries)
    ]
    for gap in definition.chain.gaps if announcing else ():
        yield (
            f"contracts announced within the declared gap of blocks {gap.first} to {gap.last} are never "
            f"known: list those of {', '.join(announcing)}"
        )
