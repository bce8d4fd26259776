"""The ledger in the store: append-only, chained, with its evidence, one generation after another."""

import json
from typing import Any

import pytest

from tests.contract.store.givens import ref
from watcher.core.ledger import Entry, EntryType, sha256_hex
from watcher.errors import StoreError
from watcher.store.database import Store

ZEROS = "0" * 64


def _entry(sequence: int, block: int, previous: str = "", **body: Any) -> Entry:  # noqa: ANN401  # JSON
    """Make an entry whose digest is its sequence number, in the shape of the real ones."""
    bundle = json.dumps({"evidence": sequence % 2}).encode()
    digest = f"{sequence:064x}"
    fields = {
        "sequence": sequence,
        "subject": "café",
        "evidence": {"summary": {"actions": 5}, "bundle_sha256": sha256_hex(bundle)},
        "previous_digest": previous or f"{sequence - 1:064x}",
        "block_number": block,
        **body,
    }
    return Entry(
        sequence,
        f"id-{sequence}",
        EntryType.KPI_MET if sequence % 2 else EntryType.KPI_UNMET,
        "café",
        block,
        ref(block).hash,
        ref(block).timestamp,
        digest,
        fields,
        bundle,
    )


def test_entries_come_back_in_order_as_scripts_see_them(store: Store) -> None:
    """The stored entry is what `as_json` made, whatever letters it has."""
    entries = [_entry(1, 10), _entry(2, 10), _entry(3, 12)]
    with store.writing() as tx:
        assert tx.ledger.last() is None
        tx.ledger.append([])
        tx.ledger.append(entries[:2])
        tx.ledger.append(entries[2:])
        assert tx.ledger.last() == (3, entries[2].digest)
    with store.reading() as tx:
        assert list(tx.ledger.entries()) == [entry.as_json() for entry in entries]
        assert list(tx.ledger.entries(after=2)) == [entries[2].as_json()]
        assert tx.ledger.find(type="kpi.met") == [entries[0].as_json(), entries[2].as_json()]
        assert tx.ledger.find(type="kpi.unmet", subject="café") == [entries[1].as_json()]
        assert tx.ledger.find(subject="tea") == []


def test_evidence_is_stored_once_by_its_content(store: Store) -> None:
    """Two entries with the same bundle share it."""
    first, third = _entry(1, 10), _entry(3, 12)
    assert first.bundle == third.bundle
    with store.writing() as tx:
        tx.ledger.append([first, _entry(2, 11), third])
        assert tx.ledger.bundle(sha256_hex(first.bundle)) == first.bundle
        assert tx.ledger.bundle(ZEROS) is None


@pytest.mark.parametrize(
    "wrong", [_entry(1, 11), _entry(3, 11), _entry(2, 11, previous=ZEROS)], ids=["again", "gap", "digest"]
)
def test_an_entry_that_does_not_continue_the_ledger_is_refused(store: Store, wrong: Entry) -> None:
    """Neither a number twice, nor a gap, nor another history; nothing of the batch is written."""
    with store.writing() as tx:
        tx.ledger.append([_entry(1, 10)])
    with pytest.raises(StoreError, match="does not continue the stored ledger"), store.writing() as tx:
        tx.ledger.append([wrong])
    with store.reading() as tx:
        assert tx.ledger.last() == (1, _entry(1, 10).digest)


def test_a_closed_generation_stays_and_what_holds_is_carried_over(store: Store) -> None:
    """The new ledger goes on after the block, the old one is still there to be read."""
    with store.writing() as tx:
        tx.ledger.append([_entry(1, 10), _entry(2, 11), _entry(3, 12)])
        assert tx.ledger.generation() == 1
        assert tx.ledger.close_generation(11) == 2
        assert tx.ledger.generation() == 2
        assert [entry["sequence"] for entry in tx.ledger.entries()] == [1, 2]
        assert tx.ledger.last() == (2, _entry(2, 11).digest)
        tx.ledger.append([_entry(3, 13)])
        assert [entry["block_number"] for entry in tx.ledger.entries()] == [10, 11, 13]
        assert [entry["block_number"] for entry in tx.ledger.entries(generation=1)] == [10, 11, 12]
        assert tx.ledger.close_generation(0) == 3
        assert tx.ledger.last() is None
