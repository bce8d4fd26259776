"""Envelopes: what was signed is given back with who signed it, and nothing else passes for signed."""

from typing import Any

import pytest

from watcher.core.signed import Kind, envelope, opened
from watcher.signing import new_key

KEY = new_key()
CONTENT = {"sequence": 7, "digest": "ab"}


def test_what_was_signed_is_given_back_with_its_signer() -> None:
    """Whatever the order of its keys: what is signed is its canonical form."""
    document = dict(reversed(envelope(Kind.HEAD, CONTENT, KEY).items()))
    found = opened(document, Kind.HEAD)
    assert (found.content, found.signer, found.valid) == (CONTENT, KEY.public, True)


@pytest.mark.parametrize(
    "change",
    [
        {"content": {**CONTENT, "sequence": 8}},
        {"content": {**CONTENT, "share": 0.5}},
        {"signature": {"algorithm": "ed25519", "public_key": new_key().public, "value": "00" * 64}},
    ],
    ids=["other content", "content that nobody can sign", "other key"],
)
def test_what_was_changed_is_not_valid(change: dict[str, Any]) -> None:
    """It still says whose it should be."""
    found = opened(envelope(Kind.HEAD, CONTENT, KEY) | change, Kind.HEAD)
    assert not found.valid
    assert found.signer is not None


def test_a_signed_head_is_no_signed_bundle() -> None:
    """Nobody can pass one for the other."""
    document = envelope(Kind.HEAD, CONTENT, KEY)
    assert opened(document, Kind.BUNDLE).signer is None
    assert not opened(document | {"kind": "milestone-bundle"}, Kind.BUNDLE).valid


def test_what_stands_without_an_envelope_is_not_signed() -> None:
    """It is read all the same."""
    found = opened(CONTENT, Kind.HEAD)
    assert (found.content, found.signer, found.valid) == (CONTENT, None, False)
