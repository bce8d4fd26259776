"""Reorgs inside the window, of any depth, during a run and while the watcher is stopped, on both databases.

Afterwards everything that is stored is what a watcher stores that never saw the blocks that went.
"""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.stages.world import APPS, START, Cut, Watch, busy, definition, fresh_store, open_for_business, use
from watcher.core.definition import Definition
from watcher.errors import ChainError
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain

FINALITY = 70
DEEPEST = 64
STEPS = (0, 1, 2, 60, 700, 3_600)


@pytest.fixture
def program(tmp_path: Path) -> Definition:
    """Give the world's program; whatever happens in a test is above finality."""
    return definition(tmp_path, finality=f"depth = {FINALITY}")


def grow(chain: FakeChain, random: Random, blocks: int) -> None:
    """Let users and time go on."""
    busy(chain, random, blocks, lambda: random.choice(STEPS))


def history(random: Random) -> FakeChain:
    """Make a chain of which the last 64 blocks are worth losing: apps go live in the first of them."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.empty_blocks(15)
    go_live(chain)
    grow(chain, random, DEEPEST - 1)
    return chain


def go_live(chain: FakeChain) -> None:
    """Let two apps be used enough in one block."""
    chain.block(*use(APPS[0], 0, 1, 2, 3), *use(APPS[1], 0, 1, 2, 3))


def everything(store: Store) -> dict[str, Any]:
    """Give what is stored, actors by address: their numbers depend on who came first.

    Far below the head a block that says nothing may have a row or none: it depends on how the windows fell.
    """
    with store.reading() as tx:
        checkpoint = tx.facts.checkpoint()
        assert checkpoint is not None
        rows = [
            row
            for row in tx.facts.blocks(-1, 10_000, 10_000)
            if row.block.number > checkpoint.number - DEEPEST
            or row.activity
            or row.announcements
            or row.creations
        ]
        ids = {actor for row in rows for each in row.activity.values() for actor in each.actors}
        names = tx.facts.actor_addresses(ids)
        state = tx.state.load()
        return {
            "rows": [
                (
                    row.block,
                    {
                        app: (
                            {names[actor]: n for actor, n in each.actors.items()},
                            each.failed,
                            each.contracts,
                        )
                        for app, each in row.activity.items()
                    },
                    row.announcements,
                    row.creations,
                )
                for row in rows
            ],
            "checkpoint": checkpoint,
            "samples": tx.facts.samples({row.block.number for row in rows}),
            "wants": [each.want for each in tx.facts.wants()],
            "state": None if state is None else (state.block, state.payload),
            "ledger": list(tx.ledger.entries()),
            "observed": {
                (each.milestone, each.block_number, each.block_hash) for each in tx.state.observations()
            },
        }


def clean(program: Definition, chain: FakeChain, folder: Path) -> dict[str, Any]:
    """Give what a watcher stores that comes late and sees the chain as it is now."""
    with fresh_store(folder) as store:
        Watch(program, chain.clone(), store).sync()
        return everything(store)


def finish(watch: Watch, chain: FakeChain, random: Random) -> None:
    """Let the apps be live, if they are not, and make that and all before it final."""
    go_live(chain)
    grow(chain, random, FINALITY + 1)
    watch.sync()


CASES = [(1, 0), (7, 3), (33, -1), (DEEPEST, 3)]
"""How many blocks go, and how many more (fewer) come in their place."""


@pytest.mark.parametrize("reorg", CASES)
@pytest.mark.parametrize("process", ["running", "stopped"])
def test_a_reorg_leaves_what_a_clean_replay_stores(
    program: Definition, store: Store, tmp_path: Path, reorg: tuple[int, int], process: str
) -> None:
    """Rows, samples, wants, state, ledger and open observations; the new branch may be the shorter one."""
    depth, more = reorg
    random = Random(depth)
    chain = history(random)
    watch = Watch(program, chain, store)
    watch.sync()
    chain.reorg(depth)
    grow(chain, random, depth + more)
    if process == "stopped":
        watch = Watch(program, chain, store)
    watch.sync()
    now, expected = everything(store), clean(program, chain, tmp_path / "now")
    # What was final stays so on a branch that is shorter: only then may the state be further.
    assert {**now, "state": None} == {**expected, "state": None}
    assert (now["state"] == expected["state"]) is (more >= 0)
    finish(watch, chain, random)
    assert everything(store) == clean(program, chain, tmp_path / "then")
    with store.reading() as tx:
        observed, told = (
            len(tx.outbox.events("milestone.observed")),
            len(tx.outbox.events("milestone.retracted")),
        )
        reached = len(tx.outbox.events("milestone.reached"))
    assert (reached, observed - told) == (1, 1), "an observation without its one outcome"


INSTANTS = [
    (method, nth)
    for method, times in (("head", 1), ("headers", 3), ("windows", 3), ("sample", 1))
    for nth in range(1, times + 1)
]
"""The moments of a run at which a reorg can come: before the n-th call of a method."""


@pytest.mark.parametrize(("method", "nth"), INSTANTS)
def test_a_reorg_in_the_middle_of_a_run_is_found_by_it_or_the_next(
    program: Definition, store: Store, tmp_path: Path, method: str, nth: int
) -> None:
    """Between any two reads of one run; the branches never meet in what is stored."""
    random = Random(nth)
    chain = history(random)
    watch = Watch(program, chain, store, cut=Cut(head_window=15))
    watch.sync()
    grow(chain, random, 40)
    chain.block(at=chain.head().timestamp + 90_000)  # the replaced blocks hold a new hour, day and sample
    grow(chain, random, 10)
    left = [nth]

    def strike(asked: str) -> None:
        if asked == method:
            left[0] -= 1
        if left[0] == 0:
            left[0] = -1
            chain.before = None
            chain.reorg(20)
            grow(chain, random, 21)

    chain.before = strike
    for _ in range(4):
        try:
            watch.sync()
        except ChainError:
            continue
    assert left == [-1], "the moment never came"
    watch.sync()
    assert everything(store) == clean(program, chain, tmp_path / "clean")
