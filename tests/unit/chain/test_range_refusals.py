"""How providers refuse too wide an eth_getLogs: their words as reported, and what is read from them.

Each line is one provider's or client's way: code, message, data, then the hint. Sources: the table of limits
in the error handling of ponder and erpc, the clients' own code, and issues of projects that met them.
"""

import json

import pytest

from watcher.chain.hints import Hint, hint_of
from watcher.chain.refusals import Failure, Refusal, failure
from watcher.chain.wire import VALUES, read_answers
from watcher.core.types import BlockRange

NONE = Hint()
SUGGESTED = BlockRange(0x3E8, 0x3EC)

RANGES = [
    pytest.param(-32602, "exceed maximum block range 5000", None, Hint(5_000), id="geth"),
    pytest.param(-32602, "query exceeds max block range 100000", None, Hint(100_000), id="reth, range"),
    pytest.param(
        -32602,
        "query exceeds max results 20000, retry with the range 1000-1004",
        None,
        Hint(logs=20_000, suggested=SUGGESTED),
        id="reth, results",
    ),
    pytest.param(
        -32005,
        "Too many logs requested. Max logs per response is 20000.",
        None,
        Hint(logs=20_000),
        id="nethermind",
    ),
    pytest.param(
        -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no "
        "limit on the response size, or you can request any block range with a cap of 10K logs in the "
        "response. Based on your parameters and the response size limit, this block range should work: "
        "[0x3e8, 0x3ec]",
        None,
        Hint(2_000, 10_000, SUGGESTED),
        id="Alchemy",
    ),
    pytest.param(
        -32600,
        "You can make eth_getLogs requests with up to a 500 block range. Based on your parameters, this "
        "block range should work: [0x3e8, 0x3ec]",
        None,
        Hint(500, suggested=SUGGESTED),
        id="Alchemy, free",
    ),
    pytest.param(
        -32600,
        "Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range. Based on "
        "your parameters, this block range should work: [0x3e8, 0x3ec]. Upgrade to PAYG for expanded block "
        "range.",
        None,
        Hint(10, suggested=SUGGESTED),
        id="Alchemy, free, 2026",
    ),
    pytest.param(
        -32005,
        "query returned more than 10000 results. Try with this block range [0x3E8, 0x3EC].",
        {"from": "0x3E8", "limit": 10000, "to": "0x3EC"},
        Hint(logs=10_000, suggested=SUGGESTED),
        id="Infura",
    ),
    pytest.param(
        -32005,
        "query returned more than 10000 results",
        {"from": "0x3E8", "limit": 10000, "to": "0x3EC"},
        Hint(logs=10_000, suggested=SUGGESTED),
        id="Infura, range in data only",
    ),
    pytest.param(-32602, "range 1000000 exceeds limit of 10000", None, Hint(10_000), id="Infura, 2026"),
    pytest.param(-32614, "eth_getLogs is limited to a 10,000 range", None, Hint(10_000), id="QuickNode"),
    pytest.param(-32614, "eth_getLogs is limited to a 5 range", None, Hint(5), id="QuickNode, free"),
    pytest.param(-32600, "block range is too wide", None, NONE, id="Ankr"),
    pytest.param(-32000, "query exceeds max results", None, NONE, id="Ankr, newer"),
    pytest.param(
        -32000, "maximum [from, to] blocks distance: 10000", None, Hint(10_000), id="Ankr, another chain"
    ),
    pytest.param(35, "ranges over 10000 blocks are not supported on freetier", None, Hint(10_000), id="dRPC"),
    pytest.param(
        35, "ranges over 10000 blocks are not supported on free plan", None, Hint(10_000), id="dRPC, newer"
    ),
    pytest.param(-32701, "exceed maximum block range: 50000", None, Hint(50_000), id="PublicNode"),
    pytest.param(-32000, "Block range is too large", None, NONE, id="Optimism"),
    pytest.param(-32602, "block range greater than 10000 max", None, Hint(10_000), id="proxyd"),
    pytest.param(
        -32000, "logs matched by query exceeds limit of 10000", None, Hint(logs=10_000), id="Arbitrum"
    ),
    pytest.param(
        -32602,
        "Block range limit exceeded. See more details at https://docs.chainstack.com/docs/limits",
        None,
        NONE,
        id="Chainstack",
    ),
    pytest.param(-32602, "eth_getLogs is limited to 1024 block range", None, Hint(1_024), id="BlockPI"),
    pytest.param(-32000, "eth_getLogs is limited to a 1000 blocks range", None, Hint(1_000), id="1RPC"),
    pytest.param(-32000, "response size should not greater than 10000000 bytes", None, NONE, id="1RPC, size"),
    pytest.param(0, "eth_getLogs is limited to a 10,000 range", None, Hint(10_000), id="Blast"),
    pytest.param(
        -32600,
        "eth_getLogs exceeds the range allowed for your plan (10001 > 10000)",
        None,
        Hint(10_000),
        id="Blast, paid",
    ),
    pytest.param(-32602, "query exceeds max results 20000", None, Hint(logs=20_000), id="LlamaRPC"),
    pytest.param(0, "allowed block range threshold exceeded", None, NONE, id="Altitude"),
    pytest.param(-32005, "please limit the query to at most 1000 blocks", None, Hint(1_000), id="Coinbase"),
    pytest.param(
        -32005,
        "Maximum allowed number of requested blocks is 1000",
        None,
        Hint(1_000),
        id="thirdweb",
    ),
    pytest.param(
        -32005, "you can make requests with up to a 2000 block range", None, Hint(2_000), id="Aurora"
    ),
    pytest.param(-32603, "eth_getLogs range is too large, max is 1k blocks", None, Hint(1_000), id="Merkle"),
    pytest.param(-32000, "Max range: 800", None, Hint(800), id="Cloudflare"),
    pytest.param(
        -32000,
        "requested too many blocks from 0 to 5000, maximum is set to 2048",
        None,
        Hint(2_048),
        id="Avalanche",
    ),
    pytest.param(-32603, "block range is too wide (maximum 1024)", None, Hint(1_024), id="Moonriver"),
    pytest.param(
        -32000, "Try with this block range [0x3e8, 0x3ec]", None, Hint(suggested=SUGGESTED), id="zkSync"
    ),
    pytest.param(-32000, "query returned more than 10000 results", None, Hint(logs=10_000), id="zkEVM"),
    pytest.param(
        -32602,
        "invalid params",
        "range 5000 is bigger than range limit 2000",
        Hint(2_000),
        id="Tenderly, in data",
    ),
    pytest.param(
        -32001,
        "Block range too large: maximum allowed is 50 blocks for your plan",
        None,
        Hint(50),
        id="Nodies",
    ),
    pytest.param(-32000, "block range exceeds 1000", None, Hint(1_000), id="Somnia"),
    pytest.param(-32000, "query must be smaller than size 1024", None, Hint(1_024), id="Harmony"),
    pytest.param(
        -32005,
        "query timeout exceeded. Consider reducing your block range.",
        None,
        NONE,
        id="timed out",
    ),
    pytest.param(
        -32005,
        "block range too large, upgrade your plan or try again with fewer blocks",
        None,
        NONE,
        id="an offer",
    ),
]


@pytest.mark.parametrize(("code", "message", "data", "hint"), RANGES)
def test_a_range_or_result_that_is_too_large_is_known_by_its_words(
    code: int, message: str, data: object, hint: Hint
) -> None:
    """Whatever the code, and wherever the words stand: the range is split, as the words say."""
    error = {"code": code, "message": message} | ({} if data is None else {"data": data})
    body = json.dumps({"jsonrpc": "2.0", "id": 0, "error": error}).encode()
    [found] = read_answers(body, 1, VALUES)
    assert isinstance(found, Failure)
    assert (found.refusal, found.hint) == (Refusal.RANGE, hint)


@pytest.mark.parametrize(
    "message",
    [
        "exceed max addresses or topics per search position",
        "exceed max topics per search position",
        "please specify less number of addresses",
        "too many addresses",
        "query exceeds max addresses 500",
    ],
)
def test_too_many_addresses_are_no_range(message: str) -> None:
    """Fewer blocks would not help."""
    assert failure(-32602, message).refusal is Refusal.ADDRESSES


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (3, "execution reverted: block range is too large", Refusal.REVERTED),
        (-32000, "execution reverted: query exceeds max results 20000", Refusal.REVERTED),
        (3, "Block range limit exceeded.", Refusal.REVERTED),
        (-32602, "block range extends beyond current head block", Refusal.HISTORY),
        (-32019, "block is out of range", Refusal.HISTORY),
        (-32602, "invalid block range params", Refusal.FINAL),
        (-32005, "rate limit exceeded", Refusal.BUSY),
        (-32005, "limit exceeded: too many requests, retry in 3 seconds", Refusal.BUSY),
        (-32005, "Monthly capacity limit exceeded. Visit https://example.com to upgrade", Refusal.BARRED),
        (-32011, "no backend is currently healthy to serve traffic", Refusal.BUSY),
        (-32020, "backend response too large", Refusal.TOO_LARGE),
        (-32008, "Response is too big", Refusal.TOO_LARGE),
        (-32003, "", Refusal.TOO_LARGE),
        (-32600, "Batch size too large: max 1000", Refusal.TOO_LARGE),
        (-32600, "Exceeded maximum batch size of 100", Refusal.TOO_LARGE),
        (-32600, "batch limit 100 exceeded", Refusal.TOO_LARGE),
        (-32005, "Batched requests are not supported by this server", Refusal.TOO_LARGE),
        (-32010, "The batch request was too large", Refusal.TOO_LARGE),
        (31, "Batch of more than 3 requests are not allowed on free tier", Refusal.TOO_LARGE),
    ],
)
def test_what_sounds_like_a_range_is_told_from_one(code: int, message: str, expected: Refusal) -> None:
    """A contract's own words, a block not there yet, a rate, a quota, a batch."""
    found = failure(code, message)
    assert found.refusal is expected
    assert found.hint is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", NONE),
        ("max block range 0x7d0", Hint(2_000)),
        ("up to a 2.5k block range", Hint(2_500)),
        ("range limit 0", NONE),
        ("range limit " + "9" * 5_000, NONE),
        ("max range exceeded, limit 10 seconds", NONE),
        ("max response is 150MB, limit 10000000 bytes", NONE),
        ("this block range should work: [0x9, 0x8]", NONE),
        ("{'to': '0x3ec', 'from': '0x3e8'}", Hint(suggested=SUGGESTED)),
        ("{'from': 1000, 'to': 1004}", Hint(suggested=SUGGESTED)),
        ("{'from': '0x3e8'}", NONE),
    ],
)
def test_a_hint_is_a_number_of_blocks_or_logs_or_a_range(text: str, hint: Hint) -> None:
    """Hex or decimal, with thousands marked or not; what means bytes or seconds, or nothing, is no hint."""
    assert hint_of(text) == hint
