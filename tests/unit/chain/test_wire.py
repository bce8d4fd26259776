"""JSON-RPC as bytes: what goes out, and what is made of whatever comes back."""

import json

import msgspec
import pytest

from watcher.chain.refusals import Failure, Refusal
from watcher.chain.wire import BLOCKS, VALUES, Call, HeaderJson, ReceiptJson, read_answers, write_request


def refusals(body: object, count: int) -> list[Refusal | str]:
    """Read answers and give the refusal of each failure, else the value."""
    found = read_answers(json.dumps(body).encode(), count, VALUES)
    return [item.refusal if isinstance(item, Failure) else str(item) for item in found]


def answer(call_id: object, value: object) -> dict[str, object]:
    """Make one good answer."""
    return {"jsonrpc": "2.0", "id": call_id, "result": value}


def error(call_id: object, code: object, message: str) -> dict[str, object]:
    """Make one error."""
    return {"jsonrpc": "2.0", "id": call_id, "error": {"code": code, "message": message}}


def test_a_single_call_is_sent_as_an_object_and_several_as_a_batch() -> None:
    """Some endpoints take no batch, not even of one."""
    call = Call("eth_getCode", ("0xaa", "0x1"))
    single = {"jsonrpc": "2.0", "id": 0, "method": "eth_getCode", "params": ["0xaa", "0x1"]}
    assert json.loads(write_request([call])) == single
    assert json.loads(write_request([call, Call("eth_chainId")])) == [
        single,
        {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []},
    ]


def test_answers_come_in_any_order() -> None:
    """A batch is put in order by its ids."""
    assert refusals([answer(1, "b"), answer(0, "a")], 2) == ["a", "b"]


def test_a_short_batch_fails_only_what_is_missing() -> None:
    """What came back is taken; what did not is asked again."""
    assert refusals([answer(0, "a"), answer(2, "c")], 3) == ["a", Refusal.MALFORMED, "c"]


def test_a_doubled_answer_is_no_answer() -> None:
    """Nobody can tell which of the two is right."""
    assert refusals([answer(0, "a"), answer(0, "b"), answer(1, "c")], 2) == [Refusal.MALFORMED, "c"]


@pytest.mark.parametrize("stranger", [7, -1, None, "0"])
def test_an_answer_to_nothing_asked_is_ignored(stranger: object) -> None:
    """It cannot be put anywhere."""
    assert refusals([answer(0, "a"), answer(stranger, "x")], 1) == ["a"]


def test_one_error_in_a_batch_leaves_the_others_alone() -> None:
    """Each element is judged by itself."""
    body = [answer(0, "a"), error(1, 429, "slow down"), answer(2, None)]
    assert refusals(body, 3) == ["a", Refusal.BUSY, "None"]


def test_one_error_for_a_whole_batch_is_the_error_of_each() -> None:
    """What is refused for good may be the batch itself: then fewer at once are tried."""
    assert refusals(error(None, -32005, "rate limited"), 2) == [Refusal.BUSY] * 2
    assert refusals(error(None, -32600, "invalid request"), 2) == [Refusal.TOO_LARGE] * 2
    assert refusals(answer(0, "a"), 2) == [Refusal.TOO_LARGE] * 2


def test_an_object_answers_a_single_call() -> None:
    """Whatever its id: gateways lose it on errors."""
    assert refusals(answer(None, "a"), 1) == ["a"]
    assert refusals(error(None, -32600, "invalid request"), 1) == [Refusal.FINAL]


def test_errors_come_in_many_forms() -> None:
    """A bare string, a code that is text, the reason in data, neither result nor error."""
    assert refusals({"error": "monthly quota"}, 1) == [Refusal.BARRED]
    assert refusals([error(0, "SERVER_ERROR", "try again")], 1) == [Refusal.BUSY]
    with_data = {"id": 0, "error": {"code": -32602, "message": "", "data": {"why": "pruned"}}}
    assert refusals([with_data], 1) == [Refusal.HISTORY]
    assert refusals({"jsonrpc": "2.0", "id": 0}, 1) == [Refusal.MALFORMED]


@pytest.mark.parametrize("body", [b"", b"<html>", b'[{"id":0,"result":', b'{"id":0,"result":7}', b"7"])
def test_what_is_no_json_of_the_kind_asked_for_cannot_be_read(body: bytes) -> None:
    """HTML, truncated JSON, other types: the whole answer is nonsense."""
    with pytest.raises(msgspec.DecodeError):
        read_answers(body, 1, VALUES)


def test_receipts_and_headers_are_told_apart_by_their_form() -> None:
    """One batch may hold both; fields that are not used are not looked at."""
    receipt = {"from": "0xaa", "gasUsed": "0x1", "logs": [], "blockTimestamp": 7, "l1Fee": "0x2"}
    header = {
        "hash": "0x01",
        "number": "0x1",
        "parentHash": "0x02",
        "timestamp": "0x3",
        "receiptsRoot": "0x04",
        "transactions": [],
    }
    body = json.dumps([answer(0, [receipt]), answer(1, header), answer(2, None)]).encode()
    receipts, block, nothing = read_answers(body, 3, BLOCKS)
    assert isinstance(receipts, list)
    assert isinstance(receipts[0], ReceiptJson)
    assert (receipts[0].sender, receipts[0].type, receipts[0].l1_fee, receipts[0].to) == (
        "0xaa",
        "0x0",
        "0x2",
        None,
    )
    assert isinstance(block, HeaderJson)
    assert block.parent_hash == "0x02"
    assert nothing is None
