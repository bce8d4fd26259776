"""Apps that nobody lists: when they are looked at, what is sampled, and what is said of them."""

import json
from dataclasses import replace

import pytest

from tests.unit.core.givens import (
    Found,
    Samples,
    address,
    app,
    at,
    definition,
    entries,
    facts,
    fold,
    joins,
    kpi,
    milestone,
    policy,
    sample,
    told,
)
from tests.unit.core.reading import Says, extracted
from watcher.core.applications import open_app
from watcher.core.definition import App, Bars, Definition
from watcher.core.explain_app import explain_app
from watcher.core.facts import Announcement, CodeKind
from watcher.core.foreknown import knows_members
from watcher.core.plan import demands
from watcher.core.preflight import Level, program_findings
from watcher.core.roster import roster
from watcher.core.standing import shown
from watcher.core.state import State, from_json, to_json
from watcher.core.step import deadlines
from watcher.core.tracked import Tracked
from watcher.core.types import Address, AppId
from watcher.core.window import Query
from watcher.testing.fake_blocks import create, log, tx

C1, C2, C3 = address(1), address(2), address(3)
ANN, BEN = address(0xA1), address(0xB1)
OF_ANN, OF_BEN = open_app(AppId("by"), ANN), open_app(AppId("by"), BEN)
EVERY = Query(every_creation=True)


def program(*apps: App, dormant_after: int = 0, exclude_deployers: bool = False) -> Definition:
    """Give a program by which everybody has an app that two actions within a day keep live."""
    liveness = policy(
        bars=Bars(min_actions=2), dormant_after=dormant_after, exclude_deployers=exclude_deployers
    )
    rule = App(AppId("by"), "By", (Found("open", EVERY),))
    made = definition(*apps, liveness=liveness, kpis=[kpi()], milestones=[milestone()], open_rule=rule)
    return made if apps else replace(made, apps={})


def creates(owner: AppId, contract: Address) -> Announcement:
    """Announce what an account created."""
    return joins(owner, contract, source="open")


def asked(state: State, samples: Samples) -> set[tuple[Address, int]]:
    """Give what a state holds of these samples."""
    return {(each.address, each.block_number) for each in state.sampler.samples.values()} & samples.keys()


def test_an_app_is_known_while_it_is_used_or_live() -> None:
    """From its first action to the hour at which the window is empty."""
    blocks = [
        facts(1, at(), announcements=[creates(OF_ANN, C1), creates(OF_BEN, C2)]),
        facts(2, at(1), {OF_ANN: {1: 1}}),
        facts(3, at(1, 1), {OF_ANN: {1: 1}}),
        facts(4, at(2, 1)),
        facts(5, at(2, 2)),
        facts(6, at(2, 3), {OF_BEN: {1: 5}}),
    ]
    known = []
    state, said = State.initial(program()), []
    for block in blocks:
        state, concluded = fold(program(), [block], state=state)
        said += concluded
        known.append(sorted(state.apps))
        assert state.windows.keys() == state.apps.keys() == state.verdicts.keys()
    assert known == [[], [OF_ANN], [OF_ANN], [OF_ANN], [], [OF_BEN]]
    assert told(said)[:2] == [("app.went_live", OF_ANN, 3), ("kpi.met", "k", 3)]
    assert ("app.went_dormant", OF_ANN, 4) in told(said)
    assert ("app.went_live", OF_BEN, 6) in told(said)


def test_one_that_is_live_without_actions_is_known_until_its_time_is_over() -> None:
    """A deadline is not missed because the window is empty."""
    patient = program(dormant_after=3 * 86_400)
    blocks = [
        facts(1, at(), {OF_ANN: {1: 2}}, announcements=[creates(OF_ANN, C1)]),
        facts(2, at(1, 1)),
        facts(3, at(2)),
    ]
    state, _ = fold(patient, blocks)
    assert [*state.apps] == [OF_ANN]
    assert deadlines(patient, state) == [at(4, 1)]
    restored = from_json(patient, json.loads(json.dumps(to_json(state))))
    assert deadlines(patient, restored) == [at(4, 1)]
    state, concluded = fold(patient, [facts(4, at(4, 1)), facts(5, at(4, 1, 5))], state=state)
    assert told(concluded)[0] == ("app.went_dormant", OF_ANN, 4)
    assert state.apps == {}


def test_what_fails_or_is_excluded_wakes_nobody() -> None:
    """Only a counted action does."""
    [block] = extracted(
        definition(
            App(AppId("x"), "X", (Says("open", {1: [creates(OF_ANN, C1)]}, EVERY),)),
            liveness=policy(excluded=[BEN]),
        ),
        [tx(ANN, C1, ok=False), tx(BEN, C1)],
    )
    assert (block.activity[OF_ANN].failed, block.activity[OF_ANN].excluded) == (1, 1)
    sampler = State.initial(program()).sampler
    assert sampler.woken(block) == []
    assert sampler.due(block) == []


def test_code_is_sampled_where_an_app_wakes_and_while_it_is_awake() -> None:
    """At its first action, for what joins it then, and at the first block of each day; nobody else's is."""
    blocks = [
        facts(1, at(), announcements=[creates(OF_ANN, C1), creates(OF_BEN, C2)]),
        facts(2, at(0, 5), {OF_ANN: {1: 2}}),
        facts(3, at(0, 6), announcements=[creates(OF_ANN, C3), creates(OF_BEN, address(4))]),
        facts(4, at(1)),
        facts(5, at(1, 1), code_changes=[C1, C2]),
    ]
    state, due = State.initial(program()), []
    for block in blocks:
        due.append(state.sampler.due(block))
        state, _ = fold(program(), [block], state=state)
    assert due == [[], [C1], [C3], [C1, C3], [C1]]


def test_a_proxy_that_could_not_run_is_sampled_again_at_each_action() -> None:
    """Else an action before it could would keep its app from being live; one without code gets none."""
    stuck = {
        (C1, 1): replace(sample(C1, 1, runs=False), kind=CodeKind.EIP1967),
        (C2, 1): sample(C2, 1, runs=False),
        (C1, 3): sample(C1, 3),
    }
    contracts = [creates(OF_ANN, C1), creates(OF_BEN, C2), joins("a", C3)]
    stuck[C3, 1] = replace(sample(C3, 1, runs=False), kind=CodeKind.EIP1967)
    many = program(app("a"))
    state, _ = fold(many, [facts(1, at(), {OF_ANN: {1: 2}, OF_BEN: {1: 2}}, announcements=contracts)], stuck)
    assert str(state.apps[OF_ANN].verdict) == "NOT_LIVE"
    restored = from_json(many, json.loads(json.dumps(to_json(state))))
    assert restored.sampler.stuck == state.sampler.stuck == {C1, C3}
    state, concluded = fold(
        many,
        [facts(2, at(0, 0, 1), {"a": {1: 1}}), facts(3, at(0, 0, 2), {OF_ANN: {2: 1}, OF_BEN: {2: 1}})],
        stuck,
        state,
    )
    assert ("app.went_live", OF_ANN, 3) in told(concluded)
    assert asked(state, stuck) == {(C1, 3), (C2, 1), (C3, 1)}
    assert state.sampler.stuck == {C3}


def test_evidence_names_listed_apps_and_of_all_others_those_that_are_live() -> None:
    """One that is not changes no reading, and there may be very many."""
    some = program(app("a"))
    block = facts(
        1,
        at(),
        {OF_ANN: {1: 2}, OF_BEN: {1: 1}},
        announcements=[creates(OF_ANN, C1), creates(OF_BEN, C2)],
    )
    state, concluded = fold(some, [block])
    assert shown(some, state) == ["a", OF_ANN]
    [reached] = [entry for entry in entries(concluded) if entry.type == "milestone.reached"]
    assert [each["id"] for each in json.loads(reached.bundle)["apps"]] == ["a", OF_ANN]
    assert [row["id"] for row in roster(some, state)] == ["a", OF_ANN, OF_BEN]


def test_an_app_that_nobody_lists_is_explained_like_any_other() -> None:
    """By its name, which says who created it."""
    block = facts(1, at(), {OF_ANN: {1: 2}}, announcements=[creates(OF_ANN, C1)])
    state, _ = fold(program(), [block])
    found = explain_app(program(), state, block.block, OF_ANN, [])
    assert found.data["found_by"] == ["open"]
    assert found.data["verdict"] == "LIVE"


def test_only_listed_apps_are_there_where_there_is_no_rule() -> None:
    """A name that means nothing is an error."""
    with pytest.raises(KeyError):
        definition().app(OF_ANN)
    assert program(app("a")).app(AppId("a")).title == "A"
    assert program().app(OF_ANN).id == OF_ANN


def test_every_creation_is_kept_and_every_receipt_is_needed() -> None:
    """No log tells of them; so blocks are read by receipts, from the first on."""
    touched = replace(program(), liveness=policy(touched=True))
    assert Tracked(touched).log_filter() is None
    assert not knows_members(touched)
    assert list(demands(touched)) == ['discover kind = "open" of app by, which needs every creation']
    rule = App(AppId("x"), "X", (Says("open", {}, EVERY),))
    [block] = extracted(definition(rule), [create(ANN, contract=C1), create(BEN, contract=C2)])
    assert [creation.address for creation in block.creations] == [C1, C2]


def test_its_creator_does_not_count_for_an_app_where_deployers_are_excluded() -> None:
    """From the block of the creation on, and for this app alone."""
    discovery = Says("open", {1: [creates(OF_ANN, C1)], 2: [creates(OF_BEN, C2)]}, EVERY)
    made = definition(
        App(AppId("x"), "X", (discovery,)), liveness=policy(exclude_deployers=True), kpis=[kpi()]
    )
    blocks = extracted(
        made,
        [create(ANN, contract=C1)],
        [create(BEN, contract=C2), tx(ANN, C1), tx(BEN, C1, logs=[log(C1, "0x1")]), tx(ANN, C2)],
    )
    assert blocks[1].activity[OF_ANN].actors == {BEN: 1}
    assert blocks[1].activity[OF_ANN].excluded == 1
    assert blocks[1].activity[OF_BEN].actors == {ANN: 1}


def test_a_program_says_that_it_finds_apps_and_what_it_does_not_see() -> None:
    """Coverage is stated; that listed apps cannot reach a bar is no matter."""
    without = program(app("a", known=False))
    found = list(program_findings(without))
    assert found[0].text.endswith(
        "1 app, an app for each account that creates contracts, 1 KPI, 1 milestone, 0 countdowns"
    )
    texts = [each.text for each in found if each.level is Level.WARNING]
    assert any(
        text.startswith("by finds apps: Contracts created inside calls are invisible") for text in texts
    )
    assert not any("cannot be MET" in text for text in texts)
