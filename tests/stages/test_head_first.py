"""The head first: what is new is read at once, the history behind it; the ledger is what it always is."""

import shutil
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.databases import PostgreSQL, query
from tests.stages.test_kills import TABLES, killing
from tests.stages.test_replay_equality import grow
from tests.stages.world import (
    APPS,
    OWNER,
    START,
    Cut,
    Watch,
    definition,
    fresh_store,
    open_for_business,
    use,
    world_clock,
)
from watcher.config.program import load_program
from watcher.core.activity import hour_of
from watcher.core.definition import Definition
from watcher.core.facts import BlockFacts
from watcher.core.foreknown import announced_before, knows_members
from watcher.core.types import Address
from watcher.errors import EndpointUnavailable, HistoryMissing
from watcher.stages.index import Index
from watcher.stages.reorgs import rewind_if_replaced
from watcher.store.blocks import Extent
from watcher.store.database import Store
from watcher.store.encoding import pack
from watcher.testing.fake_blocks import create
from watcher.testing.fake_chain import FakeChain

GAMMA = create(OWNER, nonce=1).contract
GAP = '[[chain.gap]]\nfirst = 40\nlast = 44\nreason = "lost"'


def curated(folder: Path, gamma: str = "from_block = 30\nuntil_block = 75", **parts: str) -> Definition:
    """Load the world's program with all apps listed."""
    definition(folder, **parts)
    file = folder / "world.toml"
    text = file.read_text(encoding="utf-8")
    found = f'[[app.discover]]\nkind = "deployer"\naccounts = ["{OWNER}"]'
    assert found in text
    file.write_text(text.replace(found, f'[[app.contract]]\naddress = "{GAMMA}"\n{gamma}'), encoding="utf-8")
    return load_program(file).definition


@pytest.fixture(params=["", GAP], ids=["whole", "gap"])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Definition:
    """Give a program whose members are known without the history."""
    return curated(tmp_path, chain=request.param)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    with fresh_store(tmp_path / "store") as opened:
        yield opened


def history(random: Random, blocks: int = 100) -> FakeChain:
    """Make a chain on which apps come and go."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1, 2, 3))
    grow(chain, random, blocks)
    return chain


def clean(program: Definition, chain: FakeChain, folder: Path) -> list[dict[str, Any]]:
    """Give the ledger of a fresh watcher that reads everything at once, oldest first."""
    with fresh_store(folder) as fresh:
        watch = Watch(program, chain.clone(), fresh)
        watch.sync()
        return watch.entries()


def extent(store: Store) -> Extent:
    """Give what is read."""
    with store.reading() as tx:
        return tx.facts.extent()


def blocks(chain: FakeChain, first: int, last: int) -> list[BlockFacts[Address]]:
    """Give blocks of a chain that say nothing."""
    refs = [chain.ref_or_none(number) for number in range(first, last + 1)]
    return [BlockFacts(ref) for ref in refs if ref is not None]


def ahead(store: Store) -> tuple[int, int] | None:
    """Give the numbers of what is read at the head."""
    found = extent(store).ahead
    return (found.first.number, found.last.number) if found else None


def cut(random: Random) -> Cut:
    """Cut the work at random; with ten blocks of backlog the head comes first."""
    return Cut(random.randint(1, 8), random.randint(1, 5), random.randint(1, 30), backlog=10)


def test_the_head_is_read_at_once_and_nothing_is_concluded_early(program: Definition, store: Store) -> None:
    """The first run reads from finality up; the ledger waits for the blocks between, in their order."""
    chain = history(Random(1))
    watch = Watch(program, chain, store, cut=Cut(final_window=20, backlog=10))
    watch.index.run(max_windows=1)
    read = extent(store)
    assert read.checkpoint is not None
    assert (read.checkpoint.number, ahead(store)) == (20, (100, 102))
    while watch.evaluate.run().untried:
        watch.index.run(max_windows=0)
    concluded = watch.evaluate.run().concluded
    assert concluded is not None
    assert concluded.number == 20
    chain.block()
    watch.index.run(max_windows=1)
    assert ahead(store) == (100, 103)
    watch.sync()
    assert (ahead(store), extent(store).checkpoint) == (None, chain.head())


def test_what_is_new_comes_before_what_is_old_in_each_run(program: Definition, store: Store) -> None:
    """However little a run may read, both the head and the history get on."""
    chain = history(Random(2))
    watch = Watch(program, chain, store, cut=Cut(final_window=1, head_window=2, backlog=10))
    behind = []
    for _ in range(10):
        watch.index.run(max_windows=3)
        read = extent(store)
        assert read.checkpoint is not None
        assert read.newest == chain.head()
        behind.append(chain.head().number - read.checkpoint.number)
        chain.block()
    assert all(later < earlier for earlier, later in pairwise(behind))


@pytest.mark.parametrize("seed", range(4))
def test_the_ledger_is_that_of_a_clean_replay(program: Definition, tmp_path: Path, seed: int) -> None:
    """Random cuts, restarts and forks above finality while the hole is open: the same bytes."""
    random = Random(seed)
    chain = history(random, 60)
    clock = world_clock()
    with fresh_store(tmp_path / "live") as store:
        watch = Watch(program, chain, store, clock, cut(random))
        opened = 0
        for _ in range(40):
            fork = random.randint(0, 3)
            if random.random() < 0.3 and fork:
                chain.reorg(fork)
                grow(chain, random, fork)
            if random.random() < 0.6:
                grow(chain, random, random.randint(1, 4))
            if random.random() < 0.2:
                watch = Watch(program, chain, store, clock, cut(random))
            watch.index.run(max_windows=random.randint(1, 3))
            opened += ahead(store) is not None
            concluded = watch.evaluate.run().concluded
            read = extent(store).checkpoint
            assert concluded is None or (read is not None and concluded.number <= read.number)
        watch.sync()
        assert opened
        assert watch.entries() == clean(program, chain, tmp_path / "clean")


@pytest.mark.postgres
def test_on_postgresql_too(tmp_path: Path, empty_database_url: str) -> None:
    """The regions do not know which database they are in."""
    program = curated(tmp_path)
    chain = history(Random(3))
    store = Store.open(empty_database_url, create=True)
    try:
        watch = Watch(program, chain, store, cut=Cut(7, 2, 5, backlog=10))
        watch.index.run(max_windows=2)
        assert ahead(store) == (100, 102)
        [row] = query(empty_database_url, "SELECT block_number FROM v_progress WHERE name = 'checkpoint'")
        assert row == {"block_number": 14}
        watch.sync()
        assert watch.entries() == clean(program, chain, tmp_path / "clean")
    finally:
        store.close()


def test_every_hour_has_both_its_edges_where_the_parts_meet(tmp_path: Path, store: Store) -> None:
    """The last block of the history and the first one ahead are kept where an hour begins between them."""
    program, chain = curated(tmp_path), FakeChain(genesis_time=START)
    chain.empty_blocks(60)
    chain.block(at=START + 3_600)
    chain.empty_blocks(3)
    watch = Watch(program, chain, store, cut=Cut(backlog=10))
    watch.index.run(max_windows=1)
    watch.evaluate.run()
    chain.empty_blocks(20)
    watch.sync()
    with store.reading() as tx:
        rows = tx.facts.refs(0)
    assert any(hour_of(left.timestamp) != hour_of(right.timestamp) for left, right in pairwise(rows))
    for left, right in pairwise(rows):
        assert hour_of(left.timestamp) == hour_of(right.timestamp) or left.number + 1 == right.number


def test_a_fork_that_takes_all_of_the_head_leaves_the_history(program: Definition, store: Store) -> None:
    """What was read ahead is forgotten; what was read of the history stands."""
    chain = history(Random(4))
    watch = Watch(program, chain, store, cut=Cut(final_window=20, backlog=10))
    watch.index.run(max_windows=1)
    chain.reorg(3)
    grow(chain, Random(5), 5)
    result = watch.index.run(max_windows=1)
    assert result.rewound == 3
    assert ahead(store) == (102, 104)
    assert result.checkpoint is not None
    assert result.checkpoint.number in {39, 40}


def test_a_fork_in_the_history_takes_what_was_read_ahead_with_it(store: Store) -> None:
    """The two are compared one by one: that the head is there does not say that the history is."""
    chain, other = FakeChain(genesis_time=START), FakeChain(genesis_time=START)
    chain.empty_blocks(50)
    other.empty_blocks(17)
    other.reorg(1)
    other.empty_blocks(4)
    with store.writing() as tx:
        tx.facts.append(pack(blocks(other, 10, 20)))
        tx.facts.append_ahead(pack(blocks(chain, 40, 50)))
    assert rewind_if_replaced(chain, store, chain.head()) == 5 + 11 - 1
    assert extent(store) == Extent(chain.ref_or_none(16), None)


def test_what_does_not_follow_the_history_is_read_anew(tmp_path: Path, store: Store) -> None:
    """Where the parts meet the parent hash is compared: the head gives way."""
    program, chain = curated(tmp_path), history(Random(9), 40)
    other = FakeChain(genesis_time=START)
    other.empty_blocks(42)
    other.reorg(3)
    other.empty_blocks(3)
    with store.writing() as tx:
        tx.facts.append_ahead(pack(blocks(other, 40, 42)))
    replaced = chain.replaced
    chain.replaced = lambda _block, **_kept: False  # type: ignore[method-assign]  # whoever gave it keeps it
    with pytest.raises(EndpointUnavailable, match="what was read ahead does not follow"):
        Watch(program, chain, store, cut=Cut(backlog=10)).index.run()
    assert ahead(store) is None
    chain.replaced = replaced  # type: ignore[method-assign]
    watch = Watch(program, chain, store, cut=Cut(backlog=10))
    watch.sync()
    assert watch.entries() == clean(program, chain, tmp_path / "clean")


def test_the_reading_at_the_head_begins_above_the_final_block(tmp_path: Path, store: Store) -> None:
    """What is of another branch than the final block below it is not stored, and not built upon."""
    program, chain = curated(tmp_path), history(Random(9), 40)
    other = FakeChain(genesis_time=START)
    other.empty_blocks(42)
    honest = chain.windows
    chain.windows = lambda span, size, **how: (other.windows if span.first > 38 else honest)(  # type: ignore[method-assign]
        span, size, **how
    )
    with pytest.raises(EndpointUnavailable, match="block 40 does not lie above block 39"):
        Watch(program, chain, store, cut=Cut(backlog=10)).index.run()
    assert ahead(store) is None


def test_a_head_that_is_not_there_yet_holds_nothing_up(program: Definition, store: Store) -> None:
    """An endpoint that has no receipts of its newest blocks yet: the history is read meanwhile."""
    chain = history(Random(10))
    watch = Watch(program, chain, store, cut=Cut(final_window=20, backlog=10))
    chain.fail_next(HistoryMissing("block 102 is above the head"), on="windows")
    result = watch.index.run(max_windows=1)
    assert (ahead(store), result.blocks) == (None, 20)
    watch.index.run(max_windows=1)
    assert ahead(store) == (100, 102)


def test_missing_history_does_not_keep_the_head_from_being_read(program: Definition, store: Store) -> None:
    """The ledger stands still before what nobody has, and what is new goes on being read."""
    chain = history(Random(11))
    chain.missing_history_below(50)
    watch = Watch(program, chain, store, cut=Cut(backlog=10))
    for _ in range(2):
        with pytest.raises(HistoryMissing):
            watch.index.run()
        assert extent(store).newest == chain.head()
        chain.block()


@pytest.mark.parametrize("goal", ["final", 50])
def test_whoever_does_not_ask_for_the_head_gets_the_history(
    program: Definition,
    store: Store,
    goal: Any,  # noqa: ANN401
) -> None:
    """Up to what is final, or to a block: oldest first, also where somebody read ahead before."""
    chain = history(Random(12))
    watch = Watch(program, chain, store, cut=Cut(backlog=10))
    watch.index.run(goal)
    assert ahead(store) is None
    read = extent(store).checkpoint
    assert read is not None
    assert read.number == (99 if goal == "final" else 50)


def test_a_short_backlog_is_read_oldest_first(program: Definition, store: Store) -> None:
    """There is nothing to be won."""
    watch = Watch(program, history(Random(13)), store, cut=Cut(final_window=20, backlog=1_000))
    watch.index.run(max_windows=1)
    assert ahead(store) is None


@pytest.mark.parametrize("liveness", ["", 'exclude = [{ kind = "deployers" }]'], ids=["deployer", "excluded"])
def test_where_the_history_says_who_counts_it_is_read_first(
    tmp_path: Path, store: Store, liveness: str
) -> None:
    """What a deployer made, or whom to exclude, is known at the head only after everything before it."""
    program = curated(tmp_path, liveness=liveness) if liveness else definition(tmp_path)
    assert not knows_members(program)
    watch = Watch(program, history(Random(14)), store, cut=Cut(final_window=20, backlog=10))
    watch.index.run(max_windows=1)
    assert ahead(store) is None


def test_what_is_known_ahead_is_what_the_history_would_say(tmp_path: Path) -> None:
    """Members join and leave at the same blocks."""
    for gamma in ("", "from_block = 30\nuntil_block = 75", "until_block = 95", "from_block = 45"):
        program = curated(tmp_path, gamma, chain=GAP)
        with fresh_store(tmp_path / gamma.replace("\n", " ")) as fresh:
            Index(program, history(Random(15)), fresh, world_clock()).run(89)
            with fresh.reading() as tx:
                rows = [row for row in tx.facts.announcing() if row.announcements]
        known = announced_before(program, 90)
        assert [(each.block.number, each.announcements) for each in known] == [
            (row.block.number, row.announcements) for row in rows
        ]
        assert announced_before(program, 30) == known[:1]


def test_what_is_observed_is_told_when_the_hole_is_closed(tmp_path: Path, store: Store) -> None:
    """Observations are about what follows the ledger without a hole: the same ones as oldest first."""
    program, chain = curated(tmp_path), brief()
    watch = Watch(program, chain, store, cut=Cut(final_window=20, backlog=10))
    watch.index.run(max_windows=1)
    assert ahead(store) == (31, 33)
    assert watch.evaluate.run().notices == 0
    watch.sync()
    with store.reading() as tx:
        told = [(each.milestone, each.block_number) for each in tx.state.observations()]
    with fresh_store(tmp_path / "clean") as fresh:
        Watch(program, chain.clone(), fresh).sync()
        with fresh.reading() as tx:
            assert [(each.milestone, each.block_number) for each in tx.state.observations()] == told
    assert told == [("first", 33)]


def brief() -> FakeChain:
    """Make a chain that is final but for its last three blocks, at which the milestone holds."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.empty_blocks(30)
    for app in APPS[:2]:
        chain.block(*use(app, 0, 1, 2, 3))
    return chain


def killed(program: Definition, chain: FakeChain, url: str, at: int) -> tuple[bool, list[Any]]:
    """Read head first, killed before the n-th write, then to the end; tell if it struck, and what came."""
    small = Cut(final_window=16, backlog=10)
    store = Store.open(url, create=True)
    try:
        with killing(at) as killer:
            Watch(program, chain, store, cut=small).sync()
        watch = Watch(program, chain, store, cut=small)
        watch.sync()
        return killer.struck, [watch.entries(), extent(store), *contents(url)]
    finally:
        store.close()


def contents(url: str) -> list[Any]:
    """Give what does not depend on the order in which blocks were read, as actors' numbers do."""
    return [
        query(url, f"SELECT {TABLES[name]} FROM {name} ORDER BY {TABLES[name]}")  # noqa: S608  # our own names
        for name in ("sample", "observation", "want")
    ]


def test_killed_at_every_write_it_ends_where_it_would_have_ended(
    tmp_path: Path, sqlite_template: Path
) -> None:
    """The hole is opened, filled and closed in one transaction each: a kill loses a window at most."""
    program, chain = curated(tmp_path), brief()
    file = tmp_path / "watcher.db"
    expected: list[Any] = []
    for at in count():
        shutil.copyfile(sqlite_template, file)
        struck, found = killed(program, chain, f"sqlite:///{file}", at)
        expected = expected or found
        assert found == expected, f"killed before write {at}"
        if at and not struck:
            break
    assert at > 20
    assert expected[0] == clean(program, chain, tmp_path / "clean")
    assert [row["status"] for row in expected[3]] == ["open"]


@pytest.mark.postgres
def test_killed_on_postgresql_too(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """The same on a server, some kills apart."""
    program, chain = curated(tmp_path), brief()
    expected = clean(program, chain, tmp_path / "clean")
    for at in range(0, 35, 7):
        with postgresql.lent() as url:
            assert killed(program, chain, url, at)[1][0] == expected
