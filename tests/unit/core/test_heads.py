"""An operator with two ledgers is caught by two heads, or by one and the ledger."""

from typing import Any

import pytest

from watcher.core.heads import Head, contradiction, head_of, read_head
from watcher.core.ledger import GENESIS_DIGEST, canonical, sha256_hex
from watcher.errors import CannotTell, UsageError


def ledger(*subjects: str) -> list[dict[str, Any]]:
    """Make the entries of a ledger, as far as heads look at them."""
    entries: list[dict[str, Any]] = []
    for place, subject in enumerate(subjects):
        body = {
            "sequence": place + 1,
            "subject": subject,
            "chain_id": 1,
            "program_id": "p",
            "definition_hash": "d",
            "schema": 1,
            "block_number": 10 + place,
            "block_hash": "0x",
            "previous_digest": entries[-1]["digest"] if entries else GENESIS_DIGEST,
        }
        entries.append({**body, "digest": sha256_hex(canonical(body))})
    return entries


ONE, OTHER = ledger("a", "b", "c"), ledger("a", "x", "c")


def head(entries: list[dict[str, Any]], sequence: int, name: str = "head.json") -> Head:
    """Give the head of a ledger as it was after an entry."""
    return read_head(head_of(entries[sequence - 1]), name)


def test_two_heads_of_one_entry_with_two_digests_are_of_two_ledgers() -> None:
    """Both are named, with their digests."""
    said = contradiction([head(ONE, 3, "A"), head(OTHER, 3, "B")], None)
    assert said is not None
    assert "A (entry 3" in said
    assert "B (entry 3" in said
    assert ONE[2]["digest"] in said
    assert OTHER[2]["digest"] in said


def test_equal_heads_are_of_one_ledger() -> None:
    """Whoever got them."""
    assert contradiction([head(ONE, 3, "A"), head(ONE, 3, "B")], None) is None


def test_heads_of_different_entries_are_told_apart_by_the_ledger() -> None:
    """The earlier one has to be in it."""
    assert contradiction([head(ONE, 1), head(ONE, 3)], ONE) is None
    said = contradiction([head(OTHER, 2, "A"), head(ONE, 3, "B")], ONE)
    assert said is not None
    assert said.startswith("A (entry 2")
    assert ONE[1]["digest"] in said


def test_before_the_first_entry_every_ledger_is_the_same() -> None:
    """Its digest is the one that the first entry names as the one before."""
    assert contradiction([Head("A", 1, "d", 0, GENESIS_DIGEST)], ONE) is None


@pytest.mark.parametrize(
    ("heads", "entries", "why"),
    [
        ([head(ONE, 2), head(ONE, 3)], None, "give the ledger as well"),
        ([head(ONE, 3)], None, "one head alone"),
        ([head(ONE, 3)], ONE[:2], "ends before head.json"),
        ([head(ONE, 3), Head("B", 1, "other", 3, "ab")], ONE, "different definitions or chains"),
        ([head(ONE, 3), Head("B", 2, "d", 3, "ab")], ONE, "different definitions or chains"),
    ],
)
def test_what_is_given_may_not_be_enough(
    heads: list[Head], entries: list[dict[str, Any]] | None, why: str
) -> None:
    """Then nothing is said against anybody."""
    with pytest.raises(CannotTell, match=why):
        contradiction(heads, entries)


@pytest.mark.parametrize(
    "entries",
    [
        ONE[1:],
        [ONE[0], OTHER[1] | {"subject": "b"}, ONE[2]],
        [ONE[0], OTHER[1], ONE[2]],
        [ONE[0], ONE[1] | {"share": 0.5}, ONE[2]],
        [ONE[0], 7],
    ],
    ids=[
        "its beginning left out",
        "an entry changed",
        "an entry replaced",
        "an entry that cannot be",
        "a line that is none",
    ],
)
def test_a_ledger_that_is_no_chain_is_none(entries: list[object]) -> None:
    """The first entry that does not fit is named."""
    said = contradiction([head(ONE, 3)], entries)
    assert said is not None
    assert "does not have its digest" in said


@pytest.mark.parametrize("content", [{}, [], {**head_of(ONE[0]), "digest": 7}])
def test_what_is_no_head_is_refused(content: object) -> None:
    """With the command that prints one."""
    with pytest.raises(UsageError, match=r"head\.json is no ledger head: .*--head --signed"):
        read_head(content, "head.json")
