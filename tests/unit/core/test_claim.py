"""What is handed over as a bundle is read, or refused with what to give instead."""

import json
from typing import Any

import pytest

from watcher.core.claim import read_claim
from watcher.core.ledger import canonical, sha256_hex
from watcher.errors import UsageError

BUNDLE: dict[str, Any] = {
    "milestone": "first",
    "definition_hash": "ab",
    "block": {"number": 7, "hash": "0x07", "time": "2026-02-01T00:00:00Z"},
}


def test_a_bundle_is_itself_however_it_is_spaced() -> None:
    """Its SHA-256 is that of its canonical form."""
    claim = read_claim(json.dumps(BUNDLE, indent=4).encode(), "bundle.json")
    assert (claim.milestone, claim.definition_hash, claim.block_number) == ("first", "ab", 7)
    assert claim.sha256 == sha256_hex(canonical(BUNDLE))


def test_what_no_bundle_can_hold_has_no_sha256() -> None:
    """A fraction is written as text there; the rest is compared all the same."""
    claim = read_claim(json.dumps({**BUNDLE, "share": 0.5}).encode(), "bundle.json")
    assert claim.sha256 is None
    assert claim.content["share"] == 0.5


@pytest.mark.parametrize(
    "text",
    [
        b"milestone first of program mega-tge",
        b"\xff",
        b"[]",
        json.dumps({**BUNDLE, "block": 7}).encode(),
        json.dumps({**BUNDLE, "block": {"number": -7, "hash": "0x07"}}).encode(),
        json.dumps({"app": {"id": "alpha"}}).encode(),
    ],
)
def test_what_is_no_bundle_is_refused(text: bytes) -> None:
    """With the name of the file, and the command that prints one."""
    with pytest.raises(
        UsageError, match=r"bundle\.json is not the bundle of a milestone.*evidence MILESTONE --json"
    ):
        read_claim(text, "bundle.json")
