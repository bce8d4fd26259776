"""What JSON-RPC errors mean: one line for each way in which providers say it."""

import pytest

from watcher.chain.refusals import Refusal, failure, retry_after


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (429, "Your app has exceeded its compute units per second capacity", Refusal.BUSY),
        (-32005, "project ID request rate exceeded, rate limited", Refusal.BUSY),
        (-32016, "over rate limit", Refusal.BUSY),
        (-32012, "", Refusal.BUSY),
        (-32021, "over network traffic limit, retry in 3 seconds", Refusal.BUSY),
        (-32022, "over compute unit limit, retry in 5 seconds", Refusal.BUSY),
        (-32011, "no backend is currently healthy to serve traffic", Refusal.BUSY),
        (-32002, "request timed out", Refusal.BUSY),
        (-32000, "permanent error forwarding request context deadline exceeded", Refusal.BUSY),
        (-32603, "internal error", Refusal.BUSY),
        (-1, "", Refusal.BUSY),
        (-32002, "", Refusal.BUSY),
        (-32005, "too many requests", Refusal.BUSY),
        (0, "rabbit hole is full. Please try again later", Refusal.BUSY),
        (-32000, "header not found", Refusal.HISTORY),
        (-32000, "missing trie node 1234 (path ) state 0x56 is not available", Refusal.HISTORY),
        (-32000, "finalized block not found", Refusal.HISTORY),
        (4444, "pruned history unavailable", Refusal.HISTORY),
        (-39001, "Unknown block", Refusal.HISTORY),
        (-32019, "block is out of range", Refusal.HISTORY),
        (-32602, "BlockOutOfRange", Refusal.HISTORY),
        (-32602, "block range extends beyond current head block", Refusal.HISTORY),
        (-32000, "historical state 0x12 is not available", Refusal.HISTORY),
        (-32003, "response too large", Refusal.TOO_LARGE),
        (-32020, "backend response too large", Refusal.TOO_LARGE),
        (-32600, "batch too large", Refusal.TOO_LARGE),
        (-32600, "Batch requests are not supported", Refusal.TOO_LARGE),
        (-32601, "the method eth_getBlockReceipts does not exist/is not available", Refusal.NO_METHOD),
        (-32601, "rpc method is not whitelisted", Refusal.NO_METHOD),
        (-32600, "Unsupported method: eth_getBlockReceipts", Refusal.NO_METHOD),
        (-32004, "", Refusal.NO_METHOD),
        (3, "execution reverted: monthly quota exceeded", Refusal.REVERTED),
        (3, "rate limit", Refusal.REVERTED),
        (-32000, "execution reverted", Refusal.REVERTED),
        (-32000, "invalid opcode: INVALID", Refusal.REVERTED),
        (-32000, "out of gas", Refusal.REVERTED),
        (-32015, "VM execution error.", Refusal.REVERTED),
        (-32003, "EVM error InvalidJump", Refusal.REVERTED),
        (-32005, "Monthly capacity limit exceeded", Refusal.BARRED),
        (-32005, "daily request count exceeded, request rate limited", Refusal.BARRED),
        (-32602, "invalid argument 0: hex string without 0x prefix", Refusal.FINAL),
        (-32700, "parse error", Refusal.FINAL),
        (-32006, "JSON-RPC version not supported", Refusal.FINAL),
    ],
)
def test_an_error_is_judged_by_its_words_and_then_by_its_code(
    code: int, message: str, expected: Refusal
) -> None:
    """Codes are ambiguous between providers, words less so."""
    assert failure(code, message).refusal is expected


def test_an_error_without_words_shows_its_code() -> None:
    """A message is never empty."""
    assert failure(-32602, "").message == "error -32602"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("over compute unit limit, retry in 5 seconds", 5.0),
        ("Retry after 250ms", 0.25),
        ("try again in 1.5s", 1.5),
        ("try again later", None),
        ("", None),
    ],
)
def test_patience_is_read_from_words(text: str, seconds: float | None) -> None:
    """Some endpoints say how long to wait only in prose."""
    assert retry_after(text) == seconds
