"""Evidence: what each entry rests on, in full and without anything that does not belong there."""

import json
from typing import Any

import pytest

from tests.unit.core.givens import (
    ShareLive,
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
    milestone,
    policy,
)
from watcher.core.definition import AllOf, AnyOf, Bars
from watcher.core.facts import CodeKind, Logic, Sample
from watcher.core.ledger import Entry
from watcher.core.types import Comparator, KpiId

ROUTER, CORE, TOKEN, LOGIC = address(2), address(1), address(3), address(4)

PROGRAM = definition(
    app("b", known=False),
    app("a"),
    liveness=policy(bars=Bars(min_actions=3, min_actors=2), max_actions_per_actor=2),
    kpis=[
        kpi("k", 1),
        kpi("share", 1, Comparator.MORE_THAN, ShareLive()),
        kpi("none", 0, Comparator.AT_MOST),
    ],
    milestones=[milestone("m", AllOf((AnyOf((KpiId("k"), KpiId("share"))),)))],
    countdowns=[countdown("c")],
)

PROXY = Sample(CORE, 1, CodeKind.EIP1967, "0xc0de", runnable=True, logic=(Logic(LOGIC, "0xface"),))
PLAIN = Sample(ROUTER, 1, CodeKind.PLAIN, "0xcafe", runnable=True)


def told() -> dict[str, Entry]:
    """Tell a short story: two contracts that count and a token join, are used, and the countdown starts."""
    blocks = [
        facts(
            1,
            at(0, 23),
            {"a": {1: 2}},
            announcements=[
                joins("a", ROUTER, role="router"),
                joins("a", CORE, log_index=1),
                joins("a", TOKEN, log_index=2, role="token"),
            ],
        ),
        facts(2, at(1, 1, 2, 3), {"a": {1: 5, 2: 1}}),
    ]
    _, conclusions = fold(PROGRAM, blocks, {(CORE, 1): PROXY, (ROUTER, 1): PLAIN, **later(CORE, ROUTER)})
    return {f"{entry.type} {entry.subject}": entry for entry in entries(conclusions)}


def later(*contracts: str) -> dict[Any, Sample]:
    """Give the same samples for the next day's first block."""
    known = {CORE: PROXY, ROUTER: PLAIN}
    return {(contract, 2): known[contract] for contract in known if contract in contracts}


def bundle(entry: Entry) -> dict[str, Any]:
    """Read an entry's bundle."""
    read: dict[str, Any] = json.loads(entry.bundle)
    return read


APP_A = {
    "id": "a",
    "verdict": "LIVE",
    "deployed": "MET",
    "active": "MET",
    "criteria": {"deployed": "MET", "min_actions": "MET", "min_actors": "MET"},
    "actions": 3,
    "actions_gross": 8,
    "actors": 2,
    "active_days": 2,
    "contracts": [
        {
            "address": CORE,
            "kind": "eip-1967",
            "runnable": True,
            "code_hash": "0xc0de",
            "logic": [{"address": LOGIC, "code_hash": "0xface"}],
        },
        {"address": ROUTER, "kind": "plain", "runnable": True, "code_hash": "0xcafe", "logic": []},
    ],
    "days": [
        {"day": "2024-10-04", "actions": 2, "actors": 1},
        {"day": "2024-10-05", "actions": 6, "actors": 2},
    ],
}

WHERE = {
    "chain_id": 31_337,
    "program_id": "program",
    "definition_hash": "d" * 64,
    "schema": 1,
    "block": {"number": 2, "hash": "0x" + "0" * 63 + "2", "time": "2024-10-05T01:02:03Z"},
}


def test_a_milestones_bundle_holds_all_that_a_stranger_needs_to_recount_it() -> None:
    """Block, definition, each KPI's reading and bar, each app with contracts, code hashes, counts per day."""
    entry = told()["milestone.reached m"]
    unknown = {
        **APP_A,
        "id": "b",
        "verdict": "UNKNOWN",
        "deployed": "UNKNOWN",
        "active": "UNKNOWN",
        "criteria": {"deployed": "UNKNOWN"},
        "actions": 0,
        "actions_gross": 0,
        "actors": 0,
        "active_days": 0,
        "contracts": [],
        "days": [],
    }
    assert bundle(entry) == {
        **WHERE,
        "milestone": "m",
        "finality": {"tag": "finalized"},
        "condition": {"all_of": [{"any_of": ["k", "share"]}]},
        "kpis": [
            {"id": "k", "verdict": "MET", "low": "1", "high": "2", "comparator": "at_least", "bar": "1"},
            {
                "id": "share",
                "verdict": "UNKNOWN",
                "low": "0.5",
                "high": None,
                "comparator": "more_than",
                "bar": "1",
            },
        ],
        "apps": [APP_A, unknown],
        "summary": {"kpis": {"k": "MET", "share": "UNKNOWN"}},
    }


def test_an_apps_entry_says_why() -> None:
    """The numbers travel in the summary, the rest lies in the bundle."""
    entry = told()["app.went_live a"]
    summary = {"actions": 3, "actions_gross": 8, "actors": 2, "active_days": 2, "contracts": 2}
    assert entry.body["evidence"]["summary"] == summary
    assert bundle(entry) == {**WHERE, "app": APP_A, "summary": summary}


def test_a_kpis_entry_says_against_which_bar() -> None:
    """Readings and bars are decimal strings."""
    entry = told()["kpi.met k"]
    summary = {"verdict": "MET", "low": "1", "high": "2", "comparator": "at_least", "bar": "1"}
    assert entry.body["evidence"]["summary"] == summary
    assert bundle(entry) == {**WHERE, "kpi": {"id": "k", **summary}, "summary": summary}


def test_a_countdowns_entry_says_how_long_it_has_to_run() -> None:
    """Instants in UTC, lengths in seconds, and the rule that moves it."""
    entry = told()["countdown.started c"]
    summary = {
        "after": "m",
        "phase": "running",
        "run": 1,
        "started_at": "2024-10-05T01:02:03Z",
        "deadline": "2024-10-12T01:02:03Z",
        "remaining_seconds": None,
    }
    assert entry.body["evidence"]["summary"] == summary
    assert bundle(entry) == {
        **WHERE,
        "countdown": {"id": "c", "duration_seconds": 604_800, "on_regression": "continue", "rearm": False},
        "summary": summary,
    }


def test_the_first_entry_says_whose_words_the_program_follows() -> None:
    """The ledger of this definition begins at this block."""
    entry = told()["definition.adopted program"]
    assert entry.body["evidence"]["summary"] == {"authority": "observer"}
    assert bundle(entry)["block"] == {
        "number": 1,
        "hash": "0x" + "0" * 63 + "1",
        "time": "2024-10-04T23:00:00Z",
    }


@pytest.mark.parametrize("word", ["A program", "A", "example.org", "TITLE"])
def test_no_text_that_may_change_while_the_meaning_stays_is_hashed(word: str) -> None:
    """Titles, quotes and sources are not part of the definition hash, and so not of evidence."""
    for entry in told().values():
        assert f'"{word}"' not in json.dumps(bundle(entry))
        assert f'"{word}"' not in json.dumps(entry.as_json())


def test_each_bundle_is_canonical_and_named_in_its_entry() -> None:
    """Whoever has the bundle can check that it is the one."""
    for entry in told().values():
        text = json.dumps(bundle(entry), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert entry.bundle == text.encode()
        assert bundle(entry)["summary"] == entry.body["evidence"]["summary"]
