"""`token_supply` and `token_held_by`: what a token's own logs say, and when they cannot be believed."""

import pytest

from tests.unit.core.givens import address, at
from tests.unit.metrics.measuring import Told, altered, lows, measured, transfer, with_logs
from watcher.core.types import Verdict

TOKEN, OTHER = address(0x22), address(0x23)
ANN, VAULT, TREASURY = address(0xA1), address(0x12), address(0x51)

SUPPLY = f'metric = {{ kind = "token_supply", token = "{TOKEN}", decimals = 2 }}\nmore_than = 5'


def test_a_supply_is_what_was_minted_less_what_was_burnt() -> None:
    """Transfers between holders change nothing; nor does another token, or a log of another form."""
    told = measured(
        SUPPLY,
        (at(), []),
        (at(hours=1), [with_logs(transfer(TOKEN, 0, ANN, 600), transfer(OTHER, 0, ANN, 999))]),
        (at(hours=2), [with_logs(transfer(TOKEN, ANN, VAULT, 50))]),
        (at(hours=3), [with_logs(transfer(TOKEN, VAULT, 0, 50), transfer(TOKEN, 0, ANN, 1))]),
        (at(hours=4), [with_logs(altered(transfer(TOKEN, 0, ANN, 1), data="0x"))]),
    )
    assert lows(told) == ["0", "6", "6", "5.51", "5.51"]
    assert [each.verdict for each in told][:2] == [Verdict.NOT_MET, Verdict.MET]


def test_what_excluded_holders_have_does_not_circulate() -> None:
    """It counts again when they give it away; minted to them it never counted."""
    told = measured(
        SUPPLY.replace("decimals = 2", f'decimals = 2, exclude = ["{TREASURY}"], initial = "1"'),
        (at(), [with_logs(transfer(TOKEN, 0, TREASURY, 1_000))]),
        (at(hours=1), [with_logs(transfer(TOKEN, TREASURY, ANN, 300))]),
        (at(hours=2), [with_logs(transfer(TOKEN, ANN, TREASURY, 100))]),
    )
    assert lows(told) == ["1", "4", "3"]


@pytest.mark.parametrize(
    "impossible",
    [
        [transfer(TOKEN, ANN, 0, 1)],
        [transfer(TOKEN, 0, ANN, 2**256 - 1), transfer(TOKEN, 0, ANN, 1)],
    ],
)
def test_logs_that_cannot_be_true_leave_the_supply_unknown(impossible: list[object]) -> None:
    """More burnt than there was, more than 256 bits hold: a rebasing token, or one that is older."""
    told = measured(SUPPLY, (at(), [with_logs(*impossible)]))  # type: ignore[arg-type]
    assert told == [Told("0", None, Verdict.UNKNOWN)]


def test_behind_a_declared_gap_a_supply_is_unknown_for_good() -> None:
    """What was minted in it never shows."""
    mint = with_logs(transfer(TOKEN, 0, ANN, 600))
    assert lows(measured(SUPPLY, (at(), [mint]), (at(days=9), [mint]), gaps=[(2, 3)])) == ["6", "?"]


def test_holders_have_what_came_less_what_went() -> None:
    """Between two of them nothing changes."""
    text = (
        f'metric = {{ kind = "token_held_by", token = "{TOKEN}", decimals = 0, initial = "5", '
        f'holders = ["{VAULT}", "{TREASURY}"] }}\nat_least = 1'
    )
    told = measured(
        text,
        (at(), [with_logs(transfer(TOKEN, 0, VAULT, 10))]),
        (at(hours=1), [with_logs(transfer(TOKEN, VAULT, TREASURY, 4))]),
        (at(hours=2), [with_logs(transfer(TOKEN, TREASURY, ANN, 3))]),
    )
    assert lows(told) == ["15", "15", "12"]


def test_a_share_is_in_percent_of_what_there_is() -> None:
    """Of no supply the share is zero; of one that cannot be true it is unknown."""
    text = (
        f'metric = {{ kind = "token_held_by", token = "{TOKEN}", decimals = 0, '
        f'holders = ["{VAULT}"], percent_of_supply = true }}\nat_least = 25'
    )
    told = measured(
        text,
        (at(), []),
        (at(hours=1), [with_logs(transfer(TOKEN, 0, ANN, 12))]),
        (at(hours=2), [with_logs(transfer(TOKEN, ANN, VAULT, 3))]),
        (at(hours=3), [with_logs(transfer(TOKEN, ANN, 0, 100))]),
    )
    assert lows(told) == ["0", "0", "25", "?"]
    assert told[2].verdict is Verdict.MET
