"""The pure step: every conclusion the watcher ever draws is drawn here, one whole block at a time.

    step(state, block facts, samples) ─▶ state, entries, notices

Live, backfill, the provisional pass and `--at` are this function over different blocks.

# INVARIANT: the entries depend on the blocks alone, not on how they were cut into windows or how often the
# process was restarted: tests/unit/core/test_step_replay.py. A brute-force recount agrees:
# tests/unit/core/test_step_oracle.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from watcher.core import evidence
from watcher.core.activity import hour_of, span
from watcher.core.attestations import claims_at
from watcher.core.countdown import Phase, elapse, follow
from watcher.core.definition import Definition
from watcher.core.events import Notice, NoticeType
from watcher.core.facts import BlockAtWant, BlockFacts, Sample
from watcher.core.kpis import KpiStatus, condition_verdict
from watcher.core.ledger import Draft, Entry, EntryType
from watcher.core.liveness import advance
from watcher.core.metering import Measured
from watcher.core.standing import judgement_of, view_of
from watcher.core.state import State
from watcher.core.tranches import Standing, settle
from watcher.core.types import (
    SECONDS_PER_HOUR,
    ActorId,
    Address,
    AppId,
    BlockRef,
    KpiId,
    Verdict,
    ViewCall,
    iso_utc,
)

PROGRESS_PARTS = 20
"""A reading that is not a whole number is reported each 5 % of its bar (spec of notices)."""


NO_CALLS: Mapping[tuple[ViewCall, int], bytes | None] = {}
"""For programs whose metrics call nothing."""


@dataclass(frozen=True, slots=True)
class Conclusions:
    """What one block brought: ledger entries in order, and notices about it."""

    entries: list[Entry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def block_wanted(definition: Definition, state: State, following: BlockRef) -> BlockAtWant | None:
    """Say which block has to be found before `following` may be concluded; None: it may be.

    Something can change at the first block of an hour or at a deadline. Where `following` does not come right
    after the last concluded block, no such instant may lie between them. That `count_from`, blocks with facts
    and the blocks around declared gaps are not left out is the caller's part: it knows their numbers.
    """
    last = state.block
    if last is None or definition.chain.next_block(last.number) == following.number:
        return None
    instants = [(hour_of(last.timestamp) + 1) * SECONDS_PER_HOUR, *deadlines(definition, state)]
    earliest = min(instants)
    if earliest > following.timestamp:
        return None
    return BlockAtWant(timestamp=earliest, after=last.number, before=following.number)


def deadlines(definition: Definition, state: State) -> list[int]:
    """List the instants after the last block at which a conclusion falls due by time alone."""
    dormant_after = definition.liveness.dormant_after_seconds
    left = (state.apps[app].falls_due(dormant_after) for app in state.below)
    due = [instant for instant in left if instant is not None]
    due += state.meter.instants(definition)
    due += [at for each in state.admitted for at in each.instants() if at > _now(state)]
    open_tranches = (each for each in definition.tranches.values() if each.id not in state.tranches)
    falls_due = (each.falls_due for each in open_tranches)
    due += [instant for instant in falls_due if instant is not None and instant > _now(state)]
    due += [
        status.deadline
        for status in state.countdowns.values()
        if status.phase is Phase.RUNNING and status.deadline is not None
    ]
    return due


def step(
    definition: Definition,
    state: State,
    facts: BlockFacts[ActorId],
    samples: Mapping[tuple[Address, int], Sample],
    calls: Mapping[tuple[ViewCall, int], bytes | None] = NO_CALLS,
) -> tuple[State, Conclusions]:
    """Conclude one block. The state passed in is used up; the one returned has to be used from here on.

    Blocks come ascending, `count_from` first. `samples` holds what `Sampler.advance` will ask for, `calls` at
    the first block of each sampling period what each of the metrics' calls returned there; a KeyError means
    that the caller did not check.
    """
    block, last = facts.block, state.block
    drafts: list[Draft] = []
    if last is None:
        drafts.append(
            Draft(EntryType.DEFINITION_ADOPTED, definition.program_id, evidence.adopted(definition, block))
        )
    crossed = last is not None and _cross_gap(definition, state, last, block)
    if state.sampler.turns(facts):
        state.meter.calls = {call: calls[call, block.number] for call in state.meter.needs.calls}
    dirty = _take_in(definition, state, facts, samples)
    state.block = block
    rolls = last is None or crossed or hour_of(block.timestamp) != hour_of(last.timestamp)
    if rolls:
        _roll(definition, state, block.timestamp)
        dirty = set(state.apps)
    for app, activity in facts.activity.items():
        if activity.actors:
            state.windows[app].add(activity.actors)
            dirty.add(app)
    state.meter.take(facts)
    drafts += _attest(definition, state, block, last, dirty)
    dirty |= _overdue(definition, state, block.timestamp)
    drafts += _judge_apps(definition, state, block, dirty)
    if rolls:
        _let_sleep(state)
    measured = _measure(definition, state, facts, last, dirty)
    kpi_drafts, notices = _judge_kpis(definition, state, block, measured)
    drafts += kpi_drafts
    drafts += _elapse(definition, state, block)
    drafts += _latch(definition, state, block)
    drafts += _unlock(definition, state, block, turns=rolls, before=-1 if last is None else last.timestamp)
    return state, Conclusions(state.ledger.append(definition, block, drafts), notices)


def _cross_gap(definition: Definition, state: State, last: BlockRef, block: BlockRef) -> bool:
    """Note a declared gap between two concluded blocks: what it may have held is unknown from here on."""
    crossed = any(last.number < gap.first <= gap.last < block.number for gap in definition.chain.gaps)
    if crossed:
        state.gaps.append((last.timestamp, block.timestamp))
        state.pauses, state.pauses_lost = {}, True
        state.meter.lose(block.timestamp)
    return crossed


def _take_in(
    definition: Definition,
    state: State,
    facts: BlockFacts[ActorId],
    samples: Mapping[tuple[Address, int], Sample],
) -> set[AppId]:
    """Apply announcements, samples and pauses, and wake apps; return the apps that all this concerns."""
    sampler = state.sampler
    for app in sampler.woken(facts):
        state.wake(definition, app)
        state.windows[app].roll(facts.block.timestamp)
    concerned = {item.address for item in facts.announcements}
    dirty = sampler.apps_of(concerned)
    due = sampler.advance(facts)
    sampler.take(due, facts.block.number, samples)
    for log in facts.pauses:
        state.pauses[log.address] = log.paused
    changed = {*concerned, *due, *(log.address for log in facts.pauses)}
    return dirty | sampler.apps_of(changed)


def _attest(
    definition: Definition, state: State, block: BlockRef, last: BlockRef | None, dirty: set[AppId]
) -> list[Draft]:
    """Let attestations act that begin to, and take those into account that have expired since."""
    policy, before = definition.attestations, -1 if last is None else last.timestamp
    if policy is None or not any(
        before < at <= block.timestamp for each in state.admitted for at in each.instants()
    ):
        return []
    drafts = []
    for each in state.admitted:
        name = each.statement.id
        if each.acts_from <= block.timestamp and name not in state.recorded:
            state.recorded.add(name)
            proof = evidence.attestation_recorded(definition, block, each)
            drafts.append(Draft(EntryType.ATTESTATION_RECORDED, name, proof))
    claims = claims_at(policy, state.admitted, block.timestamp)
    changed = {subject for subject, _ in claims.items() ^ dict(state.attested).items()}
    dirty |= {app for app in state.apps if any(subject == app for subject, _ in changed)}
    state.attested = claims
    return drafts


def _roll(definition: Definition, state: State, timestamp: int) -> None:
    for window in state.windows.values():
        window.roll(timestamp)
    state.meter.roll(timestamp)
    windows = (definition.liveness.window, *state.meter.needs.actors)
    first = min(span(window, timestamp)[0] for window in windows)
    state.gaps = [gap for gap in state.gaps if hour_of(gap[1]) >= first]


def _let_sleep(state: State) -> None:
    """Forget the apps of the kind `open` that nothing can be said of any more until they are used again."""
    for app in list(state.sampler.awake):
        if state.windows[app].empty and not state.apps[app].live:
            state.sleep(app)


def _overdue(definition: Definition, state: State, timestamp: int) -> set[AppId]:
    dormant_after = definition.liveness.dormant_after_seconds
    due = {app: state.apps[app].falls_due(dormant_after) for app in state.below}
    return {app for app, instant in due.items() if instant is not None and instant <= timestamp}


def _judge_apps(definition: Definition, state: State, block: BlockRef, dirty: set[AppId]) -> list[Draft]:
    policy = definition.liveness
    changed = []
    for app in dirty:
        before = state.apps[app]
        judgement = judgement_of(definition, state, app)
        after = advance(before, judgement, block.timestamp, policy.dormant_after_seconds)
        state.stand(app, after)
        if after.live != before.live:
            changed.append(app)
    return [
        Draft(
            EntryType.APP_WENT_LIVE if state.apps[app].live else EntryType.APP_WENT_DORMANT,
            app,
            evidence.app_changed(definition, state, block, app),
        )
        for app in changed
    ]


def _measure(
    definition: Definition,
    state: State,
    facts: BlockFacts[ActorId],
    last: BlockRef | None,
    dirty: set[AppId],
) -> dict[KpiId, Measured]:
    """Measure every KPI as of the block whose facts the state has taken in."""
    block = facts.block
    follows = last is not None and last.number + 1 == block.number
    view = replace(
        view_of(definition, state, block.timestamp),
        amounts=facts.measures,
        interval=block.timestamp - last.timestamp if last is not None and follows else None,
        actions={app: sum(activity.actors.values()) for app, activity in facts.activity.items()},
    )
    said = {AppId(app) for amounts in facts.measures.values() for app in amounts}
    return state.meter.measure(definition, view, (dirty | said) & state.apps.keys())


def _judge_kpis(
    definition: Definition, state: State, block: BlockRef, measured: Mapping[KpiId, Measured]
) -> tuple[list[Draft], list[Notice]]:
    drafts: list[Draft] = []
    notices: list[Notice] = []
    for kpi_id, kpi in definition.kpis.items():
        reading, verdict = measured[kpi_id]
        before = state.kpis.get(kpi_id)
        was_met = before is not None and before.met
        met = verdict is Verdict.MET or (was_met and verdict is not Verdict.NOT_MET)
        after = KpiStatus(verdict, reading, met)
        state.kpis[kpi_id] = after
        if met != was_met:
            entry_type = EntryType.KPI_MET if met else EntryType.KPI_UNMET
            drafts.append(Draft(entry_type, kpi_id, evidence.kpi_changed(definition, block, kpi, after)))
        notices += _kpi_notices(definition, block, kpi_id, before, after)
    return drafts, notices


def _kpi_notices(
    definition: Definition, block: BlockRef, kpi_id: KpiId, before: KpiStatus | None, after: KpiStatus
) -> list[Notice]:
    kpi = definition.kpis[kpi_id]
    data = {
        **evidence.kpi_json(kpi, after),
        "block_number": block.number,
        "block_hash": block.hash,
        "occurred_at": iso_utc(block.timestamp),
    }
    notices = []
    unit = Fraction(1) if kpi.metric.integral else kpi.bar / PROGRESS_PARTS
    if before is not None and unit > 0 and before.reading.low // unit < after.reading.low // unit:
        part = after.reading.low // unit
        notices.append(
            Notice(
                NoticeType.KPI_PROGRESSED, kpi_id, f"kpi.progressed/{kpi_id}/{part}", block.timestamp, data
            )
        )
    if after.verdict is Verdict.UNKNOWN and (before is None or before.verdict is not Verdict.UNKNOWN):
        key = f"kpi.unknown/{kpi_id}/{block.number}"
        notices.append(Notice(NoticeType.KPI_UNKNOWN, kpi_id, key, block.timestamp, data))
    return notices


def _elapse(definition: Definition, state: State, block: BlockRef) -> list[Draft]:
    drafts = []
    for countdown_id, countdown in definition.countdowns.items():
        after = elapse(state.countdowns[countdown_id], block.timestamp)
        if after is not None:
            state.countdowns[countdown_id] = after
            proof = evidence.countdown_changed(definition, block, countdown, after)
            drafts.append(Draft(EntryType.COUNTDOWN_ELAPSED, countdown_id, proof, occurred_at=after.deadline))
    return drafts


def _unlock(
    definition: Definition, state: State, block: BlockRef, *, turns: bool, before: int
) -> list[Draft]:
    """Settle tranches by what holds after this block; each once.

    `turns`: the block begins an hour; `before`: the time of the block concluded last. A reading moves with
    time, also over blocks that nobody has to look at: a part of a tranche is cut at its expiry, and where the
    reading is still open there, at the beginning of an hour. All are settled before any is told of: an expiry
    makes no entry, and when it was noticed must not show in the sums of one.
    """
    if definition.allocation is None:
        return []
    verdicts = {kpi: status.verdict for kpi, status in state.kpis.items()}
    readings = {kpi: status.reading for kpi, status in state.kpis.items()}
    standing = Standing(verdicts, readings, state.milestones)
    unlocked = []
    for tranche in definition.tranches.values():
        if tranche.id in state.tranches:
            continue
        due = tranche.falls_due is not None and before < tranche.falls_due
        if tranche.partial is not None and not (turns or due):
            continue
        settled = settle(tranche, block, standing, definition.allocation.decimals)
        if settled is not None:
            state.tranches[tranche.id] = settled
            if settled.amount:
                unlocked.append(tranche)
    return [
        Draft(EntryType.TRANCHE_UNLOCKED, each.id, evidence.tranche_unlocked(definition, state, block, each))
        for each in unlocked
    ]


def _now(state: State) -> int:
    return -1 if state.block is None else state.block.timestamp


def _latch(definition: Definition, state: State, block: BlockRef) -> list[Draft]:
    """Latch milestones and move countdowns; a countdown that has just elapsed no longer follows anything."""
    verdicts = {kpi: status.verdict for kpi, status in state.kpis.items()}
    conditions = {
        milestone_id: condition_verdict(milestone.condition, verdicts)
        for milestone_id, milestone in definition.milestones.items()
    }
    drafts = []
    for milestone_id, milestone in definition.milestones.items():
        if conditions[milestone_id] is Verdict.MET and milestone_id not in state.milestones:
            state.milestones[milestone_id] = block
            proof = evidence.milestone_reached(definition, state, block, milestone)
            drafts.append(Draft(EntryType.MILESTONE_REACHED, milestone_id, proof))
    for countdown_id, countdown in definition.countdowns.items():
        moved = follow(
            countdown,
            state.countdowns[countdown_id],
            reached_now=state.milestones.get(countdown.after) == block,
            condition=conditions[countdown.after],
            timestamp=block.timestamp,
        )
        if moved is not None:
            after, entry_type = moved
            state.countdowns[countdown_id] = after
            proof = evidence.countdown_changed(definition, block, countdown, after)
            drafts.append(Draft(entry_type, countdown_id, proof))
    return drafts
