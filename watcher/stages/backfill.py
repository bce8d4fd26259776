"""What a backfill will cost, told before one: the way that will be taken, what the other would cost, and why.

reports of endpoints ─▶ the first that can be read from ─▶ cost of either way ─▶ BackfillPlan, Finding
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from watcher.chain.endpoint import EndpointSettings
from watcher.chain.log_questions import searches
from watcher.chain.logs import ADDRESSES_AT_ONCE
from watcher.chain.pace import MAX_AT_ONCE
from watcher.chain.proof import Proof
from watcher.core.costs import (
    PROVEN_PER_SECOND,
    Backfill,
    Reading,
    SampledBlocks,
    Span,
    by_logs,
    by_receipts,
)
from watcher.core.definition import Definition
from watcher.core.endpoint_report import EndpointReport, History, Report
from watcher.core.plan import Plan, choose, demands
from watcher.core.preflight import Finding, Level
from watcher.core.tracked import Tracked
from watcher.core.types import BlockRef
from watcher.core.wording import counted, duration_text, size_text
from watcher.stages.boundaries import PIVOTS
from watcher.stages.cutting import LOGS_WINDOW
from watcher.stages.planning import LONG, SAMPLE_CALLS


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """What is left to read up to the last final block: the way, and its cost."""

    plan: Plan
    cost: Backfill

    def as_json(self) -> dict[str, Any]:
        """Give both as one object."""
        return asdict(self.cost) | asdict(self.plan)

    def words(self, first: int, last: int) -> str:
        """Say what reading from one block to another will cost, and why in this way."""
        cost = self.cost
        return (
            f"blocks {first} to {last}: {counted(cost.blocks, 'block')}, about "
            f"{counted(cost.receipts, 'receipt')} in {counted(cost.calls, 'billed call')} and "
            f"{size_text(cost.size_bytes)}, at least {duration_text(cost.seconds)}; {self.plan.why}"
        )


def plan_backfill(
    definition: Definition, endpoints: Sequence[EndpointSettings], reports: Sequence[Report], first: int
) -> tuple[BackfillPlan | None, list[Finding]]:
    """Estimate by the first endpoint that can be read from; the others only take over where it fails.

    `first` is the first block to read. None: it cannot be told, or nothing is final yet.
    """
    for settings, report in zip(endpoints, reports, strict=True):
        match report:
            case EndpointReport(
                chain_id=definition.chain.id, final=BlockRef() as final, history=History() as history
            ):
                found = plan_range(definition, settings, history, first, final)
                return found, [Finding(Level.OK, "backfill", found.words(first, final.number))]
            case EndpointReport(chain_id=definition.chain.id, final=BlockRef(), history=None):
                nothing = Plan(by_logs=False, calls=0, calls_other_way=None, why="everything final is read")
                return BackfillPlan(nothing, Backfill(0, 0, 0, 0, 0)), [
                    Finding(Level.OK, "backfill", nothing.why)
                ]
            case _:
                continue
    return None, []


def plan_range(
    definition: Definition,
    settings: EndpointSettings,
    history: History,
    first: int,
    final: BlockRef,
    *,
    proof: Proof = Proof.NOTHING,
) -> BackfillPlan:
    """Estimate reading from a block to a final one, and proving what is read."""
    span = _span(definition, first, final, history)
    wanted = Tracked(definition).log_filter()
    reading = Reading(
        at_once=MAX_AT_ONCE,
        pivots=PIVOTS,
        calls_per_minute=settings.calls_per_minute,
        whole_blocks=history.whole_blocks,
        log_window=LOGS_WINDOW,
        log_span=1 if history.logs is None else history.logs.span or 1,
        log_calls=0 if wanted is None else len(searches(wanted, ADDRESSES_AT_ONCE)),
    )
    if proof is not Proof.NOTHING:
        return _proven(span, history.sampled, reading, proof)
    receipts = by_receipts(span, history.sampled, reading)
    logs = history.logs
    if wanted is None or logs is None:
        return BackfillPlan(choose(receipts, None, "; ".join(demands(definition))), receipts)
    if logs.span is None or logs.logs_from is None or logs.logs_from > first:
        return BackfillPlan(choose(receipts, None, f"there are no logs from block {first} on"), receipts)
    # What is long enough to be sampled pays for the sample, whichever way comes out.
    sample = SAMPLE_CALLS if span.blocks >= LONG else 0
    sampled = replace(history.sampled, named=logs.named, asked=logs.asked)
    receipts, other = _dearer(receipts, sample), _dearer(by_logs(span, sampled, reading), sample)
    few = f"so few ({counted(span.blocks, 'block')}) are read by receipts without a sample"
    plan = choose(receipts, other, "" if sample else few)
    return BackfillPlan(plan, other if plan.by_logs else receipts)


def _proven(span: Span, sampled: SampledBlocks, reading: Reading, proof: Proof) -> BackfillPlan:
    """Estimate reading every header and every receipt, and the transactions of blocks that have any."""
    cost = by_receipts(span, sampled, replace(reading, receipts_per_second=PROVEN_PER_SECOND))
    if proof is Proof.RECEIPTS:
        return BackfillPlan(choose(cost, None, "the proof needs every header and every receipt"), cost)
    cost = _dearer(cost, span.blocks - span.blocks * sampled.empty // max(1, sampled.blocks))
    why = "the proof needs every header, receipt and transaction (the size is without that of transactions)"
    return BackfillPlan(choose(cost, None, why), cost)


def _dearer(cost: Backfill, calls: int) -> Backfill:
    return replace(cost, calls=cost.calls + calls)


def _span(definition: Definition, first: int, final: BlockRef, history: History) -> Span:
    chain = definition.chain
    lost = sum(max(0, min(gap.last, final.number) - max(gap.first, first) + 1) for gap in chain.gaps)
    listed = {address for found in definition.discoveries for address in found.wants().created}
    return Span(
        blocks=final.number - first + 1 - lost,
        seconds=final.timestamp - history.times.get(first, final.timestamp),
        contracts=len(listed),
        state_every_seconds=chain.state_every_seconds,
    )
