"""The condition of an endpoint: what it lacks, and what block a call is about."""

from datetime import timedelta

import pytest

from watcher.chain.condition import LACKS_SECONDS, NEAR_HEAD, Condition, block_of
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.wire import Call
from watcher.testing.manual_clock import ManualClock

PRUNED = Failure(Refusal.HISTORY, "pruned")
HEAD = 1_000


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands still."""
    return ManualClock()


@pytest.fixture
def condition(clock: ManualClock) -> Condition:
    """Give an endpoint in good health."""
    return Condition("endpoint e0", clock, lambda: 0.0)


def code_at(number: int) -> Call:
    """Ask for code at a block."""
    return Call("eth_getCode", ("0xaa", hex(number)))


@pytest.mark.parametrize(
    ("call", "number"),
    [
        (Call("eth_getBlockByNumber", ("0x10", False)), 16),
        (Call("eth_getBlockByNumber", ("latest", False)), None),
        (Call("eth_getBlockReceipts", ("0x10",)), 16),
        (code_at(16), 16),
        (Call("eth_getStorageAt", ("0xaa", "0x0", "0x10")), 16),
        (Call("eth_call", ({"to": "0xaa"}, "0x10")), 16),
        (Call("eth_getTransactionReceipt", ("0x10",)), None),
        (Call("eth_getCode", ("0xaa",)), None),
        (Call("eth_chainId"), None),
    ],
)
def test_a_call_says_which_block_it_is_about(call: Call, number: int | None) -> None:
    """Where it names one by number."""
    assert block_of(call) == number


def test_history_is_lacked_up_to_the_highest_block_that_was_refused(condition: Condition) -> None:
    """By each method for itself, and not for ever."""
    condition.lack(code_at(500), PRUNED, HEAD)
    condition.lack(code_at(300), PRUNED, HEAD)
    assert [condition.lacks([code_at(number)]) for number in (300, 500, 501)] == [True, True, False]
    assert condition.lacks([Call("eth_chainId"), code_at(1)])
    assert not condition.lacks([Call("eth_getBlockReceipts", ("0x1",))])
    assert not condition.lacks_method(code_at(1))


def test_a_method_that_is_not_known_is_lacked_whatever_it_is_asked(condition: Condition) -> None:
    """Also after it refused one block only."""
    condition.lack(code_at(500), PRUNED, HEAD)
    condition.lack(code_at(500), Failure(Refusal.NO_METHOD, "no such method"), HEAD)
    assert condition.lacks([code_at(900)])
    assert condition.lacks_method(code_at(900))


def test_what_is_lacked_is_forgotten_after_some_minutes(condition: Condition, clock: ManualClock) -> None:
    """An endpoint may be changed for another behind the same URL."""
    condition.lack(code_at(500), PRUNED, HEAD)
    clock.advance(timedelta(seconds=LACKS_SECONDS))
    assert not condition.lacks([code_at(500)])
    condition.lack(code_at(500), Failure(Refusal.NO_METHOD, "no such method"), HEAD)
    clock.advance(timedelta(seconds=LACKS_SECONDS))
    assert not condition.lacks_method(code_at(500))


@pytest.mark.parametrize(
    ("call", "failure"),
    [
        (code_at(HEAD - NEAR_HEAD + 1), PRUNED),
        (Call("eth_getTransactionReceipt", ("0x10",)), PRUNED),
        (code_at(1), Failure(Refusal.BUSY, "slow down")),
    ],
)
def test_what_may_be_there_in_a_moment_is_not_lacked(
    condition: Condition, call: Call, failure: Failure
) -> None:
    """Close to the head, of no block in particular, or refused for another reason."""
    condition.lack(call, failure, HEAD)
    assert not condition.lacks([call])


def test_an_endpoint_without_a_failure_has_no_trouble(condition: Condition) -> None:
    """Nor one that failed once."""
    assert condition.trouble() is None
    condition.failed(Failure(Refusal.BUSY, "slow down"), 1.0)
    assert condition.trouble() is None
