"""Explanations: why an app, a KPI, a milestone, a countdown is what it is."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from tests.unit.core.explained import told
from tests.unit.core.givens import (
    ShareLive,
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
)
from watcher.core.definition import AllOf, AnyOf, Bars, Definition, OnRegression
from watcher.core.explain_app import DAYS_SHOWN, explain_app
from watcher.core.explain_goals import explain_countdown, explain_milestone
from watcher.core.explanation import Explanation
from watcher.core.facts import BlockFacts, CodeKind, Logic, Sample
from watcher.core.roster import roster, why_not
from watcher.core.state import State
from watcher.core.types import ActorId, Address, AppId, Comparator, CountdownId, KpiId, MilestoneId

POOL, VAULT, LOGIC = address(1), address(2), address(3)
K, M, C = KpiId("k"), MilestoneId("m"), CountdownId("c")


def explained(
    program: Definition,
    *blocks: BlockFacts[ActorId],
    samples: Mapping[tuple[Address, int], Sample] | None = None,
) -> Explanation:
    """Explain the app `a` after some blocks."""
    state, _ = fold(program, blocks, samples)
    return explain_app(program, state, blocks[-1].block, AppId("a"), [])


def test_a_live_app_is_told_with_its_rule_criteria_days_and_contracts() -> None:
    """All that its verdict rests on stands on one screen, and in full in the JSON."""
    program = definition(liveness=policy(days=2, bars=Bars(min_actions=3, min_actors=2)))
    told_app = explained(
        program,
        facts(1, at(), announcements=[joins("a", POOL)]),
        facts(2, at(hours=1), {"a": {1: 1}}),
        facts(3, at(days=2), {"a": {1: 2, 2: 1}}),
    )
    assert told_app.headline == "app a (A) is LIVE"
    assert told(told_app, "criteria") == [
        "deployed         MET      1 of 1 required contracts can run code",
        "min_actions      MET      4, needs 3",
        "min_actors       MET      2, needs 2",
    ]
    assert told(told_app, "window") == [
        "4 actions (4 gross), 2 actors, 2 active days",
        "2024-10-04 ▃·█ 2024-10-06  at most 3 actions a day",
    ]
    assert told(told_app, "missing") == ["nothing"]
    assert told(told_app, "ledger") == ["no entry about it"]
    assert told(told_app, "contracts")[0].startswith("1, found by found:a. Contracts created inside calls")
    assert told(told_app, "contracts")[1] == f"{POOL} core   since block 1, plain, runs"
    assert told_app.data["days"][1] == {"day": "2024-10-05", "actions": 0, "actors": 0}
    assert told_app.as_json()["kind"] == "app"


def test_what_keeps_an_app_from_being_live_is_named_with_its_numbers() -> None:
    """Each criterion that fails, what it has and what it needs."""
    program = definition(liveness=policy(bars=Bars(min_actions=5, min_actors=2)))
    told_app = explained(
        program, facts(1, at(), announcements=[joins("a", POOL)]), facts(2, at(), {"a": {1: 2}})
    )
    assert told_app.headline == "app a (A) is NOT_LIVE"
    assert told(told_app, "missing") == ["min_actions: 2, needs 5; min_actors: 1, needs 2"]


def test_code_behind_a_proxy_and_roles_that_do_not_count_are_shown() -> None:
    """Where a proxy leads and whether anything is there; a token belongs to the app but does not count."""
    proxy = Sample(POOL, 1, CodeKind.EIP1967, "0xc0de", runnable=False, logic=(Logic(LOGIC, None),))
    program = definition()
    told_app = explained(
        program,
        facts(1, at(), announcements=[joins("a", POOL), joins("a", VAULT, role="token")]),
        samples={(POOL, 1): proxy},
    )
    assert told(told_app, "contracts")[1:] == [
        f"{POOL} core   since block 1, eip-1967, cannot run, logic at {LOGIC} (no code)",
        f"{VAULT} token  since block 1, does not count",
    ]
    assert [each["kind"] for each in told_app.data["contracts"]] == ["eip-1967", None]


def test_a_claim_that_does_not_prevail_is_shown_with_the_reason() -> None:
    """Listed claims come first, then the earlier one."""
    program = definition(app("a"), app("b"))
    told_app = explained(
        program,
        facts(1, at(), announcements=[joins("b", POOL, listed=True), joins("b", VAULT)]),
        facts(2, at(), announcements=[joins("a", POOL), joins("a", VAULT)]),
    )
    assert told(told_app, "disputed") == [
        f"{POOL} belongs to b: it lists it",
        f"{VAULT} belongs to b: its claim is earlier",
    ]


def test_an_app_without_addresses_says_so() -> None:
    """It is UNKNOWN, not dead."""
    told_app = explained(definition(app("a", known=False)), facts(1, at()))
    assert told_app.headline == "app a (A) is UNKNOWN"
    assert told(told_app, "contracts") == ["none: the program names no contract and no way to find one"]


def test_a_live_app_below_its_bars_says_until_when_it_stays() -> None:
    """Patience is shown with its end."""
    program = definition(liveness=policy(dormant_after=7_200))
    blocks = [
        facts(1, at(), {"a": {1: 1}}, announcements=[joins("a", POOL)]),
        facts(2, at(days=1, hours=1)),
    ]
    told_app = explained(program, *blocks)
    assert told_app.headline == "app a (A) is LIVE"
    assert told(told_app, "patience")[0].startswith("it stays LIVE until 2024-10-05T03:00:00Z")
    assert told_app.data["leaves_at"] == "2024-10-05T03:00:00Z"
    assert told(told_app, "missing") == ["min_actions: 0, needs 1"]


def test_a_long_window_shows_its_last_days_and_many_contracts_the_first() -> None:
    """One screen is one screen; the JSON has the rest."""
    program = definition(liveness=policy(days=100, complete_days=True))
    contracts = [joins("a", address(number)) for number in range(1, 13)]
    told_app = explained(program, facts(1, at(), announcements=contracts))
    assert told(told_app, "window")[1].endswith(f"the last {DAYS_SHOWN} of 100 days")
    assert told(told_app, "contracts")[-1] == "… and 4 more (--json gives all)"
    assert len(told_app.data["days"]) == 100
    assert len(told_app.data["contracts"]) == 12


def test_the_ledger_is_told_newest_first() -> None:
    """Who wants the story reads down from today."""
    entries = [
        {
            "type": "app.went_live",
            "block_number": n,
            "occurred_at": f"t{n}",
            "sequence": n,
            "evidence": {"bundle_sha256": f"{n}f" * 32},
        }
        for n in range(6)
    ]
    program = definition()
    block = facts(1, at())
    state, _ = fold(program, [block])
    told_app = explain_app(program, state, block.block, AppId("a"), entries)
    assert told(told_app, "ledger")[0] == "app.went_live at block 5, t5 (no. 5, evidence 5f5f5f5f5f5f)"
    assert told(told_app, "ledger")[-1] == "… and 2 more (--json gives all)"


def test_the_roster_gives_every_app_in_the_form_that_scripts_rely_on() -> None:
    """The keys are those of the command line's contract, no more and no fewer."""
    program = definition(app("b"), app("a"))
    state, _ = fold(program, [facts(1, at(), {"b": {7: 2}}, announcements=[joins("b", POOL)])])
    first, second = roster(program, state)
    assert list(first) == [
        "id",
        "verdict",
        "deployed",
        "active",
        "actions",
        "actions_gross",
        "actors",
        "active_days",
        "reasons",
        "contracts",
    ]
    assert (first["id"], first["verdict"], first["deployed"], first["active"]) == (
        "a",
        "NOT_LIVE",
        "NOT_MET",
        "NOT_MET",
    )
    assert why_not(first) == "deployed: no contract belongs to it yet; min_actions: 0, needs 1"
    assert (second["id"], second["verdict"], second["actions"]) == ("b", "LIVE", 2)
    assert why_not(second) == ""


def story(program: Definition) -> tuple[State, BlockFacts[ActorId]]:
    """Let app a go live at block 2, a day after block 1; b never does."""
    blocks = [
        facts(1, at(), announcements=[joins("a", POOL), joins("b", VAULT)]),
        facts(2, at(days=1), {"a": {1: 1}}),
    ]
    state, _ = fold(program, blocks)
    return state, blocks[-1]


def test_a_milestone_shows_its_condition_part_by_part() -> None:
    """Nested parts stand further in, each with its verdict."""
    share = kpi("share", Fraction(3, 4), Comparator.MORE_THAN, ShareLive())
    condition = AllOf((K, AnyOf((KpiId("share"),))))
    program = definition(app("a"), app("b"), kpis=[kpi(), share], milestones=[milestone(condition=condition)])
    state, _ = story(program)
    told_milestone = explain_milestone(program, state, M, [])
    assert told_milestone.headline == "milestone m (M) is open"
    assert told(told_milestone, "state") == ["not reached"]
    assert told(told_milestone, "condition") == [
        "all of: NOT_MET",
        "k: MET (1, at least 1)",
        "any of: NOT_MET",
        "share: NOT_MET (0.5, more than 0.75)",
    ]
    assert told_milestone.data["condition"]["all_of"][1]["any_of"][0]["kpi"] == "share"
    assert told(told_milestone, "then") == []


def test_a_milestone_says_where_it_stands_between_the_head_and_finality() -> None:
    """Observed is not reached; reached is for ever."""
    program = definition(kpis=[kpi()], milestones=[milestone()], countdowns=[countdown()])
    before, _ = fold(program, [facts(1, at(), announcements=[joins("a", POOL)])])
    observed = explain_milestone(program, before, M, [], observed_at=9)
    assert (observed.data["state"], observed.data["block_number"]) == ("observed", 9)
    assert told(observed, "state") == ["observed at block 9, which is not final yet: it may be retracted"]
    after, block = story(program)
    reached = explain_milestone(program, after, M, [])
    assert (reached.data["state"], reached.data["block_number"]) == ("reached", 2)
    assert told(reached, "state") == [
        f"reached at block 2 {block.block.hash}, 2024-10-05T00:00:00Z, for ever"
    ]
    assert told(reached, "then") == ["starts countdown c"]


def at_countdown(
    *blocks: BlockFacts[ActorId], on_regression: OnRegression = OnRegression.PAUSE
) -> Explanation:
    """Explain the countdown after some blocks."""
    program = definition(
        kpis=[kpi()],
        milestones=[milestone()],
        countdowns=[countdown(on_regression=on_regression, marks=(259_200, 0))],
    )
    state, _ = fold(program, blocks)
    return explain_countdown(program, state, blocks[-1].block, C, [])


BEGIN = facts(1, at(), announcements=[joins("a", POOL)])
START = facts(2, at(hours=1), {"a": {1: 1}})


def test_a_countdown_tells_its_phase_its_end_and_its_policy() -> None:
    """Before its milestone it has neither start nor end; running it counts by the chain's clock."""
    pending = at_countdown(BEGIN)
    assert pending.headline == "countdown c is pending"
    assert (told(pending, "rule"), told(pending, "deadline")) == (["7d from milestone m on"], [])
    running = at_countdown(BEGIN, START, facts(3, at(hours=3), {"a": {1: 1}}))
    assert told(running, "phase") == ["running, run 1 since 2024-10-04T01:00:00Z"]
    assert told(running, "deadline") == ["2024-10-11T01:00:00Z"]
    assert told(running, "remaining") == ["6d 22h as of block 3"]
    assert told(running, "marks") == ["T-3d, T-0"]
    assert told(running, "milestone")[0] == "its condition is MET now"
    assert running.data["remaining_seconds"] == 6 * 86_400 + 22 * 3_600


def test_a_paused_countdown_keeps_what_remained() -> None:
    """There is no deadline while it stands."""
    paused = at_countdown(BEGIN, START, facts(3, at(days=1, hours=2)))
    assert told(paused, "phase")[0].startswith("paused")
    assert told(paused, "remaining") == ["5d 23h as of block 3"]
    assert paused.data["deadline"] is None


def test_one_app_alone_has_one_name() -> None:
    """A title that repeats the id is not said twice."""
    plain = replace(app("a"), title="a")
    assert explained(definition(plain), facts(1, at())).headline == "app a is NOT_LIVE"
    program = definition(kpis=[kpi()], milestones=[replace(milestone(), title="m")])
    state, _ = fold(program, [facts(1, at())])
    assert explain_milestone(program, state, M, []).headline == "milestone m is open"
