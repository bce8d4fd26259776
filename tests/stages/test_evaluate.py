"""The evaluate stage: instants that fall between stored rows, proofs, gaps, and what it remembers."""

from pathlib import Path

import pytest

from tests.stages.world import (
    APPS,
    OWNER,
    START,
    USERS,
    Cut,
    Watch,
    definition,
    fresh_store,
    open_for_business,
    use,
    world_clock,
)
from watcher.config.program import load_program
from watcher.core.facts import BlockAtWant, CodeKind, SampleWant, Want
from watcher.core.types import Address
from watcher.errors import StoreError
from watcher.stages.memory import Memory, stored
from watcher.store.database import Store
from watcher.testing.fake_blocks import PROXY_CODE, create, log, tx
from watcher.testing.fake_chain import FakeChain

PAUSED = "0x62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a258"


def quiet_history() -> FakeChain:
    """Give a chain on which two apps go live at once, and then nothing happens for an hour and a half."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1, 2, 3), *use(APPS[1], 0, 1, 2, 3))
    chain.empty_blocks(700, every=7)
    return chain


def test_a_deadline_between_stored_rows_is_found_by_asking(tmp_path: Path, store: Store) -> None:
    """Nothing marks the block of the deadline in a backfill: it is wanted, found and concluded exactly."""
    program = definition(tmp_path, duration="1h17m")
    chain = quiet_history()
    watch = Watch(program, chain, store)
    watch.sync()
    [elapsed] = [entry for entry in watch.entries() if entry["type"] == "countdown.elapsed"]
    deadline = START + 2 + 77 * 60
    blocks = [block for block in chain.headers(range(703)) if block is not None]
    assert elapsed["block_number"] == next(b.number for b in blocks if b.timestamp >= deadline)
    assert elapsed["occurred_at"] == "2023-11-14T23:30:22Z"
    with fresh_store(tmp_path / "one") as other:
        single = Watch(program, chain, other, cut=Cut(final_window=1))
        single.sync()
        assert single.entries() == watch.entries()


def test_a_want_about_a_block_that_is_not_stored_is_dropped(tmp_path: Path, store: Store) -> None:
    """It came from a chain that is gone; whoever needs it asks anew."""
    watch = Watch(definition(tmp_path), quiet_history(), store)
    watch.sync()
    wants: list[Want] = [SampleWant(Address(APPS[0]), 123), BlockAtWant(START + 5, 124, 125)]
    with store.writing() as writing:
        writing.facts.put_wants(wants, watch.clock.now())
    assert watch.index.run().answered == 2
    with store.reading() as reading:
        assert reading.facts.wants() == []


def test_logs_of_an_earlier_hour_prove_code_too(tmp_path: Path, store: Store) -> None:
    """A contract that emitted something had code, and keeps it; a proxy cannot be proven so."""
    program = definition(tmp_path)
    chain = FakeChain(genesis_time=START)
    chain.block(create(OWNER, nonce=1), code={APPS[0]: b"\x60\x01", APPS[1]: PROXY_CODE})
    chain.block(*use(APPS[0], 0), *use(APPS[1], 0))
    chain.empty_blocks(4, every=3_600)
    watch = Watch(program, chain, store)
    watch.sync()
    chain.missing_state_below(10_000)
    for _ in range(8):
        chain.block(at=chain.head().timestamp + 40_000)
    restarted = Watch(program, chain, store)
    restarted.sync()
    with store.reading() as reading:
        lacking = {each.want.address for each in reading.facts.wants() if isinstance(each.want, SampleWant)}
        samples = reading.facts.samples(range(7, 15))
    assert lacking == {APPS[1]}
    assert {sample.kind for key, sample in samples.items() if key[0] == APPS[0]} == {CodeKind.PLAIN}


def test_code_that_may_be_a_proxy_is_not_proven_by_its_creation(tmp_path: Path, store: Store) -> None:
    """What stood behind a proxy at that block may have been anything."""
    program = definition(tmp_path)
    chain = FakeChain(genesis_time=START)
    chain.block(code={APPS[0]: b"\x60\x01", APPS[1]: b"\x60\x01"})
    made = create(OWNER, nonce=1, code=PROXY_CODE)
    chain.block(made)
    chain.empty_blocks(4)
    chain.missing_state_below(10_000)
    watch = Watch(program, chain, store)
    watch.sync()
    with store.reading() as reading:
        lacking = {each.want.address for each in reading.facts.wants() if isinstance(each.want, SampleWant)}
    assert lacking == {APPS[0], APPS[1], made.contract}


def test_a_state_without_a_block_is_not_stored(tmp_path: Path, store: Store) -> None:
    """There is nothing to go on from."""
    with store.reading() as reading:
        memory = Memory.load(definition(tmp_path), reading, None)
    with pytest.raises(StoreError, match="concluded nothing"):
        stored(memory.state)


def test_an_hour_is_rebuilt_from_its_blocks_after_a_restart(tmp_path: Path, store: Store) -> None:
    """The running hour has no row yet; its blocks have, and count once."""
    program = definition(tmp_path)
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1))
    chain.empty_blocks(3)
    Watch(program, chain, store).sync()
    chain.block(*use(APPS[0], 2, 3))
    chain.empty_blocks(3)
    watch = Watch(program, chain, store)
    watch.sync()
    assert ("app.went_live", "alpha", 6) in watch.story()


def test_the_copy_catches_up_across_several_chunks(tmp_path: Path, store: Store) -> None:
    """More blocks above finality than one read brings."""
    program = definition(tmp_path, finality="depth = 40")
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.empty_blocks(20)
    chain.block(*use(APPS[0], 0, 1, 2, 3), *use(APPS[1], 0, 1, 2, 3))
    watch = Watch(program, chain, store, world_clock(), cut=Cut(chunk=4))
    watch.sync()
    with store.reading() as reading:
        [observation] = reading.state.observations()
    assert observation.block_number == 22


def test_two_milestones_are_settled_one_by_one(tmp_path: Path, store: Store) -> None:
    """A milestone that is reached says nothing about the observation of another."""
    definition(tmp_path)
    text = (tmp_path / "world.toml").read_text(encoding="utf-8")
    text += '\n[[milestone]]\nid = "second"\nall_of = ["three-live"]\n'
    (tmp_path / "world.toml").write_text(text, encoding="utf-8")
    program = load_program(tmp_path / "world.toml").definition
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    gamma = create(OWNER, nonce=1).contract
    assert gamma is not None
    chain.block(*use(APPS[0], 0, 1, 2, 3), *use(APPS[1], 0, 1, 2, 3))
    chain.empty_blocks(2)
    chain.block(*use(gamma, 0, 1, 2, 3))
    watch = Watch(program, chain, store)
    watch.sync()
    chain.block()
    watch.sync()
    with store.reading() as reading:
        statuses = {str(each.milestone): each.status for each in reading.state.observations(open_only=False)}
    assert statuses["second"] == "open"
    assert "milestone.reached" in {kind for kind, _, _ in watch.story()}


def test_a_paused_log_is_followed(tmp_path: Path, store: Store) -> None:
    """An app that pauses at the block at which it would go live does not."""
    program = definition(tmp_path, liveness="not_paused = true")
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    pausing = tx(OWNER, APPS[0], logs=[log(APPS[0], PAUSED)])
    chain.block(*use(APPS[0], 0, 1, 2, 3), pausing)
    chain.empty_blocks(3)
    watch = Watch(program, chain, store)
    watch.sync()
    assert watch.story() == [("definition.adopted", "world", 1)]


def test_a_creation_later_on_proves_that_there_was_no_code_before(tmp_path: Path, store: Store) -> None:
    """A pruned source cannot say what stood there; the receipt that made it can."""
    program = definition(tmp_path)
    chain = FakeChain(genesis_time=START)
    chain.block()
    chain.block()
    chain.block(create(USERS[0], contract=APPS[0]), create(USERS[0], contract=APPS[1]))
    chain.empty_blocks(6)
    chain.missing_state_below(10_000)
    watch = Watch(program, chain, store)
    assert watch.sync().evaluate.stalled is None
    with store.reading() as reading:
        samples = reading.facts.samples([1])
    assert {sample.kind for sample in samples.values()} == {CodeKind.NONE}


def test_many_final_blocks_are_concluded_chunk_by_chunk(tmp_path: Path, store: Store) -> None:
    """One run goes on until nothing is left."""
    chain = quiet_history()
    watch = Watch(definition(tmp_path), chain, store, cut=Cut(final_window=20, chunk=3))
    watch.sync("final")
    assert watch.evaluate.run().blocks == 0
    with store.reading() as reading:
        state, final = reading.state.load(), reading.state.final()
    assert state is not None
    assert final is not None
    assert state.block == final
