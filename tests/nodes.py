"""Starts real anvil nodes for tests, each on a free port of this machine, and stops them again."""

import re
import subprocess
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import urllib3

from watcher.core.types import Address
from watcher.testing.contracts import compiled

ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = ROOT / ".tools" / "node_modules" / "@foundry-rs"
_LISTENING = re.compile(r"Listening on (127\.0\.0\.1:\d+)")
_ACCOUNTS = 20
HASHES_ONLY = False
"""What eth_getBlockBy… takes to leave out the transactions themselves."""
GENESIS_TIME = 1_700_000_000
"""When the chains of the tests begin: 2023-11-14T22:13:20Z."""


@dataclass(frozen=True)
class Node:
    """Any node that speaks JSON-RPC over HTTP."""

    url: str
    pool: urllib3.PoolManager

    def ask(self, method: str, *parameters: object) -> Any:  # noqa: ANN401 - a node may answer anything
        """Give the result of one call; an error fails the test."""
        answer = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def block(self, number: str) -> Any:  # noqa: ANN401 - null above the head
        """Give a block by number or tag, transactions as hashes."""
        return self.ask("eth_getBlockByNumber", number, HASHES_ONLY)

    def block_of_hash(self, block_hash: str) -> Any:  # noqa: ANN401 - null where unknown
        """Give a block by hash, transactions as hashes."""
        return self.ask("eth_getBlockByHash", block_hash, HASHES_ONLY)

    def refusal(self, method: str, *parameters: object) -> dict[str, Any]:
        """Give the error of one call; a result fails the test."""
        answer = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        assert "result" not in answer, f"{method} was expected to fail: {answer['result']}"
        return dict(answer["error"])

    def post(self, body: object) -> Any:  # noqa: ANN401 - a node may answer anything
        """Send any JSON and give the JSON that comes back."""
        return self.pool.request("POST", self.url, json=body).json()


@dataclass(frozen=True)
class Anvil(Node):
    """A running anvil: its process (kill it to see a node die) and its unlocked accounts."""

    process: subprocess.Popen[str]
    accounts: Sequence[Address]

    def send(self, sender: Address, to: Address | None, data: bytes) -> str:
        """Send a transaction from an unlocked account; it is in the next block."""
        sent: dict[str, str] = {"from": sender, "data": f"0x{data.hex()}", "gas": "0x2dc6c0"}
        if to is not None:
            sent["to"] = to
        return str(self.ask("eth_sendTransaction", sent))

    def deploy(self, sender: Address, contract: str, *arguments: object) -> Address:
        """Create a contract of contracts_abi/ in a block of its own and give its address."""
        sent = self.send(sender, None, compiled(contract).creation(*arguments))
        self.mine()
        return Address(self.ask("eth_getTransactionReceipt", sent)["contractAddress"])

    def mine(self, timestamp: int | None = None) -> int:
        """Seal one block with everything pending, at `timestamp` (Unix seconds), and give its number."""
        self.ask("evm_mine", *([] if timestamp is None else [timestamp]))
        return int(self.ask("eth_blockNumber"), 16)

    def travel_to(self, timestamp: int) -> None:
        """Give the next block this time (Unix seconds); it must be later than the last block's."""
        self.ask("evm_setNextBlockTimestamp", timestamp)

    def reorg(self, depth: int) -> None:
        """Replace the last `depth` blocks by as many empty ones: the head's number stays."""
        self.ask("anvil_reorg", depth, [])


@contextmanager
def anvil(*options: str) -> Iterator[Anvil]:
    """Start a node at Prague with these options and kill it in the end.

    Blocks come by `mine` only, unless `--block-time` is among the options.
    Without anvil the test fails and says how to get it; it never skips.
    """
    # Its own mining on arrival runs beside the answer: a receipt asked for at once may not be there yet.
    mining = [] if "--block-time" in options else ["--no-mining"]
    fixed = ["--port", "0", "--hardfork", "prague", "--accounts", str(_ACCOUNTS), "--gas-limit", "1000000000"]
    command = [str(binary()), *fixed, *mining, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        drain: Thread | None = None
        try:
            assert process.stdout is not None
            lines = iter(process.stdout)
            listening = next((found for line in lines if (found := _LISTENING.search(line))), None)
            assert listening, f"anvil ended before it listened: {command}"
            drain = Thread(target=deque, args=(lines, 0), name="anvil-output")  # or the pipe fills up
            drain.start()
            url = f"http://{listening[1]}"
            with urllib3.PoolManager() as pool:
                accounts = [Address(found.lower()) for found in Node(url, pool).ask("eth_accounts")]
                yield Anvil(url, pool, process, accounts)
        finally:
            process.kill()
            if drain is not None:
                drain.join()


def binary(packages: Path = _PACKAGES) -> Path:
    """Find the anvil of this machine's platform: the binary itself, since killing its wrapper orphans it."""
    found = sorted(packages.glob("anvil-*/bin/anvil*"))
    assert found, "anvil is not installed: run `make node`"
    return found[0]
