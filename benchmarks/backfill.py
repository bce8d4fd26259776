"""Backfill with extraction and storage against pulling and decoding the same bytes alone, in one run.

    python benchmarks/backfill.py [BLOCKS [TRANSACTIONS_A_BLOCK]]

Prints receipts a second, CPU seconds per million receipts, peak memory, requests and the ratio of both; the
totals are checked against a count of the served receipts, since a fast wrong run is a failed run.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from replay_server import CONTRACTS, contract

from watcher.chain.endpoint import EndpointSettings
from watcher.chain.reader import JsonRpcSource
from watcher.clock import SystemClock
from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.core.types import BlockRange
from watcher.stages.index import Index
from watcher.store.database import Store

ROUNDS = 3

PROGRAM = """schema = 1
id = "bench"
provenance = { authority = "observer", source = "https://example.org" }
kpi = [{ id = "live", metric = { kind = "live_apps" }, at_least = 1 }]
milestone = [{ id = "first", any_of = ["live"] }]
[liveness]
unit = "transaction"
reach = "direct"
window = { days = 30, kind = "rolling" }
min_actions = 1
[chain]
id = 31337
name = "replay"
family = "ethereum"
finality = { tag = "finalized" }
count_from = 1
"""


def source(url: str) -> JsonRpcSource:
    """Make a fresh client."""
    return JsonRpcSource([EndpointSettings("replay", url)], 31337)


def floor(url: str, blocks: int) -> int:
    """Pull and decode everything, keep nothing; give the number of receipts."""
    windows = source(url).windows(BlockRange(1, blocks), 500, every_header=False)
    return sum(len(block.receipts) for window in windows for block in window.blocks)


def prepared(folder: Path) -> tuple[Definition, Store]:
    """Make a program of all contracts, an app each, and a fresh database."""
    program = folder / "program.toml"
    apps = "".join(
        f'[[app]]\nid = "app{number}"\ncontract = [{{ address = "{contract(number)}" }}]\n'
        for number in range(CONTRACTS)
    )
    program.write_text(PROGRAM + apps, encoding="utf-8")
    database = folder / "bench.db"
    database.unlink(missing_ok=True)
    return load_program(program).definition, Store.open(f"sqlite:///{database}", create=True)


def counted(store: Store, blocks: int) -> int:
    """Give the number of transactions in the stored facts."""
    total = 0
    with store.reading() as tx:
        for facts in tx.facts.blocks(0, blocks, blocks):
            for activity in facts.activity.values():
                total += sum(activity.actors.values()) + activity.failed
    return total


@contextmanager
def measured(times: list[tuple[float, float]]) -> Iterator[None]:
    """Note the seconds, and the CPU seconds of this process, that a piece of work takes."""
    wall, busy = time.perf_counter(), time.process_time()
    yield
    times.append((time.perf_counter() - wall, time.process_time() - busy))


def main() -> None:
    """Run both in turn, several times, and print the medians."""
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    transactions = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    script = Path(__file__).with_name("replay_server.py")
    command = [sys.executable, str(script), str(blocks), str(transactions)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        total = blocks * transactions
        floors: list[tuple[float, float]] = []
        backfills: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            with measured(floors):
                pulled = floor(url, blocks)
            assert pulled == total, f"pulled {pulled} of {total} receipts"
            definition, store = prepared(Path(folder))
            with measured(backfills):
                Index(definition, source(url), store, SystemClock()).run()
            found = counted(store, blocks)
            assert found == total, f"stored {found} of {total} transactions"
            store.close()
        for what, times in (("floor", floors), ("backfill", backfills)):
            rate = total / statistics.median(wall for wall, _ in times)
            million = statistics.median(busy for _, busy in times) / total * 1e6
            print(f"{what:9} {rate:10,.0f} receipts/s {million:6.1f} CPU s per million")
        ratio = statistics.median(wall for wall, _ in backfills) / statistics.median(
            wall for wall, _ in floors
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"ratio": round(ratio, 2), "peak_mb": round(peak), "receipts": total}))
        server.terminate()


if __name__ == "__main__":
    main()
