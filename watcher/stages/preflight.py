"""Preflight: asks everything that a run will rest on, before one, without sending or making anything.

database ─▶ the first block that is missing ─▶ endpoints, side by side ─▶ findings, what reading will cost
channels ─────────────────────────────────────────────────────────────▶
"""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from watcher.chain.endpoint import EndpointSettings, Wait
from watcher.chain.heads import probe_heads
from watcher.chain.probe import Probe
from watcher.chain.reader import JsonRpcSource
from watcher.chain.redaction import public_name
from watcher.channels import Channel
from watcher.clock import Clock
from watcher.core.decidable import decidable
from watcher.core.definition import Definition
from watcher.core.endpoint_report import EndpointReport, History, Report, endpoint_findings
from watcher.core.metering import needs_of
from watcher.core.preflight import Finding, Level, joins, program_findings
from watcher.core.state import from_json
from watcher.core.tracked import Tracked
from watcher.stages.backfill import BackfillPlan, plan_backfill
from watcher.stages.tokens import check_tokens
from watcher.store.inspection import DatabaseReport, inspect_database

HEADS_SECONDS = 10.0
"""So long a subscription to new heads may take to be answered."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found; `backfill` None: it cannot be told, or nothing is final yet."""

    findings: Sequence[Finding]
    endpoints: Sequence[Report]
    database: DatabaseReport
    backfill: BackfillPlan | None


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
    wanted = Tracked(definition).log_filter()
    listed = list(joins(definition))
    probes = [Probe(settings, clock, wait, wanted=wanted, listed=listed) for settings in endpoints]
    with ThreadPoolExecutor(len(probes), thread_name_prefix="probe") as threads:
        reports = list(threads.map(lambda probe: probe.report(definition.chain.finality, first), probes))
        unheard = list(threads.map(lambda each: probe_heads(each.url, HEADS_SECONDS), websockets))
    now = int(clock.now().timestamp())
    answering = [
        settings
        for settings, report in zip(endpoints, reports, strict=True)
        if isinstance(report, EndpointReport) and report.chain_id == definition.chain.id
    ]
    backfill, said = plan_backfill(definition, endpoints, reports, first)
    findings = [
        *program_findings(definition),
        *endpoint_findings(definition, reports, first=first, now=now),
        *_decidable(definition, reports, first),
        *_token_findings(definition, answering, database, clock, wait),
        *map(_heads_finding, websockets, unheard),
        *_database_findings(definition, database, reports),
        *_channel_findings(channels),
        *said,
    ]
    return Preflight(findings, reports, database, backfill)


def _first_missing(definition: Definition, database: DatabaseReport) -> int:
    chain = definition.chain
    if database.checkpoint is None or _is_anothers(definition, database):
        return chain.count_from
    return chain.next_block(database.checkpoint.number)


def _is_anothers(definition: Definition, database: DatabaseReport) -> bool:
    return database.identity is not None and database.identity.definition_hash != definition.hash


def _token_findings(
    definition: Definition,
    answering: Sequence[EndpointSettings],
    database: DatabaseReport,
    clock: Clock,
    wait: Wait,
) -> Iterator[Finding]:
    """Ask tokens through the endpoints that answered for this chain; without one that is said already."""
    if not needs_of(definition).tokens or not answering:
        return
    state = None
    if database.present is not None and not _is_anothers(definition, database):
        state = from_json(definition, json.loads(database.present.payload))
    with closing(JsonRpcSource(answering, definition.chain.id, clock=clock, wait=wait)) as source:
        yield from check_tokens(definition, source, state)


def _heads_finding(websocket: EndpointSettings, problem: str | None) -> Finding:
    """Say whether an endpoint will tell of new heads; a run does without, so it is no more than a warning."""
    about = f"new heads of {websocket.id} ({public_name(websocket.url)})"
    if problem is None:
        return Finding(Level.OK, about, "the subscription is taken")
    return Finding(Level.WARNING, about, f"{problem}: a run would read at its next poll, not at once")


def _decidable(definition: Definition, reports: Sequence[Report], first: int) -> Iterator[Finding]:
    for report in reports:
        match report:
            case EndpointReport(chain_id=definition.chain.id, history=History() as history):
                yield decidable(definition, report.name, history, first=first)
            case _:
                continue


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
            "`watcher run` will refuse it. `watcher what-if` shows what the changed file would conclude, "
            "`watcher database adopt` goes over to it; or set another `database`, or go back to that program",
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
