"""Field types: what values of a file may look like, and what they are once read."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.ledger import decimal_text
from watcher.fields import parse_address, parse_amount, parse_duration, repeated, unique

EIP_55 = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.mark.parametrize("text", [EIP_55, EIP_55.lower()])
def test_an_address_is_lowercase_or_has_a_right_checksum(text: str) -> None:
    """The first test vector of EIP-55; inside the program addresses are lowercase."""
    assert parse_address(text) == EIP_55.lower()


@pytest.mark.parametrize(
    "text", [EIP_55.upper(), EIP_55[2:], EIP_55 + "0", EIP_55[:-1] + "D", "0x" + EIP_55[2:].upper(), 7, None]
)
def test_anything_else_is_no_address(text: object) -> None:
    """Capitals alone have a wrong checksum: it may have been copied wrongly."""
    with pytest.raises(ValueError, match=r"address|checksum"):
        parse_address(text)


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (0, Fraction(0)),
        (10**30, Fraction(10**30)),
        ("53.3", Fraction(533, 10)),
        ("1_000.50", Fraction(2001, 2)),
        ("007", Fraction(7)),
    ],
)
def test_an_amount_is_exact(value: object, amount: Fraction) -> None:
    """Integers of any size, and decimals in quotes."""
    assert parse_amount(value) == amount


@pytest.mark.parametrize(
    "value", ["", "-1", "+1", "1.", ".5", "1__0", "_1", "1_", "1.0_0", "1e3", " 1", "1/2", "٣"]
)
def test_other_texts_are_no_amounts(value: str) -> None:
    """One form, so that two readers never read two amounts."""
    with pytest.raises(ValueError, match="write digits"):
        parse_amount(value)


@pytest.mark.parametrize("value", [1.0, True, None, [1]])
def test_floats_and_booleans_are_no_amounts(value: object) -> None:
    """A float has lost digits before anyone sees it."""
    with pytest.raises(ValueError, match="is not an exact amount"):
        parse_amount(value)


@given(st.integers(0, 10**40), st.integers(0, 20))
def test_an_amount_survives_being_written(digits: int, places: int) -> None:
    """Its canonical form is read as the same amount."""
    amount = Fraction(digits, 10**places)
    assert parse_amount(decimal_text(amount)) == amount


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7d", 604_800), ("1d12h", 129_600), ("30m", 1_800), ("90s", 90), ("1d1h1m1s", 90_061), ("0s", 0)],
)
def test_a_duration_is_counted_in_seconds(text: str, seconds: int) -> None:
    """A day is always 86,400 of them."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("value", ["", "7", "d", "1h1d", "1.5h", "-1d", "1w", " 1d", 7, "9999999d"])
def test_anything_else_is_no_duration(value: object) -> None:
    """The form says the unit, largest first."""
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(value)


@given(st.lists(st.integers(0, 5)))
def test_what_occurs_twice_is_found(rows: list[int]) -> None:
    """The first element that was there before."""
    twice = repeated(rows)
    assert (twice is None) == (len(set(rows)) == len(rows))
    assert twice is None or rows.count(twice) > 1


def test_a_set_of_different_things_passes() -> None:
    """In its own order."""
    assert unique(("b", "a")) == ("b", "a")
