"""Preflight: what is said of a program and its endpoints before a run."""

from dataclasses import replace

import pytest

from tests.unit.core.givens import Found, address, app, at, countdown, definition, kpi, milestone, policy, ref
from tests.unit.discovery.givens import chain
from watcher.config.families import family_markers
from watcher.core.costs import SampledBlocks
from watcher.core.definition import App, Bars, Definition, OnRegression, SystemTransactions
from watcher.core.endpoint_report import (
    EndpointReport,
    History,
    LogHistory,
    Report,
    Unreachable,
    endpoint_findings,
)
from watcher.core.preflight import Finding, Level, joins, program_findings, worst
from watcher.core.types import Address, AppId, BlockHash
from watcher.core.window import Query
from watcher.core.wording import size_text
from watcher.discovery.curated import Settings, build

NOW = at(hours=1)
SAMPLED = SampledBlocks(16, empty=0, receipts=16, size_bytes=1, seconds=0, header_bytes=1)
HISTORY = History(
    1, 1, 1, whole_blocks=True, batch=16, no_methods=(), sampled=SAMPLED, times={1: at(), 60: at(minutes=30)}
)
GENESIS = BlockHash("0x" + "00" * 32)
FINAL = ref(80, NOW - 12)
GOOD = EndpointReport(
    "endpoint main",
    31_337,
    GENESIS,
    ref(90, NOW - 2),
    safe=None,
    finalized=FINAL,
    final=FINAL,
    history=HISTORY,
)


CROWDED = policy(bars=Bars(min_actions=1, min_actors=2))


def warnings(program: Definition) -> list[str]:
    """Give what a program is warned of."""
    return [finding.text for finding in program_findings(program) if finding.level is Level.WARNING]


def judged(*reports: Report, program: Definition | None = None, first: int = 1) -> list[tuple[str, str]]:
    """Give what is said of some endpoints."""
    found = endpoint_findings(program or definition(), reports, first=first, now=NOW)
    return [(str(finding.level), finding.text) for finding in found]


def test_a_plain_program_is_told_without_warnings() -> None:
    """What it consists of, and what its family leaves out."""
    system = SystemTransactions(frozenset({Address("0x1"), Address("0x2")}), frozenset({"0x7e"}))
    program = definition(
        liveness=CROWDED, kpis=[kpi()], milestones=[milestone()], countdowns=[countdown()], system=system
    )
    assert warnings(program) == []
    first, second = program_findings(program)
    assert first.text.endswith("1 app, 1 KPI, 1 milestone, 1 countdown")
    assert second.text == "family ethereum leaves out the chain's own transactions (2 senders, type 0x7e)"
    assert [finding.text for finding in program_findings(definition())][1] == (
        "family ethereum has none of its own to leave out"
    )


@pytest.mark.parametrize("policy_of_regression", [OnRegression.PAUSE, OnRegression.CANCEL])
def test_a_regression_policy_that_gives_a_veto_is_pointed_out(policy_of_regression: OnRegression) -> None:
    """Whoever can un-live an app could stop the clock."""
    program = definition(
        liveness=CROWDED,
        milestones=[milestone()],
        countdowns=[countdown(on_regression=policy_of_regression)],
    )
    [warning] = warnings(program)
    assert "veto" in warning
    assert policy_of_regression in warning


def test_apps_without_addresses_are_named_and_so_are_the_kpis_they_keep_from_being_met() -> None:
    """UNKNOWN is not dead, but it meets nothing."""
    program = definition(
        app("a"),
        app("b", known=False),
        liveness=CROWDED,
        kpis=[kpi("one", 1), kpi("two", 2)],
        milestones=[milestone()],
    )
    assert warnings(program) == [
        "without addresses, and so UNKNOWN until they are added: b",
        "KPI two cannot be MET even if every app with an address is live",
    ]


def test_what_is_announced_within_a_gap_is_said_to_be_lost() -> None:
    """Nobody reads it; a listed contract needs no announcement."""
    asking = [Query(log_addresses=frozenset({address(1)})), Query(creators=frozenset({address(2)})), Query()]
    apps = [App(AppId(name), name, (Found(query=query),)) for name, query in zip("abc", asking, strict=True)]
    plain = {"liveness": CROWDED, "kpis": [kpi()], "milestones": [milestone()], "gaps": [(5, 9)]}
    assert warnings(definition(*apps, **plain)) == [  # type: ignore[arg-type]  # each by its own name
        "contracts announced within the declared gap of blocks 5 to 9 are never known: list those of a, b"
    ]
    assert warnings(definition(apps[2], **plain)) == []  # type: ignore[arg-type]


def test_what_reach_touched_does_not_see_is_said() -> None:
    """A call that emits nothing is not seen."""
    liveness = policy(touched=True, max_actions_per_actor=5)
    [warning] = warnings(definition(liveness=liveness, kpis=[kpi()], milestones=[milestone()]))
    assert warning.startswith('reach = "touched"')


def test_whom_actions_are_taken_from_is_said() -> None:
    """Users behind an account that nobody lists are understated: people should list it, or know."""
    markers = family_markers("ethereum")
    liveness = policy(touched=True, max_actions_per_actor=5, markers=markers)
    warning = warnings(definition(liveness=liveness, kpis=[kpi()], milestones=[milestone()]))[-1]
    assert warning == (
        'unit = "action" tells users apart by events of 4 listed contracts: '
        "behind any other, whoever relays them is the actor"
    )


@pytest.mark.parametrize(
    ("bars", "said"), [(Bars(min_actions=1), "a single sender"), (Bars(), "asks for no activity")]
)
def test_a_policy_that_is_cheap_to_satisfy_is_pointed_out(bars: Bars, said: str) -> None:
    """One sender, or nobody at all, can make an app live."""
    program = definition(liveness=replace(policy(), bars=bars), kpis=[kpi()], milestones=[milestone()])
    [warning] = warnings(program)
    assert said in warning


def test_a_program_without_a_milestone_is_pointed_out() -> None:
    """It records KPIs, and that is all."""
    [warning] = warnings(definition(liveness=CROWDED, kpis=[kpi()]))
    assert "no milestone" in warning


def test_an_endpoint_that_has_everything_is_told_in_six_lines() -> None:
    """Chain, head, tags, methods, receipts, state."""
    found = judged(GOOD)
    assert {level for level, _ in found} == {"ok"}
    assert [text for _, text in found][1:] == [
        "head 90, 2024-10-04T00:59:58Z; final (finalized) is 80, 10s behind it",
        "tags: safe is nothing yet, finalized is block 80, 10s behind the head",
        "gives the receipts of whole blocks, took 16 calls in one request",
        "has blocks and receipts from block 1 on",
        "has state from block 1 on",
    ]


def test_an_endpoint_that_does_not_answer_says_why() -> None:
    """It is the outside world that failed."""
    assert judged(Unreachable("endpoint main", "no answer within 30 s")) == [
        ("unreachable", "no answer within 30 s")
    ]


def test_another_chain_and_another_genesis_are_problems() -> None:
    """Nothing else is looked at there."""
    [wrong] = judged(replace(GOOD, chain_id=1))
    assert wrong[0] == "problem"
    assert "the program is about chain 31337" in wrong[1]
    *_, other = judged(GOOD, replace(GOOD, name="endpoint two", genesis_hash=BlockHash("0x1")))
    assert other == (
        "problem",
        f"chain 31337, genesis 0x1, but endpoint main has genesis {GENESIS}: keep the endpoints of one chain",
    )


def test_a_head_that_is_old_is_worth_a_look() -> None:
    """The chain stands still, or the node does."""
    old = replace(GOOD, head=ref(90, NOW - 3_600), final=ref(90, NOW - 3_600))
    level, text = judged(old)[1]
    assert level == "warning"
    assert text.endswith("0s behind it; the head is 1h old: is the node in sync?")


def test_nothing_final_is_no_error_and_a_refused_tag_is_one() -> None:
    """A young chain waits; an endpoint that does not know the tag never concludes anything."""
    level, text = judged(replace(GOOD, final=None, history=None))[1]
    assert level == "warning"
    assert "nothing is final yet (finalized)" in text
    refused = replace(GOOD, final="unknown tag", finalized="unknown tag", history=None)
    level, text = judged(refused)[1]
    assert level == "problem"
    assert text.endswith("does not say what is final (finalized): unknown tag")
    assert judged(refused)[2][1].endswith("finalized is not told (unknown tag)")


def test_a_history_that_is_not_told_is_a_problem() -> None:
    """A rate limit in the first minute is one all day."""
    assert judged(replace(GOOD, history="eth_getCode: over rate limit"))[-1] == (
        "problem",
        "eth_getCode: over rate limit",
    )


def test_receipts_one_by_one_are_warned_of() -> None:
    """It works, and costs a call for each transaction."""
    single = replace(GOOD, history=replace(HISTORY, whole_blocks=False))
    assert judged(single)[3][0] == "warning"


def test_methods_that_proxies_need_are_needed() -> None:
    """Without them code behind a proxy is never known, and the ledger stands still."""
    blind = replace(GOOD, history=replace(HISTORY, no_methods=("eth_getStorageAt", "eth_call")))
    level, text = judged(blind)[3]
    assert level == "problem"
    assert text.startswith("does not offer eth_getStorageAt and eth_call")


@pytest.mark.parametrize(
    ("lowest", "words"),
    [
        (50, "has blocks from block 1 on and receipts from block 50 on, but block 7 has to be read"),
        (None, "has blocks from block 1 on and no receipts, but"),
    ],
)
def test_missing_receipts_are_a_problem_unless_another_endpoint_has_them(
    lowest: int | None, words: str
) -> None:
    """What nobody has is not read as nothing."""
    pruned = replace(GOOD, name="endpoint pruned", history=replace(HISTORY, receipts_from=lowest))
    level, text = judged(pruned, first=7)[4]
    assert level == "problem"
    assert text.startswith(words)
    assert "[[chain.gap]]" in text
    level, text = judged(pruned, GOOD, first=7)[4]
    assert level == "warning"
    assert text.endswith("another endpoint has it")


def test_missing_state_is_a_warning_since_plain_code_can_be_proven() -> None:
    """What stood behind a proxy cannot, and then an archive is needed."""
    pruned = replace(GOOD, name="endpoint pruned", history=replace(HISTORY, state_from=60))
    level, text = judged(pruned)[5]
    assert level == "warning"
    assert text.startswith("has state from block 60 on: before that plain code is proven")
    level, text = judged(pruned, GOOD)[5]
    assert (level, text) == ("warning", "has state from block 60 on: another endpoint has it from block 1 on")


@pytest.mark.parametrize(
    ("logs", "level", "text"),
    [
        (LogHistory(1, 10_000, 1, 1), "ok", "has logs from block 1 on, takes ranges of 10,000 blocks"),
        (
            LogHistory(60, 1, 1, 1),
            "warning",
            "has logs from block 60 on, takes ranges of 1 block: before that, every block is read",
        ),
        (
            LogHistory(None, None, 0, 0),
            "warning",
            "does not answer eth_getLogs: the receipts of every block are read there",
        ),
    ],
)
def test_what_an_endpoint_has_of_the_logs_is_told_where_they_matter(
    logs: LogHistory, level: str, text: str
) -> None:
    """How far back, and how wide a range it takes; without them, reading costs more."""
    assert judged(replace(GOOD, history=replace(HISTORY, logs=logs)))[-1] == (level, text)


def test_a_contract_that_is_listed_too_early_is_pointed_out() -> None:
    """It would count up to a day late."""
    level, text = judged(replace(GOOD, history=replace(HISTORY, undeployed=((address(1), 5),))))[-1]
    assert level == "warning"
    assert text.startswith(f"contract {address(1)} joins at block 5, where it has no code yet")


def test_listed_contracts_join_at_the_blocks_that_are_listed() -> None:
    """Leaving is no joining; what is announced later is not known beforehand."""
    settings = Settings.model_validate(
        {"contract": [{"address": address(1), "from_block": 5, "until_block": 9}, {"address": address(2)}]}
    )
    program = definition(App(AppId("a"), "A", (build(settings, AppId("a"), chain(3)),)), app("b"))
    assert list(joins(program)) == [(address(2), 3), (address(1), 5)]


def test_the_worst_finding_decides() -> None:
    """Warnings let a run begin, problems do not; nothing found is fine."""
    levels = [Level.WARNING, Level.UNREACHABLE, Level.PROBLEM, Level.OK]
    findings = [Finding(level, "x", "y") for level in levels]
    assert worst(findings) is Level.UNREACHABLE
    assert worst(findings[2:]) is Level.PROBLEM
    assert worst([]) is Level.OK


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1_637, "1.64 kB"), (2_190_000_000, "2.19 GB"), (3 * 10**12, "3.0 TB")],
)
def test_sizes_are_told_in_the_unit_that_fits(size: int, text: str) -> None:
    """Three digits are enough for an estimate."""
    assert size_text(size) == text
