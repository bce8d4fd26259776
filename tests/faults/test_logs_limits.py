"""Providers' limits on eth_getLogs: met once, kept, tried again after long, and told of in one line."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.faults.logging_node import APP, UPGRADED, USED, LoggingNode, logging_node
from tests.faults.scripted_node import HttpAnswer, Refused, Waiting, source_of
from watcher.chain.logs import ADDRESSES_AT_ONCE, SPANS_AHEAD
from watcher.chain.reader import JsonRpcSource
from watcher.core.types import Address, BlockRange
from watcher.core.window import LogFilter, Window
from watcher.errors import ChainError, EndpointUnavailable

BLOCKS = 4_000
USES = {5: 1, 700: 2, 701: 1, 2_500: 3, 3_999: 1}
ONLY = LogFilter(addresses=frozenset({APP}))
RANGE_WORDS = "exceed maximum block range: {blocks}"


@pytest.fixture
def node() -> Iterator[LoggingNode]:
    """Serve four thousand blocks, five of them worth reading."""
    with logging_node(BLOCKS, USES) as made:
        yield made


def read(
    source: JsonRpcSource,
    first: int = 0,
    last: int = BLOCKS - 1,
    *,
    only: LogFilter = ONLY,
    size: int = 20_000,
    every_header: bool = False,
) -> list[Window]:
    """Read a range by logs."""
    return list(source.windows(BlockRange(first, last), size, every_header=every_header, only=only))


def picked(windows: list[Window]) -> list[int]:
    """List the blocks that came, having seen that the windows have no hole between them."""
    for before, after in pairwise(windows):
        assert after.range.first == before.range.last + 1
    return [block.number for window in windows for block in window.blocks]


def limits(lines: list[Any], what: str = "blocks") -> list[int | None]:
    """Give the limits that the log told of."""
    return [line[what] for line in lines if line["event"] == "limit of eth_getLogs" and what in line]


def widths(node: LoggingNode) -> list[int]:
    """Give how wide the answered searches were."""
    return [last - first + 1 for first, last in node.ranges]


def test_without_limits_the_range_is_read_in_few_calls(node: LoggingNode) -> None:
    """Spans double from ten blocks on; of what no log names only the last block's header is read."""
    with capture_logs() as lines:
        assert picked(read(source_of(node.node))) == list(USES)
    assert widths(node)[:3] == [10, 20, 40]
    assert len(node.ranges) == 9
    # The chain, the spans, the named blocks (the last one's header is there already), one look for receipts.
    assert node.node.calls == 2 + 3 * 9 + 2 * len(USES) - 1 + 1
    assert not limits(lines)


def test_what_was_learnt_holds_for_the_next_read(node: LoggingNode) -> None:
    """The second time the whole range is one span."""
    source = source_of(node.node)
    read(source)
    node.ranges.clear()
    assert picked(read(source, last=BLOCKS - 2)) == [5, 700, 701, 2_500]
    assert len(node.ranges) <= 2


@pytest.mark.parametrize("words", ["block range too large", RANGE_WORDS, "no such luck with {blocks}"])
@pytest.mark.parametrize("most", [7, 100, 1_000])
def test_a_limit_costs_one_refusal_and_one_line(node: LoggingNode, most: int, words: str) -> None:
    """From a cold start, whether the words say how much would work or nothing that anybody knows."""
    node.most_blocks, node.words = most, words
    last = min(BLOCKS - 1, 100 * most)
    with capture_logs() as lines:
        assert picked(read(source_of(node.node), last=last)) == [number for number in USES if number <= last]
    assert node.refusals == 1
    [told] = limits(lines)
    assert told is not None
    assert most / 2 < told <= most
    assert (words != RANGE_WORDS) or told == most


def test_a_limit_on_logs_is_met_once(node: LoggingNode) -> None:
    """The words name the number of logs: spans stay below it by the logs' density."""
    for number in range(0, BLOCKS, 2):
        node.use(number, 1)
    node.most_logs, node.words = 100, "query exceeds max results {logs}, retry with the range 630-700"
    assert len(picked(read(source_of(node.node)))) == BLOCKS // 2 + 3
    assert node.refusals == 1
    assert max(widths(node)) * 0.5 <= 100


def test_a_limit_that_falls_under_way_is_found_again(node: LoggingNode) -> None:
    """What was under way is refused together; one line says so."""
    node.most_blocks, node.words = 100, RANGE_WORDS
    source = source_of(node.node)
    windows = source.windows(BlockRange(0, BLOCKS - 1), 20_000, every_header=False, only=ONLY)
    with capture_logs() as lines:
        started = [next(windows) for _ in range(12)]
        assert (node.refusals, limits(lines)) == (1, [100])
        node.most_blocks = 30
        assert picked([*started, *windows]) == list(USES)
    assert node.refusals <= 1 + SPANS_AHEAD
    assert limits(lines) == [100, 30]


def test_the_width_grows_back_when_the_limit_is_lifted(node: LoggingNode) -> None:
    """After a long good run the ceiling is tried; where that works, one line says that it is gone."""
    node.most_blocks = 12
    source = source_of(node.node)
    with capture_logs() as lines:
        read(source, last=1_000)
        node.most_blocks = 10**9
        node.ranges.clear()
        read(source, first=1_001)
    assert limits(lines) == [10, None]
    assert max(widths(node)) > 500
    assert node.refusals == 1


def test_a_single_block_that_is_refused_is_read_by_its_receipts(node: LoggingNode) -> None:
    """It cannot be split further, and the rest goes on by logs."""
    node.use(700, 50)
    node.most_logs = 10
    assert picked(read(source_of(node.node), first=650, last=800)) == [700, 701]
    assert (700, 700) not in node.ranges


def test_refusals_are_neither_retried_nor_held_against_the_endpoint(node: LoggingNode) -> None:
    """It did nothing wrong: no wait, no failure, no other endpoint."""
    node.most_blocks, waiting = 50, Waiting()
    with logging_node(BLOCKS, USES) as other:
        source = source_of(node.node, other.node, waiting=waiting)
        read(source)
        assert other.refusals == 0
        assert other.ranges == []
    assert waiting.seconds == []
    assert [traffic.failures for traffic in source.traffic.values()] == [0, 0]


@pytest.mark.parametrize(
    "refusal",
    [
        HttpAnswer(body=b'{"id":null,"error":{"code":-32602,"message":"exceeds max block range 100"}}'),
        HttpAnswer(413, b"eth_getLogs is limited to a 100 range"),
        HttpAnswer(429, b'{"error":{"code":-32005,"message":"limit the query to at most 100 blocks"}}'),
        HttpAnswer(500, b'{"error":{"code":-32020,"message":"backend response too large"}}'),
    ],
)
def test_a_whole_batch_may_be_refused_for_its_range(node: LoggingNode, refusal: HttpAnswer) -> None:
    """By one error object, or by a text and a status: no smaller batch would help, and none is tried."""
    honest = node.node.answer

    def answer(path: str, body: bytes) -> HttpAnswer:
        before = node.refusals
        answered = honest(path, body)
        return refusal if node.refusals > before else answered

    node.node.answer = answer  # type: ignore[method-assign]
    node.most_blocks = 100
    assert picked(read(source_of(node.node), last=2_000)) == [5, 700, 701]
    assert node.refusals == 1
    assert max(widths(node)) in {80, 100}
    assert len(node.node.requests[-1]) > 1


@pytest.mark.parametrize(
    "words",
    ["request timed out", "no backend is currently healthy to serve traffic", "service unavailable"],
)
def test_a_range_that_a_node_only_chokes_on_is_halved(node: LoggingNode, words: str) -> None:
    """Where it still shows the block, the logs are what it cannot do; soon a wider range is tried again."""
    node.most_blocks, node.words = 100, words
    source = source_of(node.node)
    assert picked(read(source, last=700)) == [5, 700]
    assert max(widths(node)) == 80
    node.most_blocks = 10**9
    assert picked(read(source, first=701)) == [701, 2_500, 3_999]
    assert max(widths(node)) > 640


def test_a_time_out_is_not_waited_for_again_and_again(node: LoggingNode) -> None:
    """One try of the wide range, one look whether the endpoint is there, then a narrower one."""
    node.most_blocks, node.words, waiting = 100, "request timed out", Waiting()
    read(source_of(node.node, waiting=waiting), last=700)
    assert node.refusals == 1
    assert waiting.seconds == []


def test_an_endpoint_that_is_down_is_no_limit(node: LoggingNode) -> None:
    """Nothing is halved when nothing is answered."""
    source = source_of(node.node)
    read(source, last=700)
    widest = max(widths(node))
    honest = node.node.answer
    node.node.answer = lambda path, body: HttpAnswer(503)  # type: ignore[method-assign]  # noqa: ARG005
    with pytest.raises(EndpointUnavailable), capture_logs() as lines:
        read(source, first=701)
    assert not limits(lines)
    node.node.answer = honest  # type: ignore[method-assign]
    node.ranges.clear()
    read(source, first=701)
    assert widths(node)[0] >= widest


def test_too_many_addresses_are_asked_for_in_parts(node: LoggingNode) -> None:
    """As many at once as providers take; fewer where one refuses, down to what it takes."""
    others = {Address(f"0x{number:040x}") for number in range(700)}
    source = source_of(node.node)
    only = LogFilter(frozenset({APP, *others}))
    assert picked(read(source, only=only, last=800)) == [5, 700, 701]
    asked = [
        call["params"][0] for batch in node.node.requests for call in batch if call["method"] == "eth_getLogs"
    ]
    assert {len(criteria["address"]) for criteria in asked} == {ADDRESSES_AT_ONCE, 201}
    node.most_addresses, node.words = 130, "exceed max addresses or topics per search position"
    with capture_logs() as lines:
        assert picked(read(source, only=only, last=800)) == [5, 700, 701]
    assert limits(lines, "addresses") == [250, 125]


def test_an_endpoint_that_takes_not_one_address_is_read_by_receipts(node: LoggingNode) -> None:
    """There is nothing less to ask for."""
    node.most_addresses, node.words = 0, "too many addresses"
    windows = read(source_of(node.node), last=40)
    assert 5 in picked(windows)


def test_without_eth_getlogs_blocks_are_read_by_receipts(node: LoggingNode) -> None:
    """Once is enough to know, and one line tells."""
    del node.node.methods["eth_getLogs"]
    source = source_of(node.node)
    with capture_logs() as lines:
        assert picked(read(source, last=100)) == list(range(101))
        assert picked(read(source, first=101, last=200)) == list(range(101, 201))
    assert node.node.asked("eth_getLogs") == 1
    assert [line["event"] for line in lines].count("no eth_getLogs, blocks are read by receipts") == 1


def test_a_whole_batch_may_be_refused_for_the_method_in_it(node: LoggingNode) -> None:
    """Blocks are what every endpoint offers: it is eth_getLogs that it lacks."""
    honest = node.node.answer
    refusal = HttpAnswer(403, b'{"error":{"code":-32601,"message":"rpc method is not whitelisted"}}')
    node.node.answer = lambda path, body: refusal if b"eth_getLogs" in body else honest(path, body)  # type: ignore[method-assign]
    assert picked(read(source_of(node.node), last=100)) == list(range(101))


def test_where_batches_are_refused_logs_are_asked_for_one_by_one(node: LoggingNode) -> None:
    """The two looks at the last block still stand around them."""
    honest = node.node.answer
    refusal = HttpAnswer(
        body=b'{"id":null,"error":{"code":-32005,"message":"Batched requests are not supported"}}'
    )
    node.node.answer = lambda path, body: refusal if body.startswith(b"[") else honest(path, body)  # type: ignore[method-assign]
    assert picked(read(source_of(node.node), last=800)) == [5, 700, 701]
    assert len(node.ranges) >= 6


def test_without_block_receipts_named_blocks_are_read_transaction_by_transaction(node: LoggingNode) -> None:
    """The two ways of reading share how a block is read."""
    del node.node.methods["eth_getBlockReceipts"]
    windows = read(source_of(node.node), last=800)
    assert picked(windows) == [5, 700, 701]
    assert all(len(block.receipts) == 1 for window in windows for block in window.blocks)


def test_a_few_blocks_are_cheaper_by_receipts(node: LoggingNode) -> None:
    """At the head, where one or two blocks are new, logs would cost more calls than they save."""
    only = LogFilter(frozenset({APP}), frozenset({USED, UPGRADED}))
    source = source_of(node.node)
    assert picked(read(source, first=700, last=702, only=only)) == [700, 701, 702]
    assert node.ranges == []
    assert picked(read(source, first=700, last=703, only=only)) == [700, 701]
    assert len(node.ranges) == 2


def test_full_blocks_end_a_window_early_here_too(node: LoggingNode) -> None:
    """Memory does not grow with what logs name; the windows stay without holes."""
    for number in range(1_000, 1_100):
        node.use(number, 20)
    windows = read(source_of(node.node, max_window_bytes=50_000), last=2_000, only=ONLY)
    assert picked(windows) == [5, 700, 701, *range(1_000, 1_100)]
    assert max(len(window.blocks) for window in windows) < 60
    last = [window.blocks[-1] if window.blocks else None for window in windows]
    for window, block in zip(windows, last, strict=True):
        header = block.header if block and block.number == window.range.last else window.bare[-1]
        assert header is not None
        assert header.number == window.range.last


def test_every_header_fits_one_batch(node: LoggingNode) -> None:
    """With each block's header a span is as long as a batch, and headers are read once."""
    windows = read(source_of(node.node), last=999, every_header=True)
    assert picked(windows) == [5, 700, 701]
    assert max(widths(node)) <= 90
    assert max(len(batch) for batch in node.node.requests) <= 100
    assert node.node.asked("eth_getBlockByNumber") == 1 + 1_000 + len(node.ranges)


def test_an_unknown_refusal_of_everything_is_an_error_in_the_end(node: LoggingNode) -> None:
    """Where even receipts are refused, it says so."""

    def refuse(_method: str, _params: list[Any]) -> Any:  # noqa: ANN401
        raise Refused(-32602, "not today")

    for method in ("eth_getLogs", "eth_getBlockReceipts"):
        node.node.methods[method] = refuse
    with pytest.raises(ChainError, match="not today"):
        read(source_of(node.node), last=100)
