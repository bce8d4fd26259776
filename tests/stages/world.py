"""A small world for stage tests: a program, a FakeChain its apps live on, and the stages on a store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.stages.announce import Announcer, Subscription
from watcher.stages.cutting import Sizes
from watcher.stages.evaluate import Evaluate
from watcher.stages.index import Goal, Index
from watcher.stages.sync import SyncResult, catch_up
from watcher.store.database import Store
from watcher.testing.fake_blocks import FakeTx, address, create, log, tx
from watcher.testing.fake_chain import FakeChain
from watcher.testing.manual_clock import ManualClock

START = 1_700_000_000
"""Genesis time of the world: 2023-11-14 22:13:20 UTC."""

USED = "0x" + "11" * 32
OWNER, REGISTRY, SPIKE = address("owner"), address("registry"), address("spike")
USERS = [address(f"user {number}") for number in range(8)]
APPS = [address(f"app {number}") for number in range(4)]

PROGRAM = """
schema = 1
id = "world"

[provenance]
authority = "observer"
source = "https://example.org/terms"

[chain]
id = 31337
name = "fake"
family = "ethereum"
finality = {{ {finality} }}
count_from = 1
{chain}

[liveness]
unit = "transaction"
reach = "direct"
window = {{ {window} }}
min_actions = 4
min_actors = 2
{liveness}

[[app]]
id = "alpha"
[[app.contract]]
address = "{a0}"

[[app]]
id = "beta"
[[app.contract]]
address = "{a1}"

[[app]]
id = "gamma"
[[app.discover]]
kind = "deployer"
accounts = ["{owner}"]

[[kpi]]
id = "two-live"
metric = {{ kind = "live_apps" }}
at_least = 2

[[kpi]]
id = "three-live"
metric = {{ kind = "live_apps" }}
at_least = 3

[[milestone]]
id = "first"
any_of = ["two-live", {{ all_of = ["three-live"] }}]

[[countdown]]
id = "tge"
after = "first"
duration = "{duration}"
marks = ["1h"]
on_regression = "{on_regression}"
"""


def definition(
    folder: Path,
    *,
    finality: str = "depth = 3",
    window: str = 'days = 1, kind = "rolling"',
    chain: str = "",
    liveness: str = "",
    duration: str = "7d",
    on_regression: str = "continue",
) -> Definition:
    """Load the world's program, with the parts that a test is about."""
    file = folder / "world.toml"
    text = PROGRAM.format(
        finality=finality,
        window=window,
        chain=chain,
        liveness=liveness,
        duration=duration,
        on_regression=on_regression,
        a0=APPS[0],
        a1=APPS[1],
        owner=OWNER,
    )
    file.write_text(text, encoding="utf-8")
    return load_program(file).definition


def world_clock() -> ManualClock:
    """Give a wall clock that stands at the world's first block."""
    return ManualClock(datetime.fromtimestamp(START, UTC))


@dataclass(frozen=True)
class Cut:
    """How the work is cut up: blocks a window, rows a chunk; whether the chain is read by logs.

    With more than `backlog` final blocks unread, the head is read before them.
    """

    final_window: int = 500
    head_window: int = 100
    chunk: int = 1_000
    logs_window: int = 20_000
    by_logs: bool = False
    backlog: int = 5_000


class Watch:
    """The stages of one process on one store; make a new one to restart it."""

    def __init__(
        self,
        program: Definition,
        chain: FakeChain,
        store: Store,
        clock: ManualClock | None = None,
        cut: Cut | None = None,
    ) -> None:
        self.program = program
        self.store = store
        self.chain = chain
        self.clock = clock or world_clock()
        self.announcer = Announcer(
            program, self.clock, [Subscription("ops", ("*",))], operator="tests", deliver_history=True
        )
        cut = cut or Cut()
        self.index = Index(
            program,
            chain,
            store,
            self.clock,
            by_logs=lambda _blocks, _wanted: cut.by_logs,
            sizes=Sizes(cut.final_window, cut.logs_window, cut.head_window, cut.backlog),
        )
        self.evaluate = Evaluate(program, store, self.clock, self.announcer, chunk=cut.chunk)

    def sync(self, goal: Goal = "head") -> SyncResult:
        """Catch up."""
        return catch_up(self.index, self.evaluate, goal)

    def entries(self) -> list[dict[str, Any]]:
        """Give the ledger."""
        with self.store.reading() as tx:
            return list(tx.ledger.entries())

    def story(self) -> list[tuple[str, str, int]]:
        """Give the ledger as type, subject and block number."""
        return [(entry["type"], entry["subject"], entry["block_number"]) for entry in self.entries()]

    def digest(self) -> str:
        """Give the digest of the last entry."""
        with self.store.reading() as tx:
            last = tx.ledger.last()
        assert last is not None
        return last[1]


@contextmanager
def fresh_store(folder: Path) -> Iterator[Store]:
    """Give an empty SQLite store."""
    folder.mkdir(parents=True, exist_ok=True)
    store = Store.open(f"sqlite:///{folder / 'watcher.db'}", create=True)
    try:
        yield store
    finally:
        store.close()


def use(app: str, *users: int, logs: bool = True) -> list[FakeTx]:
    """Let some users use an app once each."""
    return [tx(USERS[user], app, logs=[log(app, USED)] if logs else ()) for user in users]


def open_for_business(chain: FakeChain) -> None:
    """Give the listed apps code, in block 1, as if they had been deployed long ago."""
    chain.block(create(OWNER, nonce=1), code={APPS[0]: b"\x60\x01", APPS[1]: b"\x60\x02"})


def busy(chain: FakeChain, random: Random, blocks: int, step: Callable[[], int]) -> None:
    """Add blocks in which users do this and that, `step` seconds apart."""
    gamma = create(OWNER, nonce=1).contract
    assert gamma is not None
    targets = [APPS[0], APPS[1], gamma, address("nobody")]
    for _ in range(blocks):
        made = [
            tx(
                random.choice(USERS),
                random.choice(targets),
                ok=random.random() < 0.9,
                logs=[log(random.choice(targets), USED)] if random.random() < 0.5 else (),
            )
            for _ in range(random.choice((0, 0, 1, 2, 4)))
        ]
        at = chain.head().timestamp + step()
        chain.block(*made, at=at)
