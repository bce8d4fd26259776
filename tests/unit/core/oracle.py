"""The oracle of the step: a recount by brute force that shares no code with it.

    definition, all blocks, the state of every contract ─▶ what has to be concluded at which block

It keeps nothing between blocks but the verdicts: at each block, membership, samples, pauses and counts are
found again from the first block on. Slow and plain on purpose. Answers are True (yes), False (no) and None
(the definition leaves it open).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from operator import ge, gt, le, lt

from tests.unit.core.givens import CountLive, ShareLive
from tests.unit.core.oracle_apps import Attention, Block, Counted, History, Look, Owners, StateAt, both
from tests.unit.core.oracle_words import recorded, word
from watcher.core.attestations import Attestation
from watcher.core.definition import AllOf, Condition, Countdown, Definition, Kpi
from watcher.core.types import MilestoneId
from watcher.metrics.attested_value import AttestedValue

ORDER = (
    "definition.adopted",
    "countdown.elapsed",
    "attestation.recorded",
    "app.went_dormant",
    "app.went_live",
    "kpi.unmet",
    "kpi.met",
    "milestone.reached",
    "tranche.unlocked",
    "countdown.cancelled",
    "countdown.paused",
    "countdown.resumed",
    "countdown.started",
)
"""The order of one block's entries (specification, section 9)."""

ENDLESS = Fraction(10**30)
"""Stands for the missing upper end of a reading."""

Conclusion = tuple[str, str, int, int]
"""Type, subject, block number and the instant at which it occurred."""


@dataclass(slots=True)
class Recount:
    """Everything to be concluded: the entries in order, and for each block the apps, KPIs and milestones."""

    entries: list[Conclusion] = field(default_factory=list)
    apps: list[dict[str, Counted]] = field(default_factory=list)
    kpis: list[dict[str, bool | None]] = field(default_factory=list)


def recount(
    definition: Definition,
    blocks: Sequence[Block],
    state_at: StateAt,
    admitted: Sequence[Attestation] = (),
) -> Recount:
    """Recount a whole chain."""
    found = Recount()
    entries = [("definition.adopted", definition.program_id, blocks[0].block.number, _time(blocks, 0))]
    named = {app for facts in blocks for app in facts.activity}
    histories = {app: History() for app in [*definition.apps, *sorted(named - definition.apps.keys())]}
    attention = {app: Attention(listed=app in definition.apps) for app in histories}
    met = dict.fromkeys(definition.kpis, False)
    conditions: dict[MilestoneId, list[bool | None]] = {name: [] for name in definition.milestones}
    owners: Owners = {}
    entries += _recorded(admitted, blocks)
    for i, facts in enumerate(blocks):
        number, time = facts.block.number, _time(blocks, i)
        counted = {}
        for app, history in histories.items():
            seen = blocks[: i + 1]
            look = Look(definition, seen, state_at, definition.app(app), attention[app], owners, admitted)
            was_live = history.live
            answer = look.judge(live=was_live)
            history.add(time, answer=answer, dormant_after=definition.liveness.dormant_after_seconds)
            counted[str(app)] = look.counted(history.verdict)
            attention[app].add(look, live=history.live)
            if history.live != was_live:
                entries.append(("app.went_live" if history.live else "app.went_dormant", app, number, time))
        number_of = partial(_attested, definition, admitted, time)
        verdicts = {name: _kpi(kpi, counted, number_of) for name, kpi in definition.kpis.items()}
        for name, verdict in verdicts.items():
            if verdict is not None and verdict != met[name]:
                met[name] = verdict
                entries.append(("kpi.met" if verdict else "kpi.unmet", name, number, time))
        for milestone, rule in definition.milestones.items():
            conditions[milestone].append(_condition(rule.condition, {str(k): v for k, v in verdicts.items()}))
        found.apps.append(counted)
        found.kpis.append({str(name): verdict for name, verdict in verdicts.items()})
    for milestone, held in conditions.items():
        if True in held:
            i = held.index(True)
            entries.append(("milestone.reached", milestone, blocks[i].block.number, _time(blocks, i)))
    for countdown in definition.countdowns.values():
        entries += _run(countdown, blocks, conditions[countdown.after])
    found.entries = sorted(entries, key=lambda e: (e[2], ORDER.index(e[0]), e[1].encode("utf-8")))
    return found


def _time(blocks: Sequence[Block], i: int) -> int:
    return blocks[i].block.timestamp


def _recorded(admitted: Sequence[Attestation], blocks: Sequence[Block]) -> Iterator[Conclusion]:
    for name, i in recorded(admitted, [facts.block.timestamp for facts in blocks]):
        yield ("attestation.recorded", name, blocks[i].block.number, _time(blocks, i))


def _attested(
    definition: Definition, admitted: Sequence[Attestation], time: int, subject: str
) -> Fraction | None:
    said = word(definition, admitted, subject, "value", time)
    return None if said is None else Fraction(said)


def _kpi(kpi: Kpi, apps: dict[str, Counted], number_of: Callable[[str], Fraction | None]) -> bool | None:
    verdicts = [counted.verdict for counted in apps.values()]
    live, unknown = verdicts.count("LIVE"), verdicts.count("UNKNOWN")
    if isinstance(kpi.metric, CountLive):
        ends = [Fraction(live), Fraction(live + unknown)]
    elif isinstance(kpi.metric, ShareLive):
        ends = [Fraction(live, len(verdicts)), ENDLESS if unknown else Fraction(live, len(verdicts))]
    elif isinstance(kpi.metric, AttestedValue):
        attested = number_of(kpi.metric.subject)
        ends = [Fraction(0), ENDLESS] if attested is None else [attested]
    else:
        raise TypeError(f"the oracle does not know {kpi.metric}")
    holds = {"at_least": ge, "more_than": gt, "at_most": le, "less_than": lt}[str(kpi.comparator)]
    answers: set[bool] = {holds(end, kpi.bar) for end in ends}
    return answers.pop() if len(answers) == 1 else None


def _condition(condition: Condition, kpis: dict[str, bool | None]) -> bool | None:
    if isinstance(condition, str):
        return kpis[condition]
    answers = [_condition(part, kpis) for part in condition.parts]
    if isinstance(condition, AllOf):
        return both(answers)
    negated = both([None if answer is None else not answer for answer in answers])
    return None if negated is None else not negated


def _run(
    countdown: Countdown, blocks: Sequence[Block], condition: Sequence[bool | None]
) -> Iterator[Conclusion]:
    """Let one clock run from the block of its milestone to the end of the chain."""
    if True not in condition:
        return
    policy = str(countdown.on_regression)
    left: int | None = None
    deadline: int | None = None
    for i in range(list(condition).index(True), len(blocks)):
        number, time = blocks[i].block.number, _time(blocks, i)
        if deadline is None:
            if condition[i] is True:
                deadline = time + (countdown.duration_seconds if left is None else left)
                yield (f"countdown.{'started' if left is None else 'resumed'}", countdown.id, number, time)
        elif time >= deadline:
            yield ("countdown.elapsed", countdown.id, number, deadline)
            return
        elif condition[i] is False and policy == "pause":
            left = deadline - time
            deadline = None
            yield ("countdown.paused", countdown.id, number, time)
        elif condition[i] is False and policy == "cancel":
            deadline = None
            yield ("countdown.cancelled", countdown.id, number, time)
            if not countdown.rearm:
                return
