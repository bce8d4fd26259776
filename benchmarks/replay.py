"""A replay server and clients of it, each in a process of its own."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
SECONDS = 120
"""A client that takes longer is given up."""


class Replay:
    """A running replay server; ends with the `with` block."""

    def __init__(self, blocks: int, transactions: int) -> None:
        """Start it; it is ready when this returns."""
        self.blocks = blocks
        self.transactions = transactions
        command = [sys.executable, str(HERE / "replay_server.py"), str(blocks), str(transactions)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"
        self._totals: dict[int, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        self._process.terminate()
        self._process.communicate()

    def behave(self, **behaviour: float) -> None:
        """Set how it behaves from now on, and begin to count anew."""
        self._get("/behaviour", json.dumps(behaviour).encode())

    def counters(self) -> dict[str, Any]:
        """Give what it counted."""
        return self._get("/counters")

    def totals(self, blocks: int) -> Any:  # noqa: ANN401  # JSON
        """Give the recount of the first blocks."""
        if blocks not in self._totals:
            self._totals[blocks] = self._get(f"/totals/{blocks}")
        return self._totals[blocks]

    def run(self, client: str, blocks: int | None = None, **behaviour: float) -> dict[str, Any]:
        """Run one client; give what it measured and what the server counted.

        AssertionError where its totals are not those of the recount.
        """
        blocks = blocks or self.blocks
        self.behave(**behaviour)
        command = [sys.executable, str(HERE / "clients.py"), client, self.url, str(blocks)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, f"{client} failed: {done.stderr[-2_000:]}"
        found = json.loads(done.stdout.splitlines()[-1])
        self._check(client, found, blocks)
        counters = self.counters()
        receipts = found.get("measured_blocks", blocks) * self.transactions
        return {
            **{name: value for name, value in found.items() if name not in {"totals", "logs"}},
            **counters,
            "blocks": blocks,
            "rate": receipts / found["seconds"],
            "cpu_per_million": found["cpu_seconds"] / receipts * 1e6,
        }

    def _check(self, client: str, found: dict[str, Any], blocks: int) -> None:
        counted = self.totals(blocks)
        if "totals" in found:
            same = {address: counted[address] for address in found["totals"]}
            assert found["totals"], f"{client} found nothing"
            assert found["totals"] == same, f"{client}: its totals are not those of the recount"
        if "logs" in found:
            assert found["logs"] == {address: each["logs"] for address, each in counted.items()}
        if "receipts" in found:
            assert found["receipts"] == blocks * self.transactions

    def _get(self, path: str, body: bytes | None = None) -> Any:  # noqa: ANN401  # JSON
        with urllib.request.urlopen(self.url + path, body, timeout=SECONDS) as answer:  # noqa: S310  # of this machine
            return json.load(answer)
