"""Costs: what a backfill will take, from a few sampled blocks."""

import math
from dataclasses import replace

import pytest

from watcher.core.costs import (
    Backfill,
    Reading,
    SampledBlocks,
    Span,
    by_logs,
    by_receipts,
)

DAY = 86_400
READING = Reading(at_once=10, pivots=7)
FULL = SampledBlocks(16, empty=0, receipts=1_600, size_bytes=16_000, seconds=1.6, header_bytes=500)


def span(blocks: int, seconds: int = 0, contracts: int = 0) -> Span:
    """Give a span whose contracts are looked at once a day."""
    return Span(blocks, seconds, contracts, DAY)


def test_a_block_costs_two_calls() -> None:
    """Its receipts and its header, without which nobody could tell whether these are all."""
    cost = by_receipts(span(1_000), FULL, READING)
    assert (cost.blocks, cost.receipts, cost.calls) == (1_000, 100_000, 2_000)
    assert cost.size_bytes == 1_000_000 + 1_000 * 500
    assert by_receipts(span(36_000, 10 * 3_600), FULL, READING).calls == 72_000


def test_known_contracts_are_looked_at_on_each_day() -> None:
    """Header, code, header, at the first block of each day and where they join."""
    days = by_receipts(span(1_000, 2 * DAY + 5, contracts=4), FULL, READING).calls
    assert days - by_receipts(span(1_000, 2 * DAY + 5), FULL, READING).calls == 3 * 4 * 3


def test_without_receipts_of_whole_blocks_each_receipt_is_a_call() -> None:
    """A header a block names its transactions, then each is asked for."""
    single = Reading(at_once=10, pivots=7, whole_blocks=False)
    assert by_receipts(span(1_000), FULL, single).calls == 100_000 + 1_000


def test_the_slowest_of_network_ceiling_and_machine_decides_the_time() -> None:
    """It is the least that a backfill can take."""
    assert by_receipts(span(1_000), FULL, READING).seconds == 10
    ceiling = Reading(at_once=10, pivots=7, calls_per_minute=60)
    assert by_receipts(span(1_000), FULL, ceiling).seconds == 2_000
    instant = SampledBlocks(1, empty=0, receipts=1_500, size_bytes=1, seconds=0, header_bytes=1)
    assert by_receipts(span(1_000), instant, READING).seconds == 10


@pytest.mark.parametrize(
    ("blocks", "sampled"),
    [
        (0, FULL),
        (7, SampledBlocks(0, empty=0, receipts=0, size_bytes=0, seconds=0, header_bytes=0)),
    ],
)
def test_nothing_to_read_or_to_go_by_costs_nothing(blocks: int, sampled: SampledBlocks) -> None:
    """There is nothing to scale."""
    assert by_receipts(span(blocks), sampled, READING) == Backfill(blocks, 0, 0, 0, 0)
    assert by_logs(span(blocks), sampled, READING) == Backfill(blocks, 0, 0, 0, 0)


def test_what_was_not_asked_by_logs_has_no_price_by_logs() -> None:
    """The shares of the two ways come from different questions."""
    assert by_logs(span(1_000), FULL, READING) == Backfill(1_000, 0, 0, 0, 0)


LOGS = replace(READING, log_window=20_000, log_span=1_000)
SPARSE = replace(FULL, named=10, asked=10_000, seconds=0.0)


def test_a_span_by_logs_costs_its_ends_and_its_questions_and_a_named_block_two_calls() -> None:
    """Six spans double from ten blocks to the most below a thousand; each window needs its first."""
    cost = by_logs(span(100_000), SPARSE, LOGS)
    spans = math.ceil(100_000 / 640) + 6
    assert cost.calls == spans * (2 + 2) + 5 + 100 * 2
    assert cost.receipts == 100 * 100
    assert cost.size_bytes == 100 * 1_000 + (spans * 2 + 5 + 100) * 500


def test_a_span_by_logs_is_no_longer_than_its_window() -> None:
    """Doubling ends at 10,240 blocks there; a limit below ten blocks is kept from the start."""
    wide = replace(LOGS, log_span=1_000_000)
    assert by_logs(span(1), replace(SPARSE, named=0), wide).calls == 1 * 2 + 1
    assert by_logs(span(40_000), replace(SPARSE, named=0), wide).calls == (4 + 10) * 4 + 2
    assert by_logs(span(10), replace(SPARSE, named=0), replace(LOGS, log_span=5)).calls == 2 * 4 + 1


def test_named_blocks_are_read_receipt_by_receipt_where_there_is_no_other_way() -> None:
    """A hundred receipts and a header each."""
    single = replace(LOGS, whole_blocks=False)
    more = by_logs(span(100_000), SPARSE, single).calls - by_logs(span(100_000), SPARSE, LOGS).calls
    assert more == 100 * 99


def test_a_month_of_a_chain_with_a_block_a_second_is_affordable_for_a_sparse_program() -> None:
    """At 300 billed calls a minute: some hours by logs, where receipts take twelve days."""
    month = Span(2_592_000, 2_592_000, contracts=20, state_every_seconds=DAY)
    sparse = replace(SPARSE, named=10, asked=10_000)
    paced = replace(LOGS, calls_per_minute=300)
    assert by_logs(month, sparse, paced).seconds < 3 * 3_600
    assert by_receipts(month, sparse, paced).seconds > 11 * DAY
    # Even where a provider takes a hundred blocks at once.
    assert by_logs(month, sparse, replace(paced, log_span=100)).seconds < 9 * 3_600
