"""Declared gaps: what nobody can read is unknown to everyone, for as long as it matters."""

from tests.unit.core.givens import (
    address,
    app,
    at,
    countdown,
    definition,
    facts,
    fold,
    joins,
    kpi,
    milestone,
    policy,
    told,
)
from watcher.core.definition import Bars, Definition, LivenessPolicy
from watcher.core.facts import BlockFacts, PauseLog
from watcher.core.types import ActorId, AppId, KpiId

C1 = address(1)
A = AppId("a")
JOINED = facts(1, at(), announcements=[joins("a", C1)])


def story(liveness: LivenessPolicy) -> Definition:
    """Give a program with app `a`, KPI `k`, milestone `m`, countdown `c`, that cannot read blocks 3 to 9."""
    return definition(
        app("a"),
        liveness=liveness,
        kpis=[kpi()],
        milestones=[milestone()],
        countdowns=[countdown()],
        gaps=[(3, 9)],
    )


def test_counts_are_lower_bounds_while_a_declared_gap_lies_in_the_window() -> None:
    """UNKNOWN from the first block behind the gap until the hour of that block leaves the window."""
    program = story(policy(bars=Bars(min_actions=2)))
    before = [JOINED, facts(2, at(0, 10, 30), {"a": {1: 1}})]
    state, _ = fold(program, [*before, facts(10, at(0, 12, 30))])
    assert str(state.apps[A].verdict) == "UNKNOWN"
    assert str(state.kpis[KpiId("k")].verdict) == "UNKNOWN"
    state, _ = fold(program, [facts(11, at(1, 12, 59, 59))], state=state)
    assert str(state.apps[A].verdict) == "UNKNOWN"
    state, _ = fold(program, [facts(12, at(1, 13))], state=state)
    assert str(state.apps[A].verdict) == "NOT_LIVE"
    assert state.gaps == []


def test_enough_actions_are_enough_in_spite_of_a_gap() -> None:
    """What lies in the gap could only add."""
    program = story(policy(bars=Bars(min_actions=2)))
    blocks = [JOINED, facts(2, at(), {"a": {1: 2}}), facts(10, at(0, 1))]
    state, conclusions = fold(program, blocks)
    assert str(state.apps[A].verdict) == "LIVE"
    assert told(conclusions)[-1] == ("countdown.started", "c", 2)


def test_a_gap_today_does_not_touch_complete_days_before_today() -> None:
    """It does from the next midnight on, for as long as its day is one of the window's."""
    program = definition(app("a"), liveness=policy(days=2, complete_days=True), gaps=[(2, 9)])
    state, _ = fold(program, [JOINED, facts(10, at(0, 5))])
    verdicts = [str(state.apps[A].verdict)]
    for number, time in ((11, at(1) - 1), (12, at(1)), (13, at(3) - 1), (14, at(3))):
        state, _ = fold(program, [facts(number, time)], state=state)
        verdicts.append(str(state.apps[A].verdict))
    assert verdicts == ["NOT_LIVE", "NOT_LIVE", "UNKNOWN", "UNKNOWN", "NOT_LIVE"]


def test_a_gap_that_may_reach_into_the_last_hour_of_yesterday_touches_complete_days() -> None:
    """When its blocks were is not known: any time between the two blocks around it."""
    program = definition(app("a"), liveness=policy(complete_days=True), gaps=[(3, 9)])
    before = [JOINED, facts(2, at(0, 23, 59, 59))]
    state, _ = fold(program, [*before, facts(10, at(1))])
    assert str(state.apps[A].verdict) == "UNKNOWN"
    state, _ = fold(program, [JOINED, facts(2, at(1)), facts(10, at(1))])
    assert str(state.apps[A].verdict) == "NOT_LIVE"


def test_blocks_left_out_next_to_each_other_are_no_gap() -> None:
    """Only what the definition declares is one: the rest was read and said nothing."""
    program = definition(app("a"), gaps=[(100, 101)])
    state, _ = fold(program, [JOINED, facts(99, at(0, 1))])
    assert state.gaps == []
    assert str(state.apps[A].verdict) == "NOT_LIVE"
    state, _ = fold(program, [facts(102, at(0, 2))], state=state)
    assert state.gaps == [(at(0, 1), at(0, 2))]


def test_a_pause_may_lie_in_a_gap() -> None:
    """For contracts that belong to an app when it begins, until their next pause log."""
    program = definition(app("a"), liveness=policy(bars=Bars(), not_paused=True), gaps=[(2, 9)])
    state, _ = fold(program, [JOINED, facts(10, at())])
    assert str(state.apps[A].verdict) == "UNKNOWN"
    state, _ = fold(program, [facts(11, at(9), pauses=[PauseLog(C1, paused=False)])], state=state)
    assert str(state.apps[A].verdict) == "LIVE"


def test_a_contract_that_joins_behind_a_gap_is_in_doubt_too() -> None:
    """It may have been paused in the gap; its next pause log settles it."""
    program = definition(app("a"), liveness=policy(bars=Bars(), not_paused=True), gaps=[(2, 9)])
    state, _ = fold(program, [facts(1, at()), facts(10, at(), announcements=[joins("a", C1)])])
    assert str(state.apps[A].verdict) == "UNKNOWN"
    log = PauseLog(C1, paused=False)
    state, _ = fold(program, [facts(1, at()), facts(10, at(), announcements=[joins("a", C1)], pauses=[log])])
    assert str(state.apps[A].verdict) == "LIVE"


def verdicts(liveness: LivenessPolicy, *blocks: BlockFacts[ActorId]) -> list[str]:
    """Give the verdict behind each block, for a program that cannot read blocks 2 to 9."""
    program = definition(app("a"), liveness=liveness, gaps=[(2, 9)])
    return [str(fold(program, blocks[:end])[0].apps[A].verdict) for end in range(1, len(blocks) + 1)]


def test_an_added_action_does_not_bring_a_live_app_in_doubt() -> None:
    """Whether it is paused is unknown since the gap; that it was used as well must not make that worse."""
    liveness = policy(not_paused=True, dormant_after=5 * 3_600)
    first = facts(1, at(), {"a": {1: 1}}, announcements=[joins("a", C1)])
    times = (at(0, 1), at(0, 5, 59, 59), at(0, 6), at(2))
    unused = [facts(10 + place, time) for place, time in enumerate(times)]
    used = [facts(10 + place, time, {"a": {1: 1}}) for place, time in enumerate(times)]
    assert verdicts(liveness, first, *used) == ["LIVE", "LIVE", "LIVE", "UNKNOWN", "UNKNOWN"]
    assert verdicts(liveness, first, *unused) == ["LIVE", "LIVE", "LIVE", "UNKNOWN", "UNKNOWN"]
