"""`app_fees`: what the program says is a fee, converted as it says."""

import pytest

from tests.unit.core.givens import address, at
from tests.unit.metrics.measuring import LEND, SWAP, lows, measured, transfer, with_logs, word
from watcher.abi import parse_signature
from watcher.metrics.app_fees import ANSWER_UPDATED
from watcher.testing.fake_blocks import FakeLog, log

EVENT = "FeePaid(address indexed user, uint256 amount)"
TOPIC = parse_signature(EVENT).topic0
TOKEN, FEED, USER = address(0x21), address(0x31), address(0xA1)
TO_SWAP, TO_LEND = address(0x41), address(0x42)

BY_EVENT = (
    f'kind = "app_fees", basis = "user_paid", event = "{EVENT}", argument = "amount", token = "{TOKEN}"'
)


PRICED = (
    f"metric = {{ {BY_EVENT}, decimals = 0, "
    f'price = {{ feed = "{FEED}", decimals = 8, max_age = "2h" }} }}\nat_least = 1'
)


def paid(emitter: str, amount: int) -> FakeLog:
    """Log a fee."""
    return log(emitter, TOPIC, "0x" + word(USER), data="0x" + word(amount))


def answered(price: int) -> FakeLog:
    """Log a price, 8 digits behind the point; two's complement below zero."""
    return log(FEED, ANSWER_UPDATED, "0x" + word(price % 2**256), "0x" + word(1), data="0x" + word(0))


def test_fees_by_an_event_are_in_whole_tokens() -> None:
    """Of the apps' own contracts alone."""
    told = measured(
        f"metric = {{ {BY_EVENT}, decimals = 3 }}\nat_least = 1",
        (at(), [with_logs(paid(SWAP, 1_500), paid(USER, 9_000))]),
        (at(hours=1), [with_logs(paid(LEND, 500))]),
    )
    assert lows(told) == ["1.5", "2"]


def test_a_fixed_rate_converts_exactly() -> None:
    """As the program writes it."""
    told = measured(
        f'metric = {{ {BY_EVENT}, decimals = 0, rate = "0.1" }}\nat_least = 1',
        (at(), [with_logs(paid(SWAP, 3))]),
    )
    assert lows(told) == ["0.3"]


def test_transfers_to_recipients_are_fees_but_not_among_themselves() -> None:
    """By app; the token's transfers to anybody else are none."""
    text = (
        f'metric = {{ kind = "app_fees", basis = "protocol_revenue", token = "{TOKEN}", decimals = 0, '
        f'recipients = {{ swap = ["{TO_SWAP}", "{address(0x43)}"], lend = ["{TO_LEND}"] }} }}\nat_least = 1'
    )
    logs = [
        transfer(TOKEN, USER, TO_SWAP, 5),
        transfer(TOKEN, TO_SWAP, address(0x43), 5),
        transfer(TOKEN, USER, TO_LEND, 2),
        transfer(TOKEN, USER, USER, 100),
        log(TOKEN, transfer(TOKEN, 0, 0, 0).topics[0], data="0x"),
    ]
    assert lows(measured(text, (at(), [with_logs(*logs)]))) == ["7"]
    of_swap = text.replace("decimals = 0", 'decimals = 0, app = "swap"')
    assert lows(measured(of_swap, (at(), [with_logs(*logs)]))) == ["5"]


def test_an_app_without_contracts_may_emit_fees_and_has_its_recipients_all_the_same() -> None:
    """Which contracts it has nobody knows, which accounts its fees go to the program says."""
    by_event = f"metric = {{ {BY_EVENT}, decimals = 0 }}\nat_least = 1"
    by_transfer = (
        f'metric = {{ kind = "app_fees", basis = "user_paid", token = "{TOKEN}", decimals = 0, '
        f'recipients = {{ swap = ["{TO_SWAP}"] }} }}\nat_least = 1'
    )
    block = (at(), [with_logs(paid(SWAP, 2), transfer(TOKEN, USER, TO_SWAP, 5))])
    assert [(told.low, told.high) for told in measured(by_event, block, known=False)] == [("2", None)]
    assert [(told.low, told.high) for told in measured(by_transfer, block, known=False)] == [("5", "5")]


def test_a_price_feed_converts_by_its_last_answer_up_to_the_block() -> None:
    """The whole block counts, an answer in it too; without fees no price is needed."""
    told = measured(
        PRICED,
        (at(), []),
        (at(hours=1), [with_logs(paid(SWAP, 2), answered(250_000_000))]),
        (at(hours=2), [with_logs(paid(SWAP, 1))]),
        (at(hours=3), [with_logs(answered(100_000_000), answered(300_000_000), paid(LEND, 1))]),
    )
    assert lows(told) == ["0", "5", "7.5", "10.5"]


@pytest.mark.parametrize(
    "said",
    [
        [],
        [answered(0)],
        [answered(-5)],
        [log(FEED, ANSWER_UPDATED, "0x" + word(5))],
    ],
    ids=["none", "zero", "negative", "another form"],
)
def test_a_price_that_cannot_be_used_leaves_the_fee_unknown(said: list[FakeLog]) -> None:
    """It is never taken as zero; nor is one that is too old."""
    assert lows(
        measured(PRICED, (at(), [with_logs(*said)]), (at(minutes=1), [with_logs(paid(SWAP, 1))]))
    ) == [
        "0",
        "?",
    ]
    old = measured(
        PRICED, (at(), [with_logs(answered(1))]), (at(hours=2, seconds=1), [with_logs(paid(SWAP, 1))])
    )
    assert lows(old) == ["0", "?"]
