"""The judges of answers about blocks: what cannot be true is not taken."""

import msgspec
import pytest

from watcher.chain.questions import (
    EMPTY_ROOT,
    Header,
    NoBlockReceipts,
    header_at,
    header_if_any,
    header_tagged,
    receipt_of,
    receipts_at,
)
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Question
from watcher.chain.wire import HeaderJson, LogJson, ReceiptJson
from watcher.core.types import BlockHash, BlockRef
from watcher.core.window import BlockReceipts

HASH = "0x" + "ab" * 32
PARENT = "0x" + "cd" * 32
HEADER = HeaderJson(
    hash=HASH, number="0x7", parent_hash=PARENT, timestamp="0x64", receipts_root=EMPTY_ROOT, transactions=[]
)
RECEIPT = ReceiptJson(
    logs=(LogJson(address="0xaa", topics=(), data="0x", log_index="0x0"),),
    gas_used="0x1",
    sender="0xbb",
    status="0x1",
    effective_gas_price="0x1",
    block_hash=HASH,
    block_number="0x7",
)
REF = BlockRef(7, BlockHash(HASH), BlockHash(PARENT), 100)
PRUNED = Failure(Refusal.HISTORY, "pruned")
BUSY = Failure(Refusal.BUSY, "busy")


def refusal(question: Question[object], outcome: object) -> Refusal:
    """Judge an outcome that must fail."""
    judged = question.judge(outcome)
    assert isinstance(judged, Failure)
    return judged.refusal


def test_a_header_is_decoded_and_its_number_compared() -> None:
    """The block that was asked for, or no answer."""
    assert header_at(7).call == ("eth_getBlockByNumber", ("0x7", False))
    assert header_at(7).judge(HEADER) == Header(REF, EMPTY_ROOT, [])
    assert refusal(header_at(8), HEADER) is Refusal.MALFORMED
    assert refusal(header_at(7), None) is Refusal.NOT_THERE
    assert refusal(header_at(7), PRUNED) is Refusal.HISTORY


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("hash", None, Refusal.UNSEALED),
        ("number", None, Refusal.UNSEALED),
        ("hash", "0x12", Refusal.MALFORMED),
        ("parent_hash", "0x12", Refusal.MALFORMED),
        ("number", "seven", Refusal.MALFORMED),
        ("timestamp", "", Refusal.MALFORMED),
    ],
)
def test_a_header_that_cannot_be_true_is_refused(field: str, value: str | None, expected: Refusal) -> None:
    """A block not sealed yet will be soon; anything else is nonsense."""
    assert refusal(header_at(7), msgspec.structs.replace(HEADER, **{field: value})) is expected


@pytest.mark.parametrize("nonsense", ["0x12", [RECEIPT]])
def test_something_else_than_a_block_is_refused(nonsense: object) -> None:
    """A string or a list is no header."""
    assert refusal(header_at(7), nonsense) is Refusal.MALFORMED


def test_no_block_of_a_number_is_an_answer_only_where_it_was_asked_so() -> None:
    """Null says that there is none; an error says that nobody knows."""
    assert header_if_any(7).judge(None) is None
    assert isinstance(header_if_any(7).judge(HEADER), Header)
    assert refusal(header_if_any(7), PRUNED) is Refusal.HISTORY


def test_no_block_with_a_tag_is_an_answer() -> None:
    """Nodes say so by null or by an error such as "unknown block"."""
    assert header_tagged("finalized").judge(None) is None
    assert header_tagged("finalized").judge(PRUNED) is None
    assert isinstance(header_tagged("finalized").judge(HEADER), Header)
    assert refusal(header_tagged("finalized"), BUSY) is Refusal.BUSY


def test_receipts_carry_their_blocks_hash() -> None:
    """An empty list has none: the header has to confirm it."""
    assert receipts_at(7).judge([RECEIPT]) == BlockReceipts(7, BlockHash(HASH), [RECEIPT])
    assert receipts_at(7).judge([]) == BlockReceipts(7, BlockHash(""), [])


def test_an_endpoint_without_block_receipts_is_told_apart_from_one_that_failed() -> None:
    """The first is read transaction by transaction, the second asked again."""
    assert receipts_at(7).judge(Failure(Refusal.NO_METHOD, "no")) == NoBlockReceipts()
    assert refusal(receipts_at(7), BUSY) is Refusal.BUSY
    assert refusal(receipts_at(7), None) is Refusal.NOT_THERE
    assert refusal(receipts_at(7), HEADER) is Refusal.MALFORMED


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("block_hash", None, Refusal.UNSEALED),
        ("block_hash", PARENT, Refusal.MALFORMED),
        ("block_number", "0x8", Refusal.MALFORMED),
        ("block_number", None, Refusal.MALFORMED),
        ("status", "", Refusal.FINAL),
        ("effective_gas_price", "", Refusal.FINAL),
    ],
)
def test_one_receipt_that_cannot_be_true_refuses_the_block(
    field: str, value: str | None, expected: Refusal
) -> None:
    """All receipts of a block agree on it, and each has what facts are made of."""
    odd = msgspec.structs.replace(RECEIPT, **{field: value})
    assert refusal(receipts_at(7), [RECEIPT, odd]) is expected


def test_addresses_with_capitals_are_refused() -> None:
    """Comparisons rest on lowercase hex; a checksummed address would silently match nothing."""
    for odd in (
        msgspec.structs.replace(RECEIPT, sender="0xBB"),
        msgspec.structs.replace(RECEIPT, to="0xCC"),
        msgspec.structs.replace(
            RECEIPT, logs=(LogJson(address="0xAA", topics=(), data="0x", log_index="0x0"),)
        ),
    ):
        assert refusal(receipts_at(7), [odd]) is Refusal.FINAL


def test_a_single_receipt_must_be_of_the_block() -> None:
    """The same holds for receipts that are read one by one."""
    assert receipt_of("0x01", REF).call == ("eth_getTransactionReceipt", ("0x01",))
    assert receipt_of("0x01", REF).judge(RECEIPT) == RECEIPT
    assert refusal(receipt_of("0x01", REF), None) is Refusal.NOT_THERE
    assert refusal(receipt_of("0x01", REF), BUSY) is Refusal.BUSY
    elsewhere = msgspec.structs.replace(RECEIPT, block_hash=PARENT)
    assert refusal(receipt_of("0x01", REF), elsewhere) is Refusal.MALFORMED
