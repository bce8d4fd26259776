"""The step: what one block brings, in the order and at the instants that the specification says."""

import pytest

from tests.unit.core.givens import (
    address,
    app,
    at,
    countdown,
    definition,
    entries,
    facts,
    fold,
    joins,
    kpi,
    leaves,
    milestone,
    policy,
    sample,
    told,
)
from watcher.core.definition import AllOf, AnyOf, Bars, Definition, OnRegression
from watcher.core.facts import PauseLog
from watcher.core.state import State
from watcher.core.types import AppId, Comparator, KpiId

C1, C2 = address(1), address(2)
A = AppId("a")
DAY = 86_400


def story(**program: object) -> Definition:
    """Give a program with one app, KPI `k`, milestone `m` and countdown `c`, which these keys change."""
    parts = {"kpis": [kpi()], "milestones": [milestone()], "countdowns": [countdown()], **program}
    return definition(app("a"), **parts)  # type: ignore[arg-type]


JOINED = facts(1, at(), announcements=[joins("a", C1)])


def test_the_ledger_opens_with_the_definition() -> None:
    """Once, at the first block, before everything else that block brings."""
    first = facts(1, at(hours=5), {"a": {1: 1}}, announcements=[joins("a", C1)])
    _, conclusions = fold(story(), [first, facts(2, at(hours=6))])
    assert [(str(entry.type), entry.subject, entry.block_number) for entry in entries(conclusions)] == [
        ("definition.adopted", "program", 1),
        ("app.went_live", "a", 1),
        ("kpi.met", "k", 1),
        ("milestone.reached", "m", 1),
        ("countdown.started", "c", 1),
    ]


def test_a_block_counts_as_a_whole() -> None:
    """A contract that joins in the block in which it is used is live at that block, not after it."""
    block = facts(2, at(), {"a": {1: 1}}, announcements=[joins("a", C1)])
    _, conclusions = fold(story(), [facts(1, at()), block])
    assert told(conclusions)[0] == ("app.went_live", "a", 2)


def test_the_milestone_latches_at_the_first_block_that_fills_the_bar_and_once_for_ever() -> None:
    """Not before, not at the next, and not again after a regression."""
    blocks = [JOINED, *(facts(n, at(hours=n), {"a": {n: 1}}) for n in (2, 3, 4))]
    blocks += [facts(5, at(9)), facts(6, at(9), {"a": {1: 9}})]
    _, conclusions = fold(story(liveness=policy(bars=Bars(min_actions=3)), countdowns=[]), blocks)
    assert told(conclusions) == [
        ("app.went_live", "a", 4),
        ("kpi.met", "k", 4),
        ("milestone.reached", "m", 4),
        ("app.went_dormant", "a", 5),
        ("kpi.unmet", "k", 5),
        ("app.went_live", "a", 6),
        ("kpi.met", "k", 6),
    ]


def test_an_app_goes_dormant_at_the_first_block_of_the_hour_in_which_its_last_action_leaves() -> None:
    """No earlier, and at the very first block of that hour, also one without facts."""
    used = facts(2, at(0, 10, 30), {"a": {1: 1}})
    blocks = [JOINED, used, facts(3, at(1, 10, 59, 59)), facts(4, at(1, 11)), facts(5, at(1, 11))]
    _, conclusions = fold(definition(app("a")), blocks)
    assert told(conclusions) == [("app.went_live", "a", 2), ("app.went_dormant", "a", 4)]


def test_complete_days_count_from_the_first_block_of_the_next_day() -> None:
    """Whatever happens today is not in the window yet."""
    blocks = [
        JOINED,
        facts(2, at(0, 10), {"a": {1: 1}}),
        facts(3, at(1) - 1),
        facts(4, at(1)),
        facts(5, at(2)),
    ]
    _, conclusions = fold(definition(app("a"), liveness=policy(complete_days=True)), blocks)
    assert told(conclusions) == [("app.went_live", "a", 4), ("app.went_dormant", "a", 5)]


def test_dormancy_falls_due_between_hours() -> None:
    """An app that was below for `dormant_after` leaves at the first block at or after that instant."""
    used = facts(2, at(0, 10, 30), {"a": {1: 1}})
    below = facts(3, at(1, 11, 0, 10))
    blocks = [JOINED, used, below, facts(4, at(1, 11, 1, 9)), facts(5, at(1, 11, 1, 10)), facts(6, at(1, 12))]
    state, conclusions = fold(definition(app("a"), liveness=policy(dormant_after=60)), blocks[:4])
    assert str(state.apps[A].verdict) == "LIVE"
    _, conclusions = fold(definition(app("a"), liveness=policy(dormant_after=60)), blocks)
    assert told(conclusions) == [("app.went_live", "a", 2), ("app.went_dormant", "a", 5)]


def test_removing_its_last_contract_ends_an_app_at_that_block() -> None:
    """Membership ends before the block of the removal."""
    blocks = [JOINED, facts(2, at(), {"a": {1: 1}}), facts(3, at(minutes=1), announcements=[leaves("a", C1)])]
    _, conclusions = fold(definition(app("a")), blocks)
    assert told(conclusions) == [("app.went_live", "a", 2), ("app.went_dormant", "a", 3)]


def test_a_contract_that_changes_hands_concerns_both_apps() -> None:
    """One loses what the other wins, at the same block; the dormant come first."""
    program = definition(app("a"), app("b"), liveness=policy(bars=Bars()))
    moving = facts(2, at(minutes=1), announcements=[joins("b", C1), leaves("a", C1, log_index=1)])
    _, conclusions = fold(program, [JOINED, moving])
    assert told(conclusions) == [
        ("app.went_live", "a", 1),
        ("app.went_dormant", "a", 2),
        ("app.went_live", "b", 2),
    ]


def test_code_counts_as_of_its_samples() -> None:
    """Code that goes between two samples is missed at the next sample block, here the next day's first."""
    samples = {(C1, n): sample(C1, n, runs=n < 3) for n in range(1, 7)}
    blocks = [
        JOINED,
        facts(2, at()),
        facts(3, at(0, 5)),
        facts(4, at(0, 9)),
        facts(5, at(1)),
        facts(6, at(1)),
    ]
    _, conclusions = fold(definition(app("a"), liveness=policy(bars=Bars())), blocks, samples)
    assert told(conclusions) == [("app.went_live", "a", 1), ("app.went_dormant", "a", 5)]
    upgraded = [*blocks[:3], facts(4, at(0, 9), code_changes=[C1])]
    _, conclusions = fold(definition(app("a"), liveness=policy(bars=Bars())), upgraded, samples)
    assert told(conclusions)[1] == ("app.went_dormant", "a", 4)


def test_a_missing_sample_is_an_error_and_no_value() -> None:
    """The step refuses to conclude: a missing read is never zero, never no, never met."""
    with pytest.raises(KeyError):
        fold(definition(app("a")), [JOINED], {})


def test_the_last_pause_log_of_a_block_decides() -> None:
    """Paused and unpaused in one block is not paused."""
    program = definition(app("a"), liveness=policy(bars=Bars(), not_paused=True))
    blocks = [
        JOINED,
        facts(2, at(), pauses=[PauseLog(C1, paused=True), PauseLog(C1, paused=False)]),
        facts(3, at(), pauses=[PauseLog(C1, paused=False), PauseLog(C1, paused=True)]),
        facts(4, at(), pauses=[PauseLog(C1, paused=False)]),
    ]
    _, conclusions = fold(program, blocks)
    assert told(conclusions) == [
        ("app.went_live", "a", 1),
        ("app.went_dormant", "a", 3),
        ("app.went_live", "a", 4),
    ]


def test_a_contract_that_was_paused_before_it_joined_is_paused() -> None:
    """The last log up to the block decides, whoever the contract belonged to when it emitted it."""
    program = definition(app("a"), liveness=policy(bars=Bars(), not_paused=True))
    blocks = [
        JOINED,
        facts(2, at(), pauses=[PauseLog(C1, paused=True)]),
        facts(3, at(), announcements=[leaves("a", C1)]),
        facts(4, at(), announcements=[joins("a", C1)]),
        facts(5, at(), pauses=[PauseLog(C1, paused=False)]),
    ]
    _, conclusions = fold(program, blocks)
    assert told(conclusions)[-2:] == [("app.went_dormant", "a", 2), ("app.went_live", "a", 5)]


def test_required_narrows_the_contracts_that_must_run() -> None:
    """A contract of the app that is not required may be without code."""
    samples = {(C1, 1): sample(C1, 1, runs=False), (C2, 1): sample(C2, 1)}
    first = facts(1, at(), announcements=[joins("a", C1), joins("a", C2, log_index=1)])
    state, _ = fold(definition(app("a"), liveness=policy(bars=Bars())), [first], samples)
    assert str(state.apps[A].verdict) == "NOT_LIVE"
    narrowed = definition(app("a", required=[C2, address(9)]), liveness=policy(bars=Bars()))
    state, _ = fold(narrowed, [first], samples)
    assert str(state.apps[A].verdict) == "LIVE"


def test_an_app_without_addresses_is_unknown_and_stops_nothing() -> None:
    """What the definition leaves open is UNKNOWN for everyone; the ledger goes on around it."""
    program = definition(
        app("a"), app("b", known=False), kpis=[kpi("k", 1), kpi("two", 2)], milestones=[milestone()]
    )
    first = facts(1, at(), {"a": {1: 1}}, announcements=[joins("a", C1)])
    state, conclusions = fold(program, [first])
    assert str(state.apps[AppId("b")].verdict) == "UNKNOWN"
    assert str(state.kpis[KpiId("two")].verdict) == "UNKNOWN"
    assert told(conclusions)[-1] == ("milestone.reached", "m", 1)


def test_a_program_may_have_no_kpis_at_all() -> None:
    """The step concludes about the apps then."""
    state, conclusions = fold(definition(app("a")), [JOINED])
    assert isinstance(state, State)
    assert [str(entry.type) for entry in entries(conclusions)] == ["definition.adopted"]


# Countdowns


def regression(on_regression: OnRegression, *, rearm: bool = False) -> list[tuple[str, str, int]]:
    """Tell of a countdown of five days whose app goes dormant after one and comes back after three."""
    program = story(
        countdowns=[countdown(duration=5 * DAY, on_regression=on_regression, rearm=rearm)], kpis=[kpi()]
    )
    blocks = [
        facts(1, at(), {"a": {1: 1}}, announcements=[joins("a", C1)]),
        facts(2, at(1, 1)),
        facts(3, at(3), {"a": {1: 1}}),
        facts(4, at(4), {"a": {1: 1}}),
        *(facts(5 + day, at(5 + day), {"a": {1: 1}}) for day in range(5)),
    ]
    _, conclusions = fold(program, blocks)
    return [item for item in told(conclusions) if item[0].startswith("countdown.")]


def test_a_countdown_that_continues_elapses_on_its_day() -> None:
    """The default: nothing that happens to the apps moves it."""
    assert regression(OnRegression.CONTINUE) == [
        ("countdown.started", "c", 1),
        ("countdown.elapsed", "c", 5),
    ]


def test_a_countdown_that_pauses_elapses_so_much_later() -> None:
    """It stood still from day 1, 1 h to day 3: 47 hours."""
    assert regression(OnRegression.PAUSE) == [
        ("countdown.started", "c", 1),
        ("countdown.paused", "c", 2),
        ("countdown.resumed", "c", 3),
        ("countdown.elapsed", "c", 7),
    ]


@pytest.mark.parametrize("rearm", [False, True])
def test_a_countdown_that_is_cancelled_starts_anew_only_with_rearm(*, rearm: bool) -> None:
    """Then with its full duration."""
    expected = [("countdown.started", "c", 1), ("countdown.cancelled", "c", 2)]
    again = [("countdown.started", "c", 3), ("countdown.elapsed", "c", 8)]
    assert regression(OnRegression.CANCEL, rearm=rearm) == expected + (again if rearm else [])


def test_an_elapsed_deadline_is_entered_at_its_own_instant() -> None:
    """The first block at or after the deadline brings it, the deadline is when it occurred."""
    first = facts(1, at(0, 1, 2, 3), {"a": {1: 1}}, announcements=[joins("a", C1)])
    late = [facts(2, at(7, 1, 2, 2)), facts(3, at(7, 9)), facts(4, at(7, 10))]
    _, conclusions = fold(story(), [first, *late])
    [elapsed] = [entry for entry in entries(conclusions) if entry.type == "countdown.elapsed"]
    assert (elapsed.block_number, elapsed.occurred_at) == (3, at(7, 1, 2, 3))
    assert elapsed.body["occurred_at"] == "2024-10-11T01:02:03Z"


def test_a_regression_at_the_deadline_comes_too_late() -> None:
    """At that block the countdown has elapsed: before the deadline nothing was wrong."""
    program = story(countdowns=[countdown(duration=25 * 3_600, on_regression=OnRegression.CANCEL)])
    first = facts(1, at(), {"a": {1: 1}}, announcements=[joins("a", C1)])
    _, conclusions = fold(program, [first, facts(2, at(1, 1))])
    assert told(conclusions)[-3:] == [
        ("countdown.elapsed", "c", 2),
        ("app.went_dormant", "a", 2),
        ("kpi.unmet", "k", 2),
    ]


def test_only_the_whole_condition_is_a_regression() -> None:
    """One KPI of an any_of may fail as long as another holds."""
    cancelled = story(
        kpis=[kpi("k", 1), kpi("few", 1, Comparator.AT_MOST)],
        milestones=[milestone("m", AllOf((AnyOf((KpiId("k"), KpiId("few"))),)))],
        countdowns=[countdown(on_regression=OnRegression.CANCEL)],
    )
    first = facts(1, at(), {"a": {1: 1}}, announcements=[joins("a", C1)])
    _, conclusions = fold(cancelled, [first, facts(2, at(1, 1))])
    assert told(conclusions)[-1] == ("kpi.unmet", "k", 2)
