"""`contract_call`: what a view function returned at the last sample."""

import pytest

from tests.unit.core.givens import address, at
from tests.unit.metrics.measuring import kpi_of, lows, measured, word

VAULT = address(0x12)
TEXT = (
    f'metric = {{ kind = "contract_call", address = "{VAULT}", decimals = 1, '
    'function = "state(address, uint8) returns (bool ok, uint256 assets)", '
    f'arguments = ["{address(1)}", 3], result = 1 }}\nat_least = 1'
)
(CALL,) = kpi_of(TEXT).metric.needs.calls


def answer(value: int) -> bytes:
    """Give what the function returns."""
    return bytes.fromhex(word(1) + word(value))


def test_the_input_is_the_selector_and_the_arguments() -> None:
    """As the ABI packs them."""
    assert CALL.address == VAULT
    assert CALL.data[10:] == word(address(1)) + word(3)


def test_a_sample_holds_until_the_next_one() -> None:
    """It is taken at the first block of each day."""
    calls = {(CALL, 1): answer(15), (CALL, 3): answer(20)}
    told = measured(TEXT, (at(), []), (at(hours=5), []), (at(days=1), []), calls=calls)
    assert lows(told) == ["1.5", "1.5", "2"]


@pytest.mark.parametrize(
    ("returned", "low"),
    [(None, "?"), (b"", "0"), (b"\1", "?"), (answer(3)[:63], "?")],
    ids=["reverted", "no code", "too short", "cut"],
)
def test_what_is_no_number_is_unknown_and_no_contract_is_zero(returned: bytes | None, low: str) -> None:
    """A contract that does not exist yet is a known zero; anything else that is no answer is not."""
    assert lows(measured(TEXT, (at(), []), calls={(CALL, 1): returned})) == [low]


MANY = (
    f'metric = {{ kind = "contract_call", address = "{VAULT}", '
    'function = "f() returns (string name, uint256[2] pair, uint8 small)", result = 2 }\nat_least = 1'
)
(MANY_CALL,) = kpi_of(MANY).metric.needs.calls


@pytest.mark.parametrize(
    ("words", "low"),
    [
        ((128, 1, 1, 7, 2), "7"),
        ((2**255, 1, 1, 7), "7"),
        ((128, 1, 1, 256, 0), "?"),
        ((128, 1, 1), "?"),
    ],
    ids=["plain", "text that is nowhere", "larger than its type", "cut"],
)
def test_only_the_word_asked_for_is_looked_at(words: tuple[int, ...], low: str) -> None:
    """Whatever a contract returns beside it, text that is none or pointers into nowhere, breaks nothing."""
    returned = bytes.fromhex("".join(map(word, words))) + b"\xff\xfe"
    assert lows(measured(MANY, (at(), []), calls={(MANY_CALL, 1): returned})) == [low]
