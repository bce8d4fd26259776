"""Costs: what a backfill will take, from a few sampled blocks."""

import pytest

from tests.unit.core.givens import address
from watcher.core.costs import Backfill, Reading, SampledBlocks, Span, backfill, concerned
from watcher.core.types import BlockHash
from watcher.core.window import BlockReceipts, Query
from watcher.testing.fake_blocks import FakeTx, create, log, receipts_of, tx

DAY = 86_400
READING = Reading(at_once=10, window=500, pivots=7)
FULL = SampledBlocks(
    16, empty=0, concerned=0, receipts=1_600, size_bytes=16_000, seconds=1.6, header_bytes=500
)
ONE, TWO, OTHER = address(1), address(2), address(3)


def span(blocks: int, seconds: int = 0, contracts: int = 0) -> Span:
    """Give a span whose contracts are looked at once a day."""
    return Span(blocks, seconds, contracts, DAY)


def test_full_blocks_cost_one_call_each_and_one_header_a_window() -> None:
    """Nothing else is needed inside one hour, where nothing concerns the program."""
    cost = backfill(span(1_000), FULL, READING)
    assert (cost.blocks, cost.receipts, cost.calls) == (1_000, 100_000, 1_002)
    assert cost.size_bytes == 1_000_000 + 2 * 500


def test_empty_and_concerned_blocks_cost_a_header_each() -> None:
    """An empty list is believed only with its header; a block that is kept needs its time."""
    quiet = SampledBlocks(16, empty=4, concerned=4, receipts=8, size_bytes=0, seconds=0, header_bytes=1)
    assert backfill(span(1_000), quiet, READING).calls == 1_000 + 502
    silent = SampledBlocks(16, empty=16, concerned=4, receipts=0, size_bytes=0, seconds=0, header_bytes=1)
    assert backfill(span(1_000), silent, READING).calls == 1_000 + 1_000


def test_each_hour_costs_the_headers_that_find_its_first_block() -> None:
    """Three rounds of seven headers find one of five hundred blocks, and no block is asked for twice."""
    ten_hours = backfill(span(36_000, 10 * 3_600), FULL, READING)
    assert ten_hours.calls == 36_000 + 72 + 10 * 3 * 7
    crowded = backfill(span(100, 10 * 3_600), FULL, READING)
    assert crowded.calls == 100 + 100


def test_known_contracts_are_looked_at_on_each_day() -> None:
    """Header, code, header, at the first block of each day and where they join."""
    days = backfill(span(1_000, 2 * DAY + 5, contracts=4), FULL, READING).calls
    assert days - backfill(span(1_000, 2 * DAY + 5), FULL, READING).calls == 3 * 4 * 3


def test_without_receipts_of_whole_blocks_each_receipt_is_a_call() -> None:
    """A header a block names its transactions, then each is asked for."""
    single = Reading(at_once=10, window=500, pivots=7, whole_blocks=False)
    assert backfill(span(1_000), FULL, single).calls == 100_000 + 1_000


def test_the_slowest_of_network_ceiling_and_machine_decides_the_time() -> None:
    """It is the least that a backfill can take."""
    assert backfill(span(1_000), FULL, READING).seconds == 10
    ceiling = Reading(at_once=10, window=500, pivots=7, calls_per_minute=60)
    assert backfill(span(1_000), FULL, ceiling).seconds == 1_002
    instant = SampledBlocks(1, empty=0, concerned=0, receipts=1_500, size_bytes=1, seconds=0, header_bytes=1)
    assert backfill(span(1_000), instant, READING).seconds == 10


@pytest.mark.parametrize(
    ("blocks", "sampled"),
    [
        (0, FULL),
        (7, SampledBlocks(0, empty=0, concerned=0, receipts=0, size_bytes=0, seconds=0, header_bytes=0)),
    ],
)
def test_nothing_to_read_or_to_go_by_costs_nothing(blocks: int, sampled: SampledBlocks) -> None:
    """There is nothing to scale."""
    assert backfill(span(blocks), sampled, READING) == Backfill(blocks, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("transaction", "expected"),
    [
        (tx(OTHER, OTHER, logs=[log(OTHER)]), False),
        (tx(OTHER, ONE), True),
        (tx(OTHER, OTHER, logs=[log(ONE)]), True),
        (tx(OTHER, OTHER, logs=[log(TWO)]), True),
        (tx(OTHER, TWO), False),
        (create(TWO), True),
        (create(OTHER), False),
        (create(OTHER, contract=ONE), True),
    ],
)
def test_a_block_concerns_a_program_by_what_is_known_beforehand(transaction: FakeTx, expected: bool) -> None:  # noqa: FBT001
    """Calls and logs of listed contracts, logs of registries and factories, creations by deployers."""
    queries = [
        Query(created=frozenset({ONE})),
        Query(log_addresses=frozenset({TWO}), creators=frozenset({TWO})),
    ]
    block = BlockReceipts(1, BlockHash("0x1"), receipts_of([transaction]))
    assert concerned(queries, block) is expected
