"""What the measured part of a ledger has to say, counted again by brute force from the simulated chain.

final blocks with their receipts, facts noted beside ─▶ a reading a block ─▶ folded by the second ─▶ entries

What needs a price, a view function or the apps' verdicts is left out: only the clean replay checks that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from operator import ge, gt, le, lt

from tests.faults.simulator.measured import ID, MOVED, PAID, TOKEN, TREASURY, VAULT, ZERO
from tests.faults.simulator.truth import PLAIN
from tests.unit.core.oracle_series import Value, ends, recounted
from watcher.core.definition import AllOf, Definition, Kpi
from watcher.core.facts import BlockFacts
from watcher.core.tranches import Tranche
from watcher.core.types import ActorId, KpiId, WindowSpec
from watcher.testing.fake_blocks import FakeBlock, FakeLog

Conclusion = tuple[str, str, int, int]
"""Type, subject, block number and the instant at which it occurred."""

_HOLDS = {"at_least": ge, "more_than": gt, "at_most": le, "less_than": lt}
_FLOORS = ("at_least", "more_than")


@dataclass(frozen=True, slots=True)
class Measures:
    """What was concluded, and of which KPIs, milestones and tranches that can be said here.

    `unlocked` has the tokens of each of these tranches of which something was unlocked.
    """

    entries: list[Conclusion]
    about: frozenset[str]
    unlocked: Mapping[str, Fraction]


def recount_measures(
    definition: Definition, blocks: Sequence[FakeBlock], facts: Sequence[BlockFacts[ActorId]]
) -> Measures:
    """Recount the final blocks from `count_from` on, of a chain without a declared gap."""
    readings = {
        name: folded
        for name, kpi in definition.kpis.items()
        if (series := _series(name, blocks, facts)) is not None
        and (folded := _folded(kpi, facts, series)) is not None
    }
    verdicts = {
        name: list(_verdicts(definition.kpis[name], facts, values)) for name, values in readings.items()
    }
    entries: list[Conclusion] = []
    about = set[str](verdicts)
    for name, answers in verdicts.items():
        for i, (before, now) in enumerate(zip([False, *answers], answers, strict=False)):
            if now != before:
                entries.append(_entry("kpi.met" if now else "kpi.unmet", name, facts[i]))
    reached: dict[str, list[bool]] = {}
    unlocked: dict[str, Fraction] = {}
    for milestone, rule in definition.milestones.items():
        condition = rule.condition
        parts = [str(part) for part in condition.parts]
        if all(part in verdicts for part in parts):
            of_parts = zip(*(verdicts[KpiId(part)] for part in parts), strict=True)
            every = isinstance(condition, AllOf)
            held = [all(each) if every else any(each) for each in of_parts]
            reached[milestone] = held
            about.add(milestone)
            if True in held:
                entries.append(_entry("milestone.reached", milestone, facts[held.index(True)]))
    for tranche in definition.tranches.values():
        waits = tranche.kpi or tranche.milestone or ""
        held_at = verdicts.get(tranche.kpi) if tranche.kpi else reached.get(waits)
        if held_at is not None:
            about.add(tranche.id)
            found = _unlocked(tranche, facts, held_at, readings.get(tranche.kpi) if tranche.kpi else None)
            if found is not None:
                at, unlocked[tranche.id] = found
                entries.append(_entry("tranche.unlocked", tranche.id, facts[at]))
    return Measures(entries, frozenset(about), unlocked)


def _entry(kind: str, subject: str, facts: BlockFacts[ActorId]) -> Conclusion:
    return kind, subject, facts.block.number, facts.block.timestamp


def _unlocked(
    tranche: Tranche,
    facts: Sequence[BlockFacts[ActorId]],
    held: Sequence[bool],
    readings: Sequence[Fraction] | None,
) -> tuple[int, Fraction] | None:
    """Find the block at which something of a tranche is unlocked, and how much; None: nothing is."""
    times = [each.block.timestamp for each in facts]
    if tranche.partial is None or readings is None or tranche.expiry is None:
        timely = [tranche.expiry is None or time <= tranche.expiry for time in times]
        return next(((i, tranche.amount) for i, answer in enumerate(held) if answer and timely[i]), None)
    due = next((i for i, time in enumerate(times) if time >= tranche.expiry), None)
    if due is None:
        return None
    part = tranche.partial
    share = min(max((readings[due] - part.lower) / (part.upper - part.lower), Fraction(0)), Fraction(1))
    hundredths = floor(100 * (part.minimum + (tranche.amount - part.minimum) * share))
    return (due, Fraction(hundredths, 100)) if hundredths else None


def _verdicts(kpi: Kpi, facts: Sequence[BlockFacts[ActorId]], readings: Sequence[Fraction]) -> Iterator[bool]:
    aggregate, begin = kpi.goal.aggregate, facts[0].block.timestamp
    for each, reading in zip(facts, readings, strict=True):
        window = aggregate.window
        early = window is not None and ends(window, each.block.timestamp)[0] < begin
        if aggregate.full and early and str(kpi.comparator) in _FLOORS:
            yield False
        else:
            yield bool(_HOLDS[str(kpi.comparator)](reading, kpi.bar))


def _folded(
    kpi: Kpi, facts: Sequence[BlockFacts[ActorId]], series: Sequence[Value | None]
) -> list[Fraction] | None:
    """Fold a series as of each block; None where some of it is unknown."""
    known = [value for value in series if value is not None]
    if len(known) < len(series):
        return None
    seen = [(each.block.timestamp, value) for each, value in zip(facts, known, strict=True)]
    most = str(kpi.comparator) not in _FLOORS
    return [
        recounted(kpi.metric.shape, kpi.goal.aggregate, seen[: i + 1], most=most) for i in range(len(seen))
    ]


def _series(  # noqa: C901, PLR0911  # one case a metric
    name: str, blocks: Sequence[FakeBlock], facts: Sequence[BlockFacts[ActorId]]
) -> list[Value | None] | None:
    """Give what a metric reads at each block, None where logs cannot be true; None: it is not known here."""
    receipts = [block.receipts for block in blocks]
    logs = [[one for each in of_block for one in each.logs] for of_block in receipts]
    paid = [
        [(one.address, int(one.data, 16)) for one in of_block if one.topics[:1] == (PAID,) and one.topics[1:]]
        for of_block in logs
    ]
    acted = [{app: activity.actors for app, activity in each.activity.items()} for each in facts]
    match name.removeprefix(ID):
        case "uses":
            theirs = list(_members(facts))
            return [sum(who in theirs[i] for who, _ in each) for i, each in enumerate(paid)]
        case "plain-uses":
            return [sum(who == PLAIN for who, _ in each) for each in paid]
        case "volume":
            return [Fraction(sum(value for who, value in each if who == PLAIN), 10) for each in paid]
        case "actions":
            return [sum(sum(actors.values()) for actors in each.values()) for each in acted]
        case "proxy-actions":
            return [
                sum(sum(actors.values()) for app, actors in each.items() if app == "proxy") for each in acted
            ]
        case "actors":
            return _actors(facts, WindowSpec(1, "rolling"), None)
        case "late-actors":
            return _actors(facts, WindowSpec(2, "complete_days"), "late")
        case "supply":
            return _balances(logs, outside=(ZERO, TREASURY))
        case "held":
            theirs_of = zip(_balances(logs, inside=(VAULT,)), _balances(logs, outside=(ZERO,)), strict=True)
            return [
                None if held is None or there is None else Fraction(100 * held) / there if there else 0
                for held, there in theirs_of
            ]
        case "gas":
            return [sum(int(each.gas_used, 16) for each in of_block) for of_block in receipts]
        case _:
            return None


def _members(facts: Sequence[BlockFacts[ActorId]]) -> Iterator[frozenset[str]]:
    members = set[str]()
    for each in facts:
        for item in each.announcements:
            (members.discard if item.removed else members.add)(item.address)
        yield frozenset(members)


def _actors(facts: Sequence[BlockFacts[ActorId]], window: WindowSpec, app: str | None) -> list[Value | None]:
    found: list[Value | None] = []
    for i, now in enumerate(facts):
        first, behind = ends(window, now.block.timestamp)
        acted = {
            actor
            for each in facts[: i + 1]
            if first <= each.block.timestamp < behind
            for name, activity in each.activity.items()
            if app in {None, name}
            for actor in activity.actors
        }
        found.append(len(acted))
    return found


def _balances(
    logs: Sequence[Sequence[FakeLog]], *, inside: Sequence[str] = (), outside: Sequence[str] = ()
) -> list[Value | None]:
    """Add up what comes to accounts and goes from them; None where more went than there was."""

    def counts(topic: str) -> bool:
        account = "0x" + topic[-40:]
        return account in inside if inside else account not in outside

    total = 0
    found: list[Value | None] = []
    for of_block in logs:
        for one in of_block:
            if one.address == TOKEN and one.topics[:1] == (MOVED,):
                total += (counts(one.topics[2]) - counts(one.topics[1])) * int(one.data, 16)
        found.append(Fraction(total, 10) if total >= 0 else None)
    return found
