"""A JSON-RPC node that tells the truth until a test makes it lie: faults are scripted request by request.

    with scripted_node(blocks=20, receipts=3) as node:
        node.next(HttpAnswer(429, headers={"Retry-After": "2"}))     the next request gets this
        node.edit = lambda batch: batch[:-1]                         every batch comes back short

Blocks and receipts are made up, so that a chain of a thousand blocks costs nothing.
"""

import gzip
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from watcher.chain.endpoint import EndpointSettings
from watcher.chain.questions import EMPTY_ROOT
from watcher.chain.reader import JsonRpcSource
from watcher.chain.windows import MAX_WINDOW_BYTES
from watcher.testing.manual_clock import ManualClock

CHAIN_ID = 31_337
CODE = "0x6001600055"

Json = dict[str, Any]
Answerer = Callable[[str, list[Any]], Any]


class Refused(Exception):
    """Stand for a JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}


@dataclass(frozen=True)
class HttpAnswer:
    """One HTTP answer, whatever was asked; `hold` keeps it back until the event is set."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    cut: int = 0
    """So many bytes fewer are sent than promised."""
    hang_up: bool = False
    """Nothing is sent at all."""
    pieces: Callable[[], Iterator[bytes]] | None = None
    """These bytes are sent as they are, head and all, for as long as somebody listens."""


class ScriptedNode:
    """What the node knows, what it is told to answer, and what it was asked."""

    def __init__(self, blocks: int, receipts: int, salt: str, chain_id: int) -> None:
        self.url = ""
        self.chain_id = chain_id
        self.salt = salt
        self.blocks = [self.block(number, receipts) for number in range(blocks)]
        self.requests: list[list[Json]] = []
        self.paths: list[str] = []
        self.script: deque[HttpAnswer] = deque()
        self.edit: Callable[[Any], Any] = lambda answers: answers
        self.methods: dict[str, Answerer] = {
            "eth_chainId": lambda _method, _params: hex(self.chain_id),
            "eth_getBlockByNumber": self._header,
            "eth_getBlockReceipts": self._block_receipts,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getCode": lambda _method, _params: CODE,
        }
        self.lock = threading.Lock()

    def next(self, *answers: HttpAnswer) -> None:
        """Give these answers to the next requests, one each."""
        self.script.extend(answers)

    @property
    def calls(self) -> int:
        """Count the calls asked so far, those in batches each by itself."""
        return sum(len(batch) for batch in self.requests)

    def asked(self, method: str) -> int:
        """Count the calls of one method."""
        return sum(call["method"] == method for batch in self.requests for call in batch)

    def answer(self, path: str, body: bytes) -> HttpAnswer:
        """Answer one request by the script, else honestly."""
        asked = json.loads(body)
        batch = asked if isinstance(asked, list) else [asked]
        with self.lock:
            self.requests.append(batch)
            self.paths.append(path)
            if self.script:
                return self.script.popleft()
        answers = [self._reply(call) for call in batch]
        return HttpAnswer(
            body=json.dumps(self.edit(answers if isinstance(asked, list) else answers[0])).encode()
        )

    def block(self, number: int, receipts: int) -> tuple[Json, list[Json]]:
        """Make a block with so many receipts: its header and these."""
        block_hash = self.hash(number)
        header = {
            "hash": block_hash,
            "number": hex(number),
            "parentHash": self.hash(number - 1),
            "timestamp": hex(1_700_000_000 + number),
            "receiptsRoot": self.hash(-number - 2) if receipts else EMPTY_ROOT,
            "transactions": [self.hash(f"{number}/{index}") for index in range(receipts)],
        }
        return header, [self._made_receipt(number, index) for index in range(receipts)]

    def hash(self, content: object) -> str:
        """Make up a hash."""
        return f"0x{sha256(f'{self.salt}/{content}'.encode()).hexdigest()}"

    def _made_receipt(self, number: int, index: int) -> Json:
        return {
            "transactionHash": self.hash(f"{number}/{index}"),
            "blockHash": self.hash(number),
            "blockNumber": hex(number),
            "from": f"0x{index:040x}",
            "to": "0x" + "aa" * 20,
            "status": "0x1",
            "type": "0x2",
            "gasUsed": "0x5208",
            "effectiveGasPrice": "0x1",
            "contractAddress": None,
            "logs": [],
        }

    def _reply(self, call: Json) -> Json:
        answered = {"jsonrpc": "2.0", "id": call["id"]}
        method = call["method"]
        try:
            return {**answered, "result": self.methods.get(method, _unknown)(method, call["params"])}
        except Refused as refused:
            return {**answered, "error": refused.error}

    def _at(self, quantity: str) -> tuple[Json, list[Json]] | None:
        number = len(self.blocks) - 1 if quantity == "latest" else int(quantity, 16)
        return self.blocks[number] if number < len(self.blocks) else None

    def _header(self, _method: str, params: list[Any]) -> Json | None:
        if params[0] in {"finalized", "safe"}:
            raise Refused(-39001, "Unknown block")
        found = self._at(params[0])
        return found and found[0]

    def _block_receipts(self, _method: str, params: list[Any]) -> list[Json] | None:
        found = self._at(params[0])
        return found and found[1]

    def _receipt(self, _method: str, params: list[Any]) -> Json | None:
        known = (receipt for _, receipts in self.blocks for receipt in receipts)
        return next((receipt for receipt in known if receipt["transactionHash"] == params[0]), None)


def _unknown(method: str, _params: list[Any]) -> Any:  # noqa: ANN401
    raise Refused(-32601, f"the method {method} does not exist/is not available")


class Waiting:
    """Waits by moving a clock: `seconds` lists each wait; after `stop_after` of them the program stops."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.clock = ManualClock()
        self.seconds: list[float] = []
        self.stop_after = stop_after

    def __call__(self, seconds: float) -> bool:
        """Let the time pass; True where the program stops."""
        self.seconds.append(seconds)
        self.clock.advance(timedelta(seconds=seconds, microseconds=1))
        return self.stop_after is not None and len(self.seconds) >= self.stop_after


def source_of(
    *nodes: ScriptedNode | str,
    waiting: Waiting | None = None,
    ahead: int = 4,
    timeout_seconds: float = 10.0,
    calls_per_minute: int | None = None,
    max_window_bytes: int = MAX_WINDOW_BYTES,
) -> JsonRpcSource:
    """Make the source under test over these nodes (or URLs), the first preferred."""
    waiting = waiting or Waiting()
    urls = [node if isinstance(node, str) else node.url for node in nodes]
    endpoints = [
        EndpointSettings(f"e{place}", url, calls_per_minute, timeout_seconds)
        for place, url in enumerate(urls)
    ]
    return JsonRpcSource(
        endpoints,
        CHAIN_ID,
        clock=waiting.clock,
        wait=waiting,
        ahead=ahead,
        max_window_bytes=max_window_bytes,
    )


@contextmanager
def scripted_node(
    blocks: int = 30, receipts: int = 2, *, salt: str = "", chain_id: int = CHAIN_ID
) -> Iterator[ScriptedNode]:
    """Serve a made-up chain on a free port of this machine."""
    node = ScriptedNode(blocks, receipts, salt, chain_id)
    server = _Server(node)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    node.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield node
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        answer = self.server.node.answer(self.path, self.rfile.read(int(self.headers["Content-Length"])))
        if answer.hold is not None:
            answer.hold.wait(30)
        if answer.hang_up:
            self.close_connection = True
            return
        if answer.pieces is not None:
            self.close_connection = True
            for piece in answer.pieces():
                self.wfile.write(piece)
            return
        self.send_response_only(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) - answer.cut])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Stay quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, node: ScriptedNode) -> None:
        self.node = node
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: a client that gave up is part of the script."""


def zipped(body: bytes) -> HttpAnswer:
    """Give an answer that is compressed."""
    return HttpAnswer(body=gzip.compress(body), headers={"Content-Encoding": "gzip"})
