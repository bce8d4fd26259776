"""Apps that nobody lists, through all stages; restarts, reorgs and cuts change nothing of them."""

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.stages.world import (
    APPS,
    OWNER,
    START,
    USED,
    USERS,
    Cut,
    Watch,
    definition,
    fresh_store,
    world_clock,
)
from watcher.core.definition import Definition
from watcher.core.moments import AtBlock
from watcher.core.types import AppId
from watcher.stages.lookback import as_of
from watcher.store.database import Store
from watcher.testing.fake_blocks import FakeTx, address, create, log, tx
from watcher.testing.fake_chain import FakeChain

STEPS = (0, 1, 60, 700, 3_600, 9_000, 100_000)
CREATORS = [address(f"creator {number}") for number in range(6)]

OPEN = '[[app]]\nid = "by"\n[[app.discover]]\nkind = "open"'
METRICS = """
[[kpi]]
id = "actors"
metric = { kind = "app_actors", window = { days = 4, kind = "rolling" } }
at_least = 6
[[kpi]]
id = "busy"
at_least = 2
[kpi.metric]
kind = "apps_where"
metric = { kind = "app_actions" }
aggregate = { kind = "sum", window = { days = 3, kind = "rolling" } }
at_least = 6
"""
PROGRAMS: list[dict[str, str]] = [
    {"liveness": OPEN + METRICS},
    {
        "liveness": f'dormant_after = "3h"\nleave_below = {{ min_actions = 2 }}\n{OPEN}',
        "finality": "depth = 5",
    },
    {
        "liveness": f'exclude = [{{ kind = "deployers" }}]\nnot_paused = true\n{OPEN}',
        "window": 'days = 2, kind = "complete_days"',
        "chain": 'state_every = "6h"',
    },
]


@pytest.fixture(params=range(len(PROGRAMS)), ids=lambda number: f"program{number}")
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Definition:
    """Programs that list some apps and let anybody have another."""
    return definition(tmp_path, **PROGRAMS[request.param])


class Street:
    """A chain on which creators put contracts, and people come and go."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.chain = FakeChain(genesis_time=START)
        self.chain.block(create(OWNER, nonce=1), code={APPS[0]: b"\x60\x01", APPS[1]: b"\x60\x02"})
        self._nonces = dict.fromkeys(CREATORS, 0)
        self._places = [
            APPS[0],
            *(address(f"{creator}/{nonce}") for creator in CREATORS for nonce in range(3)),
        ]

    def grow(self, blocks: int = 1) -> None:
        """Let creators create and people use what there is, or will be."""
        random = self.random
        for _ in range(blocks):
            made: list[FakeTx] = []
            if random.random() < 0.25:
                creator = random.choice(CREATORS)
                made.append(create(creator, nonce=self._nonces[creator], ok=random.random() < 0.9))
                self._nonces[creator] += 1
            for _ in range(random.choice((0, 0, 2, 5, 8))):
                place = random.choice(self._places)
                logs = [log(place, USED)] if random.random() < 0.5 else []
                sender = random.choice((*USERS, *CREATORS))
                made.append(tx(sender, place, logs=logs, ok=random.random() < 0.9))
            self.chain.block(*made, at=self.chain.head().timestamp + random.choice(STEPS))


def backfilled(
    program: Definition, chain: FakeChain, folder: Path, cut: Cut | None = None
) -> list[dict[str, Any]]:
    """Give the ledger of a fresh watcher that reads everything at once."""
    with fresh_store(folder) as store:
        watch = Watch(program, chain.clone(), store, cut=cut)
        assert watch.sync().evaluate.stalled is None
        return watch.entries()


def test_windows_and_chunks_of_any_size_give_the_same_bytes(program: Definition, tmp_path: Path) -> None:
    """Though what was created in one window is used in the next, and apps fall asleep in between."""
    street = Street(3)
    street.grow(150)
    expected = backfilled(program, street.chain, tmp_path / "whole")
    subjects = {entry["subject"] for entry in expected if entry["type"] == "app.went_live"}
    assert any(subject.startswith("by/0x") for subject in subjects)
    assert any(entry["type"] == "app.went_dormant" for entry in expected)
    for number in range(3):
        cut = Cut(street.random.randint(1, 40), street.random.randint(1, 5), street.random.randint(1, 30))
        assert backfilled(program, street.chain, tmp_path / str(number), cut) == expected, cut


@pytest.mark.parametrize("seed", range(2))
def test_a_live_watcher_with_restarts_and_reorgs_writes_what_a_clean_backfill_writes(
    program: Definition, tmp_path: Path, seed: int
) -> None:
    """A reorg may take back the creation of a contract; a restart forgets what was in mind."""
    street = Street(seed)
    street.grow(6)
    chain, random, clock = street.chain, street.random, world_clock()
    depth = program.chain.finality.depth or 0
    with fresh_store(tmp_path / "live") as store:
        watch = Watch(program, chain, store, clock)
        highest = 0
        while chain.head().number < 100:
            highest = max(highest, chain.head().number)
            above_finality = chain.head().number - (highest - depth)
            if random.random() < 0.15 and above_finality:
                chain.reorg(random.randint(1, above_finality))
            street.grow(random.choice((1, 1, 1, 3)))
            if random.random() < 0.2:
                watch = Watch(program, chain, store, clock)
            watch.sync()
            clock.advance(timedelta(seconds=60))
        entries = watch.entries()
    assert len(entries) > 3
    assert entries == backfilled(program, chain, tmp_path / "clean")


def _all_at(program: Definition, store: Store, number: int) -> dict[AppId, tuple[str, object]]:
    with store.reading() as tx_:
        state = as_of(program, tx_, AtBlock(number)).state
    return {app: (str(status.verdict), state.windows[app].counts()) for app, status in state.apps.items()}


def test_looking_back_says_what_a_watcher_that_stopped_there_would_say(
    program: Definition, tmp_path: Path
) -> None:
    """Which apps were awake, how they stood, and what their windows held."""
    street = Street(5)
    street.grow(60)
    depth = program.chain.finality.depth or 0
    with fresh_store(tmp_path / "all") as store:
        Watch(program, street.chain.clone(), store).sync()
        for number in (3, 20, 41):
            with fresh_store(tmp_path / str(number)) as other:
                stopped = street.chain.clone()
                stopped.show_head(number + depth)
                Watch(program, stopped, other).sync()
                assert _all_at(program, store, number) == _all_at(program, other, number)


def test_what_nobody_uses_is_never_looked_at(tmp_path: Path) -> None:
    """Its state is asked for only when somebody uses it."""
    program = definition(tmp_path, liveness=OPEN)
    chain = FakeChain(genesis_time=START)
    chain.block(code={APPS[0]: b"\x60\x01", APPS[1]: b"\x60\x02"})
    used, unused = create(CREATORS[0]), create(CREATORS[1])
    chain.block(used, unused)
    chain.empty_blocks(3, every=100_000)
    chain.block(*[tx(user, used.contract) for user in USERS[:4]])
    chain.empty_blocks(4)
    with fresh_store(tmp_path / "store") as store:
        watch = Watch(program, chain, store)
        watch.sync()
        with store.reading() as tx_:
            looked_at = {address for address, _ in tx_.facts.samples(set(range(20)))}
        assert used.contract in looked_at
        assert unused.contract not in looked_at
        assert ("app.went_live", f"by/{CREATORS[0]}", 6) in watch.story()
