"""What is handed over as a bundle is read, or refused with what to give instead."""

from typing import Any

import pytest

from watcher.core.claim import claim_of
from watcher.core.ledger import canonical, sha256_hex
from watcher.errors import UsageError

BUNDLE: dict[str, Any] = {
    "milestone": "first",
    "definition_hash": "ab",
    "block": {"number": 7, "hash": "0x07", "time": "2026-02-01T00:00:00Z"},
}


def test_a_bundle_is_itself_however_it_is_ordered() -> None:
    """Its SHA-256 is that of its canonical form."""
    claim = claim_of(dict(reversed(BUNDLE.items())), "bundle.json")
    assert (claim.milestone, claim.definition_hash, claim.block_number) == ("first", "ab", 7)
    assert claim.sha256 == sha256_hex(canonical(BUNDLE))


def test_what_no_bundle_can_hold_has_no_sha256() -> None:
    """A fraction is written as text there; the rest is compared all the same."""
    claim = claim_of({**BUNDLE, "share": 0.5}, "bundle.json")
    assert claim.sha256 is None
    assert claim.content["share"] == 0.5


@pytest.mark.parametrize(
    "content",
    [
        "milestone first of program mega-tge",
        [],
        {**BUNDLE, "block": 7},
        {**BUNDLE, "block": {"number": -7, "hash": "0x07"}},
        {"app": {"id": "alpha"}},
    ],
)
def test_what_is_no_bundle_is_refused(content: object) -> None:
    """With the name of the file, and the command that prints one."""
    with pytest.raises(UsageError, match=r"bundle\.json is not the bundle of a milestone.*MILESTONE --json"):
        claim_of(content, "bundle.json")
