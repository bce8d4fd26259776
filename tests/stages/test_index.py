"""The index stage: what it stores, what it refuses, and what it leaves for the next run."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.databases import Killed
from tests.stages.world import APPS, START, USERS, Watch, definition, open_for_business, use, world_clock
from watcher.core.definition import Definition
from watcher.core.facts import SampleWant
from watcher.core.types import BlockRange, BlockRef
from watcher.errors import (
    CallRefused,
    ChainError,
    DatabaseMismatch,
    EndpointUnavailable,
    HistoryMissing,
    MalformedAnswer,
    ReorgBelowFinality,
    WrongChain,
)
from watcher.stages.boundaries import first_at_or_after
from watcher.stages.cutting import Sizes
from watcher.stages.identity import check_definition
from watcher.stages.index import Index
from watcher.stages.read_window import existing_headers
from watcher.store.database import Store
from watcher.testing.fake_blocks import address, log, tx
from watcher.testing.fake_chain import FakeChain


@pytest.fixture
def program(tmp_path: Path) -> Definition:
    """Give the world's program; three blocks make a block final."""
    return definition(tmp_path)


@pytest.fixture
def chain() -> FakeChain:
    """Give a chain of ten blocks, one of which is used."""
    made = FakeChain(genesis_time=START)
    open_for_business(made)
    made.block(*use(APPS[0], 0, 1))
    made.empty_blocks(8)
    return made


@pytest.fixture
def index(program: Definition, chain: FakeChain, store: Store) -> Index:
    """Give the stage on an empty store."""
    return Index(program, chain, store, world_clock())


def stored(store: Store) -> list[int]:
    """Give the numbers of the stored blocks."""
    with store.reading() as tx_:
        return [block.number for block in tx_.facts.refs(0)]


def test_below_finality_only_blocks_that_can_matter_get_a_row(index: Index, store: Store) -> None:
    """The first block that counts, blocks with facts and each window's last; above finality every block."""
    result = index.run()
    assert stored(store) == [1, 2, 7, 8, 9, 10]
    assert result.head.number == 10
    assert result.final is not None
    assert result.final.number == 7
    assert (result.blocks, result.with_facts, result.behind) == (10, 2, 0)


def test_nothing_is_read_twice(index: Index, chain: FakeChain) -> None:
    """A run at the head asks for heads only."""
    index.run()
    before = chain.calls["windows"]
    assert index.run().blocks == 0
    assert chain.calls["windows"] == before


def test_a_bounded_run_stops_and_the_next_goes_on(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """No block is skipped, however little a run may do."""
    index = Index(program, chain, store, world_clock(), sizes=Sizes(final=2, head=1))
    assert index.run(max_windows=1).blocks == 2
    assert index.run(max_windows=3).behind == 10 - 7
    assert index.run("final").blocks == 0
    assert index.run(9).behind == 1
    assert index.run().behind == 0


def test_a_stage_told_to_stop_ends_after_the_window_it_is_at(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """Stopping never tears a window apart."""
    seen: list[tuple[int, int]] = []
    index = Index(
        program,
        chain,
        store,
        world_clock(),
        sizes=Sizes(final=3),
        stopping=lambda: True,
        progress=lambda done, goal: seen.append((done, goal)),
    )
    assert index.run().blocks == 3
    assert seen == [(3, 10)]


def test_nothing_is_final_yet(tmp_path: Path, store: Store) -> None:
    """A young chain has no final block; that is no error, and nothing is read for the goal `final`."""
    young = FakeChain(genesis_time=START)
    index = Index(definition(tmp_path, finality="depth = 64"), young, store, world_clock())
    result = index.run("final")
    assert (result.final, result.checkpoint, result.behind) == (None, None, 1)


def test_a_tag_that_goes_back_is_ignored(tmp_path: Path, chain: FakeChain, store: Store) -> None:
    """Final stays final: the highest final block ever seen counts."""
    index = Index(definition(tmp_path, finality='tag = "finalized"'), chain, store, world_clock())
    assert index.run().final is None
    chain.finalize(8)
    index.run()
    chain.finalize(5)
    final = index.run().final
    assert final is not None
    assert final.number == 8


def test_another_chain_id_stops_everything(index: Index, chain: FakeChain, store: Store) -> None:
    """Both ids are named, and nothing is written."""
    chain.chain_id = 4326
    with pytest.raises(WrongChain, match=r"serves chain 4326.*about chain 31337"):
        index.run()
    assert stored(store) == []


def test_another_genesis_stops_everything(index: Index, program: Definition, store: Store) -> None:
    """A devnet that was started anew is another chain of the same id."""
    index.run()
    anew = FakeChain(genesis_time=START + 1)
    with pytest.raises(WrongChain, match=r"genesis block is 0x.*the database's 0x"):
        Index(program, anew, store, world_clock()).run()


def test_a_changed_definition_is_refused_with_both_hashes(
    index: Index, program: Definition, tmp_path: Path, store: Store
) -> None:
    """A database belongs to one definition."""
    check_definition(program, store)
    index.run()
    check_definition(program, store)
    changed = definition(tmp_path, liveness='dormant_after = "1h"')
    with pytest.raises(DatabaseMismatch, match=rf"{program.hash}.*{changed.hash}"):
        check_definition(changed, store)


def test_a_lagging_node_is_not_a_reorg(index: Index, chain: FakeChain, store: Store) -> None:
    """A node that has fewer blocks, and the same ones, changes nothing."""
    index.run()
    chain.show_head(8)
    assert index.run().rewound == 0
    assert stored(store)[-1] == 10
    chain.show_head(3)
    assert index.run().rewound == 0
    assert stored(store)[-1] == 10


def test_a_reorg_takes_rows_above_the_fork_point_and_nothing_else(
    index: Index, chain: FakeChain, store: Store
) -> None:
    """Blocks 9 and 10 are replaced by one other block."""
    index.run()
    chain.reorg(2)
    chain.block(*use(APPS[0], 3))
    result = index.run()
    assert result.rewound == 2
    assert stored(store) == [1, 2, 7, 8, 9]
    with store.reading() as tx_:
        assert tx_.facts.ref(9) == chain.head()


def test_a_reorg_below_finality_stops_and_changes_nothing(
    index: Index, chain: FakeChain, store: Store
) -> None:
    """The message names the block to rewind to."""
    index.run()
    before = stored(store)
    chain.reorg(9)
    chain.empty_blocks(12)
    with pytest.raises(ReorgBelowFinality, match=r"block 7 was final.*rewind --to 1"):
        index.run()
    assert stored(store) == before


def test_a_reorg_of_everything_that_is_stored_names_the_start(
    tmp_path: Path, chain: FakeChain, store: Store
) -> None:
    """Where no stored block is left on the chain, rewinding goes back to the start."""
    index = Index(definition(tmp_path, finality="depth = 3"), chain, store, world_clock())
    index.run()
    chain.reorg(10)
    chain.empty_blocks(12)
    with pytest.raises(ReorgBelowFinality, match="rewind --to 0"):
        index.run()


def test_a_block_that_vanishes_below_the_head_is_no_answer(index: Index, chain: FakeChain) -> None:
    """A gateway whose backends disagree is waited for, not believed."""
    index.run()
    chain.empty_blocks(2)
    answered = chain.headers
    chain.headers = lambda numbers: [None for _ in numbers]  # type: ignore[method-assign]
    with pytest.raises(EndpointUnavailable, match="although its head is above"):
        index.run()
    chain.headers = answered  # type: ignore[method-assign]
    assert index.run().rewound == 0


@pytest.mark.parametrize("more", [0, 1])
def test_a_head_that_is_or_follows_the_newest_block_says_that_nothing_was_replaced(
    program: Definition, chain: FakeChain, store: Store, more: int
) -> None:
    """Its own hash or its parent's is proof enough: at the head each request counts."""
    index = Index(program, chain, store, world_clock())
    index.run()
    chain.empty_blocks(more)
    asked: list[Sequence[int]] = []
    answered = chain.headers

    def noted(numbers: Sequence[int]) -> list[BlockRef | None]:
        asked.append(numbers)
        return answered(numbers)

    chain.headers = noted  # type: ignore[method-assign]
    head = index.run().head
    assert asked == [[head.number - 3]], "only which block is final by depth"


def test_a_failed_read_leaves_what_was_committed_and_the_next_run_goes_on(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """The stage fails whole; the extractor forgets what was not written."""
    index = Index(program, chain, store, world_clock(), sizes=Sizes(final=2))
    chain.fail_next(EndpointUnavailable("down"), on="windows")
    with pytest.raises(EndpointUnavailable):
        index.run()
    assert stored(store) == []
    assert index.run().behind == 0


def test_a_window_that_does_not_follow_the_checkpoint_is_refused(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """A reorg between the check and the read is found by the parent hash."""
    index = Index(program, chain, store, world_clock())
    index.run()

    def reorganise(method: str) -> None:
        if method == "windows":
            chain.before = None
            chain.reorg(2)
            chain.empty_blocks(3)

    chain.block()
    chain.before = reorganise
    with pytest.raises(EndpointUnavailable, match="does not follow"):
        index.run()
    assert index.run().rewound == 1


def test_two_writers_that_slipped_past_the_lock_do_not_mix(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """The checkpoint a window was read for has to be the one it is written behind."""
    index = Index(program, chain, store, world_clock(), sizes=Sizes(linked=0))
    other = Index(program, chain, store, world_clock())

    def overtake(method: str) -> None:
        if method == "windows":
            chain.before = None
            other.run()

    chain.before = overtake
    with pytest.raises(EndpointUnavailable, match="store moved"):
        index.run()


def test_a_declared_gap_is_not_asked_for(tmp_path: Path, chain: FakeChain, store: Store) -> None:
    """Nobody can read it, so nobody tries; the blocks around it are kept."""
    gap = '[[chain.gap]]\nfirst = 4\nlast = 5\nreason = "lost"'
    chain.missing_history_below(1)
    program = definition(tmp_path, chain=gap)
    read: list[BlockRange] = []
    windows = chain.windows

    def noting(blocks: BlockRange, size: int, **how: Any) -> object:  # noqa: ANN401  # passed on
        read.append(blocks)
        return windows(blocks, size, **how)

    chain.windows = noting  # type: ignore[method-assign,assignment]
    Index(program, chain, store, world_clock()).run()
    assert read == [BlockRange(1, 3), BlockRange(6, 7), BlockRange(8, 10)]
    assert stored(store) == [1, 2, 3, 6, 7, 8, 9, 10]


def test_hours_are_found_by_few_headers(tmp_path: Path, store: Store) -> None:
    """One block of five hundred begins an hour: it and the one before it are found and kept."""
    chain = FakeChain(genesis_time=START)
    chain.empty_blocks(600, every=7)
    chain.block(at=chain.head().timestamp + 10_000)
    index = Index(definition(tmp_path), chain, store, world_clock())

    index.run()
    with store.reading() as tx_:
        rows = tx_.facts.refs(0)
    for left, right in pairwise(rows):
        if left.timestamp // 3_600 != right.timestamp // 3_600:
            assert left.number + 1 == right.number


def test_bisection_finds_the_first_block_at_an_instant(tmp_path: Path) -> None:
    """Whatever the instant, the block found is the first not before it, and its predecessor comes along."""
    chain = FakeChain(genesis_time=START)
    for step in (1, 0, 0, 50, 3, 0, 700, 1, 1, 1, 90, 0, 5) * 5:
        chain.block(at=chain.head().timestamp + step)
    gap = '[[chain.gap]]\nfirst = 30\nlast = 33\nreason = "lost"'
    settings = definition(tmp_path, chain=gap).chain
    blocks = [block for block in chain.headers(range(chain.head().number + 1)) if block is not None]
    readable = [block for block in blocks if not 30 <= block.number <= 33]

    def headers(numbers: object) -> list[object]:
        assert all(number not in range(30, 34) for number in numbers)  # type: ignore[attr-defined]
        return chain.headers(numbers)  # type: ignore[arg-type,return-value]

    for instant in range(readable[0].timestamp + 1, readable[-1].timestamp + 1):
        found = first_at_or_after(instant, readable[0], readable[-1], headers, settings)  # type: ignore[arg-type]
        first = next(block for block in readable if block.timestamp >= instant)
        assert found[-1] == first
        place = readable.index(first)
        assert found[:-1] == ([readable[place - 1]] if place > 1 else [])


def test_a_header_that_is_missing_is_an_error(chain: FakeChain) -> None:
    """A block that must be there and is not was replaced: the next run looks again."""
    newest = chain.head().number
    assert [block.number for block in existing_headers(chain, [newest, 1])] == [newest, 1]
    with pytest.raises(HistoryMissing, match=f"block {newest + 1} is not there"):
        existing_headers(chain, [1, newest + 1])


def test_wants_about_blocks_that_a_reorg_took_are_dropped(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """The new chain asks anew; nothing waits for what is gone."""
    watch = Watch(program, chain, store)
    chain.missing_state_below(10_000)
    chain.block(*use(APPS[0], 1), at=START + 90_000)
    watch.sync()
    with store.reading() as tx_:
        wants = [each.want for each in tx_.facts.wants()]
    assert {want.block_number for want in wants if isinstance(want, SampleWant)} == {1, 11}
    chain.reorg(1)
    chain.missing_state_below(0)
    chain.block()
    watch.sync()
    with store.reading() as tx_:
        assert tx_.facts.wants() == []


def test_a_foreign_upgraded_log_is_kept_for_the_beacon_it_may_be(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """A beacon is known only when a proxy behind it is sampled; its earlier logs must not be lost."""
    upgraded = "0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b"
    beacon = address("beacon")
    chain.block(tx(USERS[0], beacon, logs=[log(beacon, upgraded)]))
    Index(program, chain, store, world_clock()).run()
    with store.reading() as tx_:
        [facts] = tx_.facts.blocks(10, 11, 10)
    assert facts.code_changes == (beacon,)


def test_a_kill_is_not_swallowed(program: Definition, chain: FakeChain, store: Store) -> None:
    """What is not an error of the chain ends the run as it is."""

    def kill(method: str) -> None:
        if method == "windows":
            raise Killed

    chain.before = kill
    with pytest.raises(Killed):
        Index(program, chain, store, world_clock()).run()


@pytest.mark.parametrize("error", [CallRefused("no such method"), MalformedAnswer("half an answer")])
def test_a_sample_that_cannot_be_read_holds_up_the_ledger_and_not_the_index(
    program: Definition, chain: FakeChain, store: Store, error: ChainError
) -> None:
    """Blocks go on being read; the want stays open with the reason, and heals."""
    watch = Watch(program, chain, store)
    chain.fail_next(error, times=4, on="sample")
    result = watch.sync()
    assert result.index.behind == 0
    assert result.evaluate.stalled is not None
    assert str(error) in result.evaluate.stalled
    assert watch.sync().evaluate.stalled is None


def test_an_endpoint_that_is_down_fails_the_stage_whole(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """Nothing of the batch of answers is written; the next run asks again."""
    watch = Watch(program, chain, store)
    watch.index.run()
    watch.evaluate.run()
    chain.fail_next(EndpointUnavailable("down"), on="sample")
    with pytest.raises(EndpointUnavailable):
        watch.index.run()
    with store.reading() as tx_:
        assert [each.tries for each in tx_.facts.wants()] == [0, 0, 0]
    assert watch.index.run().answered == 3
