"""The simulated network: JSON-RPC endpoints over one chain that fail, lag and lie as real ones do.

    Weather (drawn each turn) ─▶ Node.post(bytes) ─▶ bytes or a failure, and time that passes

A node answers as one whose software is honest and whose surroundings are not: what it says above its own head
is silence without an error, what it forgot it says it forgot, what is cut or doubled is cut or doubled on the
way. The real chain layer reads it. Lies that nobody could see through (one endpoint, consistent, with every
hash right) are not among them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import Any

from watcher.chain.code import CallTo, CodeAt, StorageAt
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.questions import EMPTY_ROOT
from watcher.chain.refusals import RATE_LIMIT, Failure, Refusal
from watcher.chain.source import Tag
from watcher.core.types import Address
from watcher.testing.fake_blocks import FakeBlock
from watcher.testing.fake_chain import FakeChain, _FakeState
from watcher.testing.manual_clock import ManualClock

Json = dict[str, Any]
WENT_BACK = 10_000


@dataclass(slots=True)
class Weather:
    """What is wrong with one endpoint for a while; chances are for each request."""

    down: bool = False
    storm: float = 0.0
    time_out: float = 0.0
    garble: float = 0.0
    refuse: float = 0.0
    lag: int = 0
    stale: bool = False
    gone_back: bool = False
    other_chain: bool = False
    unsealed: bool = False
    short: float = 0.0
    pruned_below: int = 0
    stateless: bool = False
    range_limit: int | None = None
    batch_limit: int | None = None


CLEAR = Weather()


def draw(random: Random, head: int, *, alone: bool) -> Weather:
    """Draw the weather of one endpoint; one that is `alone` does not serve another chain."""
    kinds: tuple[Callable[[Weather], None], ...] = (
        lambda it: setattr(it, "down", True),
        lambda it: setattr(it, "storm", random.choice((0.3, 0.9))),
        lambda it: setattr(it, "time_out", random.choice((0.1, 0.5))),
        lambda it: setattr(it, "garble", random.choice((0.1, 0.4))),
        lambda it: setattr(it, "refuse", random.choice((0.1, 0.4))),
        lambda it: setattr(it, "lag", random.randint(1, 12)),
        lambda it: setattr(it, "stale", True),
        lambda it: setattr(it, "gone_back", True),
        lambda it: setattr(it, "other_chain", not alone),
        lambda it: setattr(it, "unsealed", True),
        lambda it: setattr(it, "short", random.choice((0.1, 0.4))),
        lambda it: setattr(it, "pruned_below", random.randint(1, max(1, head))),
        lambda it: setattr(it, "range_limit", random.choice((1, 3, 20))),
        lambda it: setattr(it, "batch_limit", random.choice((1, 2, 10))),
    )
    weather = Weather()
    for _ in range(random.choice((0, 0, 1, 1, 2, 3))):
        random.choice(kinds)(weather)
    return weather


class Refused(Exception):
    """Stand for a JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}


class Node:
    """One endpoint: the chain that it serves, its weather, and the branch it may be stuck on."""

    def __init__(
        self, name: str, chain: FakeChain, other: FakeChain, clock: ManualClock, random: Random
    ) -> None:
        """Serve a chain, and `other` when it is said to serve another."""
        self.name = f"endpoint {name} (https://{name}.example)"
        self.weather = Weather()
        self.asked = 0
        self._chain = chain
        self._other = other
        self._clock = clock
        self._random = random
        self._stuck: list[FakeBlock] = []
        self._stuck_tags: dict[Tag, int] = {}

    def change(self, weather: Weather) -> None:
        """Let the weather change; one that becomes stale keeps the branch that it has now."""
        if weather.stale and not self.weather.stale:
            self._stuck = list(self._chain._blocks)
            self._stuck_tags = dict(self._chain._tags)
        self.weather = weather

    def quote(self, text: str | bytes) -> str:
        """Give text as it is."""
        return text.decode("utf-8", "replace") if isinstance(text, bytes) else text

    def close(self) -> None:
        """Have nothing to close."""

    def post(self, body: bytes) -> bytes | Failure:
        """Answer one request, or not."""
        return self._weathered() or self._answered(body)

    def _weathered(self) -> Failure | None:
        """Give the failure that the weather makes of a request, if it does."""
        self.asked += 1
        weather, chance = self.weather, self._random.random
        self._clock.advance(timedelta(milliseconds=20))
        if weather.down:
            return Failure(Refusal.BUSY, "connection refused: is the node running?")
        if chance() < weather.time_out:
            self._clock.advance(timedelta(seconds=10))
            return Failure(Refusal.BUSY, "no answer within 10 s", kind="time-out")
        if chance() < weather.storm:
            wish = self._random.choice((None, 1.0, 5.0))
            return Failure(Refusal.BUSY, "HTTP 429: slow down", wish, kind=RATE_LIMIT)
        return None

    def _answered(self, body: bytes) -> bytes:
        weather = self.weather
        asked = json.loads(body)
        calls = asked if isinstance(asked, list) else [asked]
        if weather.batch_limit is not None and len(calls) > weather.batch_limit:
            return json.dumps({"id": None, "error": {"code": -32600, "message": "batch too large"}}).encode()
        answers = [self._reply(call) for call in calls]
        text = json.dumps(answers if isinstance(asked, list) else answers[0]).encode()
        return self._garbled(text, answers) if self._random.random() < weather.garble else text

    def _garbled(self, text: bytes, answers: list[Json]) -> bytes:
        """Spoil an answer on its way."""
        failed = {"id": None, "error": {"code": -32603, "message": "internal error"}}
        spoilt = [
            text[: self._random.randrange(len(text))],
            b"<html><body>502 Bad Gateway</body></html>",
            b"",
            json.dumps(answers[:-1]).encode(),
            json.dumps([*answers, *answers[:1]]).encode(),
            json.dumps(answers[::-1]).encode(),
            json.dumps(failed).encode(),
        ]
        return self._random.choice(spoilt)

    def _reply(self, call: Json) -> Json:
        answered: Json = {"jsonrpc": "2.0", "id": call["id"]}
        if self._random.random() < self.weather.refuse:
            errors = ((-32005, "rate limit exceeded"), (-32000, "header not found"), (-32603, "try again"))
            code, message = self._random.choice(errors)
            return {**answered, "error": {"code": code, "message": message}}
        try:
            return {**answered, "result": self._result(call["method"], call["params"])}
        except Refused as refused:
            return {**answered, "error": refused.error}

    def _result(self, method: str, params: list[Any]) -> Any:  # noqa: ANN401  # any JSON
        served = self._other if self.weather.other_chain else self._chain
        blocks = self._blocks(served)
        match method:
            case "eth_chainId":
                return hex(served.chain_id)
            case "eth_getBlockByNumber":
                return self._header(served, blocks, params[0])
            case "eth_getBlockReceipts":
                block = self._at(blocks, params[0])
                return None if block is None else self._short(self._receipts(block))
            case "eth_getTransactionReceipt":
                known = (each for block in blocks for each in self._receipts(block))
                return next((each for each in known if each["transactionHash"] == params[0]), None)
            case "eth_getLogs":
                return self._logs(blocks, params[0])
            case _:
                return self._state(blocks, method, params)

    def _blocks(self, served: FakeChain) -> list[FakeBlock]:
        """Give what this node has, up to its own head."""
        if self.weather.stale and served is self._chain:
            return self._stuck
        blocks = served._blocks
        if self.weather.gone_back:
            return blocks[: max(1, len(blocks) - WENT_BACK)]
        return blocks[: max(1, len(blocks) - self.weather.lag)]

    def _at(self, blocks: list[FakeBlock], quantity: str) -> FakeBlock | None:
        number = len(blocks) - 1 if quantity == "latest" else int(quantity, 16)
        if number < min(self.weather.pruned_below, len(blocks)) and number:
            raise Refused(4444, "pruned history unavailable")
        return blocks[number] if number < len(blocks) else None

    def _header(self, served: FakeChain, blocks: list[FakeBlock], quantity: str) -> Json | None:
        if quantity == "finalized":
            tags = self._stuck_tags if self.weather.stale and served is self._chain else served._tags
            number = tags.get("finalized")
            if number is None:
                raise Refused(-39001, "Unknown block")
            quantity = hex(min(number, len(blocks) - 1))
        block = blocks[-1] if quantity == "latest" else None
        if block is None and int(quantity, 16) < len(blocks):
            block = blocks[int(quantity, 16)]  # headers stay when receipts and state are pruned
        if block is None:
            return None
        found = header_of(block)
        if self.weather.unsealed and block is blocks[-1] and len(blocks) > 1 and self._random.random() < 0.5:
            return {**found, "hash": None, "number": None}
        return found

    def _receipts(self, block: FakeBlock) -> list[Json]:
        return receipts_of(block)

    def _short(self, receipts: list[Json]) -> list[Json]:
        """Lose or double something of a block, sometimes."""
        if not receipts or self._random.random() >= self.weather.short:
            return receipts
        first = receipts[0]
        match self._random.randrange(4):
            case 0:
                return receipts[:-1]
            case 1:
                return [*receipts, receipts[-1]]
            case 2:
                return [{**first, "logs": [*first["logs"], *first["logs"]]}, *receipts[1:]]
            case _:
                return [{**first, "blockNumber": hex(int(first["blockNumber"], 16) + 1)}, *receipts[1:]]

    def _logs(self, blocks: list[FakeBlock], criteria: Mapping[str, Any]) -> list[Json]:
        first, last = int(criteria["fromBlock"], 16), int(criteria["toBlock"], 16)
        limit = self.weather.range_limit
        if limit is not None and last - first + 1 > limit:
            raise Refused(-32602, f"query exceeds max block range {limit}")
        if first < min(self.weather.pruned_below, len(blocks)):
            raise Refused(4444, "pruned history unavailable")
        emitters = criteria.get("address")
        topics = (criteria.get("topics") or [None])[0]
        return [
            one
            for block in blocks[first : last + 1]
            for receipt in receipts_of(block)
            for one in receipt["logs"]
            if (emitters is None or one["address"] in emitters)
            and (topics is None or (one["topics"] and one["topics"][0] in topics))
        ]

    def _state(self, blocks: list[FakeBlock], method: str, params: list[Any]) -> str:
        number = int(params[-1], 16)
        if number >= len(blocks):
            return "0x" if method != "eth_getStorageAt" else "0x" + "00" * 32  # silence, no error
        if self.weather.stateless or number < min(self.weather.pruned_below, len(blocks)):
            raise Refused(-32000, "missing trie node")
        state = _FakeState(blocks[: number + 1])
        match method:
            case "eth_getCode":
                return "0x" + state.values([CodeAt(Address(params[0]))])[0].hex()
            case "eth_getStorageAt":
                return "0x" + state.values([StorageAt(Address(params[0]), int(params[1], 16))])[0].hex()
            case _:
                [answer] = state.calls([CallTo(params[0]["to"], bytes.fromhex(params[0]["data"][2:]))])
                if answer is None:
                    raise Refused(3, "execution reverted")
                return "0x" + answer.hex()


def header_of(block: FakeBlock) -> Json:
    """Write a block's header as a node would."""
    ref = block.ref
    return {
        "hash": ref.hash,
        "number": hex(ref.number),
        "parentHash": ref.parent_hash,
        "timestamp": hex(ref.timestamp),
        "receiptsRoot": f"0x{sha256(ref.hash.encode()).hexdigest()}" if block.receipts else EMPTY_ROOT,
        "gasUsed": hex(sum(int(each.gas_used, 16) for each in block.receipts)),
        "logsBloom": "0x" + "00" * 256,
        "transactions": [transaction(ref.hash, place) for place in range(len(block.receipts))],
    }


def receipts_of(block: FakeBlock) -> list[Json]:
    """Write a block's receipts as a node would."""
    at = {"blockHash": block.ref.hash, "blockNumber": hex(block.ref.number)}
    return [
        {
            **at,
            "transactionHash": transaction(block.ref.hash, place),
            "transactionIndex": hex(place),
            "from": each.sender,
            "to": each.to,
            "status": each.status,
            "type": each.type,
            "gasUsed": each.gas_used,
            "effectiveGasPrice": each.effective_gas_price,
            "contractAddress": each.contract_address,
            "logs": [
                {
                    **at,
                    "address": one.address,
                    "topics": list(one.topics),
                    "data": one.data,
                    "logIndex": one.log_index,
                    "removed": False,
                }
                for one in each.logs
            ],
        }
        for place, each in enumerate(block.receipts)
    ]


def transaction(block_hash: str, place: int) -> str:
    """Make up the hash of a transaction."""
    return f"0x{sha256(f'{block_hash}/{place}'.encode()).hexdigest()}"


def settings_of(names: list[str]) -> list[EndpointSettings]:
    """Name endpoints as a deployment would."""
    return [EndpointSettings(name, f"https://{name}.example") for name in names]
