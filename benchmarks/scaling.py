"""One process, two processes, and a local Dask cluster of two workers, on the same bytes.

    python benchmarks/scaling.py [BLOCKS]       prints a table; docs/scaling.md holds one

Start-up is left out: each way reads the first third of the blocks before the clock starts.
"""

import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from distributed import LocalCluster
from programs import database, definition, source, stored_totals
from replay import Replay

from watcher.chain.endpoint import EndpointSettings
from watcher.clock import SystemClock
from watcher.stages.index import Index
from watcher.stages.workplaces import Workers

ROUNDS = 3
TRANSACTIONS = 50


def measured(url: str, blocks: int, workers: Workers, expected: object) -> tuple[float, float]:
    """Read the chain; give wall and this process's CPU seconds of the last two thirds."""
    with tempfile.TemporaryDirectory() as folder:
        program = definition(Path(folder))
        with closing(database(Path(folder))) as store:
            index = Index(
                program,
                source(url),
                store,
                SystemClock(),
                workplace=workers.workplace(program, [EndpointSettings("replay", url)]),
            )
            with closing(index):
                index.run(blocks // 3)
                wall, busy = time.perf_counter(), time.process_time()
                index.run(blocks)
                found = time.perf_counter() - wall, time.process_time() - busy
            assert stored_totals(store, blocks) == expected, "a fast wrong run is a failed run"
    return found


def main() -> None:
    """Measure the three ways in turn, three times."""
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    receipts = (blocks - blocks // 3) * TRANSACTIONS
    with (
        Replay(blocks, TRANSACTIONS) as replay,
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
    ):
        ways = {
            "one process": Workers(),
            "two processes": Workers(2),
            "a cluster of two workers": Workers(cluster=cluster.scheduler_address),
        }
        expected = replay.totals(blocks)
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, workers in ways.items():
                times[name].append(measured(replay.url, blocks, workers, expected))
    alone = statistics.median(wall for wall, _ in times["one process"])
    print("| | receipts/s | against one process | CPU of the writer's process, s per million |")
    print("|---|---|---|---|")
    for name, found in times.items():
        wall = statistics.median(seconds for seconds, _ in found)
        busy = statistics.median(seconds for _, seconds in found)
        row = (name, f"{receipts / wall:,.0f}", f"{alone / wall:.2f}x", f"{busy / receipts * 1e6:.1f}")
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
