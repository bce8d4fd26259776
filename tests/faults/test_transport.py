"""Endpoints that misbehave: each fault is retried, passed on to the next endpoint or named, never a value."""

import json
import threading
from collections.abc import Iterator

import pytest

from tests.faults.scripted_node import (
    CHAIN_ID,
    HttpAnswer,
    Refused,
    ScriptedNode,
    Waiting,
    scripted_node,
    source_of,
    zipped,
)
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.transport import Transport
from watcher.chain.wire import Call, write_request
from watcher.core.types import Address, BlockRange
from watcher.errors import (
    CallRefused,
    ChainError,
    EndpointUnavailable,
    HistoryMissing,
    MalformedAnswer,
    WrongChain,
)

KEY = "0123456789abcdef0123"
HTML = b"<!DOCTYPE html><html><body>Enable JavaScript and cookies to continue</body></html>"


@pytest.fixture
def node() -> Iterator[ScriptedNode]:
    """Serve a chain of thirty blocks."""
    with scripted_node() as made:
        yield made


@pytest.mark.parametrize(
    "fault",
    [
        HttpAnswer(body=HTML, headers={"Content-Type": "text/html"}),
        HttpAnswer(body=b'{"jsonrpc":"2.0","id":0,"resu'),
        HttpAnswer(body=b""),
        HttpAnswer(body=b'{"id":0,"result":"\xff"}'),
        HttpAnswer(body=b"x" * 100, cut=50),
        HttpAnswer(body=b"no gzip", headers={"Content-Encoding": "gzip"}),
        HttpAnswer(500, b"oops"),
        HttpAnswer(502, HTML),
        HttpAnswer(403, HTML),
        HttpAnswer(429),
        HttpAnswer(500, b'{"error":{"code":-32603,"message":"internal error"}}'),
        HttpAnswer(200, b'{"error":{"code":429,"message":"compute units"}}'),
    ],
    ids=lambda fault: f"{fault.status} {fault.body[:24]!r}",
)
def test_a_fault_that_passes_is_asked_again(node: ScriptedNode, fault: HttpAnswer) -> None:
    """Nonsense, breaks and overload are retried after a rest, and nobody notices."""
    waiting = Waiting()
    source = source_of(node, waiting=waiting)
    source.identity()
    node.next(fault)
    assert source.head().number == 29
    assert len(waiting.seconds) == 1
    assert [traffic.failures for traffic in source.traffic.values()] == [1]


def test_a_fault_that_stays_is_given_up_and_named() -> None:
    """After five tries with longer and longer rests the error says which endpoint failed and how."""
    with scripted_node() as node:
        waiting = Waiting()
        source = source_of(node, waiting=waiting)
        source.identity()
        node.next(*[HttpAnswer(503, b"come back later")] * 5)
        with pytest.raises(
            EndpointUnavailable, match=r"endpoint e0 \(http://127.0.0.1:\d+\).*503.*come back"
        ):
            source.head()
        assert waiting.seconds == sorted(waiting.seconds)
        assert len(waiting.seconds) == 4


@pytest.mark.parametrize(("body", "expected"), [(HTML, "Enable JavaScript"), (b"[{]", r"\[{\]")])
def test_nonsense_that_stays_is_malformed_and_quoted(node: ScriptedNode, body: bytes, expected: str) -> None:
    """The beginning of the page tells a person what it is."""
    source = source_of(node)
    source.identity()
    node.next(*[HttpAnswer(body=body)] * 5)
    with pytest.raises(MalformedAnswer, match=expected):
        source.head()


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (HttpAnswer(429, headers={"Retry-After": "7"}), 7),
        (HttpAnswer(503, b"retry in 9 seconds"), 9),
        (HttpAnswer(429, b'{"error":{"code":-32022,"message":"retry in 6 seconds"}}'), 6),
        (HttpAnswer(200, b'{"error":{"code":-32022,"message":"retry in 6 seconds"}}'), 6),
        (
            HttpAnswer(
                429,
                headers={
                    "Retry-After": "Wed, 21 Oct 2026 07:28:05 GMT",
                    "Date": "Wed, 21 Oct 2026 07:28:00 GMT",
                },
            ),
            5,
        ),
    ],
)
def test_an_endpoint_that_asks_for_patience_gets_it(
    node: ScriptedNode, fault: HttpAnswer, seconds: float
) -> None:
    """Retry-After in seconds or as a date by the sender's own clock, or the words of the error."""
    waiting = Waiting()
    source = source_of(node, waiting=waiting)
    source.identity()
    node.next(fault)
    source.head()
    assert waiting.seconds == [pytest.approx(seconds)]


@pytest.mark.parametrize("asked", ["soon", "Wed, 21 Oct 2026 07:28:05 GMT"])
def test_a_wish_that_cannot_be_read_is_an_ordinary_rest(node: ScriptedNode, asked: str) -> None:
    """A word, or a date that nothing can be compared with: the server's own Date is unreadable."""
    waiting = Waiting()
    source = source_of(node, waiting=waiting)
    source.identity()
    node.next(HttpAnswer(429, headers={"Retry-After": asked, "Date": "now"}))
    source.head()
    assert waiting.seconds == [1]


def test_an_endpoint_that_asks_for_an_hour_is_not_waited_for(node: ScriptedNode) -> None:
    """The stage fails and says for how long; the schedule decides when to come back."""
    waiting = Waiting()
    source = source_of(node, waiting=waiting)
    source.identity()
    node.next(HttpAnswer(429, headers={"Retry-After": "3600"}))
    with pytest.raises(EndpointUnavailable, match="3600 s of patience") as caught:
        source.head()
    assert caught.value.retry_after_seconds == pytest.approx(3_600)
    assert waiting.seconds == []


def test_a_stop_ends_the_waiting(node: ScriptedNode) -> None:
    """A program that stops does not sit out its rests."""
    source = source_of(node, waiting=Waiting(stop_after=1))
    source.identity()
    node.next(*[HttpAnswer(503)] * 5)
    with pytest.raises(EndpointUnavailable, match="stopped"):
        source.head()
    assert len(node.script) == 4


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (HttpAnswer(401, b"no"), "HTTP 401"),
        (HttpAnswer(402, b"payment required"), "HTTP 402: payment required"),
        (HttpAnswer(404, b"nothing here"), "HTTP 404"),
        (
            HttpAnswer(307, headers={"Location": "http://127.0.0.1:1/elsewhere"}),
            "a redirect, is not followed",
        ),
        (HttpAnswer(413, b"too much"), "HTTP 413"),
        (HttpAnswer(400, b'{"error":{"code":-32602,"message":"bad params"}}'), "bad params"),
        (
            HttpAnswer(200, b'{"error":{"code":-32005,"message":"Monthly capacity limit"}}'),
            "Monthly capacity",
        ),
        (
            HttpAnswer(429, b'{"error":{"code":429,"message":"Monthly capacity limit exceeded"}}'),
            "Monthly capacity",
        ),
    ],
)
def test_what_a_retry_does_not_change_is_not_retried(
    node: ScriptedNode, fault: HttpAnswer, expected: str
) -> None:
    """A wrong key, a spent quota, a redirect: one request, one error."""
    source = source_of(node)
    source.identity()
    before = len(node.requests)
    node.next(fault)
    with pytest.raises(CallRefused, match=expected):
        source.head()
    assert len(node.requests) == before + 1


def test_a_slow_endpoint_is_not_waited_for_longer_than_its_time_out(node: ScriptedNode) -> None:
    """A read without an answer ends, and the next try may succeed."""
    release = threading.Event()
    source = source_of(node, timeout_seconds=0.2)
    source.identity()
    node.next(HttpAnswer(hold=release))
    try:
        assert source.head().number == 29
        node.next(*[HttpAnswer(hold=release)] * 5)
        with pytest.raises(EndpointUnavailable, match=r"no answer within 0\.2 s"):
            source.head()
    finally:
        release.set()


def test_a_closed_port_is_named() -> None:
    """Nobody listens: the error says so and names the endpoint."""
    with scripted_node() as node:
        url = node.url
    with pytest.raises(EndpointUnavailable, match="connection refused: is the node running"):
        source_of(url).identity()


def test_threads_that_find_an_endpoint_closed_together_fail_together() -> None:
    """One of them finds out that it cannot name its chain; the others take its word."""
    with scripted_node() as node:
        url = node.url
    source = source_of(url, ahead=8)
    with pytest.raises(EndpointUnavailable, match="connection refused"):
        next(source.windows(BlockRange(0, 29), 1))


def test_an_identity_is_asked_once(node: ScriptedNode) -> None:
    """What an endpoint is does not change while the program runs."""
    source = source_of(node)
    assert source.identity() == source.identity()
    assert node.asked("eth_getBlockByNumber") == 1


def test_a_connection_that_breaks_is_named(node: ScriptedNode) -> None:
    """A node that is killed hangs up without a word."""
    source = source_of(node)
    source.identity()
    node.next(*[HttpAnswer(hang_up=True)] * 5)
    with pytest.raises(EndpointUnavailable, match="the connection broke"):
        source.head()


def test_a_connection_that_is_no_tls_is_named(node: ScriptedNode) -> None:
    """Speak https to a port that speaks http."""
    with pytest.raises(EndpointUnavailable, match="TLS"):
        source_of(node.url.replace("http:", "https:")).identity()


def test_a_compressed_answer_is_unpacked(node: ScriptedNode) -> None:
    """Providers compress; the client asks for it."""
    source = source_of(node)
    source.identity()
    node.next(zipped(json.dumps({"id": 0, "result": node.blocks[3][0]}).encode()))
    assert source.head().number == 3


def test_an_answer_without_end_is_cut_off(node: ScriptedNode) -> None:
    """More bytes than any honest answer has are not read into memory."""
    body = write_request([Call("eth_getBlockReceipts", ("0x1",))])
    failure = Transport("e0", node.url, max_bytes=100).post(body)
    assert isinstance(failure, Failure)
    assert failure.refusal is Refusal.TOO_LARGE


@pytest.mark.parametrize(
    "fault",
    [
        HttpAnswer(500, f"cannot reach /v2/{KEY}?token={KEY}s".encode()),
        HttpAnswer(401, KEY.encode()),
        HttpAnswer(body=f"<html>{KEY}</html>".encode()),
        HttpAnswer(200, f'{{"error":{{"code":-32600,"message":"bad key {KEY}"}}}}'.encode()),
        HttpAnswer(307, headers={"Location": f"http://127.0.0.1:1/{KEY}"}),
        HttpAnswer(body=b"x" * 100, cut=50),
        HttpAnswer(200, b'{"error":"no such user: pass5word"}'),
    ],
)
def test_the_key_in_a_url_never_reaches_an_error(node: ScriptedNode, fault: HttpAnswer) -> None:
    """Not from the URL, not from a server that echoes it, not by a chained exception."""
    url = node.url.replace("http://", "http://user:pass5word@")
    source = source_of(f"{url}/v2/{KEY}?token={KEY}s")
    source.identity()
    node.next(*[fault] * 5)
    with pytest.raises(ChainError) as caught:
        source.head()
    errors: list[BaseException] = [caught.value]
    while following := errors[-1].__cause__ or errors[-1].__context__:
        errors.append(following)
    for error in errors:
        assert KEY not in repr(error)
        assert "pass5word" not in repr(error)
    assert node.paths[-1] == f"/v2/{KEY}?token={KEY}s"


def test_settings_do_not_show_their_url() -> None:
    """A settings object in a log or a traceback is no leak."""
    assert KEY not in repr(EndpointSettings("main", f"http://127.0.0.1/{KEY}"))


def test_the_wrong_chain_stops_everything_and_both_are_named() -> None:
    """A chain id that is not the program's is no fault to retry."""
    with scripted_node(chain_id=1) as node, pytest.raises(WrongChain, match=rf"chain 1 .*chain {CHAIN_ID}"):
        source_of(node).head()


def test_a_second_endpoint_of_another_genesis_stops_everything(node: ScriptedNode) -> None:
    """Two devnets of one id: facts of the one must never meet facts of the other; it shows at the start."""
    with scripted_node(salt="other") as other:
        with pytest.raises(WrongChain) as caught:
            source_of(node, other).identity()
        assert node.hash(0) in str(caught.value)
        assert other.hash(0) in str(caught.value)


def test_an_endpoint_that_comes_back_as_another_chain_stops_everything(node: ScriptedNode) -> None:
    """Behind a load balancer anybody may answer after a break: chain and genesis are asked again."""
    source = source_of(node)
    source.identity()
    node.next(HttpAnswer(502))
    node.chain_id = 1
    with pytest.raises(WrongChain, match="chain 1 "):
        source.head()


@pytest.mark.parametrize(
    "identity", [{"id": 0, "result": "thirty"}, {"id": 0, "result": None}, {"id": 0, "result": "0x"}]
)
def test_an_endpoint_that_cannot_name_its_chain_is_not_used(
    node: ScriptedNode, identity: dict[str, object]
) -> None:
    """Nonsense about the chain id is nonsense, and asked again."""
    node.edit = lambda answer: {**answer, **identity} if answer["result"] == hex(CHAIN_ID) else answer
    with pytest.raises(MalformedAnswer, match="chain"):
        source_of(node).identity()


def test_another_endpoint_takes_over_and_the_first_comes_back(node: ScriptedNode) -> None:
    """The order of the list is the order of preference, as soon as the first has rested."""
    with scripted_node() as second:
        waiting = Waiting()
        source = source_of(node, second, waiting=waiting)
        source.identity()
        node.next(HttpAnswer(503))
        assert source.head().number == 29
        assert second.asked("eth_getBlockByNumber") == 2
        waiting(10)
        source.head()
        assert second.asked("eth_getBlockByNumber") == 2
        assert waiting.seconds == [10]


def test_an_endpoint_that_lacks_history_is_passed_over(node: ScriptedNode) -> None:
    """Pruned here, whole there: the question goes on to the next endpoint without a rest."""
    with scripted_node() as archive:
        node.methods["eth_getBlockByNumber"] = lambda method, params: (
            archive.methods[method](method, params) if params[0] == "0x0" else _refuse(4444, "pruned")
        )
        waiting = Waiting()
        source = source_of(node, archive, waiting=waiting)
        assert [ref and ref.number for ref in source.headers([5, 6])] == [5, 6]
        assert waiting.seconds == []
    archive_gone = source_of(archive.url)
    with pytest.raises(EndpointUnavailable):
        archive_gone.head()


def test_history_that_nobody_has_is_missing(node: ScriptedNode) -> None:
    """Every endpoint was asked once; the error says what would help."""
    node.methods["eth_getCode"] = lambda _method, _params: _refuse(-32000, "missing trie node")
    source = source_of(node)
    with pytest.raises(HistoryMissing, match=r"missing trie node.*add an endpoint with the whole history"):
        source.code_now(_address())
    assert node.asked("eth_getCode") == 1


def test_a_ceiling_of_calls_is_kept(node: ScriptedNode) -> None:
    """60 calls a minute, counted by call and not by request: 25 headers take the time of 25 calls."""
    waiting = Waiting()
    source = source_of(node, waiting=waiting, calls_per_minute=60)
    source.headers(range(25))
    source.head()
    assert sum(waiting.seconds) == pytest.approx(2 + 25 - 5)


def test_a_stop_ends_the_waiting_for_the_budget(node: ScriptedNode) -> None:
    """A program that stops does not wait for calls that it may still make."""
    source = source_of(node, waiting=Waiting(stop_after=1), calls_per_minute=1)
    with pytest.raises(EndpointUnavailable, match="stopped"):
        source.headers(range(25))


def _refuse(code: int, message: str) -> object:
    raise Refused(code, message)


def _address() -> Address:
    return Address("0x" + "aa" * 20)
