"""Serves a made-up chain from memory, so that the client is what is measured; misbehaves when told to.

    python benchmarks/replay_server.py BLOCKS TRANSACTIONS_A_BLOCK     prints its port, serves till stdin ends

Beside JSON-RPC (POST /) it takes how to behave from here on (POST /behaviour, which also begins to count
anew), and tells what it counted (GET /counters) and what blocks 1 to N hold (GET /totals/N).

Answers stay the pieces that lie ready, up to the socket: joining megabytes for each request would make this
server what is measured.
"""

import json
import socket
import socketserver
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, ClassVar

from made_chain import Chain

PIECES_A_CALL = 1_000
"""The system takes so many pieces in one go (IOV_MAX is 1,024)."""


@dataclass
class Behaviour:
    """What the server does to those who ask; 0 everywhere: nothing but answer."""

    latency_seconds: float = 0.0
    calls_per_second: float = 0.0
    """Calls (each of a batch is one) beyond this, after a burst of a second's worth, get status 429."""
    largest_batch: int = 0
    """Larger batches are refused with one error object; 1: every batch is."""
    largest_answer: int = 0
    """Larger answers, in bytes, are refused."""
    log_range: int = 0
    """eth_getLogs over more blocks is refused."""
    log_results: int = 0
    """eth_getLogs that finds more is refused."""
    truncate_every: int = 0
    """The n-th, 2n-th, … answer ends in the middle."""


@dataclass
class Counters:
    """What was asked and answered; exact. A request of which any call was refused is one refusal."""

    requests: int = 0
    calls: int = 0
    answer_bytes: int = 0
    refusals: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    methods: dict[str, int] = field(default_factory=dict)


class Server(socketserver.ThreadingTCPServer):
    """A thread a connection."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, chain: Chain) -> None:
        """Listen on a free port of this machine."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.chain = chain
        self.lock = threading.Lock()
        self.behave({})

    def behave(self, behaviour: dict[str, Any]) -> None:
        """Behave like this from now on, and begin to count anew."""
        with self.lock:
            self.behaviour = Behaviour(**behaviour)
            self.counters = Counters()
            self.allowed = self.behaviour.calls_per_second
            self.allowed_at = time.monotonic()

    def too_fast(self, calls: int) -> bool:
        """Take calls out of the bucket; call it with the lock held."""
        rate = self.behaviour.calls_per_second
        if not rate:
            return False
        now = time.monotonic()
        self.allowed = min(rate, self.allowed + rate * (now - self.allowed_at))
        self.allowed_at = now
        if self.allowed < calls:
            return True
        self.allowed -= calls
        return False


class Handler(socketserver.StreamRequestHandler):
    """Speaks as much HTTP as a keep-alive JSON-RPC client needs."""

    server: Server
    disable_nagle_algorithm = True
    rbufsize = 1 << 16
    _ERROR: ClassVar = b'{"jsonrpc":"2.0","id":%s,"error":{"code":%d,"message":"%s"}}'

    def handle(self) -> None:
        """Answer requests until the client leaves."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        try:
            while line := self.rfile.readline():
                length = 0
                while (head := self.rfile.readline()) not in {b"\r\n", b""}:
                    if head[:15].lower() == b"content-length:":
                        length = int(head[15:])
                path = line.split()[1].decode()
                self._answer(path, self.rfile.read(length))
        except ConnectionError:
            return

    def _answer(self, path: str, body: bytes) -> None:
        server = self.server
        if path == "/behaviour":
            server.behave(json.loads(body))
            self._send(b"200 OK", [b"{}"])
        elif path == "/counters":
            with server.lock:
                shown = json.dumps(vars(server.counters)).encode()
            self._send(b"200 OK", [shown])
        elif path.startswith("/totals/"):
            self._send(b"200 OK", [json.dumps(server.chain.totals(int(path[8:]))).encode()])
        else:
            self._rpc(json.loads(body))

    def _rpc(self, asked: Any) -> None:  # noqa: ANN401  # JSON
        server, behaviour = self.server, self.server.behaviour
        calls = asked if isinstance(asked, list) else [asked]
        with server.lock:
            counters = server.counters
            counters.requests += 1
            counters.calls += len(calls)
            nth = counters.requests
            counters.in_flight += 1
            counters.most_in_flight = max(counters.most_in_flight, counters.in_flight)
            for call in calls:
                counters.methods[call["method"]] = counters.methods.get(call["method"], 0) + 1
            too_fast = server.too_fast(len(calls))
        self._refused = too_fast
        if behaviour.latency_seconds:
            time.sleep(behaviour.latency_seconds)
        status = b"200 OK"
        if too_fast:
            status, pieces = b"429 Too Many Requests\r\nretry-after: 1", [b"{}"]
        elif behaviour.largest_batch and len(calls) > behaviour.largest_batch:
            pieces = [self._refusal(b"null", b"batch too large")]
        else:
            pieces = _listed([self._one(call) for call in calls])
            if not isinstance(asked, list):
                pieces = pieces[1:-1]
            if behaviour.largest_answer and sum(map(len, pieces)) > behaviour.largest_answer:
                pieces = [self._refusal(b"null", b"response too large")]
        size = sum(map(len, pieces))
        with server.lock:
            counters.in_flight -= 1
            counters.answer_bytes += size
            counters.refusals += self._refused
        whole = not behaviour.truncate_every or nth % behaviour.truncate_every
        self._send(status, pieces if whole else [b"".join(pieces)[: size // 2]])

    def _one(self, call: dict[str, Any]) -> list[bytes]:
        chain, behaviour = self.server.chain, self.server.behaviour
        identifier = json.dumps(call["id"]).encode()
        method, parameters = call["method"], call.get("params") or []
        if method == "eth_getLogs":
            asked = parameters[0]
            first, last = self._number(asked["fromBlock"]), self._number(asked["toBlock"])
            if behaviour.log_range and last - first >= behaviour.log_range:
                return [self._refusal(identifier, b"block range too large, maximum %d" % behaviour.log_range)]
            topics = asked.get("topics") or [None]
            found, count = chain.logs(first, last, _several(asked.get("address")), _several(topics[0]))
            if behaviour.log_results and count > behaviour.log_results:
                return [
                    self._refusal(identifier, b"query returned more than %d results" % behaviour.log_results)
                ]
            result = _listed([[each] for each in found])
        else:
            result = [self._result(method, parameters)]
        return [b'{"jsonrpc":"2.0","id":' + identifier + b',"result":', *result, b"}"]

    def _result(self, method: str, parameters: list[Any]) -> bytes:  # noqa: PLR0911  # a table
        chain = self.server.chain
        match method:
            case "eth_chainId":
                return b'"0x7a69"'
            case "net_version":
                return b'"31337"'
            case "eth_blockNumber":
                return b'"0x%x"' % chain.last
            case "eth_getCode":
                return b'"0x6001"'
            case "eth_getTransactionReceipt":
                return chain.receipt(parameters[0])
        if method not in {"eth_getBlockReceipts", "eth_getBlockByNumber"}:
            return b"null"
        number = self._number(parameters[0])
        if number > chain.last:
            return b"null"
        if method == "eth_getBlockReceipts":
            return chain.receipts(number)
        return chain.block(number, full=bool(parameters[1]))

    def _number(self, which: str) -> int:
        if not which.startswith("0x"):
            return 0 if which == "earliest" else self.server.chain.last
        return int(which, 16)

    def _refusal(self, identifier: bytes, message: bytes) -> bytes:
        self._refused = True
        return self._ERROR % (identifier, -32005, message)

    def _send(self, status: bytes, pieces: list[bytes]) -> None:
        head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        left = deque[bytes | memoryview]([head % (status, sum(map(len, pieces))), *pieces])
        while left:
            sent = self.request.sendmsg(islice(left, PIECES_A_CALL))
            while left and sent >= len(left[0]):
                sent -= len(left.popleft())
            if sent:
                left[0] = memoryview(left[0])[sent:]


def _listed(items: list[list[bytes]]) -> list[bytes]:
    """Write the pieces of several items as one JSON array."""
    pieces = [b"["]
    for item in items:
        pieces += item
        pieces.append(b",")
    pieces[-1:] = [b"]"] if items else [b"[", b"]"]
    return pieces


def _several(given: Any) -> frozenset[str]:  # noqa: ANN401  # JSON
    """Read what may be nothing, one thing or a list of them."""
    return frozenset() if given is None else frozenset([given] if isinstance(given, str) else given)


def main() -> None:
    """Serve until standard input ends."""
    with Server(Chain(int(sys.argv[1]), int(sys.argv[2]))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
