"""`block_gas` and `block_interval`: properties of every block."""

from tests.unit.core.givens import address, at
from tests.unit.metrics.measuring import Made, lows, measured
from watcher.testing.fake_blocks import tx

ANN = address(0xA1)


def test_gas_is_what_all_transactions_of_a_block_used() -> None:
    """Failed ones too; a block without any used none, and is a block all the same."""
    blocks = [
        (at(), [tx(ANN, ANN, gas=100), tx(ANN, ANN, gas=50, ok=False)]),
        (at(seconds=1), []),
        (at(seconds=2), [tx(ANN, ANN, gas=90)]),
    ]
    text = 'metric = { kind = "block_gas" }\nat_least = 1\n'
    assert lows(measured(text, *blocks)) == ["150", "0", "90"]
    window = 'window = { days = 1, kind = "rolling" }, require_full_window = false'
    mean = f'aggregate = {{ kind = "mean", {window} }}\n'
    assert lows(measured(text + mean, *blocks)) == ["150", "75", "80"]
    median = f'aggregate = {{ kind = "percentile", percent = 50, {window} }}\n'
    assert lows(measured(text + median, *blocks)) == ["150", "0", "90"]


def test_an_interval_needs_the_block_before() -> None:
    """The first block has none, nor has the one behind a declared gap."""
    times = (at(), at(seconds=3), at(seconds=9), at(hours=1), at(hours=2))
    blocks: list[Made] = [(time, []) for time in times]
    text = 'metric = { kind = "block_interval" }\nat_most = 300\n'
    assert lows(measured(text, *blocks[:3])) == ["0", "3", "6"]
    longest = 'aggregate = { kind = "maximum", window = { days = 1, kind = "rolling" } }\n'
    assert lows(measured(text + longest, *blocks[:4])) == ["0", "3", "6", "3591"]
    gap = measured(text + longest, *blocks, gaps=[(3, 5)])
    assert [(each.low, each.high) for each in gap][2:] == [("3", None), ("3591", None), ("3600", None)]
    shortest = 'aggregate = { kind = "percentile", percent = 90, window = { days = 1, kind = "rolling" } }\n'
    assert lows(measured(text + shortest, *blocks, gaps=[(3, 5)]))[2:] == ["?", "?", "?"]
