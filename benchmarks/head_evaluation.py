"""How long a block at the head takes to be evaluated, after two months and after a year of history.

    python benchmarks/head_evaluation.py        prints one line of JSON: median milliseconds a block

50 apps, windows of 30 days, a block every two hours in which all of them are used; then a block a second, of
which the last ten are not final yet. Every app has to be live in the end.
"""

import json
import statistics
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from made_chain import CONTRACTS, SENDERS, contract, name
from programs import database, definition

from watcher.core.types import Address
from watcher.stages.announce import Announcer
from watcher.stages.evaluate import Evaluate
from watcher.stages.index import Index
from watcher.stages.sync import catch_up
from watcher.testing.fake_blocks import PLAIN_CODE, tx
from watcher.testing.fake_chain import FakeChain
from watcher.testing.manual_clock import ManualClock

HEAD_BLOCKS = 60
DEPTH = 10
HOURS_A_BLOCK = 2


def milliseconds(days: int) -> float:
    """Give the median time of an evaluation at the head after so many days."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    contracts = [Address(contract(number)) for number in range(CONTRACTS)]
    chain = FakeChain(genesis_time=int(start.timestamp()))
    chain.block(code=dict.fromkeys(contracts, PLAIN_CODE))

    def used(turn: int, at: int | None) -> None:
        sender = name("sender", turn % SENDERS, 40)
        chain.block(*[tx(sender, address) for address in contracts], at=at)

    for turn in range(1, days * 24 // HOURS_A_BLOCK):
        used(turn, int((start + timedelta(hours=HOURS_A_BLOCK * turn)).timestamp()))
    clock = ManualClock(start + timedelta(days=days))
    took = []
    with tempfile.TemporaryDirectory() as folder:
        program = definition(Path(folder), finality=f"depth = {DEPTH}")
        with closing(database(Path(folder))) as store:
            index = Index(program, chain, store, clock)
            evaluate = Evaluate(program, store, clock, Announcer(program, clock))
            catch_up(index, evaluate, "head")
            for turn in range(HEAD_BLOCKS):
                used(turn, None)
                index.run()
                begun = time.perf_counter()
                result = evaluate.run()
                took.append(1_000 * (time.perf_counter() - begun))
                assert result.blocks == 1, "a block was not concluded"
            with store.reading() as reading:
                live = {
                    entry["subject"] for entry in reading.ledger.entries() if entry["type"] == "app.went_live"
                }
    assert len(live) == CONTRACTS, f"{len(live)} apps are live"
    return statistics.median(took)


def main() -> None:
    """Measure both."""
    print(json.dumps({"two_months_ms": milliseconds(60), "a_year_ms": milliseconds(365)}))


if __name__ == "__main__":
    main()
