"""What is asked about logs, and what is made of the answers."""

import pytest

from watcher.chain.hints import Hint
from watcher.chain.log_questions import (
    FewerAddresses,
    Narrower,
    NoLogs,
    logs_flaw,
    questions_about_logs,
    searches,
)
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.wire import FoundLogJson
from watcher.core.types import BlockHash, BlockRange
from watcher.core.window import BlockReceipts, LogFilter
from watcher.testing.fake_blocks import FakeLog, address, receipts_of, tx

ANN, APP, OTHER = (address(name) for name in ("ann", "app", "other"))
TOPIC, ELSE = "0x" + "1" * 64, "0x" + "2" * 64
HASH = BlockHash("0x" + "a" * 64)
SPAN = BlockRange(16, 31)


def told(index: int, emitter: str = APP, *topics: str, block_hash: str = HASH) -> FoundLogJson:
    """Give a log as eth_getLogs tells of it."""
    return FoundLogJson(emitter, topics, hex(index), block_hash, "0x10")


def block(*logs: FakeLog) -> BlockReceipts:
    """Give block 16 with one transaction that emitted these logs."""
    return BlockReceipts(16, HASH, receipts_of([tx(ANN, APP, logs=logs)]))


def test_a_filter_takes_one_search_for_addresses_and_one_for_topics() -> None:
    """Addresses whatever they say; topics whoever says them; no search where nothing is wanted."""
    only = LogFilter(frozenset({APP, OTHER}), frozenset({TOPIC, ELSE}), frozenset({3}))
    assert searches(only, 500) == [{"address": sorted([APP, OTHER])}, {"topics": [[TOPIC, ELSE]]}]
    assert searches(only, 1) == [{"address": [each]} for each in sorted([APP, OTHER])] + [
        {"topics": [[TOPIC, ELSE]]}
    ]
    assert searches(LogFilter(blocks=frozenset({3})), 500) == []


def test_the_searches_stand_between_two_looks_at_the_last_block() -> None:
    """With every header, the first look is at all of them."""
    only = LogFilter(frozenset({APP}))
    calls = [question.call for question in questions_about_logs(SPAN, only, 500, every_header=False)]
    assert [(call.method, call.params[0]) for call in calls] == [
        ("eth_getBlockByNumber", "0x1f"),
        ("eth_getLogs", {"fromBlock": "0x10", "toBlock": "0x1f", "address": [APP]}),
        ("eth_getBlockByNumber", "0x1f"),
    ]
    calls = [question.call for question in questions_about_logs(SPAN, only, 500, every_header=True)]
    assert [call.params[0] for call in calls[:16]] == [hex(number) for number in range(16, 32)]
    assert len(calls) == 18


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (Failure(Refusal.RANGE, "", hint=Hint(5)), Narrower(Hint(5))),
        (Failure(Refusal.RANGE, ""), Narrower(Hint())),
        (Failure(Refusal.TOO_LARGE, "Response is too big"), Narrower(Hint())),
        (Failure(Refusal.TOO_LARGE, "answered more than 5 bytes"), Narrower(Hint())),
        (Failure(Refusal.BUSY, "request timed out"), Narrower(Hint(), certain=False)),
        (Failure(Refusal.BUSY, "no answer within 30 s"), Narrower(Hint(), certain=False)),
        (Failure(Refusal.BUSY, "context deadline exceeded"), Narrower(Hint(), certain=False)),
        (Failure(Refusal.BUSY, "no backend is currently healthy"), Narrower(Hint(), certain=False)),
        (Failure(Refusal.ADDRESSES, ""), FewerAddresses()),
        (Failure(Refusal.NO_METHOD, ""), NoLogs()),
    ],
)
def test_a_refusal_says_what_to_ask_for_instead(refusal: Failure, expected: object) -> None:
    """It is an answer, and no fault of the endpoint."""
    _, asked, _ = questions_about_logs(SPAN, LogFilter(frozenset({APP})), 500, every_header=False)
    assert asked.judge(refusal) == expected


@pytest.mark.parametrize(
    "failure",
    [
        Failure(Refusal.TOO_LARGE, "batch too large"),
        Failure(Refusal.BUSY, "rate limit exceeded"),
        Failure(Refusal.HISTORY, "block range extends beyond current head block"),
    ],
)
def test_other_failures_are_left_to_the_retries(failure: Failure) -> None:
    """A batch that is too large is made smaller, a busy endpoint is left alone, a lagging one avoided."""
    for question in questions_about_logs(SPAN, LogFilter(frozenset({APP})), 500, every_header=False):
        assert question.judge(failure) == failure


def test_logs_and_receipts_that_tell_the_same_have_no_flaw() -> None:
    """By address or by topic, each log once, strangers' logs left out."""
    found = block(FakeLog(OTHER), FakeLog(APP, (ELSE,)), FakeLog(OTHER, (TOPIC,)), FakeLog(APP, (TOPIC,)))
    only = LogFilter(frozenset({APP}), frozenset({TOPIC}))
    logs = [told(1, APP, ELSE), told(3, APP, TOPIC), told(2, OTHER, TOPIC), told(3, APP, TOPIC)]
    assert logs_flaw(found, logs, only) is None


@pytest.mark.parametrize(
    "logs",
    [
        [],
        [told(0, APP, TOPIC)],
        [told(0, APP, TOPIC), told(1, APP, ELSE), told(2, APP, ELSE)],
        [told(0, APP, TOPIC), told(1, APP, TOPIC)],
        [told(0, APP, TOPIC), told(2, APP, ELSE)],
        [told(0, APP, TOPIC), told(1, APP, ELSE, TOPIC)],
        [told(0, APP, TOPIC), told(1, APP, ELSE, block_hash="0x" + "b" * 64)],
    ],
    ids=[
        "none",
        "one missing",
        "one too many",
        "another topic",
        "another index",
        "more topics",
        "another block",
    ],
)
def test_logs_and_receipts_that_differ_are_flawed(logs: list[FoundLogJson]) -> None:
    """One of them is wrong, and nobody knows which."""
    found = block(FakeLog(APP, (TOPIC,)), FakeLog(APP, (ELSE,)))
    assert logs_flaw(found, logs, LogFilter(frozenset({APP}))) is not None
