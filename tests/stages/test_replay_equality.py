"""Replay equality: the ledger is a function of the final chain and the definition, and of nothing else."""

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.stages.world import (
    APPS,
    OWNER,
    START,
    USERS,
    Cut,
    Watch,
    busy,
    definition,
    fresh_store,
    open_for_business,
    use,
    world_clock,
)
from watcher.core.definition import Definition
from watcher.store.database import Store
from watcher.testing.fake_blocks import create, tx
from watcher.testing.fake_chain import FakeChain

STEPS = (0, 1, 1, 2, 60, 700, 3_600, 9_000, 100_000)
"""Seconds between blocks: equal timestamps, busy minutes, skipped hours and skipped days."""

PROGRAMS: list[dict[str, str]] = [
    {},
    {"window": 'days = 1, kind = "complete_days"', "finality": "depth = 5"},
    {
        "liveness": 'dormant_after = "3h"\nleave_below = { min_actions = 2 }\nmax_actions_per_actor = 2',
        "duration": "5h",
        "on_regression": "pause",
    },
    {"duration": "2d", "on_regression": 'cancel"\nrearm = true\ntitle = "again', "finality": "depth = 2"},
    {
        "liveness": 'min_active_days = 2\nexclude = [{ kind = "deployers" }]',
        "window": 'days = 2, kind = "rolling"',
        "chain": '[[chain.gap]]\nfirst = 20\nlast = 24\nreason = "lost"',
    },
]


@pytest.fixture(params=range(len(PROGRAMS)), ids=lambda number: f"program{number}")
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Definition:
    """Programs that differ in window, hysteresis, policy and gaps."""
    return definition(tmp_path, **PROGRAMS[request.param])


def grow(chain: FakeChain, random: Random, blocks: int = 1) -> None:
    """Let time and users go on."""
    busy(chain, random, blocks, lambda: random.choice(STEPS))


def history(random: Random, blocks: int = 100) -> FakeChain:
    """Make a chain on which apps come and go."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1, 2, 3))
    grow(chain, random, blocks)
    return chain


def backfilled(
    program: Definition, chain: FakeChain, folder: Path, cut: Cut | None = None
) -> list[dict[str, Any]]:
    """Give the ledger of a fresh watcher that reads everything at once."""
    with fresh_store(folder) as store:
        watch = Watch(program, chain.clone(), store, cut=cut)
        watch.sync()
        return watch.entries()


@pytest.mark.parametrize("seed", range(2))
def test_windows_and_chunks_of_any_size_give_the_same_bytes(
    program: Definition, tmp_path: Path, seed: int
) -> None:
    """How the history is cut into reads and transactions does not matter."""
    random = Random(seed)
    chain = history(random)
    expected = backfilled(program, chain, tmp_path / "whole")
    assert len(expected) > 3
    for number in range(3):
        cut = Cut(random.randint(1, 40), random.randint(1, 5), random.randint(1, 30))
        assert backfilled(program, chain, tmp_path / str(number), cut) == expected, cut


def live_through(program: Definition, url: str, random: Random) -> tuple[list[dict[str, Any]], FakeChain]:
    """Live through a history, a few blocks at a time, with forks above finality and restarts in between."""
    chain = history(random, blocks=2)
    depth = program.chain.finality.depth or 0
    clock = world_clock()
    store = Store.open(url, create=True)
    try:
        watch = Watch(program, chain, store, clock)
        highest = 0
        while chain.head().number < 70:
            highest = max(highest, chain.head().number)
            above_finality = chain.head().number - (highest - depth)
            if random.random() < 0.15 and above_finality:
                chain.reorg(random.randint(1, above_finality))
            grow(chain, random, random.choice((1, 1, 1, 3)))
            if random.random() < 0.2:
                watch = Watch(program, chain, store, clock)
            watch.sync()
            clock.advance(timedelta(seconds=60))
        return watch.entries(), chain
    finally:
        store.close()


@pytest.mark.parametrize("seed", range(2))
def test_a_live_watcher_with_restarts_and_reorgs_writes_what_a_clean_backfill_writes(
    program: Definition, tmp_path: Path, seed: int
) -> None:
    """A block at a time, forks above finality and new processes in between: byte-identical ledgers."""
    url = f"sqlite:///{tmp_path / 'live.db'}"
    entries, chain = live_through(program, url, Random(seed))
    assert entries == backfilled(program, chain, tmp_path / "clean")


@pytest.mark.postgres
def test_a_live_watcher_on_postgresql_writes_the_same_bytes(tmp_path: Path, empty_database_url: str) -> None:
    """The ledger does not know which database it is in."""
    program = definition(tmp_path, **PROGRAMS[2])
    entries, chain = live_through(program, empty_database_url, Random(7))
    assert entries == backfilled(program, chain, tmp_path / "clean")


def test_a_pruned_source_gives_a_prefix_of_what_an_archive_gives(program: Definition, tmp_path: Path) -> None:
    """Missing history makes the ledger stand still; it never changes what it says."""
    chain = history(Random(5))
    expected = backfilled(program, chain, tmp_path / "archive")
    for below in (2, 40, 90):
        pruned = chain.clone()
        pruned.missing_state_below(below)
        with fresh_store(tmp_path / f"pruned{below}") as store:
            watch = Watch(program, pruned, store)
            result = watch.sync()
            entries = watch.entries()
            assert entries == expected[: len(entries)]
            assert (len(entries) == len(expected)) == (result.evaluate.stalled is None)


def test_history_comes_back_when_an_archive_answers(program: Definition, tmp_path: Path) -> None:
    """The ledger that stood still goes on from there, and ends as if nothing had been missing."""
    chain = history(Random(6))
    expected = backfilled(program, chain, tmp_path / "archive")
    with fresh_store(tmp_path / "slow") as store:
        pruned = chain.clone()
        pruned.missing_state_below(10_000)
        standing = Watch(program, pruned, store)
        assert standing.sync().evaluate.stalled
        healed = Watch(program, chain, store)
        assert healed.sync().evaluate.stalled is None
        assert healed.entries() == expected


def test_plain_code_is_proven_without_an_archive(tmp_path: Path) -> None:
    """Later code and a creation receipt prove code at every block between; before it, there was none."""
    program = definition(tmp_path)
    chain = FakeChain(genesis_time=START)
    chain.block()
    made = create(OWNER, nonce=7)
    assert made.contract is not None
    chain.block(*[tx(user, made.contract) for user in USERS[:2]], made)
    for _ in range(3):
        chain.block(*[tx(user, made.contract) for user in USERS[:4]], at=chain.head().timestamp + 50_000)
    chain.empty_blocks(4)
    archive = backfilled(program, chain, tmp_path / "archive")
    assert [entry["subject"] for entry in archive if entry["type"] == "app.went_live"] == ["gamma"]
    pruned = chain.clone()
    pruned.missing_state_below(4)
    with fresh_store(tmp_path / "pruned") as store:
        watch = Watch(program, pruned, store)
        watch.sync()
        with store.reading() as tx_:
            open_wants = [each.want for each in tx_.facts.wants()]
        # Only the listed apps, whose creation nobody saw, hold the ledger up.
        assert {want.address for want in open_wants if hasattr(want, "address")} == {APPS[0], APPS[1]}
