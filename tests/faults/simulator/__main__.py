"""Run many seeds: python -m tests.faults.simulator --seeds 20000 [--blocks 60] [--jobs 2].

`--seeds 500:520` runs from 500 up to, not including, 520. A failing seed is printed with what did not
hold and what happened to the watcher; add it to regressions.txt with its blocks and a word on why.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial

from tests.databases import server_running
from tests.faults.simulator.running import SMALL, Verdict, run

EVERY = 500
"""So often the number of seeds done is printed."""


def main() -> int:
    """Run the seeds; give 0 where everything held, 1 where a seed failed."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of a set of texts is part of what a seed decides: what fails once has to fail again.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606
    parser = argparse.ArgumentParser(prog="simulate", description="Live many seeds of trouble.")
    parser.add_argument("--seeds", default="2000", help="how many, or a range A:B")
    parser.add_argument("--blocks", type=int, default=SMALL, help="blocks a seed lives through, at least")
    parser.add_argument("--jobs", type=int, default=2, help="seeds at the same time")
    parser.add_argument("--plain", action="store_true", help="count live apps only, as the first seeds did")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server of its own")
    chosen = parser.parse_args()
    first, _, last = chosen.seeds.rpartition(":")
    seeds = range(int(first or 0), int(last))
    failed = 0
    turns = crashes = reorgs = ahead = wake_ups = 0
    with _server(wanted=chosen.postgres) as server, ProcessPoolExecutor(chosen.jobs) as pool:
        live = partial(run, blocks=chosen.blocks, plain=chosen.plain, server=server)
        verdicts = pool.map(live, seeds, chunksize=10)
        for done, verdict in enumerate(verdicts, 1):
            failed += bool(verdict.findings)
            turns, crashes = turns + verdict.log.turns, crashes + verdict.log.crashes
            reorgs, ahead = reorgs + verdict.log.reorgs, ahead + verdict.log.ahead
            wake_ups += verdict.log.wake_ups
            if verdict.findings:
                _show(verdict)
            if done % EVERY == 0 or done == len(seeds):
                lived = f"{turns} turns, {wake_ups} wake-ups, {crashes} crashes, {reorgs} reorgs"
                _say(f"{done} seeds: {failed} failed; {lived}, {ahead} times the head first")
    return 1 if failed else 0


@contextmanager
def _server(*, wanted: bool) -> Iterator[str | None]:
    if not wanted:
        yield None
        return
    with server_running() as server:
        yield server.get_uri()


def _show(verdict: Verdict) -> None:
    _say(f"seed {verdict.seed} with {verdict.blocks} blocks failed ({verdict.log})")
    for finding in verdict.findings:
        _say(f"    {finding}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
