"""Preflight: asks everything that a run will rest on, before one, without sending or making anything.

database ─▶ the first block that is missing ─▶ endpoints, side by side ─▶ findings, what reading will cost
channels ─────────────────────────────────────────────────────────────▶
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from watcher.chain.endpoint import EndpointSettings, Wait
from watcher.chain.heads import probe_heads
from watcher.chain.pace import MAX_AT_ONCE
from watcher.chain.probe import Probe
from watcher.chain.redaction import public_name
from watcher.channels import Channel
from watcher.clock import Clock
from watcher.core.costs import Backfill, Reading, Span, by_receipts, says_something
from watcher.core.definition import Definition
from watcher.core.endpoint_report import EndpointReport, History, Report, endpoint_findings
from watcher.core.preflight import Finding, Level, program_findings
from watcher.core.types import BlockRef
from watcher.core.wording import counted, duration_text, size_text
from watcher.stages.boundaries import PIVOTS
from watcher.stages.cutting import FINAL_WINDOW
from watcher.store.inspection import DatabaseReport, inspect_database

HEADS_SECONDS = 10.0
"""So long a subscription to new heads may take to be answered."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found; `cost` None: it cannot be told, or nothing is final yet."""

    findings: Sequence[Finding]
    endpoints: Sequence[Report]
    database: DatabaseReport
    cost: Backfill | None


def preflight(
    definition: Definition,
    *,
    endpoints: Sequence[EndpointSettings],
    websockets: Sequence[EndpointSettings],
    database_url: str,
    channels: Sequence[Channel],
    clock: Clock,
    wait: Wait,
) -> Preflight:
    """Look at everything; nothing that is wrong is raised, all of it is in the findings."""
    database = inspect_database(database_url)
    first = _first_missing(definition, database)
    concerns = partial(says_something, definition)
    probes = [Probe(settings, clock, wait, concerns) for settings in endpoints]
    with ThreadPoolExecutor(len(probes), thread_name_prefix="probe") as threads:
        reports = list(threads.map(lambda probe: probe.report(definition.chain.finality, first), probes))
        unheard = list(threads.map(lambda each: probe_heads(each.url, HEADS_SECONDS), websockets))
    now = int(clock.now().timestamp())
    cost, said = _cost(definition, endpoints, reports, first)
    findings = [
        *program_findings(definition),
        *endpoint_findings(definition, reports, first=first, now=now),
        *map(_heads_finding, websockets, unheard),
        *_database_findings(definition, database, reports),
        *_channel_findings(channels),
        *said,
    ]
    return Preflight(findings, reports, database, cost)


def _first_missing(definition: Definition, database: DatabaseReport) -> int:
    chain = definition.chain
    if database.checkpoint is None or _is_anothers(definition, database):
        return chain.count_from
    return chain.next_block(database.checkpoint.number)


def _is_anothers(definition: Definition, database: DatabaseReport) -> bool:
    return database.identity is not None and database.identity.definition_hash != definition.hash


def _heads_finding(websocket: EndpointSettings, problem: str | None) -> Finding:
    """Say whether an endpoint will tell of new heads; a run does without, so it is no more than a warning."""
    about = f"new heads of {websocket.id} ({public_name(websocket.url)})"
    if problem is None:
        return Finding(Level.OK, about, "the subscription is taken")
    return Finding(Level.WARNING, about, f"{problem}: a run would read at its next poll, not at once")


def _database_findings(
    definition: Definition, database: DatabaseReport, reports: Sequence[Report]
) -> Iterator[Finding]:
    def found(level: Level, text: str) -> Finding:
        return Finding(level, database.name, text)

    identity = database.identity
    if database.problem is not None:
        yield found(Level.PROBLEM, database.problem)
    elif not database.exists:
        yield found(Level.OK, "has no tables yet: the first `watcher run` or `watcher sync` makes them")
    elif not database.current:
        yield found(Level.WARNING, "has tables of an older release: the next run brings them up to date")
    elif identity is None:
        yield found(Level.OK, "is empty")
    elif _is_anothers(definition, database):
        yield found(
            Level.PROBLEM,
            f"belongs to program {identity.program_id}, definition {identity.definition_hash}: "
            "set another `database`, or go back to that program",
        )
    else:
        read = f"read up to block {database.checkpoint.number}" if database.checkpoint else "nothing read yet"
        yield found(Level.OK, f"belongs to this definition, {read}")
    for report in reports:
        if isinstance(report, EndpointReport) and identity and report.genesis_hash != identity.genesis_hash:
            text = (
                f"was made on a chain with genesis {identity.genesis_hash}, {report.name} serves another one"
            )
            yield found(Level.PROBLEM, text)
    if database.writer is not None:
        yield found(Level.OK, f"is being written by {database.writer}")


def _channel_findings(channels: Sequence[Channel]) -> Iterator[Finding]:
    for channel in channels:
        obstacle = channel.obstacle()
        if obstacle is None:
            yield Finding(Level.OK, f"channel {channel.id}", "nothing stands in the way; nothing was sent")
        else:
            yield Finding(Level.PROBLEM, f"channel {channel.id}", obstacle)
    if not channels:
        yield Finding(Level.WARNING, "channels", "there is none: nobody is told of anything")


def _cost(
    definition: Definition, endpoints: Sequence[EndpointSettings], reports: Sequence[Report], first: int
) -> tuple[Backfill | None, list[Finding]]:
    """Estimate by the first endpoint that can be read from; the others only take over where it fails."""
    for settings, report in zip(endpoints, reports, strict=True):
        match report:
            case EndpointReport(
                chain_id=definition.chain.id, final=BlockRef() as final, history=History() as history
            ):
                cost = by_receipts(
                    _span(definition, first, final, history), history.sampled, _reading(settings, history)
                )
                return cost, [Finding(Level.OK, "backfill", _cost_text(cost, first, final.number))]
            case EndpointReport(chain_id=definition.chain.id, final=BlockRef(), history=None):
                return Backfill(0, 0, 0, 0, 0), [Finding(Level.OK, "backfill", "everything final is read")]
            case _:
                continue
    return None, []


def _span(definition: Definition, first: int, final: BlockRef, history: History) -> Span:
    chain = definition.chain
    lost = sum(max(0, min(gap.last, final.number) - max(gap.first, first) + 1) for gap in chain.gaps)
    listed = {
        address
        for app in definition.apps.values()
        for found in app.discoveries
        for address in found.wants().created
    }
    began_at = final.timestamp if history.began_at is None else history.began_at
    return Span(
        blocks=final.number - first + 1 - lost,
        seconds=final.timestamp - began_at,
        contracts=len(listed),
        state_every_seconds=chain.state_every_seconds,
    )


def _reading(settings: EndpointSettings, history: History) -> Reading:
    return Reading(
        at_once=MAX_AT_ONCE,
        window=FINAL_WINDOW,
        pivots=PIVOTS,
        calls_per_minute=settings.calls_per_minute,
        whole_blocks=history.whole_blocks,
    )


def _cost_text(cost: Backfill, first: int, last: int) -> str:
    return (
        f"blocks {first} to {last}: {counted(cost.blocks, 'block')}, about "
        f"{counted(cost.receipts, 'receipt')} in {counted(cost.calls, 'billed call')} and "
        f"{size_text(cost.size_bytes)}, at least {duration_text(cost.seconds)}"
    )
