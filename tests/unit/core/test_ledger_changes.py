"""Comparing two ledgers: by type, subject and ordinal, at which block."""

from typing import Any

from watcher.core.ledger_changes import ledger_changes


def entry(kind: str, subject: str, block: int) -> dict[str, Any]:
    """Give as much of an entry as is compared."""
    return {
        "id": f"{kind}/{subject}/{block}",
        "type": kind,
        "subject": subject,
        "block_number": block,
        "block_hash": f"0x{block:064x}",
        "occurred_at": "2026-01-01T00:00:00Z",
    }


def test_equal_entries_are_no_difference() -> None:
    """Equal is: the n-th of a type and subject, at the same block; ids and digests differ anyway."""
    both = [entry("kpi.met", "a", 3), entry("kpi.unmet", "a", 5)]
    assert ledger_changes(both, [{**each, "id": "other"} for each in both], ["[liveness]"], up_to=9) == []


def test_each_entry_that_differs_is_named_with_what_is_near_it() -> None:
    """Changed tables about its subject are why; where there is none, all of them may be."""
    late = entry("kpi.met", "late", 10)
    old = [late, entry("kpi.met", "a", 3), entry("kpi.met", "a", 9), entry("kpi.met", "b", 4)]
    new = [entry("kpi.met", "a", 2), entry("milestone.reached", "m", 7), entry("kpi.met", "b", 4)]
    tables = ["[[kpi]] a changed", "[liveness]"]
    found = [each.as_json() for each in ledger_changes(old, new, tables, up_to=9)]
    assert [(each["type"], each["subject"], each["ordinal"], each["standing"]) for each in found] == [
        ("kpi.met", "a", 1, "moved"),
        ("milestone.reached", "m", 1, "only_new"),
        ("kpi.met", "a", 2, "only_old"),
    ]
    assert [each["why"] for each in found] == [["[[kpi]] a changed"], tables, ["[[kpi]] a changed"]]
    assert (found[0]["old"]["block_number"], found[0]["new"]["block_number"]) == (3, 2)
    assert (found[1]["old"], found[2]["new"]) == (None, None)
