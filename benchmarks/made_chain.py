"""A made-up chain as bytes, written out before anybody asks, and a recount of it by brute force.

    64 blocks as templates ─▶ each block: number and hashes filled in ─▶ answers ready to be sent

Blocks are a second apart; each transaction calls one of 50 contracts and emits two logs of it.
"""

import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable

CONTRACTS = 50
SENDERS = 5_000
TEMPLATES = 64
GENESIS_TIME = 1_700_000_000
EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
EVENTS = ("Used(bytes32,bytes32,bytes32)", "Kept(bytes32,bytes32,bytes32)")
TOPICS = (
    "0x2a56951f355c52be2bf2be31886e7b3bf0fe271590e4a8946f5aca162cb3b28a",
    "0xea216375cb597016c1ff723dec6430a5c9c82d6fe4333a1e1f5082af903fbcae",
)
"""Of the two events that each transaction emits, the first parameter indexed."""


# What a template holds in place of what differs from block to block; each as long as what replaces it.
_HASH = "0x" + "b" * 64
_TRANSACTION = "0x" + "c" * 32
_NUMBER = "@number"

Totals = dict[str, dict[str, int]]


def name(kind: str, number: int, digits: int = 64) -> str:
    """Give a hash or address of one's own."""
    return "0x" + hashlib.sha256(f"{kind}{number}".encode()).hexdigest()[:digits]


def contract(number: int) -> str:
    """Give the n-th contract's address."""
    return name("contract", number, 40)


def transaction_hash(number: int, place: int) -> str:
    """Give a transaction's hash, which says where it is."""
    return f"0x{number:032x}{place:032x}"


def _receipt(place: int, chance: random.Random) -> dict[str, object]:
    to = contract(chance.randrange(CONTRACTS))
    common = {
        "blockHash": _HASH,
        "blockNumber": _NUMBER,
        "transactionHash": f"{_TRANSACTION}{place:032x}",
        "transactionIndex": hex(place),
    }
    logs = [
        {
            "address": to,
            "topics": [topic, name("sender", place)],
            "data": "0x" + "00" * 64,
            "logIndex": hex(2 * place + which),
            "removed": False,
            **common,
        }
        for which, topic in enumerate(TOPICS)
    ]
    return {
        **common,
        "from": name("sender", chance.randrange(SENDERS), 40),
        "to": to,
        "contractAddress": None,
        "status": "0x1" if chance.random() < 0.95 else "0x0",
        "type": "0x2",
        "gasUsed": hex(60_000 + place),
        "cumulativeGasUsed": hex(60_000 * (place + 1) + place * (place + 1) // 2),
        "effectiveGasPrice": hex(1_000_000),
        "logsBloom": "0x" + "00" * 256,
        "logs": logs,
    }


class Template:
    """One block's receipts and logs, but for number and hashes."""

    def __init__(self, which: int, transactions: int) -> None:
        """Draw the transactions; `which` is the seed."""
        chance = random.Random(which)
        self.receipts = [_receipt(place, chance) for place in range(transactions)]
        self.whole = json.dumps(self.receipts).encode()
        self.each = [json.dumps(receipt).encode() for receipt in self.receipts]
        self.logs = [
            (str(log["address"]), str(log["topics"][0]), json.dumps(log).encode())
            for receipt in self.receipts
            for log in receipt["logs"]  # type: ignore[attr-defined]  # made above
        ]
        self.gas = sum(int(str(receipt["gasUsed"]), 16) for receipt in self.receipts)


def _filled(template: bytes, number: int) -> bytes:
    filled = template.replace(_HASH.encode(), name("block", number).encode())
    filled = filled.replace(_TRANSACTION.encode(), f"0x{number:032x}".encode())
    return filled.replace(_NUMBER.encode(), hex(number).encode())


class Chain:
    """The answers of a chain of blocks 0 (empty) to `last`, `transactions` in each."""

    def __init__(self, last: int, transactions: int) -> None:
        """Write down every block's receipts now; the rest is filled in when it is asked for."""
        self.last = last
        self.transactions = transactions
        self._templates = [Template(which, transactions) for which in range(TEMPLATES)]
        self._receipts = [b"[]"]
        self._receipts += [_filled(self._of(number).whole, number) for number in range(1, last + 1)]
        self._logs: dict[tuple[frozenset[str], frozenset[str]], dict[int, tuple[bytes, int]]] = {}
        self._headers = [self.header(number, full=False) for number in range(last + 1)]

    def _of(self, number: int) -> Template:
        return self._templates[number % TEMPLATES]

    def block(self, number: int, *, full: bool) -> bytes:
        """Give a block, with its transactions' bodies if `full`."""
        return self.header(number, full=True) if full else self._headers[number]

    def receipts(self, number: int) -> bytes:
        """Give all receipts of a block."""
        return self._receipts[number]

    def receipt(self, of: str) -> bytes:
        """Give the receipt of the transaction with this hash."""
        number, place = int(of[2:34], 16), int(of[34:], 16)
        return _filled(self._of(number).each[place], number)

    def logs(
        self, first: int, last: int, addresses: frozenset[str], topics: frozenset[str]
    ) -> tuple[list[bytes], int]:
        """Give the logs of a range by some contracts (none named: any) with some first topics (likewise).

        Joined by block, and how many; what was asked for once is ready the next time.
        """
        found = [
            self._block_logs(number, addresses, topics)
            for number in range(max(first, 1), min(last, self.last) + 1)
        ]
        return [text for text, _ in found if text], sum(count for _, count in found)

    def _block_logs(
        self, number: int, addresses: frozenset[str], topics: frozenset[str]
    ) -> tuple[bytes, int]:
        ready = self._logs.setdefault((addresses, topics), {})
        if number not in ready:
            wanted = [
                log
                for address, topic, log in self._of(number).logs
                if (not addresses or address in addresses) and (not topics or topic in topics)
            ]
            ready[number] = _filled(b",".join(wanted), number), len(wanted)
        return ready[number]

    def header(self, number: int, *, full: bool) -> bytes:
        """Write a block as a node does."""
        count = self.transactions if number else 0
        template = self._of(number)
        transactions: list[object] = [transaction_hash(number, place) for place in range(count)]
        if full:
            transactions = [
                {
                    "blockHash": name("block", number),
                    "blockNumber": hex(number),
                    "hash": transaction_hash(number, place),
                    "transactionIndex": hex(place),
                    "from": receipt["from"],
                    "to": receipt["to"],
                    "gas": "0x186a0",
                    "gasPrice": "0xf4240",
                    "maxFeePerGas": "0xf4240",
                    "maxPriorityFeePerGas": "0x0",
                    "input": "0x",
                    "nonce": "0x0",
                    "value": "0x0",
                    "type": "0x2",
                    "accessList": [],
                    "chainId": "0x7a69",
                    "v": "0x0",
                    "r": name("r", place),
                    "s": name("s", place),
                }
                for place, receipt in enumerate(template.receipts[:count])
            ]
        block = {
            "hash": name("block", number),
            "number": hex(number),
            "parentHash": name("block", number - 1),
            "timestamp": hex(GENESIS_TIME + number),
            "receiptsRoot": name("root", number) if count else EMPTY_ROOT,
            "transactionsRoot": name("transactions", number) if count else EMPTY_ROOT,
            "stateRoot": name("state", number),
            "sha3Uncles": name("uncles", 0),
            "mixHash": name("mix", 0),
            "nonce": "0x0000000000000000",
            "miner": name("miner", 0, 40),
            "difficulty": "0x0",
            "totalDifficulty": "0x0",
            "extraData": "0x",
            "size": "0x400",
            "gasLimit": "0x1c9c380",
            "gasUsed": hex(template.gas if number else 0),
            "baseFeePerGas": "0x0",
            "logsBloom": "0x" + "00" * 256,
            "uncles": [],
            "transactions": transactions,
        }
        return json.dumps(block).encode()

    def totals(self, last: int) -> Totals:
        """Recount blocks 1 to `last` from the bytes that are served, by the plainest means there are."""
        return recount(self._receipts[number] for number in range(1, last + 1))


def recount(answers: Iterable[bytes]) -> Totals:
    """Count per contract what was sent to it: actions, failures, gas, fees, logs, and who acted."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    actors: dict[str, set[str]] = defaultdict(set)
    for answer in answers:
        for receipt in json.loads(answer):
            found = counts[receipt["to"]]
            gas = int(receipt["gasUsed"], 16)
            found["gas"] += gas
            found["fee_wei"] += gas * int(receipt["effectiveGasPrice"], 16)
            found["logs"] += len(receipt["logs"])
            if receipt["status"] == "0x1":
                found["actions"] += 1
                actors[receipt["to"]].add(receipt["from"])
            else:
                found["failed"] += 1
    return {
        address: {name: found[name] for name in ("actions", "failed", "gas", "fee_wei", "logs")}
        | {"actors": len(actors[address])}
        for address, found in counts.items()
    }
