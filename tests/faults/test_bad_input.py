"""Bad input, kind by kind: none of it becomes a fact, each kind is named in the log once and counted."""

import gzip
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eth_bloom.bloom import BloomFilter
from structlog.testing import capture_logs

from tests.faults.scripted_node import (
    HttpAnswer,
    Json,
    ScriptedNode,
    scripted_node,
    source_of,
)
from watcher.chain.crosscheck import CONTRADICTS
from watcher.chain.questions import DOUBLED, SHUFFLED
from watcher.chain.reader import JsonRpcSource
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.transport import Transport
from watcher.chain.wire import Call, write_request
from watcher.core.types import BlockRange
from watcher.errors import CallRefused, ChainError, WrongChain

TRANSFER = "0x" + "dd" * 32
BODY = write_request([Call("eth_getBlockByNumber", ("latest", False))])
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def node() -> Iterator[ScriptedNode]:
    """Serve a chain of thirty blocks with two receipts each."""
    with scripted_node() as made:
        yield made


@pytest.fixture
def other() -> Iterator[ScriptedNode]:
    """Serve the same chain from a second endpoint, which tells the truth."""
    with scripted_node() as made:
        yield made


def read(source: JsonRpcSource) -> list[tuple[int, str, int]]:
    """Read everything, as number, hash and receipts of each block."""
    windows = source.windows(BlockRange(0, 29), 10)
    return [(block.number, block.hash, len(block.receipts)) for window in windows for block in window.blocks]


def faults(source: JsonRpcSource, place: int = 0) -> dict[str, int]:
    """Give the faults counted of one endpoint."""
    return dict(list(source.traffic.values())[place].faults)


def log_of(place: int) -> Json:
    """Make a log."""
    return {"address": "0x" + "aa" * 20, "topics": [TRANSFER], "data": "0x", "logIndex": hex(place)}


def other_chains_blocks(node: ScriptedNode) -> None:
    """Have blocks of another chain from block 7 on: they do not link to the ones before."""
    salt, node.salt = node.salt, "another chain"
    node.blocks[7:] = [node.block(number, 2) for number in range(7, 30)]
    node.salt = salt


def blocks_out_of_order(node: ScriptedNode) -> None:
    """Answer with the block after the one that was asked for."""
    node.blocks[7], node.blocks[8] = node.blocks[8], node.blocks[7]


def short_receipts(node: ScriptedNode) -> None:
    """Leave the last receipt of a block out."""
    del node.blocks[7][1][-1]


def duplicate_receipts(node: ScriptedNode) -> None:
    """Give as many receipts as the block has, one of them twice."""
    node.blocks[7][1][1] = node.blocks[7][1][0]


def receipts_of_other_transactions(node: ScriptedNode) -> None:
    """Give receipts in another order than the block's transactions."""
    node.blocks[7][1].reverse()


def duplicate_logs(node: ScriptedNode) -> None:
    """Give a log twice."""
    node.blocks[7][1][1]["logs"] = [log_of(0), log_of(0)]


def logs_again_in_the_next_receipt(node: ScriptedNode) -> None:
    """Give a receipt's log in the next receipt too."""
    for receipt in node.blocks[7][1]:
        receipt["logs"] = [log_of(3)]


def an_index_that_is_no_number(node: ScriptedNode) -> None:
    """Give a log an index that nothing can be compared with."""
    node.blocks[7][1][1]["logs"] = [{**log_of(0), "logIndex": "first"}]


def gas_that_is_no_number(node: ScriptedNode) -> None:
    """Let a receipt name gas that cannot be summed."""
    node.blocks[7][1][1]["gasUsed"] = "much"
    node.blocks[7][0]["gasUsed"] = "0x1"


def gas_that_does_not_add_up(node: ScriptedNode) -> None:
    """Let the header name more gas than its transactions used."""
    node.blocks[7][0]["gasUsed"] = hex(3 * 0x5208)


def a_bloom_without_the_emitter(node: ScriptedNode) -> None:
    """Let a block's bloom say that its log is not there."""
    node.blocks[7][1][1]["logs"] = [log_of(0)]
    node.blocks[7][0]["logsBloom"] = "0x" + "00" * 255 + "01"


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (other_chains_blocks, CONTRADICTS),
        (blocks_out_of_order, SHUFFLED),
        (short_receipts, CONTRADICTS),
        (duplicate_receipts, DOUBLED),
        (receipts_of_other_transactions, CONTRADICTS),
        (duplicate_logs, DOUBLED),
        (logs_again_in_the_next_receipt, DOUBLED),
        (an_index_that_is_no_number, DOUBLED),
        (gas_that_is_no_number, CONTRADICTS),
        (gas_that_does_not_add_up, CONTRADICTS),
        (a_bloom_without_the_emitter, CONTRADICTS),
    ],
)
def test_a_lie_about_blocks_is_no_fact(
    node: ScriptedNode, other: ScriptedNode, spoil: Callable[[ScriptedNode], None], kind: str
) -> None:
    """Alone with the liar nothing is read; beside an honest endpoint the truth is, by the same call."""
    spoil(node)
    with capture_logs() as lines:
        alone = source_of(node)
        with pytest.raises(ChainError, match=r"block 7|block 8|those of 7"):
            read(alone)
    named = [line for line in lines if line["event"] == "endpoint fault"]
    assert [(line["kind"], line["endpoint"]) for line in named] == [(kind, next(iter(alone.traffic)))]
    assert faults(alone)[kind] > 1
    beside = source_of(node, other)
    assert read(beside) == [(number, other.hash(number), 2) for number in range(30)]
    assert faults(beside)[kind] >= 1
    assert faults(beside, 1) == {}


def test_a_lie_that_passes_is_read_again_in_place(node: ScriptedNode) -> None:
    """One backend of many lags: the same blocks are asked again, and nobody notices."""
    honest = node.methods["eth_getBlockReceipts"]
    lies = iter([True])

    def receipts(method: str, params: list[Any]) -> Any:  # noqa: ANN401
        found = honest(method, params)
        return found[:-1] if params[0] == "0x7" and next(lies, False) else found

    node.methods["eth_getBlockReceipts"] = receipts
    source = source_of(node)
    assert read(source) == [(number, node.hash(number), 2) for number in range(30)]
    assert faults(source) == {CONTRADICTS: 1}


@pytest.mark.parametrize("bloom", ["0x" + "00" * 256, None])
def test_an_empty_bloom_is_never_trusted(node: ScriptedNode, bloom: str | None) -> None:
    """Some chains fill it with zeros, some leave it out: it says nothing about logs."""
    node.blocks[7][1][1]["logs"] = [log_of(0)]
    if bloom:
        node.blocks[7][0]["logsBloom"] = bloom
    assert len(read(source_of(node))) == 30


def test_a_bloom_that_holds_the_emitter_passes(node: ScriptedNode) -> None:
    """Its three bits are those that another implementation of the yellow paper sets."""
    bloom = BloomFilter()
    bloom.add(bytes.fromhex("aa" * 20))
    node.blocks[7][1][1]["logs"] = [log_of(0)]
    node.blocks[7][0]["logsBloom"] = f"0x{int(bloom):0512x}"
    assert len(read(source_of(node))) == 30


def test_another_chain_behind_the_same_url_stops_everything(node: ScriptedNode) -> None:
    """After blocks that contradict what was read the endpoint has to say again which chain it serves."""
    source = source_of(node)
    source.identity()
    other_chains_blocks(node)
    node.chain_id = 1
    with pytest.raises(WrongChain, match="chain 1 "):
        read(source)


def endless_header() -> Iterator[bytes]:
    """Send headers and never a body."""
    yield OK
    while True:
        yield b"X-More: and more\r\n"


def one_endless_line() -> Iterator[bytes]:
    """Send one header that goes on and on."""
    yield OK + b"X-More: "
    while True:
        yield b"more " * 1_000


def dripping_header() -> Iterator[bytes]:
    """Send a header byte by byte, each well within the time-out."""
    yield OK + b"X-More: "
    while True:
        time.sleep(0.02)
        yield b"m"


def dripping_body() -> Iterator[bytes]:
    """Send a body byte by byte."""
    yield OK + b"Content-Length: 1000000\r\n\r\n"
    while True:
        time.sleep(0.02)
        yield b" "


def only_continue() -> Iterator[bytes]:
    """Say again and again that the client may go on."""
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        (endless_header, "broken connection"),
        (one_endless_line, "broken connection"),
        (dripping_header, "time-out"),
        (dripping_body, "time-out"),
        (only_continue, "time-out"),
    ],
)
def test_an_answer_that_never_ends_is_given_up(
    node: ScriptedNode, pieces: Callable[[], Iterator[bytes]], kind: str
) -> None:
    """However much or little of it comes: there is a limit to its headers, and to its time as a whole."""
    node.next(HttpAnswer(pieces=pieces))
    failure = Transport("e0", node.url, timeout_seconds=0.1).post(BODY)
    assert isinstance(failure, Failure)
    assert (failure.refusal, failure.fault) == (Refusal.BUSY, kind)


def declared() -> Iterator[bytes]:
    """Promise 500 MB, and begin."""
    yield OK + b"Content-Length: 500000000\r\n\r\n"
    while True:
        yield b" " * 65_536


def undeclared() -> Iterator[bytes]:
    """Send 500 MB without a word of how much it will be."""
    yield OK + b"Connection: close\r\n\r\n"
    for _ in range(500):
        yield b" " * 1_000_000


def bomb() -> Iterator[bytes]:
    """Send half a megabyte that unpacks to 500 MB."""
    block = gzip.compress(b" " * 5_000_000)
    packed = block * 100
    yield OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed


@pytest.mark.parametrize("pieces", [declared, undeclared, bomb])
def test_a_body_of_500_megabytes_is_not_taken_in(
    node: ScriptedNode, pieces: Callable[[], Iterator[bytes]]
) -> None:
    """Said, unsaid or packed: it is given up at the limit, and memory stays near it."""
    node.next(HttpAnswer(pieces=pieces))
    transport = Transport("e0", node.url, max_bytes=1_000_000)
    tracemalloc.start()
    try:
        failure = transport.post(BODY)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(failure, Failure)
    assert (failure.refusal, failure.fault) == (Refusal.TOO_LARGE, "endless body")
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("answer", "kind", "error"),
    [
        (HttpAnswer(307, headers={"Location": "http://127.0.0.1:1/"}), "redirect", "a redirect"),
        (HttpAnswer(401), "HTTP 401", "HTTP 401"),
        (HttpAnswer(pieces=declared), "endless body", "answered more than"),
    ],
)
def test_what_an_endpoint_does_wrong_is_named_once_and_counted(
    node: ScriptedNode, other: ScriptedNode, answer: HttpAnswer, kind: str, error: str
) -> None:
    """One line in the log however often it happens, the count says how often; others take over."""
    with capture_logs() as lines:
        source = source_of(node)
        source.identity()
        node.next(answer)
        with pytest.raises(CallRefused, match=error):
            source.head()
    named = [line for line in lines if line["event"] == "endpoint fault"]
    assert [(line["kind"], line["log_level"]) for line in named] == [(kind, "warning")]
    assert error in named[0]["detail"]
    assert faults(source) == {kind: 1}
    node.next(answer)
    assert source_of(node, other).head().number == 29


def test_a_tls_failure_is_named_once_and_counted(node: ScriptedNode, other: ScriptedNode) -> None:
    """A port without TLS, asked five times: one line, five faults; beside it another endpoint does."""
    url = node.url.replace("http:", "https:")
    with capture_logs() as lines:
        source = source_of(url)
        with pytest.raises(ChainError, match="TLS"):
            source.head()
    assert [line["kind"] for line in lines if line["event"] == "endpoint fault"] == ["TLS"]
    assert faults(source) == {"TLS": 5}
    assert source_of(url, other).head().number == 29
