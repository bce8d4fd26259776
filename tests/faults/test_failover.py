"""Several endpoints: who is asked, who is left alone and for how long, and how one comes back."""

from datetime import timedelta
from typing import Any

import pytest

from tests.faults.scripted_node import (
    HttpAnswer,
    Refused,
    ScriptedNode,
    Waiting,
    scripted_node,
    source_of,
)
from watcher.chain.admission import GONE_BACK
from watcher.chain.condition import ALONE_SECONDS, LACKS_SECONDS, LONG_FAILURES, LONG_SECONDS
from watcher.chain.reader import JsonRpcSource
from watcher.chain.refusals import Refusal
from watcher.core.types import Address, BlockRange
from watcher.errors import (
    CallRefused,
    ChainError,
    EndpointUnavailable,
    HistoryMissing,
    MalformedAnswer,
    WrongChain,
)

CONTRACT = Address("0x" + "aa" * 20)
BARRED_SECONDS = ALONE_SECONDS[Refusal.BARRED]
QUARANTINE_SECONDS = ALONE_SECONDS[Refusal.WENT_BACK]


def refuse(code: int, message: str) -> Any:  # noqa: ANN401
    """Answer with an error."""
    raise Refused(code, message)


def read(source: JsonRpcSource, last: int = 29) -> int:
    """Read blocks and count their receipts."""
    windows = source.windows(BlockRange(0, last), 10)
    return sum(len(block.receipts) for window in windows for block in window.blocks)


def high(node: ScriptedNode, number: int) -> None:
    """Let the node's head be a block of this number."""
    header, receipts = node.block(number, 1)
    honest = node.methods["eth_getBlockByNumber"]
    node.methods["eth_getBlockByNumber"] = lambda method, params: (
        header if params[0] in {"latest", hex(number)} else honest(method, params)
    )
    node.methods["eth_getBlockReceipts"] = lambda _method, _params: receipts


def low(node: ScriptedNode) -> None:
    """Let the node forget what `high` made it show."""
    del node.methods["eth_getBlockByNumber"]
    node.methods["eth_getBlockByNumber"] = node._header


@pytest.mark.parametrize(
    "refusal",
    [
        HttpAnswer(402, b"payment required"),
        HttpAnswer(401, b"no such key"),
        HttpAnswer(200, b'{"error":{"code":-32005,"message":"Monthly capacity limit exceeded"}}'),
    ],
)
def test_a_spent_quota_or_a_bad_key_is_not_asked_again_for_long(
    node: ScriptedNode, second: ScriptedNode, refusal: HttpAnswer
) -> None:
    """Asking again cannot help and may cost: the others take over, and later it is tried once more."""
    waiting = Waiting()
    source = source_of(node, second, waiting=waiting)
    source.identity()
    node.next(refusal)
    assert source.head().number == 99
    asked = len(node.requests)
    waiting(BARRED_SECONDS - 1)
    assert source.head().number == 99
    assert len(node.requests) == asked
    [trouble] = source.troubles()
    assert trouble.endpoint.startswith("endpoint e0 (http://127.0.0.1:")
    waiting(1)
    source.head()
    assert len(node.requests) > asked
    assert source.troubles() == []


def test_a_single_barred_endpoint_says_why_nothing_is_read(node: ScriptedNode) -> None:
    """The first error is its refusal, the next ones repeat it without asking."""
    source = source_of(node)
    source.identity()
    node.next(HttpAnswer(402, b"payment required"))
    with pytest.raises(CallRefused, match="payment required"):
        source.head()
    asked = len(node.requests)
    with pytest.raises(EndpointUnavailable, match=r"is left alone for 600 s more: HTTP 402: payment"):
        source.head()
    assert len(node.requests) == asked


def test_a_method_that_one_endpoint_lacks_is_asked_of_the_other(
    node: ScriptedNode, second: ScriptedNode
) -> None:
    """Receipts of whole blocks come from the one that has them, headers from the preferred one."""
    del node.methods["eth_getBlockReceipts"]
    waiting = Waiting()
    source = source_of(node, second, waiting=waiting, ahead=1)
    assert read(source) == 60
    assert node.asked("eth_getTransactionReceipt") == 0
    asked = node.asked("eth_getBlockReceipts")
    assert read(source) == 60
    assert node.asked("eth_getBlockReceipts") == asked
    waiting(LACKS_SECONDS + 1)
    assert read(source) == 60
    assert node.asked("eth_getBlockReceipts") > asked


def test_history_that_one_endpoint_lacks_is_asked_of_the_other(
    node: ScriptedNode, second: ScriptedNode
) -> None:
    """It is asked first again above the pruned block, and not below it for some minutes."""
    node.methods["eth_getCode"] = lambda _method, params: (
        refuse(-32000, "missing trie node") if int(params[1], 16) <= 20 else "0x6001"
    )
    source = source_of(node, second)
    source.head()
    refs = source.headers([10, 20, 15, 30])
    samples = [source.sample(CONTRACT, ref) for ref in (refs[1], refs[0], refs[2], refs[3]) if ref]
    assert all(sample.runnable for sample in samples)
    assert node.asked("eth_getCode") == 1 + 1
    assert second.asked("eth_getCode") == 3


def test_receipts_that_are_pruned_are_not_looked_for_one_by_one(node: ScriptedNode) -> None:
    """The endpoint knows the method and lacks the blocks: the next run asks the same, and no more."""
    node.methods["eth_getBlockReceipts"] = lambda _method, _params: refuse(4444, "pruned history unavailable")
    source = source_of(node, ahead=1)
    source.head()
    for _ in range(2):
        with pytest.raises(HistoryMissing, match="pruned"):
            read(source)
    assert node.asked("eth_getTransactionReceipt") == 0


def test_what_is_missing_close_to_the_head_is_not_held_against_an_endpoint(node: ScriptedNode) -> None:
    """In a moment it may be there: it is asked again the next time."""
    node.methods["eth_getCode"] = lambda _method, _params: refuse(-32000, "header not found")
    source = source_of(node)
    head = source.head()
    for _ in range(2):
        with pytest.raises(HistoryMissing, match="header not found"):
            source.sample(CONTRACT, head)
    assert node.asked("eth_getCode") == 2


def test_where_all_lack_something_they_are_asked_all_the_same(node: ScriptedNode) -> None:
    """What an endpoint said minutes ago is a reason to ask it last, not to give up."""
    node.methods["eth_getCode"] = lambda _method, _params: refuse(4444, "pruned")
    source = source_of(node)
    source.head()
    [ref] = source.headers([5])
    assert ref is not None
    with pytest.raises(HistoryMissing):
        source.sample(CONTRACT, ref)
    del node.methods["eth_getCode"]
    node.methods["eth_getCode"] = lambda _method, _params: "0x6001"
    assert source.sample(CONTRACT, ref).runnable


def test_a_node_that_goes_back_far_is_quarantined_and_others_are_used(
    node: ScriptedNode, second: ScriptedNode
) -> None:
    """Its head is not believed, it is asked for nothing, and it is told of until its head is up again."""
    waiting = Waiting()
    high(node, 50_000)
    source = source_of(node, second, waiting=waiting)
    assert source.head().number == 50_000
    low(node)
    high(second, 50_001)
    assert source.head().number == 50_001
    [trouble] = source.troubles()
    assert "its head is block 99, but block 50000 was there before" in trouble.what
    asked = len(node.requests)
    assert source.head().number == 50_001
    assert len(node.requests) == asked
    waiting(QUARANTINE_SECONDS + 1)
    source.head()
    assert [call["method"] for batch in node.requests[asked:] for call in batch] == [
        "eth_chainId",
        "eth_getBlockByNumber",
        "eth_getBlockByNumber",
    ]
    assert len(source.troubles()) == 1
    high(node, 50_002)
    waiting(QUARANTINE_SECONDS + 1)
    assert source.head().number == 50_002
    assert source.troubles() == []


def test_the_only_node_that_goes_back_far_gives_no_head(node: ScriptedNode) -> None:
    """An error says so; nothing that rests on the head goes on."""
    high(node, 50_000)
    source = source_of(node)
    source.head()
    low(node)
    with pytest.raises(EndpointUnavailable, match="its head is block 99, but block 50000 was there"):
        source.head()
    with pytest.raises(EndpointUnavailable, match="is left alone for 60 s more: its head is block 99"):
        source.head()


def test_a_head_that_nobody_shows_again_is_forgotten(node: ScriptedNode, second: ScriptedNode) -> None:
    """One lie about a high head must not make all honest nodes look as if they had gone back, for ever."""
    waiting = Waiting()
    source = source_of(node, second, waiting=waiting)
    high(node, 10**9)
    assert source.head().number == 10**9
    low(node)
    with pytest.raises(EndpointUnavailable):
        source.head()
    waiting(QUARANTINE_SECONDS + 1)
    assert source.head().number == 99


def test_what_was_read_once_counts_for_ever(node: ScriptedNode) -> None:
    """After a restart too: the database knows a block that the node has lost, and waits for it."""
    waiting = Waiting()
    source = source_of(node, waiting=waiting)
    source.expect(99 + GONE_BACK)
    assert source.head().number == 99
    source.expect(100 + GONE_BACK)
    for _ in range(3):
        with pytest.raises(EndpointUnavailable, match="block 10100 was there before"):
            source.head()
        waiting(QUARANTINE_SECONDS + 1)


@pytest.mark.parametrize("head", [None, {"number": None}, {"number": "high"}, []])
def test_a_quarantined_node_that_shows_no_head_stays_there(node: ScriptedNode, head: object) -> None:
    """Nothing, or nonsense, lets nobody back."""
    waiting = Waiting()
    high(node, 50_000)
    source = source_of(node, waiting=waiting)
    source.head()
    low(node)
    with pytest.raises(EndpointUnavailable):
        source.head()
    honest = node.methods["eth_getBlockByNumber"]
    shown = {**node.blocks[9][0], **head} if isinstance(head, dict) else head
    node.methods["eth_getBlockByNumber"] = lambda method, params: (
        shown if params[0] == "latest" else honest(method, params)
    )
    waiting(QUARANTINE_SECONDS + 1)
    with pytest.raises(ChainError, match=r"head|JSON"):
        source.head()
    assert len(source.troubles()) == 1


def test_an_endpoint_that_comes_back_from_quarantine_as_another_chain_stops_everything(
    node: ScriptedNode, second: ScriptedNode
) -> None:
    """Letting it back begins with the question which chain it serves."""
    waiting = Waiting()
    source = source_of(node, second, waiting=waiting)
    source.identity()
    node.next(HttpAnswer(402))
    source.head()
    node.chain_id = 1
    waiting(BARRED_SECONDS + 1)
    with pytest.raises(WrongChain, match="chain 1 "):
        source.head()


def test_an_endpoint_that_fails_for_long_is_told_of_until_it_works(
    node: ScriptedNode, second: ScriptedNode
) -> None:
    """Not a passing fault, nor many at once: failures in a row over minutes."""
    waiting = Waiting()
    source = source_of(second, node, waiting=waiting)
    second.next(*[HttpAnswer(503)] * 100)
    for _ in range(LONG_FAILURES):
        source.head()
        assert source.troubles() == []
        waiting(LONG_SECONDS / LONG_FAILURES + 1)
    source.head()
    [trouble] = source.troubles()
    assert trouble.what.startswith("HTTP 503")
    assert waiting.clock.now() - trouble.since > timedelta(seconds=LONG_SECONDS)
    second.script.clear()
    waiting(10)
    source.head()
    assert source.troubles() == []


def test_an_endpoint_that_nobody_prefers_is_looked_at_when_it_has_rested(
    node: ScriptedNode, second: ScriptedNode
) -> None:
    """Otherwise nobody would ask it again while the first one works, and it would stay in trouble."""
    waiting = Waiting()
    source = source_of(node, second, waiting=waiting)
    source.identity()
    node.next(HttpAnswer(503))
    second.next(HttpAnswer(402))
    source.head()
    assert len(source.troubles()) == 1
    second.next(HttpAnswer(402))
    for _ in range(2):
        waiting(BARRED_SECONDS / 2 + 1)
        source.head()
    assert len(source.troubles()) == 1
    for _ in range(2):
        waiting(BARRED_SECONDS / 2 + 1)
        source.head()
    assert source.troubles() == []


def test_every_endpoint_that_answers_is_compared_at_the_start(
    node: ScriptedNode, second: ScriptedNode
) -> None:
    """The second one too, before anything fails; one that does not answer is compared later."""
    with scripted_node() as gone:
        url = gone.url
    source = source_of(node, url, second)
    source.identity()
    assert [second.asked("eth_chainId"), second.asked("eth_getBlockByNumber")] == [1, 1]
    second.chain_id = 1
    with pytest.raises(WrongChain):
        source_of(node, url, second).identity()


def test_a_lie_is_named_where_nobody_else_can_be_asked(node: ScriptedNode, second: ScriptedNode) -> None:
    """The error is the contradiction, not that the other endpoint is left alone."""
    del node.blocks[7][1][-1]
    waiting = Waiting()
    source = source_of(node, second, waiting=waiting)
    source.identity()
    second.next(HttpAnswer(402))
    node.next(HttpAnswer(503))
    source.head()
    with pytest.raises(MalformedAnswer, match="block 7: 1 receipts for 2 transactions"):
        list(source.windows(BlockRange(0, 29), 10))


def test_a_429_teaches_a_rate_that_is_kept(node: ScriptedNode) -> None:
    """After one refusal the calls come half as fast as they were taken: no second one follows."""
    waiting = Waiting()
    source = source_of(node, waiting=waiting)
    source.headers(range(80))
    node.next(HttpAnswer(429))
    source.headers(range(20))
    before = waiting.clock.monotonic()
    for _ in range(10):
        source.headers(range(40))
    seconds = waiting.clock.monotonic() - before
    assert 400 / 50 < seconds < 400 / 35
    assert [dict(traffic.faults) for traffic in source.traffic.values()] == [{"rate limit": 1}]


class Noting(Waiting):
    """Also notes how many requests a node got before each wait."""

    def __init__(self, node: ScriptedNode) -> None:
        """Wait for as long as need be."""
        super().__init__()
        self.node = node
        self.sent: list[int] = []

    def __call__(self, seconds: float) -> bool:
        """Note, and let the time pass."""
        self.sent.append(len(self.node.requests))
        return super().__call__(seconds)


def test_a_refusal_for_the_rate_ends_a_question_of_several_requests(node: ScriptedNode) -> None:
    """A hundred calls go out side by side; what would follow them is not sent into the same refusal."""
    honest = node.answer
    node.answer = lambda path, body: (  # type: ignore[method-assign]
        HttpAnswer(413) if body.count(b'"id"') > 20 else honest(path, body)
    )
    waiting = Noting(node)
    source = source_of(node, waiting=waiting, ahead=8)
    numbers = [number % 30 for number in range(400)]
    source.headers(numbers)
    before = len(node.requests)
    node.next(*[HttpAnswer(429)] * 5)
    assert [block.number for block in source.headers(numbers) if block] == numbers
    assert waiting.sent[0] - before == 5
    assert sum(len(batch) for batch in node.requests[before:]) == 500
