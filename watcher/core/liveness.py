"""Liveness: whether one application is deployed, active and live, with a reason for each criterion.

    samples ─▶ deployed ┐
    window  ─▶ active   ├─▶ Judgement ─▶ hysteresis ─▶ LIVE, NOT_LIVE, UNKNOWN
    pauses  ─▶ others   ┘

# INVARIANT: no added transaction lowers a verdict: tests/unit/core/test_step_properties.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from watcher.core.activity import Counts
from watcher.core.attestations import TRUE
from watcher.core.definition import LivenessPolicy
from watcher.core.facts import Sample
from watcher.core.types import Address, LiveVerdict, Verdict, all_of


@dataclass(frozen=True, slots=True)
class Reason:
    """One criterion of the policy, how it stands, and the numbers behind it in words."""

    criterion: str
    verdict: Verdict
    detail: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What holds for one app as of one block, before hysteresis."""

    verdict: Verdict
    deployed: Verdict
    active: Verdict
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class AppStatus:
    """An app's standing. `live` holds from the first LIVE block to the first later NOT_LIVE one.

    Both instants are times of blocks, None when not live: `below_since` of the first of the present unbroken
    stretch of blocks at which it was below the bars, `doubtful_since` of the first of those at which it was
    below or may have been. So `below_since` is never the earlier one.
    """

    verdict: LiveVerdict = LiveVerdict.NOT_LIVE
    live: bool = False
    below_since: int | None = None
    doubtful_since: int | None = None

    def falls_due(self, dormant_after_seconds: int) -> int | None:
        """Give the instant at which the verdict changes by time alone; None: it does not."""
        since = self.doubtful_since if self.verdict is LiveVerdict.LIVE else self.below_since
        return None if since is None else since + dormant_after_seconds


@dataclass(frozen=True, slots=True)
class AppFacts:
    """What is known about one app at a block.

    `required`: the contracts that must have code, None where the definition names no contracts at all.
    `pauses`: the last pause log per contract; absent: there was none, None: it may lie in a declared gap.
    """

    required: Sequence[Address] | None
    samples: Mapping[Address, Sample]
    pauses: Mapping[Address, bool | None]
    counts: Counts
    claims: Mapping[str, str] = field(default_factory=dict)
    """What is attested of the app, by claim, of those that the policy asks for; nothing where it is open."""


def judge(policy: LivenessPolicy, facts: AppFacts, *, live: bool) -> Judgement:
    """Judge one app as of a block; `live` apps are measured against the lower bars of `leave_below`."""
    if facts.required is None:
        reason = Reason(
            "deployed", Verdict.UNKNOWN, "the program names no contract and no way to find one for this app"
        )
        return Judgement(Verdict.UNKNOWN, Verdict.UNKNOWN, Verdict.UNKNOWN, (reason,))
    deployed = _deployed(facts)
    activity = _activity(policy, facts.counts, live=live)
    reasons = [deployed, *activity]
    if policy.not_paused:
        reasons.append(_not_paused(facts))
    reasons += [_attested(facts, claim) for claim in policy.attested]
    return Judgement(
        verdict=all_of([reason.verdict for reason in reasons]),
        deployed=deployed.verdict,
        active=all_of([reason.verdict for reason in activity]),
        reasons=tuple(reasons),
    )


def advance(status: AppStatus, judgement: Judgement, timestamp: int, dormant_after_seconds: int) -> AppStatus:
    """Apply hysteresis: a live app leaves only after it was below, without a break, for so long.

    It is LIVE as long as it cannot have left, and UNKNOWN when it may have, but not surely did. Otherwise an
    action more, which turns "below" into "perhaps below", could make a live app UNKNOWN.
    """
    verdict = judgement.verdict
    if verdict is Verdict.MET:
        return AppStatus(LiveVerdict.LIVE, live=True)
    if not status.live:
        return AppStatus(LiveVerdict.UNKNOWN if verdict is Verdict.UNKNOWN else LiveVerdict.NOT_LIVE)
    below_since = None
    if verdict is Verdict.NOT_MET:
        below_since = timestamp if status.below_since is None else status.below_since
        if timestamp - below_since >= dormant_after_seconds:
            return AppStatus(LiveVerdict.NOT_LIVE)
    doubtful_since = timestamp if status.doubtful_since is None else status.doubtful_since
    may_have_left = timestamp - doubtful_since >= dormant_after_seconds
    return AppStatus(
        LiveVerdict.UNKNOWN if may_have_left else LiveVerdict.LIVE,
        live=True,
        below_since=below_since,
        doubtful_since=doubtful_since,
    )


def _deployed(facts: AppFacts) -> Reason:
    required = facts.required or ()
    if not required:
        return Reason("deployed", Verdict.NOT_MET, "no contract belongs to it yet")
    broken = [facts.samples[address] for address in required if not facts.samples[address].runnable]
    if broken:
        first = broken[0]
        return Reason(
            "deployed",
            Verdict.NOT_MET,
            f"{len(broken)} of {len(required)} required contracts cannot run code; "
            f"first {first.address} ({first.kind})",
        )
    return Reason(
        "deployed", Verdict.MET, f"{len(required)} of {len(required)} required contracts can run code"
    )


def _activity(policy: LivenessPolicy, counts: Counts, *, live: bool) -> list[Reason]:
    reasons = []
    for criterion, value in (
        ("min_actions", counts.actions),
        ("min_actors", counts.actors),
        ("min_active_days", counts.active_days),
    ):
        bar: int | None = getattr(policy.bars, criterion)
        if bar is None:
            continue
        lower: int | None = getattr(policy.leave_below, criterion)
        if live and lower is not None:
            bar = lower
        below = Verdict.NOT_MET if counts.complete else Verdict.UNKNOWN
        verdict = Verdict.MET if value >= bar else below
        known = "" if counts.complete else " at least (a declared gap lies in the window)"
        reasons.append(Reason(criterion, verdict, f"{value}{known}, needs {bar}"))
    return reasons


def _attested(facts: AppFacts, claim: str) -> Reason:
    said = facts.claims.get(claim)
    if said is None:
        return Reason(claim, Verdict.UNKNOWN, "not attested, or signers differ")
    verdict = Verdict.MET if said == TRUE else Verdict.NOT_MET
    return Reason(claim, verdict, f"attested to be {said}")


def _not_paused(facts: AppFacts) -> Reason:
    states = [facts.pauses.get(address, False) for address in facts.required or ()]
    paused = sum(1 for state in states if state)
    if paused:
        return Reason(
            "not_paused", Verdict.NOT_MET, f"{paused} of {len(states)} required contracts are paused"
        )
    if None in states:
        return Reason("not_paused", Verdict.UNKNOWN, "a Paused log may lie in a declared gap")
    return Reason("not_paused", Verdict.MET, "no required contract is paused")
