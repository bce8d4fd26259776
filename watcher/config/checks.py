"""Checks between the tables of a program: references, duplicates, and programs that can do nothing."""

from collections.abc import Iterator
from itertools import pairwise

from watcher.config.check_apps import app_problems
from watcher.config.check_kpis import kpi_problems
from watcher.config.check_tranches import tranche_problems
from watcher.config.families import family_markers
from watcher.config.problems import KeyPath, Problem, did_you_mean
from watcher.config.program_file import Condition, ProgramFile


def problems_between_tables(program: ProgramFile) -> list[Problem]:
    """List everything that is wrong with a program whose tables are valid each in itself."""
    return [
        *_duplicate_ids("app", [app.id for app in program.app]),
        *_duplicate_ids("kpi", [kpi.id for kpi in program.kpi]),
        *_duplicate_ids("milestone", [milestone.id for milestone in program.milestone]),
        *_duplicate_ids("countdown", [countdown.id for countdown in program.countdown]),
        *_gaps(program),
        *_markers(program),
        *app_problems(program),
        *_references(program),
        *kpi_problems(program),
        *_duplicate_ids("tranche", [tranche.id for tranche in program.tranche]),
        *tranche_problems(program),
        *_duplicate_ids("vesting", [item.id for item in program.vesting]),
        *_nothing_to_do(program),
    ]


def _duplicate_ids(table: str, ids: list[str]) -> Iterator[Problem]:
    for place, name in enumerate(ids):
        if name in ids[:place]:
            first = ids.index(name)
            yield Problem((table, place, "id"), f"is the id of {table}[{first}] already: choose another")


def _gaps(program: ProgramFile) -> Iterator[Problem]:
    chain = program.chain
    for place, gap in enumerate(chain.gap):
        if gap.first <= chain.count_from:
            yield Problem(
                ("chain", "gap", place, "first"),
                f"does not lie behind count_from = {chain.count_from}: begin to count behind the gap, "
                f"count_from = {gap.last + 1}",
            )
    ordered = sorted(enumerate(chain.gap), key=lambda item: item[1].first)
    for (_, gap), (place, following) in pairwise(ordered):
        if following.first <= gap.last + 1:
            yield Problem(
                ("chain", "gap", place, "first"),
                f"overlaps or touches the gap of blocks {gap.first} to {gap.last}: write both as one",
            )


def _markers(program: ProgramFile) -> Iterator[Problem]:
    """Find emitters whose event is explained twice: the order in the file must not decide."""
    known = {
        (emitter, marker.topic0): "in the chain's family"
        for marker in family_markers(program.chain.family)
        for emitter in marker.emitters
    }
    for place, marker in enumerate(program.liveness.marker):
        for emitter in sorted(marker.emitters):
            event = (emitter, marker.event.topic0)
            if event in known:
                yield Problem(
                    ("liveness", "marker", place, "emitters"),
                    f"lists {emitter}, whose {marker.event.name} stands {known[event]} already: leave it out",
                )
            known.setdefault(event, f"in marker[{place}]")


def _references(program: ProgramFile) -> Iterator[Problem]:
    kpis = {kpi.id for kpi in program.kpi}
    milestones = {milestone.id for milestone in program.milestone}
    for name in program.provenance.quotes:
        if name not in kpis:
            yield Problem(
                ("provenance", "quotes", name), f"quotes no KPI of this program: {did_you_mean(name, kpis)}"
            )
    for place, milestone in enumerate(program.milestone):
        yield from _condition(("milestone", place), milestone, kpis)
    for place, countdown in enumerate(program.countdown):
        if countdown.after not in milestones:
            remedy = did_you_mean(countdown.after, milestones)
            yield Problem(("countdown", place, "after"), f"is no milestone of this program: {remedy}")


def _condition(at: KeyPath, condition: Condition, kpis: set[str]) -> Iterator[Problem]:
    key = "any_of" if condition.any_of else "all_of"
    for place, part in enumerate(condition.parts):
        if isinstance(part, Condition):
            yield from _condition((*at, key, place), part, kpis)
        elif part not in kpis:
            yield Problem((*at, key, place), f"is no KPI of this program: {did_you_mean(part, kpis)}")


def _nothing_to_do(program: ProgramFile) -> Iterator[Problem]:
    if not program.kpi:
        yield Problem(("kpi",), "is missing: a program without a [[kpi]] can do nothing, add one")
