"""The state of the step: everything that the next block's conclusions depend on.

It only ever covers final blocks. Its small part is stored as JSON with every conclusion; the activity windows
are rebuilt from the stored hours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from watcher.core import meter_json
from watcher.core.activity import ActivityWindow
from watcher.core.applications import Claim, Membership, is_open
from watcher.core.attestations import Attestation
from watcher.core.countdown import CountdownStatus, Phase
from watcher.core.definition import Definition
from watcher.core.facts import CodeKind, Logic, Sample
from watcher.core.kpis import KpiStatus
from watcher.core.ledger import LedgerHead, decimal_text
from watcher.core.liveness import AppStatus
from watcher.core.metering import Meter
from watcher.core.readings import Needs, Reading
from watcher.core.sampling import Sampler
from watcher.core.tranches import TrancheStatus
from watcher.core.types import (
    Address,
    AppId,
    BlockHash,
    BlockRef,
    CountdownId,
    KpiId,
    LiveVerdict,
    MilestoneId,
    TrancheId,
    Verdict,
)


@dataclass(slots=True)
class State:
    """What was concluded so far, up to and including `block` (None: nothing yet).

    `gaps` holds, for each declared gap that may still lie in a window, the times of the blocks around it.
    `pauses` is the last pause log of each contract that has one; where `pauses_lost`, that of any other may
    lie in a gap.
    """

    sampler: Sampler
    windows: dict[AppId, ActivityWindow]
    apps: dict[AppId, AppStatus]
    countdowns: dict[CountdownId, CountdownStatus]
    kpis: dict[KpiId, KpiStatus] = field(default_factory=dict)
    milestones: dict[MilestoneId, BlockRef] = field(default_factory=dict)
    tranches: dict[TrancheId, TrancheStatus] = field(default_factory=dict)
    admitted: tuple[Attestation, ...] = ()
    """What was admitted, in order; an input like the blocks, and so not stored with the state."""
    recorded: set[str] = field(default_factory=set)
    """Ids of the attestations that have begun to act."""
    attested: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What attestations say as of the block, by subject and claim."""
    pauses: dict[Address, bool] = field(default_factory=dict)
    pauses_lost: bool = False
    gaps: list[tuple[int, int]] = field(default_factory=list)
    ledger: LedgerHead = field(default_factory=LedgerHead)
    block: BlockRef | None = None
    verdicts: dict[AppId, LiveVerdict] = field(default_factory=dict)
    """The verdict of each of `apps`, which metrics look at with every block."""
    below: set[AppId] = field(default_factory=set)
    """The live apps that are below their bars, or may be: those whose verdict can change by time alone."""
    meter: Meter = field(default_factory=lambda: Meter(Needs()))

    @classmethod
    def initial(cls, definition: Definition) -> "State":
        """Give the state before the first block."""
        policy = definition.liveness
        return cls(
            sampler=Sampler(definition.chain.state_every_seconds),
            windows={
                app: ActivityWindow(policy.window, policy.max_actions_per_actor) for app in definition.apps
            },
            apps={app: AppStatus() for app in definition.apps},
            verdicts=dict.fromkeys(definition.apps, LiveVerdict.NOT_LIVE),
            countdowns={countdown: CountdownStatus() for countdown in definition.countdowns},
            meter=Meter.initial(definition),
        )

    def stand(self, app: AppId, status: AppStatus) -> None:
        """Note how an app stands."""
        self.apps[app] = status
        self.verdicts[app] = status.verdict
        if status.doubtful_since is None:
            self.below.discard(app)
        else:
            self.below.add(app)

    def wake(self, definition: Definition, app: AppId) -> None:
        """Take up an app of the kind `open`, of which nothing was known."""
        policy = definition.liveness
        self.windows[app] = ActivityWindow(policy.window, policy.max_actions_per_actor)
        self.stand(app, AppStatus())

    def sleep(self, app: AppId) -> None:
        """Forget an app of the kind `open` whose window is empty and which is not live."""
        del self.windows[app], self.apps[app], self.verdicts[app]
        self.sampler.sleep(app)

    def fork(self) -> "State":
        """Copy for throw-away work; while the copy is used this state must not change."""
        return State(
            sampler=self.sampler.fork(),
            windows={app: window.fork() for app, window in self.windows.items()},
            apps=dict(self.apps),
            countdowns=dict(self.countdowns),
            kpis=dict(self.kpis),
            milestones=dict(self.milestones),
            tranches=dict(self.tranches),
            admitted=self.admitted,
            recorded=set(self.recorded),
            attested=self.attested,
            pauses=dict(self.pauses),
            pauses_lost=self.pauses_lost,
            gaps=list(self.gaps),
            ledger=self.ledger.fork(),
            block=self.block,
            verdicts=dict(self.verdicts),
            below=set(self.below),
            meter=self.meter.fork(),
        )


def to_json(state: State) -> dict[str, Any]:
    """Give the small part of a state as plain JSON values; `state.block` must be set.

    What apps of the kind `open` claim is not in it: there may be very much, and the stored blocks say it.
    """
    sampler = state.sampler
    return {
        "period": sampler.period,
        "claims": [
            [address, _fields(claim)]
            for address, claim in sampler.membership.claims()
            if not is_open(claim.app)
        ],
        "samples": [
            {**_fields(sample), "logic": [_fields(part) for part in sample.logic]}
            for _, sample in sorted(sampler.samples.items())
        ],
        "apps": {app: _fields(status) for app, status in state.apps.items()},
        "kpis": {
            kpi: {
                "verdict": str(status.verdict),
                "low": decimal_text(status.reading.low),
                "high": None if status.reading.high is None else decimal_text(status.reading.high),
                "met": status.met,
            }
            for kpi, status in state.kpis.items()
        },
        "milestones": {milestone: _fields(block) for milestone, block in state.milestones.items()},
        "countdowns": {countdown: _fields(status) for countdown, status in state.countdowns.items()},
        "tranches": {
            tranche: {"block": _fields(status.block), "amount": decimal_text(status.amount)}
            for tranche, status in state.tranches.items()
        },
        "recorded": sorted(state.recorded),
        "attested": [[*about, value] for about, value in sorted(state.attested.items())],
        "pauses": dict(state.pauses),
        "pauses_lost": state.pauses_lost,
        "gaps": [list(gap) for gap in state.gaps],
        "ledger": {
            "sequence": state.ledger.sequence,
            "digest": state.ledger.digest,
            "ordinals": dict(state.ledger.ordinals),
        },
        "block": _fields(state.block) if state.block else None,
        "meter": meter_json.to_json(state.meter),
    }


def from_json(definition: Definition, data: Mapping[str, Any]) -> State:
    """Rebuild a state from `to_json`; the windows are empty until the stored hours are restored into them.

    So is the membership of apps of the kind `open`, until what the stored blocks announce is applied to it.
    """
    state = State.initial(definition)
    claims = [(Address(address), Claim(**claim)) for address, claim in data["claims"]]
    state.sampler.membership = Membership(claims)
    state.sampler.period = data["period"]
    for sample in data["samples"]:
        state.sampler.hold(_sample(sample))
    for name, item in data["apps"].items():
        app = AppId(name)
        if is_open(app):
            state.sampler.awake.add(app)
            state.wake(definition, app)
        state.stand(app, AppStatus(**{**item, "verdict": LiveVerdict(item["verdict"])}))
    readings = readings_from_json(data)
    state.kpis = {
        KpiId(kpi): KpiStatus(Verdict(item["verdict"]), readings[KpiId(kpi)], item["met"])
        for kpi, item in data["kpis"].items()
    }
    state.milestones = {MilestoneId(name): _block(block) for name, block in data["milestones"].items()}
    state.countdowns = {
        CountdownId(name): CountdownStatus(**{**item, "phase": Phase(item["phase"])})
        for name, item in data["countdowns"].items()
    }
    state.tranches = {
        TrancheId(name): TrancheStatus(_block(item["block"]), Fraction(item["amount"]))
        for name, item in data.get("tranches", {}).items()
    }
    state.recorded = set(data.get("recorded", ()))
    state.attested = {(subject, claim): value for subject, claim, value in data.get("attested", ())}
    state.pauses = {Address(address): paused for address, paused in data["pauses"].items()}
    state.pauses_lost = data["pauses_lost"]
    state.gaps = [(before, after) for before, after in data["gaps"]]
    state.ledger = LedgerHead(**data["ledger"])
    state.block = _block(data["block"]) if data["block"] else None
    if "meter" in data:  # an older release had nothing to measure
        state.meter = meter_json.from_json(definition, data["meter"])
    return state


def readings_from_json(data: Mapping[str, Any]) -> dict[KpiId, Reading]:
    """Give what each KPI read from `to_json`, where nothing else of the state is asked for."""
    return {
        KpiId(kpi): Reading(Fraction(item["low"]), None if item["high"] is None else Fraction(item["high"]))
        for kpi, item in data["kpis"].items()
    }


def _fields(item: "AppStatus | BlockRef | Claim | CountdownStatus | Logic | Sample") -> dict[str, Any]:
    """Give a value's fields as they are: `dataclasses.asdict` copies each, with every block concluded."""
    return {name: getattr(item, name) for name in item.__slots__}


def _block(item: Mapping[str, Any]) -> BlockRef:
    return BlockRef(
        item["number"], BlockHash(item["hash"]), BlockHash(item["parent_hash"]), item["timestamp"]
    )


def _sample(item: Mapping[str, Any]) -> Sample:
    logic = tuple(Logic(part["address"], part["code_hash"]) for part in item["logic"])
    return Sample(**{**item, "kind": CodeKind(item["kind"]), "logic": logic})
