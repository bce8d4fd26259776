"""Events: what channels get, who gets what, and the statement that each message carries."""

from dataclasses import replace

import pytest

from tests.unit.core.givens import at, definition, ref
from watcher.core.definition import Definition, Finality
from watcher.core.events import (
    EVENT_TYPES,
    FINAL_ONLY,
    Notice,
    NoticeType,
    entry_event,
    notice_event,
    wanted,
)
from watcher.core.ledger import Draft, Entry, EntryType, Evidence, LedgerHead

PROGRAM = definition()
HEAD = {"sequence": 3, "digest": "e" * 64}


def an_entry(entry_type: EntryType = EntryType.APP_WENT_LIVE, subject: str = "a") -> Entry:
    """Give an entry at block 7."""
    draft = Draft(entry_type, subject, Evidence({"n": 1}, {}))
    return LedgerHead().append(PROGRAM, ref(7, at(hours=1)), [draft])[0]


def a_notice(notice_type: NoticeType, *, block_number: int | None = None) -> Notice:
    """Give a notice, about a block where one is named."""
    data = (
        {} if block_number is None else {"block_number": block_number, "occurred_at": "2024-10-04T01:00:00Z"}
    )
    return Notice(notice_type, "m", "key", at(hours=1), {**data, "more": 1}, countdown="c")


def statement_of(notice: Notice, program: Definition = PROGRAM) -> str:
    """Give the statement that a notice's message carries."""
    return str(notice_event(program, notice, "id", HEAD, "Ops").payload["data"]["statement"])


def test_the_types_are_those_of_the_specification() -> None:
    """Sections 9 and 10, each once; `ledger.restated` is the notice of a changed program."""
    assert set(NoticeType) == {
        "milestone.observed",
        "milestone.retracted",
        "countdown.projected",
        "countdown.marked",
        "kpi.progressed",
        "kpi.unknown",
        "ledger.stalled",
        "ledger.broken",
        "ledger.restated",
        "watcher.degraded",
        "watcher.recovered",
        "watcher.heartbeat",
        "endpoint.disabled",
    }
    assert len(EVENT_TYPES) == len(set(EVENT_TYPES)) == len(EntryType) + len(NoticeType)


@pytest.mark.parametrize(
    ("patterns", "final_only", "types"),
    [
        (("milestone.*",), False, ["milestone.reached", "milestone.observed", "milestone.retracted"]),
        (("milestone.*",), True, ["milestone.reached"]),
        (("ledger.stalled", "kpi.unknown"), False, ["kpi.unknown", "ledger.stalled"]),
        (("watcher.*",), True, []),
        (("Milestone.*", "milestone"), False, []),
        ((), False, []),
        (("*",), True, [str(entry_type) for entry_type in EntryType]),
        (("*",), False, list(EVENT_TYPES)),
    ],
)
def test_a_channel_gets_what_its_patterns_name(
    patterns: tuple[str, ...], types: list[str], *, final_only: bool
) -> None:
    """Shell patterns, case counts; `finality = "final"` narrows them to ledger entries."""
    assert [name for name in EVENT_TYPES if wanted(name, patterns, final_only=final_only)] == types


def test_final_means_ledger_entries() -> None:
    """A notice is never final."""
    assert set(FINAL_ONLY) == set(EntryType)


def test_the_message_of_an_entry_has_its_id_and_all_its_fields() -> None:
    """The type stands beside the data, and the digest with them."""
    entry = an_entry()
    event = entry_event(PROGRAM, entry, "Ops")
    data = dict(event.payload["data"])
    assert (event.id, event.type, event.occurred_at) == (entry.id, "app.went_live", at(hours=1))
    assert {**event.payload, "data": None} == {
        "type": "app.went_live",
        "timestamp": "2024-10-04T01:00:00Z",
        "data": None,
    }
    assert data.pop("statement").startswith("Observed on chain 31337")
    assert (data.pop("authority"), data.pop("source")) == ("observer", "https://example.org/terms")
    assert "type" not in data
    assert {**data, "type": "app.went_live"} == entry.as_json()


@pytest.mark.parametrize(
    ("entry_type", "group"),
    [
        (EntryType.COUNTDOWN_CANCELLED, "tge"),
        (EntryType.COUNTDOWN_ELAPSED, "tge"),
        (EntryType.MILESTONE_REACHED, None),
    ],
)
def test_only_entries_of_a_countdown_are_ordered(entry_type: EntryType, group: str | None) -> None:
    """Messages of one countdown keep their order; others do not wait for each other."""
    assert entry_event(PROGRAM, an_entry(entry_type, "tge"), "Ops").countdown == group


def test_the_message_of_a_notice_says_where_the_ledger_stood() -> None:
    """Who reads it can place it among the entries."""
    event = notice_event(PROGRAM, a_notice(NoticeType.KPI_PROGRESSED, block_number=7), "an-id", HEAD, "Ops")
    data = dict(event.payload["data"])
    del data["statement"]
    assert data == {
        "id": "an-id",
        "subject": "m",
        "chain_id": 31_337,
        "program_id": "program",
        "definition_hash": "d" * 64,
        "ledger": HEAD,
        "block_number": 7,
        "occurred_at": "2024-10-04T01:00:00Z",
        "more": 1,
        "authority": "observer",
        "source": "https://example.org/terms",
    }
    assert (event.id, event.type, event.occurred_at, event.countdown) == (
        "an-id",
        "kpi.progressed",
        at(hours=1),
        "c",
    )


def test_the_statement_says_what_held_where_and_what_does_not_follow() -> None:
    """One fixed sentence: chain, definition, block, time, finality, operator."""
    assert entry_event(PROGRAM, an_entry(), "Ops").payload["data"]["statement"] == (
        f"Observed on chain 31337 under definition {'d' * 64}: app.went_live a at block 7 "
        "(2024-10-04T01:00:00Z, finalized). Computed from public data by operator Ops; "
        "no launch, allocation, unlock or price follows from it."
    )


@pytest.mark.parametrize("notice_type", [NoticeType.KPI_PROGRESSED, NoticeType.KPI_UNKNOWN])
def test_a_notice_about_a_final_block_does_not_call_it_provisional(notice_type: NoticeType) -> None:
    """Progress is told of final blocks only."""
    text = statement_of(a_notice(notice_type, block_number=7))
    assert f"{notice_type} m at block 7 (2024-10-04T01:00:00Z, finalized)." in text


@pytest.mark.parametrize(
    "notice_type",
    [NoticeType.MILESTONE_OBSERVED, NoticeType.MILESTONE_RETRACTED, NoticeType.COUNTDOWN_PROJECTED],
)
def test_what_is_seen_ahead_of_finality_says_so(notice_type: NoticeType) -> None:
    """Nobody may take an observation for a ledger entry."""
    text = statement_of(a_notice(notice_type, block_number=7))
    assert f"{notice_type} m at block 7 (2024-10-04T01:00:00Z, provisional: not yet finalized)." in text


def test_the_statement_names_a_depth_where_that_is_finality() -> None:
    """The kind of finality is part of what was observed."""
    deep = definition_with_depth(64)
    assert "not yet depth 64)" in statement_of(a_notice(NoticeType.MILESTONE_OBSERVED, block_number=7), deep)
    assert "depth 64)" in statement_of(a_notice(NoticeType.KPI_UNKNOWN, block_number=7), deep)


def test_a_retraction_names_the_block_without_a_time() -> None:
    """It occurred later than the block that it takes back."""
    notice = Notice(NoticeType.MILESTONE_RETRACTED, "m", "key", at(hours=2), {"block_number": 7})
    assert "milestone.retracted m at block 7 (provisional: not yet finalized)." in statement_of(notice)


def test_a_notice_about_no_block_names_none() -> None:
    """The watcher's own state is not an observation of the chain."""
    assert "watcher.heartbeat m. Computed" in statement_of(a_notice(NoticeType.WATCHER_HEARTBEAT))


def definition_with_depth(depth: int) -> Definition:
    """Give a program whose blocks are final at a depth."""
    return replace(PROGRAM, chain=replace(PROGRAM.chain, finality=Finality(depth=depth)))
