"""Loading a program: from the public TOML file to the definition that every conclusion is a function of.

file ─▶ document ─▶ tables (program_file) ─▶ checks ─▶ canonical form, hash ─▶ core Definition
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from watcher import kinds
from watcher.config import program_file as form
from watcher.config.canonical import canonical_program
from watcher.config.chains import chain_of
from watcher.config.check_tranches import allocation
from watcher.config.checks import problems_between_tables
from watcher.config.document import read_document
from watcher.config.families import family_markers
from watcher.core.applications import Discovery
from watcher.core.definition import (
    AllOf,
    AnyOf,
    App,
    AttestationPolicy,
    Bars,
    Chain,
    Condition,
    Countdown,
    Definition,
    Kpi,
    LivenessPolicy,
    Milestone,
    OnRegression,
    Provenance,
)
from watcher.core.kpis import condition_json
from watcher.core.ledger import canonical, sha256_hex
from watcher.core.tranches import Partial, Tranche
from watcher.core.types import AppId, CountdownId, KpiId, MilestoneId, TrancheId, WindowSpec
from watcher.core.vesting import Schedule
from watcher.discovery import curated


@dataclass(frozen=True, slots=True)
class LoadedProgram:
    """A program as it was read.

    `file_hash` is the SHA-256 of all bytes of the file; `canonical` is what the definition hash is taken of.
    """

    definition: Definition
    path: Path
    file_hash: str
    canonical: bytes
    chain_name: str
    vesting: Mapping[str, Schedule] = field(default_factory=dict)
    """What time alone unlocks, by id."""
    quotes: Mapping[str, str] = field(default_factory=dict)


def load_program(path: Path | str) -> LoadedProgram:
    """Read and validate a program file as a whole.

    ConfigurationError lists every problem with file, key, value and remedy. Files that mean the same give
    equal definitions, in the order of ids, whatever order they are written in.
    """
    document = read_document(Path(path), purpose="program")
    program = document.validate(form.ProgramFile)
    problems = problems_between_tables(program)
    if problems:
        raise document.refusal(problems)
    canonical_form = canonical_program(program)
    return LoadedProgram(
        definition=_definition(program, canonical_form),
        path=document.path,
        file_hash=document.sha256,
        canonical=canonical_form,
        chain_name=program.chain.name,
        vesting={item.id: item.schedule(item.amount) for item in program.vesting},
        quotes=dict(program.provenance.quotes),
    )


def _definition(program: form.ProgramFile, canonical_form: bytes) -> Definition:
    chain = chain_of(program.chain)
    apps = [_app(app, chain) for app in program.app]
    kpis = [_kpi(kpi, program.provenance.quotes) for kpi in program.kpi]
    milestones = [
        Milestone(MilestoneId(item.id), item.title or item.id, _condition(item)) for item in program.milestone
    ]
    countdowns = [_countdown(item) for item in program.countdown]
    return Definition(
        program_id=program.id,
        title=program.title or program.id,
        schema=program.schema_version,
        hash=sha256_hex(canonical_form),
        canonical=canonical_form.decode(),
        provenance=Provenance(program.provenance.authority, program.provenance.source),
        chain=chain,
        liveness=_liveness(program.liveness, chain),
        apps={app.id: app for app in sorted(apps, key=lambda item: item.id) if not app.open},
        open_rule=next((app for app in apps if app.open), None),
        kpis={kpi.id: kpi for kpi in sorted(kpis, key=lambda item: item.id)},
        milestones={item.id: item for item in sorted(milestones, key=lambda item: item.id)},
        countdowns={item.id: item for item in sorted(countdowns, key=lambda item: item.id)},
        tranches={item.id: item for item in sorted(map(_tranche, program.tranche), key=lambda item: item.id)},
        attestations=(
            AttestationPolicy(frozenset(program.attestations.signers.values()), program.attestations.required)
            if program.attestations
            else None
        ),
        allocation=allocation(program.token) if program.token and program.tranche else None,
    )


def _liveness(policy: form.Liveness, chain: Chain) -> LivenessPolicy:
    listed = [address for rule in policy.exclude for address in rule.addresses or ()]
    return LivenessPolicy(
        window=WindowSpec(policy.window.days, policy.window.kind),
        unit=policy.unit,
        markers=(
            (*family_markers(chain.family), *(row.built() for row in policy.marker))
            if policy.unit == "action"
            else ()
        ),
        reach=policy.reach,
        bars=_bars(policy),
        leave_below=_bars(policy.leave_below),
        max_actions_per_actor=policy.max_actions_per_actor,
        excluded=frozenset(listed),
        exclude_deployers=any(rule.kind == "deployers" for rule in policy.exclude),
        not_paused=policy.not_paused,
        attested=tuple(sorted(policy.attested)),
        dormant_after_seconds=policy.dormant_after,
    )


def _bars(bars: form.Bars) -> Bars:
    return Bars(bars.min_actions, bars.min_actors, bars.min_active_days)


def _app(app: form.App, chain: Chain) -> App:
    app_id = AppId(app.id)
    found: list[Discovery] = [
        kinds.discovery(item.kind).build(item.settings, app_id, chain) for item in app.discover
    ]
    if app.contract:
        found.append(curated.build(curated.Settings(contract=app.contract), app_id, chain))
    return App(
        id=app_id,
        title=app.title or app.id,
        discoveries=tuple(sorted(found, key=lambda discovery: discovery.source)),
        required=None if app.required is None else frozenset(app.required),
    )


def _kpi(kpi: form.Kpi, quotes: Mapping[str, str]) -> Kpi:
    metric = kinds.metric(kpi.metric.kind).build(kpi.metric.settings)
    return Kpi(
        id=KpiId(kpi.id),
        metric=metric,
        comparator=kpi.comparator,
        bar=kpi.bar,
        quote=quotes.get(kpi.id, ""),
        aggregate=kpi.aggregate.build(),
        series=kpi.series(kpi.metric.canonical()),
        words=kpi.metric.summary if metric.needs.each else kpi.metric.words,
    )


def _condition(condition: form.Condition) -> AllOf | AnyOf:
    """Make a condition with its parts in one order, however they are written: evidence shows them."""
    parts: list[Condition] = [
        _condition(part) if isinstance(part, form.Condition) else KpiId(part) for part in condition.parts
    ]
    ordered = tuple(sorted(parts, key=lambda part: canonical(condition_json(part))))
    return AnyOf(ordered) if condition.any_of else AllOf(ordered)


def _tranche(tranche: form.Tranche) -> Tranche:
    part = tranche.partial
    return Tranche(
        id=TrancheId(tranche.id),
        amount=tranche.amount,
        kpi=None if tranche.kpi is None else KpiId(tranche.kpi),
        milestone=None if tranche.milestone is None else MilestoneId(tranche.milestone),
        expiry=tranche.expiry,
        partial=None if part is None else Partial(part.lower, part.upper, part.minimum),
    )


def _countdown(countdown: form.Countdown) -> Countdown:
    return Countdown(
        id=CountdownId(countdown.id),
        after=MilestoneId(countdown.after),
        duration_seconds=countdown.duration,
        marks_seconds=(*sorted(countdown.marks, reverse=True), 0),
        on_regression=OnRegression(countdown.on_regression),
        rearm=countdown.rearm,
    )
