"""Status: the whole picture as of now, from what is stored; asking changes nothing.

store + definition ─▶ health, checkpoint, KPIs, milestones, countdowns ─▶ `watcher status`
"""

import json
from dataclasses import dataclass
from typing import Any

from watcher.core.countdown import CountdownStatus, Phase
from watcher.core.definition import Definition
from watcher.core.health import Health, diagnose, lag_seconds
from watcher.core.ledger import decimal_text
from watcher.core.state import State, from_json
from watcher.core.types import BlockRef, KpiId, MilestoneId, Verdict, iso_utc
from watcher.stages.health import Expected, signs, standstill
from watcher.store.database import Tx


@dataclass(frozen=True, slots=True)
class Status:
    """Where everything stands.

    `figures` is what `--json` prints. `concluded` is the last block with conclusions, None before the first;
    `checkpoint` the last one read.
    """

    health: Health
    checkpoint: BlockRef | None
    concluded: BlockRef | None
    figures: dict[str, Any]


def status(definition: Definition, tx: Tx, expected: Expected, now: int) -> Status:
    """Read where everything stands; `now` is the wall clock in Unix seconds."""
    known = tx.state.load()
    state = from_json(definition, json.loads(known.payload)) if known else State.initial(definition)
    extent, head, final = tx.facts.extent(), tx.state.head(), tx.state.final()
    checkpoint, ahead = extent.checkpoint, extent.ahead
    found = signs(tx, definition.chain, expected, now)
    still = standstill(tx, definition.chain)
    health = diagnose(found)
    figures: dict[str, Any] = {
        "chain_id": definition.chain.id,
        "program_id": definition.program_id,
        "definition_hash": definition.hash,
        "checkpoint": {"number": checkpoint.number, "hash": checkpoint.hash} if checkpoint else None,
        "ahead": {"first": ahead.first.number, "last": ahead.last.number} if ahead else None,
        "concluded": state.block.number if state.block else None,
        "head": head.number if head else None,
        "final": final.number if final else None,
        "lag_seconds": lag_seconds(found),
        "stalled": None if still is None else str(still),
        "kpis": [kpi_figures(definition, state, kpi) for kpi in definition.kpis],
        "milestones": [_milestone(tx, state, milestone) for milestone in definition.milestones],
        "countdowns": [
            {"id": countdown, **_countdown(state.countdowns[countdown], now)}
            for countdown in definition.countdowns
        ],
        "health": str(health.standing),
        "health_since": None if health.since is None else iso_utc(health.since),
        "health_reason": health.reason,
        "health_remedy": health.remedy,
    }
    return Status(health, checkpoint, state.block, figures)


def kpi_figures(definition: Definition, state: State, kpi: KpiId) -> dict[str, Any]:
    """Give how a KPI stands: verdict, reading and bar."""
    settings, found = definition.kpis[kpi], state.kpis.get(kpi)
    reading = found.reading if found else None
    return {
        "id": kpi,
        "verdict": str(found.verdict if found else Verdict.UNKNOWN),
        "low": decimal_text(reading.low) if reading else None,
        "high": decimal_text(reading.high) if reading and reading.high is not None else None,
        "comparator": str(settings.comparator),
        "bar": decimal_text(settings.bar),
    }


def _milestone(tx: Tx, state: State, milestone: MilestoneId) -> dict[str, Any]:
    reached = state.milestones.get(milestone)
    observed = {each.milestone: each.block_number for each in tx.state.observations()}
    if reached is not None:
        return {"id": milestone, "state": "reached", "block_number": reached.number}
    return {
        "id": milestone,
        "state": "observed" if milestone in observed else "pending",
        "block_number": observed.get(milestone),
    }


def _countdown(countdown: CountdownStatus, now: int) -> dict[str, Any]:
    deadline, remaining = countdown.deadline, countdown.remaining_seconds
    if countdown.phase is Phase.RUNNING and deadline is not None:
        remaining = max(0, deadline - now)
    return {
        "state": str(countdown.phase),
        "deadline": None if deadline is None else iso_utc(deadline),
        "remaining_seconds": remaining,
    }
