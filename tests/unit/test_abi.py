"""Event signatures: read as people write them, in one spelling once read."""

import re

import pytest

from tests.unit.discovery.givens import topic
from watcher.abi import parse_signature


@pytest.mark.parametrize(
    ("text", "spelled", "types"),
    [
        ("Created(address app)", "Created(address app)", "Created(address)"),
        ("  event  Created ( address   indexed app ) ; ", "Created(address indexed app)", "Created(address)"),
        ("Made(uint a, int[2] b)", "Made(uint256 a, int256[2] b)", "Made(uint256,int256[2])"),
        ("Made(uint24 indexed)", "Made(uint24 indexed)", "Made(uint24)"),
        ("Made( ( uint , tuple(bool,bytes) )[] pairs)", None, "Made((uint256,(bool,bytes))[])"),
        ("Made(\n  string name,\n  address app\n)", "Made(string name, address app)", "Made(string,address)"),
        ("Nothing()", "Nothing()", "Nothing()"),
    ],
)
def test_a_signature_has_one_spelling(text: str, spelled: str | None, types: str) -> None:
    """White space, `event`, `uint` for `uint256` and `tuple` for parentheses make no difference."""
    signature = parse_signature(text)
    assert signature.topic0 == topic(types)
    assert str(signature) == (spelled or str(signature))
    assert parse_signature(str(signature)) == signature


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not an event's signature"),
        ("Created", "is not an event's signature"),
        ("Created(address app", "is not an event's signature"),
        ("Cre ated(address app)", "is not an event's signature"),
        ("Created(address app) anonymous", "is not an event's signature"),
        ("Created(address app,)", "which the ABI does not know"),
        ("Created(adress app)", 'type "adress", which the ABI does not know'),
        ("Created(uint7 app)", 'type "uint7", which the ABI does not know'),
        ("Created((uint256 app)", "which the ABI does not know"),
        ("Created(address indexed app name)", "cannot be read"),
        ("Created(address payable indexed)", "cannot be read"),
        ("Created(address 1app)", "cannot be read"),
        ("Created(address app, uint256 app)", 'has two arguments named "app"'),
        (
            "Created(bool indexed a, bool indexed b, bool indexed c, bool indexed d)",
            "has more than 3 indexed arguments",
        ),
    ],
)
def test_a_wrong_signature_says_what_is_wrong_with_it(text: str, complaint: str) -> None:
    """Anonymous events, unknown types and ambiguous names are refused with the form to write."""
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_signature(text)
