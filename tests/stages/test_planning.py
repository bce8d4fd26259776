"""Planning: what is sampled, what is remembered, and which way comes out."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.stages.world import APPS, START, USED, USERS, definition
from watcher.core.definition import Definition, Gap
from watcher.core.plan import Plan
from watcher.core.tracked import Tracked
from watcher.core.types import BlockRange
from watcher.core.window import LogFilter, Window
from watcher.errors import EndpointUnavailable
from watcher.stages.planning import SPAN_BLOCKS, SPANS, Planner
from watcher.testing.fake_blocks import log, tx
from watcher.testing.fake_chain import FakeChain

BLOCKS = 2_000


@pytest.fixture
def program(tmp_path: Path) -> Definition:
    """Give a program whose facts logs determine: touched, and listed contracts only."""
    made = definition(tmp_path)
    apps = {name: app for name, app in made.apps.items() if name != "gamma"}
    return replace(made, liveness=replace(made.liveness, reach="touched"), apps=apps)


class Listening(FakeChain):
    """A chain that notes which ranges are read."""

    def __init__(self) -> None:
        super().__init__(genesis_time=START)
        self.read: list[BlockRange] = []

    def windows(
        self, blocks: BlockRange, size: int, *, only: LogFilter | None = None, every_header: bool = False
    ) -> Generator[Window]:
        """Note the range and read it."""
        self.read.append(blocks)
        return super().windows(blocks, size, every_header=every_header, only=only)


def chain_of(used_every: int, *, blocks: int = BLOCKS, each: int = 1) -> Listening:
    """Give a chain of full blocks; an app is used in every so many of them."""
    chain = Listening()
    for number in range(1, blocks + 1):
        used = number % used_every == 0
        made = tx(USERS[0], APPS[0], logs=[log(APPS[0], USED)]) if used else tx(USERS[0], USERS[1])
        chain.block(made, at=START + number * each)
    return chain


def planner(program: Definition, chain: FakeChain) -> Planner:
    """Give a planner for which a thousand blocks are many."""
    return Planner(program, chain, long=1_000)


def plan(program: Definition, chain: FakeChain, last: int = BLOCKS) -> Plan:
    """Plan a range that begins with block 1."""
    return planner(program, chain).plan(BlockRange(1, last))


def test_a_sparse_program_is_read_by_logs_over_a_long_range(program: Definition) -> None:
    """Both figures are told."""
    chain = chain_of(used_every=100)
    found = plan(program, chain)
    assert found.by_logs
    assert found.calls_other_way is not None
    assert found.calls_other_way > BLOCKS > 10 * found.calls
    assert chain.calls == {"windows": SPANS}


def test_a_crowded_program_is_read_by_receipts(program: Definition) -> None:
    """Where every block is named, naming them is one effort more."""
    found = plan(program, chain_of(used_every=1))
    assert not found.by_logs
    assert found.calls_other_way is not None
    assert found.calls_other_way >= found.calls


def test_the_hours_of_the_range_are_counted(program: Definition) -> None:
    """A chain with a block a minute has more of their edges than one with a block a second."""
    slow = plan(program, chain_of(used_every=100, each=60))
    assert slow.calls > 2 * plan(program, chain_of(used_every=100)).calls


def test_a_short_range_is_read_by_receipts_without_a_sample(program: Definition) -> None:
    """At the head nothing is worth a question of its own."""
    chain = chain_of(used_every=100, blocks=20)
    found = plan(program, chain, last=20)
    assert (found.by_logs, found.calls) == (False, 40)
    assert not chain.calls


def test_what_was_sampled_once_is_remembered(program: Definition) -> None:
    """Also for a short range: some hundred blocks are cheaper by logs, two are not."""
    chain = chain_of(used_every=100)
    planned = planner(program, chain)
    planned.plan(BlockRange(1, BLOCKS))
    assert planned.plan(BlockRange(1, BLOCKS)).by_logs
    assert planned.plan(BlockRange(1_801, BLOCKS)).by_logs
    assert not planned.plan(BlockRange(1_999, BLOCKS)).by_logs
    assert chain.calls["windows"] == SPANS


def test_a_program_that_needs_receipts_is_not_sampled(program: Definition) -> None:
    """The key that asks for them is named."""
    chain = chain_of(used_every=100)
    found = plan(replace(program, liveness=replace(program.liveness, reach="direct")), chain)
    assert (found.by_logs, found.calls_other_way) == (False, None)
    assert 'the program asks for it: reach = "direct"' in found.why
    assert not chain.calls


def test_samples_keep_out_of_declared_gaps(program: Definition) -> None:
    """Nobody can read them; a span ends before one, and begins behind one."""
    chain = chain_of(used_every=100)
    gaps = (Gap(5, 300, "lost"), Gap(1_990, BLOCKS, "lost"))
    plan(replace(program, chain=replace(program.chain, gaps=gaps)), chain)
    read = chain.read
    assert read[0] == BlockRange(1, 4)
    assert read[1] == BlockRange(301, 310)
    assert len(read) == SPANS - 1
    assert all(gap.last < span.first or span.last < gap.first for span in read for gap in gaps)


def test_history_that_is_missing_is_left_out_of_the_sample(program: Definition) -> None:
    """The reading itself will say what is missing; what is there tells the shares."""
    chain = chain_of(used_every=100)
    chain.missing_history_below(1_000)
    assert plan(program, chain).by_logs
    chain.missing_history_below(BLOCKS + 1)
    planned = planner(program, chain)
    asked = chain.calls["windows"]
    for _ in range(2):
        assert not planned.plan(BlockRange(1, BLOCKS)).by_logs
    assert chain.calls["windows"] == asked + SPANS
    chain.missing_history_below(0)
    assert planned.plan(BlockRange(2, BLOCKS)).by_logs


def test_an_endpoint_that_is_down_is_not_a_share(program: Definition) -> None:
    """The run fails, and the next one samples."""
    chain = chain_of(used_every=100)
    planned = planner(program, chain)
    chain.fail_next(EndpointUnavailable("down"), on="windows")
    with pytest.raises(EndpointUnavailable):
        planned.plan(BlockRange(1, BLOCKS))
    assert planned.plan(BlockRange(1, BLOCKS)).by_logs


def test_a_change_of_the_way_is_one_line_with_both_figures(program: Definition) -> None:
    """Not one a run."""
    chain = chain_of(used_every=100)
    planned, wanted = planner(program, chain), Tracked(program).log_filter()
    with capture_logs() as lines:
        assert planned.by_logs(BlockRange(1, BLOCKS), wanted)
        assert planned.by_logs(BlockRange(2, BLOCKS), wanted)
        assert not planned.by_logs(BlockRange(BLOCKS, BLOCKS), wanted)
        assert not planned.by_logs(BlockRange(BLOCKS, BLOCKS), wanted)
    assert [line["by_logs"] for line in lines] == [True, False]
    assert all(line["event"] == "way of reading" and line["calls_other_way"] for line in lines)
    assert lines[0]["why"].startswith("by logs: ")


def test_a_sample_is_a_small_part_of_what_it_decides_about() -> None:
    """Eighty blocks of twenty thousand."""
    assert SPANS * SPAN_BLOCKS * 2 < 20_000 / 100
