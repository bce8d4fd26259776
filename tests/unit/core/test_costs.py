"""Costs: what a backfill will take, from a few sampled blocks."""

import math
from dataclasses import replace

import pytest

from tests.unit.core.givens import Found, address, definition, policy
from watcher.core.costs import (
    Backfill,
    Reading,
    SampledBlocks,
    Span,
    by_logs,
    by_receipts,
    says_something,
)
from watcher.core.definition import App
from watcher.core.tracked import PAUSED, UPGRADED
from watcher.core.types import AppId, BlockHash
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


def test_full_blocks_cost_one_call_each_and_two_headers_a_window() -> None:
    """Nothing else is needed inside one hour, where nothing concerns the program."""
    cost = by_receipts(span(1_000), FULL, READING)
    assert (cost.blocks, cost.receipts, cost.calls) == (1_000, 100_000, 1_004)
    assert cost.size_bytes == 1_000_000 + 4 * 500


def test_empty_and_concerned_blocks_cost_a_header_each() -> None:
    """An empty list is believed only with its header; a block that is kept needs its time."""
    quiet = SampledBlocks(16, empty=4, concerned=4, receipts=8, size_bytes=0, seconds=0, header_bytes=1)
    assert by_receipts(span(1_000), quiet, READING).calls == 1_000 + 504
    silent = SampledBlocks(16, empty=16, concerned=4, receipts=0, size_bytes=0, seconds=0, header_bytes=1)
    assert by_receipts(span(1_000), silent, READING).calls == 1_000 + 1_000


def test_each_hour_costs_the_headers_that_find_its_first_block() -> None:
    """Three rounds of seven headers find one of five hundred blocks, and no block is asked for twice."""
    ten_hours = by_receipts(span(36_000, 10 * 3_600), FULL, READING)
    assert ten_hours.calls == 36_000 + 144 + 10 * 3 * 7
    crowded = by_receipts(span(100, 10 * 3_600), FULL, READING)
    assert crowded.calls == 100 + 100


def test_known_contracts_are_looked_at_on_each_day() -> None:
    """Header, code, header, at the first block of each day and where they join."""
    days = by_receipts(span(1_000, 2 * DAY + 5, contracts=4), FULL, READING).calls
    assert days - by_receipts(span(1_000, 2 * DAY + 5), FULL, READING).calls == 3 * 4 * 3


def test_without_receipts_of_whole_blocks_each_receipt_is_a_call() -> None:
    """A header a block names its transactions, then each is asked for."""
    single = Reading(at_once=10, window=500, pivots=7, whole_blocks=False)
    assert by_receipts(span(1_000), FULL, single).calls == 100_000 + 1_000


def test_the_slowest_of_network_ceiling_and_machine_decides_the_time() -> None:
    """It is the least that a backfill can take."""
    assert by_receipts(span(1_000), FULL, READING).seconds == 10
    ceiling = Reading(at_once=10, window=500, pivots=7, calls_per_minute=60)
    assert by_receipts(span(1_000), FULL, ceiling).seconds == 1_004
    instant = SampledBlocks(1, empty=0, concerned=0, receipts=1_500, size_bytes=1, seconds=0, header_bytes=1)
    assert by_receipts(span(1_000), instant, READING).seconds == 10


@pytest.mark.parametrize(
    ("blocks", "sampled"),
    [
        (0, FULL),
        (7, SampledBlocks(0, empty=0, concerned=0, receipts=0, size_bytes=0, seconds=0, header_bytes=0)),
    ],
)
def test_nothing_to_read_or_to_go_by_costs_nothing(blocks: int, sampled: SampledBlocks) -> None:
    """There is nothing to scale."""
    assert by_receipts(span(blocks), sampled, READING) == Backfill(blocks, 0, 0, 0, 0)
    assert by_logs(span(blocks), sampled, READING) == Backfill(blocks, 0, 0, 0, 0)


def test_what_was_not_asked_by_logs_has_no_price_by_logs() -> None:
    """The shares of the two ways come from different questions."""
    assert by_logs(span(1_000), FULL, READING) == Backfill(1_000, 0, 0, 0, 0)


def test_where_most_blocks_say_something_each_comes_with_its_header() -> None:
    """One round trip fewer is worth the headers of the others."""
    crowded = replace(FULL, concerned=9)
    assert by_receipts(span(1_000), crowded, READING).calls == 2_000


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
    """At 300 billed calls a minute: some hours by logs, where receipts take six days."""
    month = Span(2_592_000, 2_592_000, contracts=20, state_every_seconds=DAY)
    sparse = replace(SPARSE, named=10, asked=10_000)
    paced = replace(LOGS, calls_per_minute=300)
    assert by_logs(month, sparse, paced).seconds < 3 * 3_600
    assert by_receipts(month, sparse, paced).seconds > 6 * DAY
    # Even where a provider takes a hundred blocks at once.
    assert by_logs(month, sparse, replace(paced, log_span=100)).seconds < 9 * 3_600


PROGRAM = definition(
    App(AppId("a"), "A", (Found(query=Query(created=frozenset({ONE}))),)),
    App(AppId("b"), "B", (Found(query=Query(log_addresses=frozenset({TWO}), creators=frozenset({TWO}))),)),
)


def block(transaction: FakeTx) -> BlockReceipts:
    """Give a block with one transaction."""
    return BlockReceipts(1, BlockHash("0x1"), receipts_of([transaction]))


@pytest.mark.parametrize(
    ("transaction", "expected"),
    [
        (tx(OTHER, OTHER, logs=[log(OTHER)]), False),
        (tx(OTHER, ONE), True),
        (tx(OTHER, OTHER, logs=[log(ONE)]), True),
        (tx(OTHER, OTHER, logs=[log(TWO)]), True),
        (tx(OTHER, OTHER, logs=[log(OTHER, UPGRADED)]), True),
        (tx(OTHER, OTHER, logs=[log(OTHER, PAUSED)]), False),
        (tx(OTHER, TWO), False),
        (create(TWO), True),
        (create(OTHER), False),
        (create(OTHER, contract=ONE), True),
    ],
)
def test_a_block_says_something_by_what_is_known_beforehand(transaction: FakeTx, expected: bool) -> None:  # noqa: FBT001
    """Calls and logs of listed contracts, logs of registries and factories, creations, anybody's upgrades."""
    assert says_something(PROGRAM, block(transaction)) is expected


def test_what_a_policy_asks_for_decides_what_a_block_says() -> None:
    """Pauses of anybody where they matter; a silent call does not where reach is touched."""
    pausing = replace(PROGRAM, liveness=replace(policy(), not_paused=True))
    assert says_something(pausing, block(tx(OTHER, OTHER, logs=[log(OTHER, PAUSED)])))
    assert not says_something(replace(PROGRAM, liveness=policy(touched=True)), block(tx(OTHER, ONE)))
