"""Evidence: what each ledger entry rests on, as a summary that travels and a bundle named by its content.

Bundles hold nothing but the chain's facts and the definition's rules: no titles, quotes or other text that
can change while the meaning stays, nothing about who read the chain or how, and no actor's address.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from watcher.core.attestations import Attestation
from watcher.core.countdown import CountdownStatus
from watcher.core.definition import Countdown, Definition, Kpi, Milestone
from watcher.core.facts import Sample
from watcher.core.kpis import KpiStatus, condition_json, condition_kpis
from watcher.core.ledger import Evidence, decimal_text
from watcher.core.readings import Reading
from watcher.core.standing import judgement_of, shown
from watcher.core.state import State
from watcher.core.tranches import Tranche
from watcher.core.types import SECONDS_PER_DAY, Address, AppId, BlockRef, iso_utc
from watcher.core.unlocked import tranche_sums


def adopted(definition: Definition, block: BlockRef) -> Evidence:
    """Say that the ledger of this definition begins here."""
    return _evidence(definition, block, {"authority": definition.provenance.authority}, {})


def app_changed(definition: Definition, state: State, block: BlockRef, app: AppId) -> Evidence:
    """Say why an app went live or dormant."""
    counts = state.windows[app].counts()
    summary = {
        "actions": counts.actions,
        "actions_gross": counts.actions_gross,
        "actors": counts.actors,
        "active_days": counts.active_days,
        "contracts": len(state.sampler.membership.counted(app)),
    }
    return _evidence(definition, block, summary, {"app": app_json(definition, state, app)})


def kpi_changed(definition: Definition, block: BlockRef, kpi: Kpi, status: KpiStatus) -> Evidence:
    """Say against which bar a KPI's reading was met or missed."""
    detail = kpi_json(kpi, status)
    return _evidence(definition, block, detail, {"kpi": {"id": kpi.id, **detail}})


def milestone_reached(
    definition: Definition, state: State, block: BlockRef, milestone: Milestone
) -> Evidence:
    """Say everything a stranger needs to recount a milestone: each KPI's reading and bar, each app's days."""
    kpis = condition_kpis(milestone.condition)
    verdicts = {kpi: str(state.kpis[kpi].verdict) for kpi in kpis}
    bundle = {
        "milestone": milestone.id,
        "condition": condition_json(milestone.condition),
        "finality": definition.chain.finality.as_json(),
        "kpis": [{"id": kpi, **kpi_json(definition.kpis[kpi], state.kpis[kpi])} for kpi in kpis],
        "apps": [app_json(definition, state, app) for app in shown(definition, state)],
    }
    return _evidence(definition, block, {"kpis": verdicts}, bundle)


def attestation_recorded(definition: Definition, block: BlockRef, attestation: Attestation) -> Evidence:
    """Say who attested what, from when to when; the bundle carries the signature."""
    said = attestation.statement
    summary = {
        "by": said.by,
        "subject": said.subject,
        "claim": said.claim,
        "value": said.value,
        "effective_from": iso_utc(said.effective_from),
        "admitted_at": iso_utc(attestation.admitted_at),
        "expires": None if attestation.expires is None else iso_utc(attestation.expires),
        "link": said.link,
        "revokes": said.revokes,
    }
    detail = {"attestation": {"statement": said.body(), "signature": attestation.signature}}
    return _evidence(definition, block, summary, detail)


def tranche_unlocked(definition: Definition, state: State, block: BlockRef, tranche: Tranche) -> Evidence:
    """Say what unlocked a tranche, and how the whole share stands with it; amounts in whole tokens."""
    summary = {
        "amount": decimal_text(state.tranches[tranche.id].amount),
        "of": decimal_text(tranche.amount),
        "kpi": tranche.kpi,
        "milestone": tranche.milestone,
        "sums": {name: text for name, text in tranche_sums(definition, state).items() if name != "symbol"},
    }
    detail = {}
    if tranche.kpi is not None:
        status = state.kpis[tranche.kpi]
        detail["kpi"] = {"id": tranche.kpi, **kpi_json(definition.kpis[tranche.kpi], status)}
    return _evidence(definition, block, summary, detail)


def countdown_changed(
    definition: Definition, block: BlockRef, countdown: Countdown, status: CountdownStatus
) -> Evidence:
    """Say where a countdown stands after it changed."""
    summary = {
        "after": countdown.after,
        "phase": str(status.phase),
        "run": status.runs,
        "started_at": None if status.started_at is None else iso_utc(status.started_at),
        "deadline": None if status.deadline is None else iso_utc(status.deadline),
        "remaining_seconds": status.remaining_seconds,
    }
    rule = {
        "id": countdown.id,
        "duration_seconds": countdown.duration_seconds,
        "on_regression": str(countdown.on_regression),
        "rearm": countdown.rearm,
    }
    return _evidence(definition, block, summary, {"countdown": rule})


def reading_json(reading: Reading) -> dict[str, str | None]:
    """Give a reading as decimal strings; unbounded is null."""
    return {
        "low": decimal_text(reading.low),
        "high": None if reading.high is None else decimal_text(reading.high),
    }


def kpi_json(kpi: Kpi, status: KpiStatus) -> dict[str, Any]:
    """Give a KPI's verdict, reading, comparator and bar."""
    return {
        "verdict": str(status.verdict),
        **reading_json(status.reading),
        "comparator": str(kpi.comparator),
        "bar": decimal_text(kpi.bar),
    }


def app_json(definition: Definition, state: State, app: AppId) -> dict[str, Any]:
    """Give one app as of the state's block: verdict, criteria, contracts with code hashes, counts per day."""
    status = state.apps[app]
    counts = state.windows[app].counts()
    judgement = judgement_of(definition, state, app)
    return {
        "id": app,
        "verdict": str(status.verdict),
        "deployed": str(judgement.deployed),
        "active": str(judgement.active),
        "criteria": {reason.criterion: str(reason.verdict) for reason in judgement.reasons},
        "actions": counts.actions,
        "actions_gross": counts.actions_gross,
        "actors": counts.actors,
        "active_days": counts.active_days,
        "contracts": _contracts(state.sampler.membership.counted(app), state.sampler.samples),
        "days": [
            {
                "day": iso_utc(item.day * SECONDS_PER_DAY)[:10],
                "actions": item.actions,
                "actors": item.actors,
            }
            for item in state.windows[app].days()
        ],
    }


def _contracts(addresses: Iterable[Address], samples: Mapping[Address, Sample]) -> list[dict[str, Any]]:
    return [
        {
            "address": address,
            "kind": str(samples[address].kind),
            "runnable": samples[address].runnable,
            "code_hash": samples[address].code_hash,
            "logic": [
                {"address": part.address, "code_hash": part.code_hash} for part in samples[address].logic
            ],
        }
        for address in addresses
    ]


def _evidence(
    definition: Definition, block: BlockRef, summary: Mapping[str, Any], detail: Mapping[str, Any]
) -> Evidence:
    bundle = {
        "chain_id": definition.chain.id,
        "program_id": definition.program_id,
        "definition_hash": definition.hash,
        "schema": definition.schema,
        "block": {"number": block.number, "hash": block.hash, "time": iso_utc(block.timestamp)},
        "summary": dict(summary),
        **detail,
    }
    return Evidence(summary, bundle)
