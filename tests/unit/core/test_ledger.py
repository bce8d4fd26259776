"""The ledger: canonical JSON, decimals, ids, digests and order, held to golden vectors.

The literal ids and digests were computed once. If one of these tests fails, every ledger ever written would
be told apart from a new one: raise `schema`, or mend the code.
"""

import hashlib
import json
import random
import uuid
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import at, definition, ref
from tests.unit.core.oracle import ORDER
from watcher.core.ledger import (
    GENESIS_DIGEST,
    NAMESPACE,
    Draft,
    Entry,
    EntryType,
    Evidence,
    LedgerHead,
    NoLedger,
    canonical,
    decimal_text,
    sha256_hex,
)

PROGRAM = definition()


def draft(entry_type: EntryType, subject: str, *, occurred_at: int | None = None) -> Draft:
    """Give a conclusion with the smallest evidence."""
    return Draft(entry_type, subject, Evidence({"n": 1}, {"n": 1}), occurred_at)


def a_short_ledger() -> list[Entry]:
    """Give four entries of two blocks."""
    head = LedgerHead()
    first = [draft(EntryType.APP_WENT_LIVE, "a"), draft(EntryType.DEFINITION_ADOPTED, "program")]
    second = [
        draft(EntryType.COUNTDOWN_ELAPSED, "tge", occurred_at=at(7, 1, 2, 3)),
        draft(EntryType.APP_WENT_LIVE, "a"),
    ]
    return [
        *head.append(PROGRAM, ref(7, at(0, 1, 2, 3)), first),
        *head.append(PROGRAM, ref(8, at(8, 1, 2, 4)), second),
    ]


def test_a_state_that_is_thrown_away_writes_no_entries() -> None:
    """Nor does a copy of it; the ledger that it was copied from goes on where it was."""
    for head in (NoLedger(), NoLedger().fork()):
        assert head.append(PROGRAM, ref(7, at(0, 1, 2, 3)), [draft(EntryType.APP_WENT_LIVE, "a")]) == []
        assert head.digest == GENESIS_DIGEST


# Golden vectors


def test_golden_ids() -> None:
    """UUIDv5 of chain/definition/type/subject/ordinal under the fixed namespace."""
    assert [entry.id for entry in a_short_ledger()] == [
        "0f939db0-2b4a-5739-a049-4927a1a2bb9c",
        "6b4db37c-f90d-52ad-8ae2-40997ac3c084",
        "eea58f69-2bfa-56bd-b8c2-ac3fe5dc083a",
        "06de4f35-74ab-507f-9e6b-14348e92a8ad",
    ]


def test_golden_digests() -> None:
    """SHA-256 over the canonical JSON of all fields but the digest, each naming the one before."""
    assert [entry.digest for entry in a_short_ledger()] == [
        "7bb62647f23760154dbcac84272e9d1255839ecc71f97600891318b7690a7b0f",
        "64b4b59f5beffe70c6a9018f53fb8ab76ca1b2091fe061b3fbe48a5e0138ac00",
        "710d8948c333c1d0d430ebd82e127cf3863fe9eb14913348925bec7d11780aeb",
        "97f96857ba10b221a838a360804f9c68683c602ff5158c9ff8f742394c7f9418",
    ]


def test_a_golden_entry() -> None:
    """Every field, its name and its type in JSON."""
    assert a_short_ledger()[2].as_json() == {
        "sequence": 3,
        "id": "eea58f69-2bfa-56bd-b8c2-ac3fe5dc083a",
        "type": "countdown.elapsed",
        "subject": "tge",
        "chain_id": 31_337,
        "program_id": "program",
        "definition_hash": "d" * 64,
        "schema": 1,
        "finality": {"tag": "finalized"},
        "block_number": 8,
        "block_hash": "0x" + "0" * 63 + "8",
        "occurred_at": "2024-10-11T01:02:03Z",
        "evidence": {
            "summary": {"n": 1},
            "bundle_sha256": "2bfd14f43d17fc7cea24e0917a8879b4b2f880b8baeec1b9d90fbaad655e71bd",
        },
        "previous_digest": "64b4b59f5beffe70c6a9018f53fb8ab76ca1b2091fe061b3fbe48a5e0138ac00",
        "digest": "710d8948c333c1d0d430ebd82e127cf3863fe9eb14913348925bec7d11780aeb",
    }


def independent_digest(entry: Mapping[str, Any]) -> str:
    """Compute a digest as a stranger would, who knows the specification only (enough for ASCII)."""
    fields = {key: value for key, value in entry.items() if key != "digest"}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_stranger_computes_the_same_ids_and_digests() -> None:
    """Nothing but the entry, SHA-256 and JSON is needed to check the chain."""
    previous, seen = "0" * 64, dict[str, int]()
    for place, entry in enumerate(item.as_json() for item in a_short_ledger()):
        subject = f"{entry['type']}/{entry['subject']}"
        seen[subject] = seen.get(subject, 0) + 1
        name = f"{entry['chain_id']}/{entry['definition_hash']}/{subject}/{seen[subject]}"
        assert entry["sequence"] == place + 1
        assert entry["id"] == str(uuid.uuid5(uuid.UUID("6f1f8a34-6f0e-5b7c-9b1e-3c6f4c1d2a58"), name))
        assert entry["previous_digest"] == previous
        assert entry["digest"] == independent_digest(entry)
        previous = entry["digest"]


def test_the_fixed_values_are_fixed() -> None:
    """The namespace of ids and the predecessor of the first entry."""
    assert str(NAMESPACE) == "6f1f8a34-6f0e-5b7c-9b1e-3c6f4c1d2a58"
    assert GENESIS_DIGEST == "0" * 64


def test_evidence_is_named_by_its_content() -> None:
    """The bundle's name is its SHA-256, and the entry carries the bytes along."""
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert all(sha256_hex(e.bundle) == e.body["evidence"]["bundle_sha256"] for e in a_short_ledger())


# Order


def test_types_come_in_the_order_of_the_specification() -> None:
    """Section 9; the definition's adoption opens the ledger. Later types take their places between these."""
    assert [str(entry_type) for entry_type in EntryType] == [name for name in ORDER if name in set(EntryType)]


@given(st.randoms(use_true_random=False))
def test_the_entries_of_one_block_are_ordered_by_type_then_subject(chance: random.Random) -> None:
    """Subjects by their UTF-8 bytes: not by case, locale or length, and numbers are not numbers."""
    subjects = ["10", "9", "Z", "a", "ab", "b", "é", "\uffee", "\U0001f600"]
    expected = [(entry_type, subject) for entry_type in EntryType for subject in subjects]
    drafts = [draft(entry_type, subject) for entry_type, subject in expected]
    chance.shuffle(drafts)
    ordered = LedgerHead().append(PROGRAM, ref(7, at()), drafts)
    assert [(entry.type, entry.subject) for entry in ordered] == expected


def test_what_occurred_at_another_instant_says_so() -> None:
    """An elapsed deadline names the deadline; everything else the block's time."""
    entries = a_short_ledger()
    assert [entry.occurred_at for entry in entries] == [at(0, 1, 2, 3)] * 2 + [at(7, 1, 2, 3), at(8, 1, 2, 4)]
    [at_zero] = LedgerHead().append(PROGRAM, ref(7, at()), [draft(EntryType.KPI_MET, "k", occurred_at=0)])
    assert at_zero.body["occurred_at"] == "1970-01-01T00:00:00Z"


def test_a_fork_of_the_head_leaves_the_head_alone() -> None:
    """A provisional pass numbers its own entries."""
    head = LedgerHead()
    head.append(PROGRAM, ref(7, at()), [draft(EntryType.KPI_MET, "k")])
    fork = head.fork()
    [provisional] = fork.append(PROGRAM, ref(8, at()), [draft(EntryType.KPI_MET, "k")])
    [final] = head.append(PROGRAM, ref(8, at()), [draft(EntryType.KPI_MET, "k")])
    assert final == provisional
    assert (head.sequence, fork.sequence) == (2, 2)


# Canonical JSON


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, False, None]}, '{"a":[true,false,null],"b":1}'),
        ({"": "", "A": "é", "a": "\u20ac"}, '{"":"","A":"é","a":"€"}'),
        ({"x": '"\\\b\f\n\r\t\u0001/\u007f'}, '{"x":"\\"\\\\\\b\\f\\n\\r\\t\\u0001/\u007f"}'),
        # Keys are sorted by UTF-16 units: a surrogate pair (d83d…) comes before U+FB33.
        ({"\ufb33": 1, "\U0001f600": 2}, '{"\U0001f600":2,"\ufb33":1}'),
        ([2**53 - 1, -(2**53) + 1, 0], "[9007199254740991,-9007199254740991,0]"),
        ((1, (2,)), "[1,[2]]"),
    ],
)
def test_canonical_json_is_that_of_rfc_8785(value: object, text: str) -> None:
    """Sorted keys, no spaces, the shortest escapes, UTF-8."""
    assert canonical(value) == text.encode()


@pytest.mark.parametrize(
    "value", [0.5, 1.0, float("nan"), {"a": 0.5}, {"a": [1, {"b": (2, 0.5)}]}, 2**53, -(2**53), {"a": 10**30}]
)
def test_floats_and_too_large_integers_are_refused(value: object) -> None:
    """Amounts are decimal strings: no two languages print a float alike for sure, or keep such an integer."""
    with pytest.raises(ValueError, match=r"float|integer"):
        canonical(value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text("abé\n\U0001f600", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_canonical_json_reads_back_and_agrees_with_another_writer(value: object) -> None:
    """For ASCII keys, Python's own writer with sorted keys gives the same bytes."""
    written = canonical(value)
    assert json.loads(written) == value
    assert written == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# Decimals


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(100), "100"),
        (Fraction(10**40), "1" + "0" * 40),
        (Fraction(1, 2), "0.5"),
        (Fraction(1, 4), "0.25"),
        (Fraction(1, 5), "0.2"),
        (Fraction(1, 8), "0.125"),
        (Fraction(1, 20), "0.05"),
        (Fraction(1, 1000), "0.001"),
        (Fraction(1003, 100), "10.03"),
        (Fraction(533, 10), "53.3"),
        (Fraction(-1, 20), "-0.05"),
        (Fraction(-7, 2), "-3.5"),
        (Fraction(-3), "-3"),
        (Fraction(1, 10**18), "0.000000000000000001"),
        (Fraction(1, 3), "1/3"),
        (Fraction(1, 11), "1/11"),
        (Fraction(1, 21), "1/21"),
        (Fraction(-7, 30), "-7/30"),
    ],
)
def test_decimals_are_plain_and_exact(value: Fraction, text: str) -> None:
    """No exponent, no trailing zero; a fraction where no decimal is exact."""
    assert decimal_text(value) == text


@given(st.fractions() | st.builds(Fraction, st.integers(), st.sampled_from((2, 5, 10, 16, 400, 10**18))))
def test_a_decimal_reads_back_as_the_same_number(value: Fraction) -> None:
    """Nothing is lost, and one number has one text."""
    text = decimal_text(value)
    assert Fraction(text) == value
    assert text == decimal_text(Fraction(text))
    if "/" not in text:
        assert "." not in text or not text.endswith(("0", "."))
        assert text.lstrip("-").partition(".")[0].isdigit()
