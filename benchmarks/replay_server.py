"""Serves a made-up chain from memory, so that the client is what is measured.

    python benchmarks/replay_server.py BLOCKS TRANSACTIONS_A_BLOCK     prints its port, serves till stdin ends

Every answer is a slice of bytes that was made before the first request. Blocks are a second apart; each
transaction calls one of 50 contracts and emits two logs.
"""

import hashlib
import json
import random
import re
import socketserver
import sys
import threading
from typing import ClassVar

CONTRACTS = 50
SENDERS = 5_000
GENESIS_TIME = 1_700_000_000
EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"


def name(kind: str, number: int, digits: int = 64) -> str:
    """Give a hash or address of one's own."""
    return "0x" + hashlib.sha256(f"{kind}{number}".encode()).hexdigest()[:digits]


def contract(number: int) -> str:
    """Give the n-th contract's address."""
    return name("contract", number, 40)


def header(number: int, transactions: int) -> dict[str, object]:
    """Give a block's header."""
    return {
        "hash": name("block", number),
        "number": hex(number),
        "parentHash": name("block", number - 1),
        "timestamp": hex(GENESIS_TIME + number),
        "receiptsRoot": name("root", number) if transactions else EMPTY_ROOT,
        "gasUsed": hex(21_000 * transactions),
        "logsBloom": "0x" + "00" * 256,
        "transactions": [name(f"tx{number}.", place) for place in range(transactions)],
    }


def receipt(number: int, place: int, chance: random.Random) -> dict[str, object]:
    """Give one receipt, as large as a real one."""
    to = contract(chance.randrange(CONTRACTS))
    common = {
        "blockHash": name("block", number),
        "blockNumber": hex(number),
        "transactionHash": name(f"tx{number}.", place),
        "transactionIndex": hex(place),
    }
    logs = [
        {
            "address": to,
            "topics": [name("topic", which), name("sender", place)],
            "data": "0x" + "00" * 64,
            "logIndex": hex(2 * place + which),
            "removed": False,
            **common,
        }
        for which in range(2)
    ]
    return {
        **common,
        "from": name("sender", chance.randrange(SENDERS), 40),
        "to": to,
        "contractAddress": None,
        "status": "0x1" if chance.random() < 0.95 else "0x0",
        "type": "0x2",
        "gasUsed": hex(60_000 + place),
        "cumulativeGasUsed": hex(60_000 * (place + 1)),
        "effectiveGasPrice": hex(1_000_000),
        "logsBloom": "0x" + "00" * 256,
        "logs": logs,
    }


class Chain:
    """The answers, as bytes."""

    def __init__(self, blocks: int, transactions: int) -> None:
        """Make every answer now."""
        chance = random.Random(1)
        self.last = blocks
        self.headers = [
            json.dumps(header(number, transactions if number else 0)).encode() for number in range(blocks + 1)
        ]
        self.receipts = [b"[]"] + [
            json.dumps([receipt(number, place, chance) for place in range(transactions)]).encode()
            for number in range(1, blocks + 1)
        ]

    def answer(self, method: str, parameters: list[object]) -> bytes:
        """Give the bytes of one result."""
        if method == "eth_chainId":
            return b'"0x7a69"'
        if method == "eth_getCode":
            return b'"0x6001"'
        which = str(parameters[0])
        number = int(which, 16) if which.startswith("0x") else self.last
        if number > self.last:
            return b"null"
        return self.receipts[number] if method == "eth_getBlockReceipts" else self.headers[number]


class Handler(socketserver.StreamRequestHandler):
    """Speaks as much HTTP as a keep-alive JSON-RPC client needs."""

    chain: ClassVar[Chain]

    def handle(self) -> None:
        """Answer requests until the client leaves."""
        while head := self.rfile.readline():
            length = 0
            while head not in {b"\r\n", b""}:
                if found := re.match(rb"(?i)content-length: *(\d+)", head):
                    length = int(found[1])
                head = self.rfile.readline()
            asked = json.loads(self.rfile.read(length))
            calls = asked if isinstance(asked, list) else [asked]
            parts = [
                b'{"jsonrpc":"2.0","id":%d,"result":%s}'
                % (call["id"], self.chain.answer(call["method"], call["params"]))
                for call in calls
            ]
            body = b"[" + b",".join(parts) + b"]" if isinstance(asked, list) else parts[0]
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
            )
            self.wfile.write(body)


class Server(socketserver.ThreadingTCPServer):
    """A thread a connection."""

    daemon_threads = True
    allow_reuse_address = True


def main() -> None:
    """Serve on a free port of this machine until standard input ends."""
    Handler.chain = Chain(int(sys.argv[1]), int(sys.argv[2]))
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
