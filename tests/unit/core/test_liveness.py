"""Liveness of one app: criteria, three-valued verdicts, and hysteresis."""

import pytest

from tests.unit.core.givens import address, at, policy, sample
from watcher.core.activity import Counts
from watcher.core.definition import Bars, LivenessPolicy
from watcher.core.liveness import AppFacts, AppStatus, Judgement, advance, judge
from watcher.core.types import Address, LiveVerdict, Verdict

C1, C2 = address(1), address(2)
MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
THREE_BARS = Bars(min_actions=10, min_actors=4, min_active_days=2)


def known(
    *,
    required: list[Address] | None = None,
    running: bool = True,
    pauses: dict[Address, bool | None] | None = None,
    counts: Counts | None = None,
) -> AppFacts:
    """Give what is known of an app with one contract, by default all of it good."""
    contracts = [C1] if required is None else required
    return AppFacts(
        contracts,
        {contract: sample(contract, 1, runs=running) for contract in contracts},
        pauses or {},
        counts or Counts(10, 12, 4, 2),
    )


def verdicts(judgement: Judgement) -> dict[str, Verdict]:
    """Give the verdict of each criterion."""
    return {reason.criterion: reason.verdict for reason in judgement.reasons}


def test_an_app_at_its_bars_is_deployed_and_active() -> None:
    """A bar is reached by exactly as much as it asks for."""
    judgement = judge(policy(bars=THREE_BARS), known(), live=False)
    assert (judgement.verdict, judgement.deployed, judgement.active) == (MET, MET, MET)
    assert verdicts(judgement) == {
        "deployed": MET,
        "min_actions": MET,
        "min_actors": MET,
        "min_active_days": MET,
    }


@pytest.mark.parametrize(
    ("criterion", "counts"),
    [
        ("min_actions", Counts(9, 99, 4, 2)),
        ("min_actors", Counts(10, 12, 3, 2)),
        ("min_active_days", Counts(10, 12, 4, 1)),
    ],
)
def test_one_below_a_bar_is_not_active(criterion: str, counts: Counts) -> None:
    """Every criterion has to hold, and `min_actions` asks for net actions."""
    judgement = judge(policy(bars=THREE_BARS), known(counts=counts), live=False)
    assert (judgement.verdict, judgement.deployed, judgement.active) == (NOT_MET, MET, NOT_MET)
    assert [name for name, verdict in verdicts(judgement).items() if verdict is NOT_MET] == [criterion]


def test_criteria_that_the_policy_does_not_ask_for_give_no_reason() -> None:
    """Without bars an app is active, whatever its counts."""
    judgement = judge(policy(bars=Bars()), known(counts=Counts(0, 0, 0, 0)), live=False)
    assert verdicts(judgement) == {"deployed": MET}
    assert (judgement.verdict, judgement.active) == (MET, MET)


def test_counts_below_the_bar_are_unknown_where_a_gap_lies_in_the_window() -> None:
    """What was seen is a lower bound then: enough is enough, too little may still be enough."""
    few = Counts(9, 9, 4, 2, complete=False)
    judgement = judge(policy(bars=THREE_BARS), known(counts=few), live=False)
    assert verdicts(judgement)["min_actions"] is UNKNOWN
    assert verdicts(judgement)["min_actors"] is MET
    assert (judgement.verdict, judgement.active) == (UNKNOWN, UNKNOWN)
    assert "gap" in next(r.detail for r in judgement.reasons if r.criterion == "min_actions")


def test_one_criterion_that_is_not_met_outweighs_an_unknown_one() -> None:
    """Three-valued AND: whatever the unknown turns out to be, the app is not live."""
    few = Counts(9, 9, 4, 2, complete=False)
    judgement = judge(policy(bars=THREE_BARS), known(running=False, counts=few), live=False)
    assert (judgement.verdict, judgement.deployed, judgement.active) == (NOT_MET, NOT_MET, UNKNOWN)


@pytest.mark.parametrize(
    ("actions", "live", "expected"), [(9, False, NOT_MET), (9, True, MET), (8, True, MET), (7, True, NOT_MET)]
)
def test_a_live_app_is_measured_by_the_lower_bars(actions: int, live: bool, expected: Verdict) -> None:  # noqa: FBT001
    """`leave_below` lowers the bars it names for apps that are live, and the others not."""
    lower = policy(bars=THREE_BARS, leave_below=Bars(min_actions=8))
    assert judge(lower, known(counts=Counts(actions, 99, 4, 2)), live=live).verdict is expected
    assert judge(lower, known(counts=Counts(10, 99, 3, 2)), live=True).verdict is NOT_MET


def test_a_lower_bar_of_zero_is_a_bar() -> None:
    """`leave_below = { min_actions = 0 }` keeps a live app live without any action."""
    lower = policy(bars=THREE_BARS, leave_below=Bars(min_actions=0))
    assert judge(lower, known(counts=Counts(0, 0, 4, 2)), live=True).verdict is MET


def test_an_app_without_any_way_to_find_contracts_is_unknown() -> None:
    """What the definition leaves unknown is UNKNOWN, not dead."""
    nothing = AppFacts(None, {}, {}, Counts(99, 99, 99, 99))
    judgement = judge(policy(bars=THREE_BARS), nothing, live=False)
    assert (judgement.verdict, judgement.deployed, judgement.active) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert verdicts(judgement) == {"deployed": UNKNOWN}


def test_an_app_to_which_no_contract_belongs_is_not_deployed() -> None:
    """At least one contract is required."""
    judgement = judge(policy(bars=Bars()), known(required=[]), live=False)
    assert (judgement.verdict, judgement.deployed) == (NOT_MET, NOT_MET)


def test_one_contract_without_running_code_keeps_an_app_from_being_deployed() -> None:
    """All required contracts have to run; the reason names the first that does not."""
    samples = {C1: sample(C1, 1), C2: sample(C2, 1, runs=False)}
    judgement = judge(policy(bars=Bars()), AppFacts([C1, C2], samples, {}, Counts(0, 0, 0, 0)), live=False)
    assert (judgement.verdict, judgement.deployed) == (NOT_MET, NOT_MET)
    assert "1 of 2" in judgement.reasons[0].detail
    assert C2 in judgement.reasons[0].detail


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ({}, MET),
        ({C1: False, C2: False}, MET),
        ({C1: False, C2: True}, NOT_MET),
        ({C2: None}, UNKNOWN),
        ({C1: None, C2: True}, NOT_MET),
        ({address(3): True}, MET),
    ],
)
def test_no_required_contract_may_be_paused(pauses: dict[Address, bool | None], expected: Verdict) -> None:
    """The last log decides; none satisfies; one that may lie in a gap leaves it open; no other matters."""
    required = known(required=[C1, C2], pauses=pauses)
    assert judge(policy(bars=Bars(), not_paused=True), required, live=False).verdict is expected
    assert judge(policy(bars=Bars()), required, live=False).verdict is MET


def test_reasons_give_the_numbers_in_words() -> None:
    """An operator reads them: how many, of how many, against which bar."""
    contracts = known(required=[C1, C2], pauses={C1: True}, counts=Counts(9, 99, 4, 2))
    strict = policy(bars=Bars(min_actions=10), not_paused=True)
    assert [reason.detail for reason in judge(strict, contracts, live=False).reasons] == [
        "2 of 2 required contracts can run code",
        "9, needs 10",
        "1 of 2 required contracts are paused",
    ]


# Hysteresis

LIVE = AppStatus(LiveVerdict.LIVE, live=True)
DORMANT = AppStatus(LiveVerdict.NOT_LIVE)


def through(status: AppStatus, dormant_after: int, *steps: tuple[int, Verdict]) -> list[AppStatus]:
    """Apply one judgement after the other, each with its time; give the status after each."""
    found = []
    for time, verdict in steps:
        status = advance(status, Judgement(verdict, verdict, verdict, ()), time, dormant_after)
        found.append(status)
    return found


def test_without_dormant_after_an_app_leaves_at_once() -> None:
    """The default is zero: the first block below is the first at which it is NOT_LIVE."""
    assert through(LIVE, 0, (at(), NOT_MET)) == [DORMANT]


def test_a_live_app_leaves_when_it_was_below_for_so_long_to_the_second() -> None:
    """One second less is not so long."""
    statuses = through(LIVE, 3_600, (at(), NOT_MET), (at(seconds=3_599), NOT_MET), (at(hours=1), NOT_MET))
    assert [status.verdict for status in statuses] == ["LIVE", "LIVE", "NOT_LIVE"]
    assert [status.below_since for status in statuses] == [at(), at(), None]
    assert [status.live for status in statuses] == [True, True, False]


def test_a_break_starts_the_stretch_anew() -> None:
    """Below without a break: one block above, and the time counts from the next block below."""
    statuses = through(LIVE, 60, (at(), NOT_MET), (at(seconds=59), MET), (at(seconds=60), NOT_MET))
    assert statuses[1] == LIVE
    assert statuses[2].verdict is LiveVerdict.LIVE
    assert statuses[2].below_since == at(seconds=60)


def test_an_app_that_never_was_live_does_not_linger() -> None:
    """Hysteresis keeps live apps only."""
    assert through(DORMANT, 3_600, (at(), NOT_MET)) == [DORMANT]
    assert through(DORMANT, 3_600, (at(), UNKNOWN)) == [AppStatus(LiveVerdict.UNKNOWN)]
    assert through(DORMANT, 3_600, (at(), MET)) == [LIVE]


def test_an_unknown_live_app_did_not_go_dormant() -> None:
    """UNKNOWN is not NOT_LIVE: the app counts as live still when it is judged the next time."""
    [status] = through(LIVE, 0, (at(), UNKNOWN))
    assert (status.verdict, status.live) == (LiveVerdict.UNKNOWN, True)
    assert through(status, 0, (at(), NOT_MET)) == [DORMANT]


def test_a_live_app_becomes_unknown_only_when_it_may_have_been_below_for_so_long() -> None:
    """Hysteresis keeps an app that is below; one that is only perhaps below must not fare worse."""
    statuses = through(LIVE, 60, (at(), UNKNOWN), (at(seconds=59), NOT_MET), (at(seconds=60), UNKNOWN))
    assert [status.verdict for status in statuses] == ["LIVE", "LIVE", "UNKNOWN"]


def test_an_app_that_is_perhaps_below_for_long_stays_unknown_when_it_surely_is() -> None:
    """Falling below does not make an app live again of which nobody knew whether it still was."""
    statuses = through(LIVE, 60, (at(), UNKNOWN), (at(seconds=60), NOT_MET), (at(seconds=120), NOT_MET))
    assert [status.verdict for status in statuses] == ["LIVE", "UNKNOWN", "NOT_LIVE"]


def test_a_doubt_breaks_the_stretch_below() -> None:
    """An app leaves for having been below without a break, and in doubt nobody knows of none."""
    statuses = through(LIVE, 60, (at(), NOT_MET), (at(seconds=30), UNKNOWN), (at(seconds=60), NOT_MET))
    assert [status.verdict for status in statuses] == ["LIVE", "LIVE", "UNKNOWN"]
    assert statuses[2].live


@pytest.mark.parametrize(
    ("status", "due"),
    [
        (LIVE, None),
        (DORMANT, None),
        (AppStatus(LiveVerdict.UNKNOWN), None),
        (AppStatus(LiveVerdict.LIVE, live=True, below_since=at(1), doubtful_since=at(1)), at(1, 1)),
        (AppStatus(LiveVerdict.LIVE, live=True, below_since=at(2), doubtful_since=at(1)), at(1, 1)),
        (AppStatus(LiveVerdict.LIVE, live=True, doubtful_since=at(1)), at(1, 1)),
        (AppStatus(LiveVerdict.UNKNOWN, live=True, below_since=at(2), doubtful_since=at(1)), at(2, 1)),
        (AppStatus(LiveVerdict.UNKNOWN, live=True, doubtful_since=at(1)), None),
    ],
)
def test_a_verdict_changes_by_time_alone_at_one_instant(status: AppStatus, due: int | None) -> None:
    """LIVE ends when the app may have left, UNKNOWN when it surely has; nothing else waits for time."""
    assert status.falls_due(3_600) == due


@pytest.mark.parametrize("base", [policy(), policy(leave_below=Bars(min_actions=0))])
def test_judging_changes_nothing(base: LivenessPolicy) -> None:
    """The same facts give the same judgement, however often they are judged."""
    facts = known()
    assert judge(base, facts, live=True) == judge(base, facts, live=True)
