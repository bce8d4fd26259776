"""`event_count` and `event_sum`: logs of an event, by those who are believed."""

from tests.unit.core.givens import address, at
from tests.unit.metrics.measuring import LEND, SWAP, altered, lows, measured, with_logs, word
from watcher.abi import parse_signature
from watcher.testing.fake_blocks import FakeLog, log

EVENT = "Filled(address indexed maker, uint256 amount)"
TOPIC = parse_signature(EVENT).topic0
STRANGER = address(0x99)


def filled(emitter: str, amount: int) -> FakeLog:
    """Log an order that was filled."""
    return log(emitter, TOPIC, "0x" + word(STRANGER), data="0x" + word(amount))


BLOCKS = [
    (at(), [with_logs(filled(SWAP, 250), filled(STRANGER, 10_000))]),
    (at(hours=1), [with_logs(filled(LEND, 100), altered(filled(SWAP, 1), topics=(TOPIC,)))]),
    (at(hours=2), [with_logs(filled(SWAP, 2**256 - 1))]),
]


def test_the_apps_own_contracts_are_believed_and_nobody_else() -> None:
    """A lookalike event of a stranger adds nothing, nor does a log that only begins like the event."""
    told = measured(f'metric = {{ kind = "event_count", event = "{EVENT}" }}\nat_least = 3', *BLOCKS)
    assert lows(told) == ["1", "2", "3"]
    told = measured(
        f'metric = {{ kind = "event_sum", event = "{EVENT}", argument = "amount", decimals = 2, '
        'app = "swap" }\nat_least = 3',
        *BLOCKS[:2],
    )
    assert lows(told) == ["2.5", "2.5"]


def test_listed_emitters_are_believed_whoever_they_are() -> None:
    """Then the apps do not matter, not even those without addresses."""
    told = measured(
        f'metric = {{ kind = "event_sum", event = "{EVENT}", argument = "amount", '
        f'emitters = ["{STRANGER}"] }}\nat_least = 3',
        *BLOCKS,
        known=False,
    )
    assert lows(told) == ["10000"] * 3
    told = measured(
        f'metric = {{ kind = "event_count", event = "{EVENT}", emitters = ["{STRANGER}"] }}\nat_least = 3',
        *BLOCKS,
    )
    assert lows(told) == ["1"] * 3


def test_sums_go_beyond_256_bits() -> None:
    """Nothing overflows, and nothing is rounded."""
    told = measured(
        f'metric = {{ kind = "event_sum", event = "{EVENT}", argument = "amount" }}\nat_least = 3', *BLOCKS
    )
    assert lows(told)[-1] == str(2**256 - 1 + 350)
