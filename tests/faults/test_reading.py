"""Answers about blocks that are short, stale or contradict each other: nothing of them becomes a fact."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.scripted_node import (
    HttpAnswer,
    Json,
    ScriptedNode,
    Waiting,
    scripted_node,
    source_of,
)
from watcher.chain.questions import EMPTY_ROOT
from watcher.chain.reader import JsonRpcSource
from watcher.core.types import BlockRange
from watcher.core.window import Window
from watcher.errors import ChainError, HistoryMissing, MalformedAnswer


@pytest.fixture
def node() -> Iterator[ScriptedNode]:
    """Serve a chain of thirty blocks with two receipts each."""
    with scripted_node() as made:
        yield made


def read(source: JsonRpcSource, first: int = 0, last: int = 29) -> list[Window]:
    """Read a range in windows of ten blocks."""
    return list(source.windows(BlockRange(first, last), 10))


def count(windows: list[Window]) -> int:
    """Count the receipts."""
    return sum(len(block.receipts) for window in windows for block in window.blocks)


def numbers(windows: list[Window]) -> list[int]:
    """List the blocks."""
    return [block.number for window in windows for block in window.blocks]


@pytest.mark.parametrize(
    "edit",
    [
        lambda answers: answers[::-1],
        lambda answers: answers[:-1],
        lambda answers: [*answers, answers[0]],
        lambda answers: [{**answers[0], "id": 1}, *answers[1:]],
        lambda answers: [{**answers[0], "id": None}, *answers[1:]],
        lambda answers: [{"id": 0, "error": {"code": 429, "message": "slow down"}}, *answers[1:]],
    ],
    ids=[
        "in another order",
        "short",
        "one doubled",
        "one under another's id",
        "one without id",
        "one refused",
    ],
)
def test_a_batch_may_come_back_in_any_form(node: ScriptedNode, edit: Callable[[Any], Any]) -> None:
    """What is missing is asked again, and only that: every block comes once, with its own receipts."""
    node.edit = lambda answers: edit(answers) if isinstance(answers, list) and len(answers) > 4 else answers
    windows = read(source_of(node))
    assert numbers(windows) == list(range(30))
    assert count(windows) == 60
    assert {block.hash for window in windows for block in window.blocks} == {node.hash(n) for n in range(30)}


def test_one_failed_element_never_repeats_the_batch(node: ScriptedNode) -> None:
    """The other nine are not read again."""
    node.edit = lambda answers: answers[:-2] if isinstance(answers, list) and len(answers) > 4 else answers
    read(source_of(node))
    assert node.asked("eth_getBlockReceipts") == 33
    assert node.asked("eth_getBlockByNumber") == 1 + 33


@pytest.mark.parametrize(
    "refusal",
    [
        HttpAnswer(body=b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch too large"}}'),
        HttpAnswer(body=b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"invalid request"}}'),
        HttpAnswer(413, b"too much"),
    ],
)
def test_where_batches_are_refused_calls_go_one_by_one(node: ScriptedNode, refusal: HttpAnswer) -> None:
    """The batch is halved until it is taken, and stays that small."""
    honest = node.answer

    def answer(path: str, body: bytes) -> HttpAnswer:
        return refusal if body.startswith(b"[") else honest(path, body)

    node.answer = answer  # type: ignore[method-assign]
    assert count(read(source_of(node))) == 60
    assert max(len(batch) for batch in node.requests) == 1


def test_a_batch_answered_in_part_with_too_large_is_made_smaller(node: ScriptedNode) -> None:
    """Nodes cut a batch at a size of their own: the rest is asked again, less at once."""
    too_large = {"code": -32003, "message": "response too large"}
    node.edit = lambda answers: (
        [answers[0], *({"id": answer["id"], "error": too_large} for answer in answers[1:])]
        if isinstance(answers, list)
        else answers
    )
    assert count(read(source_of(node))) == 60


@pytest.mark.parametrize(
    ("message", "too_large"),
    [
        ("batch too large", lambda answers: len(answers) > 25),
        ("response too large", lambda answers: len(json.dumps(answers)) > 60_000),
    ],
)
def test_a_limit_that_nobody_named_costs_one_refusal(
    message: str, too_large: Callable[[list[Json]], bool]
) -> None:
    """What is larger than any answer before is asked for alone, and no more than twofold."""
    refused = []

    def answer(answers: list[Json] | Json) -> object:
        if isinstance(answers, list) and too_large(answers):
            refused.append(len(answers))
            return {"jsonrpc": "2.0", "id": None, "error": {"code": -32005, "message": message}}
        return answers

    with scripted_node(blocks=1_001, receipts=5) as node:
        node.edit = answer
        source = source_of(node)
        windows = list(source.windows(BlockRange(1, 1_000), 500))
        source.close()
    assert count(windows) == 5_000
    assert len(refused) == 1


def test_a_larger_batch_is_tried_again_after_a_long_good_run(node: ScriptedNode) -> None:
    """What was too large once, in a dense stretch of the chain, may fit again."""
    source = source_of(node)
    source.identity()
    node.next(HttpAnswer(413))
    source.headers(range(20))
    assert max(len(batch) for batch in node.requests[-2:]) == 10
    for _ in range(1_000):
        source.headers([1])
    source.headers(range(20))
    assert len(node.requests[-1]) == 20


def test_an_endpoint_without_block_receipts_is_read_transaction_by_transaction(node: ScriptedNode) -> None:
    """The same windows, from headers and single receipts; the missing method is not tried again."""
    whole = read(source_of(node))
    del node.methods["eth_getBlockReceipts"]
    source = source_of(node)
    assert read(source) == whole
    asked = node.asked("eth_getBlockReceipts")
    assert read(source) == whole
    assert node.asked("eth_getBlockReceipts") == asked
    assert count(read(source_of(node))) == 60


def test_a_block_above_the_head_is_missing_and_never_empty(node: ScriptedNode) -> None:
    """Null receipts are not an empty list."""
    with pytest.raises(HistoryMissing, match="block 30"):
        read(source_of(node), 20, 30)
    assert source_of(node).headers([29, 30, 999])[1:] == [None, None]


def test_a_block_that_is_there_a_moment_later_is_read(node: ScriptedNode) -> None:
    """Gateways announce a head before every backend has it: null is asked again before it is an error."""
    waiting = Waiting()
    source = source_of(node, waiting=waiting)
    head = source.head()
    late = node.blocks.pop()
    nulls = iter([None, None])
    honest = node.methods["eth_getBlockReceipts"]

    def receipts(method: str, params: list[Any]) -> Any:  # noqa: ANN401
        if params[0] == hex(head.number):
            if next(nulls, late) is None:
                return None
            node.blocks[head.number :] = [late]
        return honest(method, params)

    node.methods["eth_getBlockReceipts"] = receipts
    assert numbers(read(source)) == list(range(30))
    assert len(waiting.seconds) >= 2


def test_a_block_that_is_not_sealed_yet_is_missing(node: ScriptedNode) -> None:
    """MegaETH's receipts of a mini-block carry a number and a null blockHash."""
    for receipt in node.blocks[29][1]:
        receipt["blockHash"] = None
    with pytest.raises(HistoryMissing, match="not sealed"):
        read(source_of(node))


def test_receipts_of_another_block_are_refused(node: ScriptedNode) -> None:
    """One receipt with another blockHash, and nothing of the block is believed."""
    node.blocks[5][1][1]["blockHash"] = node.hash(6)
    with pytest.raises(MalformedAnswer, match="block"):
        read(source_of(node))


def test_no_receipts_are_believed_only_with_an_empty_receipts_root(node: ScriptedNode) -> None:
    """A gateway that answers [] for what it does not have must not make a block look empty."""
    node.blocks[5] = node.blocks[5][0], []
    with pytest.raises(MalformedAnswer, match="block 5"):
        read(source_of(node))
    node.blocks[5][0]["transactions"] = []
    with pytest.raises(MalformedAnswer, match="receiptsRoot"):
        read(source_of(node))
    node.blocks[5][0]["receiptsRoot"] = EMPTY_ROOT
    windows = read(source_of(node))
    assert count(windows) == 58
    assert windows[0].blocks[5].hash == node.hash(5)
    assert windows[0].blocks[5].header is not None


def test_a_header_and_receipts_of_different_forks_are_refused(node: ScriptedNode) -> None:
    """Receipts from before a reorg, the header from after it."""
    node.blocks[9][0]["hash"] = node.hash("fork")
    with pytest.raises(MalformedAnswer, match="block 9: receipts and header have different hashes"):
        read(source_of(node))


def test_receipts_that_are_too_few_are_refused(node: ScriptedNode) -> None:
    """A header counts its block's transactions: a list cut short does not pass."""
    del node.blocks[9][1][1]
    with pytest.raises(MalformedAnswer, match="1 receipts for 2 transactions"):
        read(source_of(node))


@pytest.mark.parametrize("number", [5, 10])
def test_blocks_that_do_not_link_are_refused(node: ScriptedNode, number: int) -> None:
    """Inside a window and from one window to the next: what was read must be one chain."""
    node.blocks[number][0]["parentHash"] = node.hash("fork")
    with pytest.raises(MalformedAnswer, match=f"block {number}: its parent"):
        read(source_of(node))


@pytest.mark.parametrize("field", ["status", "effectiveGasPrice"])
def test_receipts_without_what_facts_are_made_of_are_refused(node: ScriptedNode, field: str) -> None:
    """A missing status is neither success nor failure, a missing price is not zero."""
    del node.blocks[5][1][0][field]
    with pytest.raises(ChainError, match=field):
        read(source_of(node))


def test_full_blocks_end_a_window_early() -> None:
    """Memory is bounded by bytes: no window holds many large blocks, and none is skipped."""
    with scripted_node(blocks=40, receipts=60) as node:
        source = source_of(node, max_window_bytes=100_000)
        windows = list(source.windows(BlockRange(0, 39), 40))
        assert len(windows) > 1
        assert numbers(windows) == list(range(40))
        assert windows[-1].blocks[-1].header is not None
        assert [window.range.last + 1 for window in windows[:-1]] == [w.range.first for w in windows[1:]]


def test_closing_the_iterator_stops_the_fetching(node: ScriptedNode) -> None:
    """Whoever needs no more windows causes no more requests than were under way."""
    windows = source_of(node, ahead=1).windows(BlockRange(0, 29), 1)
    next(windows)
    windows.close()
    asked = node.asked("eth_getBlockReceipts")
    assert asked <= 2


def test_nothing_is_asked_for_an_empty_range(node: ScriptedNode) -> None:
    """A checkpoint at the head leaves nothing to read."""
    assert read(source_of(node), 30, 29) == []
    assert source_of(node).headers([]) == []
    assert node.requests == []


def test_a_node_without_blocks_has_no_head(node: ScriptedNode) -> None:
    """No head is an error; no tag is an answer."""
    source = source_of(node)
    source.identity()
    honest = node.methods["eth_getBlockByNumber"]
    node.methods["eth_getBlockByNumber"] = lambda method, params: (
        None if params[0] == "latest" else honest(method, params)
    )
    with pytest.raises(HistoryMissing, match="no blocks yet"):
        source.head()
    assert source.tagged("finalized") is None


def test_a_thousand_blocks_take_a_hundred_and_ten_requests() -> None:
    """Receipts come ten blocks and more a request: the gate is 110 a thousand blocks, headers included."""
    with scripted_node(blocks=1_001, receipts=1) as node:
        source = source_of(node)
        source.identity()
        before = len(node.requests)
        windows = list(source.windows(BlockRange(1, 1_000), 500))
        assert count(windows) == 1_000
        assert len(node.requests) - before <= 110
        assert node.asked("eth_getBlockReceipts") == 1_000
        assert node.asked("eth_getBlockByNumber") == 1 + 1_000
        source.close()


def test_empty_blocks_cost_few_requests() -> None:
    """Each empty block needs its header, but not each a request of its own."""
    with scripted_node(blocks=1_001, receipts=0) as node:
        source = source_of(node)
        windows = list(source.windows(BlockRange(1, 1_000), 500))
        assert numbers(windows) == list(range(1, 1_001))
        assert len(node.requests) <= 110
        assert node.asked("eth_getBlockByNumber") == 1 + 1_000


def test_one_block_at_the_head_is_one_request(node: ScriptedNode) -> None:
    """Receipts and header of a new block come together."""
    source = source_of(node)
    source.identity()
    before = len(node.requests)
    [window] = source.windows(BlockRange(29, 29), 1)
    assert window.blocks[0].header is not None
    assert len(node.requests) - before == 1


def test_traffic_is_counted(node: ScriptedNode) -> None:
    """Requests, calls and bytes for each endpoint, under its public name."""
    source = source_of(node)
    read(source)
    [(name, traffic)] = source.traffic.items()
    assert name.startswith("endpoint e0 (http://127.0.0.1:")
    assert traffic.requests == len(node.requests)
    assert traffic.calls == node.calls
    assert traffic.bytes_read > 10_000


def test_a_fault_in_the_middle_of_a_backfill_is_healed_in_place(node: ScriptedNode) -> None:
    """Requests that fail while others are under way are repeated; the order stays."""
    source = source_of(node, waiting=Waiting())
    source.identity()
    node.next(HttpAnswer(429), HttpAnswer(body=b"<html>"), HttpAnswer(503), HttpAnswer(body=b"[", cut=1))
    windows = list(source.windows(BlockRange(0, 29), 7))
    assert numbers(windows) == list(range(30))
    assert count(windows) == 60


def test_an_endpoint_that_refuses_a_crowd_is_asked_by_fewer(node: ScriptedNode) -> None:
    """Sixteen at once, all refused: one failure, one rest, and half as many at once from then on."""
    together = threading.Barrier(16, timeout=20)
    honest = node.answer
    under_way, most = [0], [0]

    def answer(path: str, body: bytes) -> HttpAnswer:
        if len(node.requests) < 2 + 16:
            honest(path, body)
            together.wait()
            return HttpAnswer(429)
        with node.lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        try:
            return honest(path, body)
        finally:
            with node.lock:
                under_way[0] -= 1

    source = source_of(node, ahead=16)
    list(source.windows(BlockRange(0, 0), 1))
    for _ in range(9):  # with what an endpoint is asked at first, twelve answers more than the four at once
        source.headers([0])
    node.requests = node.requests[:2]
    node.answer = answer  # type: ignore[method-assign]
    windows = list(source.windows(BlockRange(0, 29), 1))
    assert numbers(windows) == list(range(30))
    assert [traffic.failures for traffic in source.traffic.values()] == [1]
    assert most[0] <= 9
