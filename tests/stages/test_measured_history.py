"""A measured history taken back, looked back on, rewound, and cut off at any write."""

import itertools
import shutil
from pathlib import Path
from random import Random

import pytest

from tests.databases import statements
from tests.stages.measured_world import ASSETS, PROGRAM, TOKEN, TRANSFER, VAULT, ZERO, begin, definition, grow
from tests.stages.test_kills import contents, live
from tests.stages.test_lookback import look, said
from tests.stages.test_rewind import fresh_ledger, go_back, messages, restarted, written
from tests.stages.world import APPS, START, USERS, Cut, Watch, fresh_store
from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.core.facts import CallWant
from watcher.core.metering import SeriesId
from watcher.core.moments import AtBlock
from watcher.core.series import SeriesHour
from watcher.core.state import State, to_json
from watcher.stages.standstill import unanswered
from watcher.store.database import Store
from watcher.testing.fake_blocks import FakeTx, create, log, tx
from watcher.testing.fake_chain import FakeChain

GAP = '[[chain.gap]]\nfirst = 20\nlast = 24\nreason = "lost"'

SUPPLY = f"""
[[kpi]]
id = "supply"
metric = {{ kind = "token_supply", token = "{TOKEN}", decimals = 1 }}
at_least = 5

[[kpi]]
id = "live"
metric = {{ kind = "live_apps" }}
at_least = 1

[[kpi]]
id = "uses"
metric = {{ kind = "block_gas" }}
at_least = 1_000_000
"""


def supply_program(folder: Path) -> Definition:
    """Load a program whose milestone is a supply of five tokens."""
    file = folder / "supply.toml"
    file.write_text(PROGRAM % ("", "touched", APPS[0], APPS[1], SUPPLY), encoding="utf-8")
    return load_program(file).definition


def mint(amount: int) -> FakeTx:
    """Mint so many tenths of a token."""
    words = (f"0x{account[2:]:0>64}" for account in (ZERO, USERS[0]))
    return tx(USERS[0], TOKEN, logs=[log(TOKEN, TRANSFER, *words, data=f"0x{amount:064x}")])


def series_hours(watch: Watch) -> dict[SeriesId, dict[int, SeriesHour]]:
    """Give every hour of every series that is over."""
    with watch.store.reading() as tx_:
        state = tx_.state.load()
        assert state is not None
        names = {
            SeriesId(kpi.goal.series, app) for kpi in watch.program.kpis.values() for app in ("", "alpha")
        }
        return {name: tx_.facts.series_hours(name, 0, 10**6) for name in names}


def test_what_was_minted_above_finality_is_observed_and_taken_back(store: Store, tmp_path: Path) -> None:
    """A reorg takes the amounts of its blocks along; the ledger knows the chain that became final."""
    chain = FakeChain(genesis_time=START)
    chain.block(create(USERS[0], nonce=1), mint(20))
    watch = Watch(supply_program(tmp_path), chain, store)
    chain.block(mint(20))
    chain.block(mint(10))
    watch.sync()
    assert [written(watch, f"milestone.{what}") for what in ("observed", "retracted")] == [1, 0]
    chain.reorg(1)
    chain.block()
    chain.block(mint(9))
    watch.sync()
    assert [written(watch, f"milestone.{what}") for what in ("observed", "retracted")] == [1, 1]
    chain.block(mint(1))
    number = chain.head().number
    chain.empty_blocks(4)
    watch.sync()
    assert ("milestone.reached", "first", number) in watch.story()
    assert watch.entries() == fresh_ledger(watch, tmp_path / "fresh")


def ahead(watch: Watch) -> object:
    """Give all that a watch's copy for blocks that are not final says of what is measured."""
    state = watch.evaluate._provisional._ahead
    assert isinstance(state, State)
    said_of = to_json(state)
    del said_of["meter"]["series"]  # when each was read last, within the hour, says nothing
    return said_of, {name: held.read() for name, held in state.meter.series.items()}


@pytest.mark.parametrize("seed", range(2))
def test_a_measuring_copy_that_was_kept_says_what_a_fresh_one_would(seed: int, tmp_path: Path) -> None:
    """While finality follows it, over hours and days, and through reorgs."""
    random = Random(seed)
    chain = begin(random, 4)
    program = definition(tmp_path)
    highest = 0
    with fresh_store(tmp_path) as store:
        watch = Watch(program, chain, store)
        for _ in range(25):
            highest = max(highest, chain.head().number)
            above_finality = chain.head().number - (highest - 3)
            if random.random() < 0.2 and above_finality:
                chain.reorg(random.randint(1, above_finality))
            grow(chain, random, random.choice((1, 1, 2, 6)))
            watch.sync()
            fresh = Watch(program, chain, store)
            fresh.evaluate.run()
            assert ahead(watch) == ahead(fresh)


def test_an_earlier_block_is_measured_as_by_a_watcher_that_stopped_there(tmp_path: Path) -> None:
    """Every KPI's reading and every sum, whatever hours were closed and stored since."""
    program, random = definition(tmp_path, chain=GAP), Random(4)
    chain = begin(random, 3)
    with fresh_store(tmp_path / "long") as store, fresh_store(tmp_path / "stopped") as short:
        watch = Watch(program, chain, store)
        while chain.head().number < 70:
            grow(chain, random, random.choice((1, 2, 15)))
            watch.sync()
        stopped = Watch(program, chain.clone(), short)
        for number in (1, 7, 18, 26, 40, 41, 55):
            stopped.sync(number)
            assert said(look(program, store, AtBlock(number)).state) == said(look(program, short, None).state)


@pytest.mark.parametrize("to", [0, 18, 40, 55])
def test_a_measured_ledger_rewound_is_written_again(store: Store, tmp_path: Path, to: int) -> None:
    """From stored rows and kept hours: the same bytes, the same hours of every series, nothing sent twice."""
    watch = Watch(definition(tmp_path, chain=GAP), begin(Random(8), 60), store)
    watch.sync()
    entries, hours, sent = watch.entries(), series_hours(watch), messages(watch)
    assert any(len(held) > 3 for held in hours.values())
    go_back(watch, to)
    watch = restarted(watch)
    watch.sync()
    assert watch.entries() == entries
    assert series_hours(watch) == hours
    again = [kind for name, kind in messages(watch) if (name, kind) not in sent]
    assert [kind for kind in again if kind != "kpi.unknown"] == ["ledger.broken"]


def test_killed_at_any_write_what_was_measured_is_neither_lost_nor_doubled(
    tmp_path: Path, sqlite_template: Path
) -> None:
    """Sums, series and calls of the killed and restarted process are those of one that was not killed."""
    program = definition(tmp_path)
    chain = begin(Random(9), 10)
    expected: dict[str, list[dict[str, object]]] = {}
    kills = 0
    for at in itertools.count(0, 7):
        file = tmp_path / f"{at}.db"
        shutil.copyfile(sqlite_template, file)
        url = f"sqlite:///{file}"
        struck = live(program, chain.clone(), url, at)
        found = contents(url)
        expected = expected or found
        assert found == expected, f"killed before write {at}"
        kills += struck
        if at and not struck:
            break
    assert kills > 5
    assert expected["series_hour"]
    assert expected["call_sample"]


def test_a_call_that_is_missing_is_named_with_its_remedy(store: Store, tmp_path: Path) -> None:
    """Which contract, which function, at which block, and who has it."""
    chain = begin(Random(6), 40)
    chain.missing_state_below(30)
    Watch(definition(tmp_path), chain, store).sync()
    with store.reading() as tx_:
        wants = [each for each in tx_.facts.wants() if isinstance(each.want, CallWant)]
    found = unanswered(wants)
    assert found is not None
    assert f"what {VAULT} returns to 0x{ASSETS.hex()} at block 1" in str(found)
    assert "add an archive endpoint, with state from block 1 on" in str(found)


STATEMENTS_A_CHUNK = 30
"""Reads and writes of a chunk of blocks, however many KPIs the program has and blocks there are in it."""


@pytest.mark.parametrize("chunk", [10, 40])
def test_a_chunk_of_a_measured_program_costs_a_bounded_number_of_statements(
    tmp_path: Path, chunk: int
) -> None:
    """Series, calls and sums of twenty KPIs are written together."""
    seen: list[int] = []
    for name, chunks in (("few", 2), ("many", 6)):
        chain = begin(Random(2), chunk * chunks + 3)
        with fresh_store(tmp_path / name) as store:
            watch = Watch(definition(tmp_path), chain, store, cut=Cut(chunk=chunk))
            watch.sync(1)
            watch.index.run()
            with statements() as collected:
                watch.evaluate.run()
                watch.index.run()
                watch.evaluate.run()
        seen.append(len(collected))
    assert seen[1] - seen[0] <= 4 * STATEMENTS_A_CHUNK, seen
