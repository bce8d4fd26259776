"""`--at`: what is said of an earlier block is what a watcher that had stopped there would say."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.databases import statements
from tests.stages.world import APPS, START, Watch, busy, definition, fresh_store, open_for_business, use
from watcher.core.definition import Definition
from watcher.core.moments import AtBlock, AtTime, Moment, parse_moment
from watcher.core.state import State, to_json
from watcher.core.types import SECONDS_PER_DAY, iso_utc
from watcher.errors import CannotTell, UsageError
from watcher.stages.lookback import AsOf, as_of
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain

STEPS = (0, 1, 2, 60, 700, 3_600, 9_000, 40_000, 100_000)
"""Seconds between blocks: equal timestamps, skipped hours and skipped days."""

PROGRAMS: list[dict[str, str]] = [
    {},
    {"window": 'days = 2, kind = "complete_days"', "chain": 'state_every = "6h"'},
    {"liveness": 'dormant_after = "90m"\nleave_below = { min_actions = 2 }', "on_regression": "pause"},
    {
        "liveness": 'dormant_after = "90m"\nmin_active_days = 2\nnot_paused = true',
        "chain": '[[chain.gap]]\nfirst = 30\nlast = 34\nreason = "lost"',
    },
]


def said(state: State) -> dict[str, Any]:
    """Give everything that a state says, but for the last block that was looked at."""
    windows = {app: (window.counts(), window.days()) for app, window in state.windows.items()}
    return {**to_json(state), "block": None, "windows": windows}


def look(program: Definition, store: Store, moment: Moment | None) -> AsOf:
    """Look back."""
    with store.reading() as tx:
        return as_of(program, tx, moment)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("parts", PROGRAMS, ids=range(len(PROGRAMS)))
def test_an_earlier_block_is_told_as_by_a_watcher_that_stopped_there(
    parts: dict[str, str], seed: int, tmp_path: Path
) -> None:
    """Whatever was kept, pruned or snapshotted since: the same verdicts, counts, clocks and ledger head."""
    program = definition(tmp_path, **parts)
    random = Random(seed)
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    with fresh_store(tmp_path / "long") as store:
        live = Watch(program, chain, store)
        while chain.head().number < 90:
            busy(chain, random, random.choice((1, 1, 2, 20)), lambda: random.choice(STEPS))
            live.sync()
        last = look(program, store, None).number
        assert last == chain.head().number - 3
        asked = sorted(random.sample(range(1, last + 1), 15))
        readable = [number for number in asked if program.chain.next_block(number - 1) == number]
        with fresh_store(tmp_path / "stopped") as short:
            stopped = Watch(program, chain.clone(), short)
            for number in readable:
                stopped.sync(number)
                expected = look(program, short, None)
                found = look(program, store, AtBlock(number))
                assert expected.number == found.number == number
                assert said(found.state) == said(expected.state), number


def test_a_verdict_that_changed_by_time_alone_is_told_from_its_own_block_on(tmp_path: Path) -> None:
    """Half an hour past the hour an app may have left: no entry, no facts, and still the block is kept."""
    lost = '[[chain.gap]]\nfirst = 30\nlast = 34\nreason = "lost"'
    program = definition(tmp_path, liveness='dormant_after = "90m"', chain=lost)
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1, 2, 3))
    with fresh_store(tmp_path / "live") as store, fresh_store(tmp_path / "backfill") as other:
        live = Watch(program, chain, store)
        while chain.head().number < 170:
            chain.block(at=chain.head().timestamp + 700)
            live.sync()
        Watch(program, chain.clone(), other).sync()
        for number in range(120, 160):
            told, expected = (look(program, each, AtBlock(number)).state.apps for each in (store, other))
            assert told == expected, number


@pytest.fixture
def days(tmp_path: Path, store: Store) -> tuple[Definition, Store]:
    """Give a history of three days with a block each six hours; the last concluded one is number 10."""
    program = definition(tmp_path)
    chain = FakeChain(genesis_time=START - START % SECONDS_PER_DAY)
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1, 2, 3))
    chain.empty_blocks(11, every=6 * 3_600)
    Watch(program, chain, store).sync()
    return program, store


def test_a_day_means_its_last_block_and_an_instant_the_last_block_up_to_it(
    days: tuple[Definition, Store],
) -> None:
    """The second of a block counts, the one before does not; an unfinished day ends at its last block."""
    program, store = days
    midnight = START - START % SECONDS_PER_DAY
    day = [iso_utc(midnight + number * SECONDS_PER_DAY)[:10] for number in range(3)]
    sixth = midnight + 2 + 4 * 6 * 3_600
    asked = [*day, iso_utc(sixth), iso_utc(sixth - 1), iso_utc(midnight + 1)]
    found = [look(program, store, parse_moment(text)).number for text in asked]
    assert found == [5, 9, 10, 6, 5, 1]
    assert look(program, store, None).number == 10


@pytest.mark.parametrize(
    ("moment", "error", "words"),
    [
        (AtBlock(11), CannotTell, "block 11 is not concluded yet: the last concluded block is 10"),
        (AtBlock(0), UsageError, "the first that does is 1"),
        (AtTime(0, 5), UsageError, "lies before block 1"),
        (AtTime(START * 2, START * 2), CannotTell, "is not concluded yet"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    days: tuple[Definition, Store], moment: Moment, error: type[Exception], words: str
) -> None:
    """No answer is made up for a block that was never concluded, and the refusal names those that were."""
    program, store = days
    with pytest.raises(error, match=words):
        look(program, store, moment)


def test_inside_a_declared_gap_nothing_is_told(tmp_path: Path) -> None:
    """What nobody can read has no conclusion; the blocks around it have."""
    program = definition(tmp_path, chain=PROGRAMS[3]["chain"])
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.empty_blocks(50)
    with fresh_store(tmp_path / "gap") as store:
        Watch(program, chain, store).sync()
        assert look(program, store, AtBlock(29)).number == 29
        with pytest.raises(CannotTell, match=r"gap of blocks 30 to 34 \(lost\): ask for 29 or 35"):
            look(program, store, AtBlock(30))


def test_before_the_first_conclusion_nothing_is_told(tmp_path: Path) -> None:
    """An empty database says what to do."""
    with fresh_store(tmp_path / "empty") as store, pytest.raises(CannotTell, match="watcher sync"):
        look(definition(tmp_path), store, None)


def test_looking_back_writes_nothing(days: tuple[Definition, Store]) -> None:
    """It is a question."""
    program, store = days
    with statements() as seen:
        look(program, store, AtBlock(5))
    assert [statement for statement in seen if not statement.startswith(("SELECT", "BEGIN", "PRAGMA"))] == []
