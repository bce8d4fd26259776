"""Rewinding by hand: from a ledger that rests on replaced blocks to the one that a fresh watcher writes."""

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.stages.world import APPS, START, Watch, busy, definition, fresh_store, open_for_business, use
from watcher.errors import ReorgBelowFinality, UsageError
from watcher.stages.rewind import RewindResult, rewind
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain

DAY = 86_400
STEPS = (0, 1, 60, 3_600, 30_000, 100_000)


def history(random: Random, blocks: int = 60) -> FakeChain:
    """Make a chain of some weeks on which apps come and go."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    busy(chain, random, blocks, lambda: random.choice(STEPS))
    return chain


def go_back(watch: Watch, to: int) -> RewindResult:
    """Rewind as the command does."""
    return rewind(watch.program, watch.store, watch.clock, watch.announcer, to)


def restarted(watch: Watch) -> Watch:
    """Start the watcher anew on the same chain and store."""
    return Watch(watch.program, watch.chain, watch.store, watch.clock)


def fresh_ledger(watch: Watch, folder: Path) -> list[dict[str, Any]]:
    """Give what a fresh watcher concludes."""
    with fresh_store(folder) as store:
        fresh = Watch(watch.program, watch.chain.clone(), store)
        fresh.sync()
        return fresh.entries()


def messages(watch: Watch) -> list[tuple[str, str]]:
    """Give id and type of everything that was sent or waits, in order."""
    with watch.store.reading() as tx:
        return [(delivery.event_id, delivery.event_type) for delivery in tx.outbox.pending("ops")]


def written(watch: Watch, event_type: str) -> int:
    """Count the events of a type."""
    with watch.store.reading() as tx:
        return len(tx.outbox.events(event_type))


@pytest.mark.parametrize("seed", range(4))
def test_after_a_deep_reorg_the_ledger_is_that_of_a_clean_replay(
    store: Store, tmp_path: Path, seed: int
) -> None:
    """The error names the block to go back to; what was concluded above is gone, below it stays."""
    random = Random(seed)
    watch = Watch(definition(tmp_path), history(random), store)
    watch.sync()
    old = watch.entries()
    watch.chain.reorg(random.randrange(8, 40))
    busy(watch.chain, random, 50, lambda: random.choice(STEPS))
    with pytest.raises(ReorgBelowFinality) as caught:
        watch.sync()
    found = re.search(r"rewind --to (-?\d+)", str(caught.value))
    assert found is not None
    result = go_back(watch, int(found[1]))
    watch = restarted(watch)
    watch.sync()
    assert watch.entries() == fresh_ledger(watch, tmp_path / "fresh")
    with store.reading() as tx:
        assert result.generation == tx.ledger.generation() == 2
        assert list(tx.ledger.entries(generation=1)) == old
    assert written(watch, "ledger.broken") == 1
    restarted(watch).sync()
    assert written(watch, "ledger.broken") == 1


@pytest.mark.parametrize("to", [0, 1, 20, 45, 55])
def test_going_back_on_a_chain_that_did_not_change_says_nothing_twice(
    store: Store, tmp_path: Path, to: int
) -> None:
    """What is concluded again from stored rows has the same ids, digests and hours, and is not sent again."""
    watch = Watch(definition(tmp_path), history(Random(5)), store)
    watch.sync()
    entries, sent = watch.entries(), messages(watch)
    with store.reading() as tx:
        hours = [list(tx.facts.hours(app, 0, 10**6)) for app in watch.program.apps]
    go_back(watch, to)
    watch = restarted(watch)
    watch.sync()
    assert watch.entries() == entries
    again = [message for message in messages(watch) if message not in sent]
    assert [kind for _, kind in again if kind != "kpi.unknown"] == ["ledger.broken"]
    with store.reading() as tx:
        assert [list(tx.facts.hours(app, 0, 10**6)) for app in watch.program.apps] == hours


def test_an_entry_about_another_block_is_sent_under_an_id_of_its_own(store: Store, tmp_path: Path) -> None:
    """The milestone comes again elsewhere: its ledger id is one that receivers drop as known."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    for app in APPS[:2]:
        chain.block(*use(app, 0, 1, 2, 3))
    chain.empty_blocks(6)
    watch = Watch(definition(tmp_path), chain, store)
    watch.sync()
    assert ("milestone.reached", "first", 3) in watch.story()
    chain.reorg(8)
    chain.empty_blocks(2)
    for app in APPS[:2]:
        chain.block(*use(app, 0, 1, 2, 3))
    chain.empty_blocks(8)
    go_back(watch, 1)
    watch = restarted(watch)
    watch.sync()
    assert ("milestone.reached", "first", 5) in watch.story()
    with store.reading() as tx:
        reached = [
            (delivery.event_id, json.loads(delivery.body)["data"])
            for delivery in tx.outbox.pending("ops")
            if delivery.event_type == "milestone.reached"
        ]
    (first, old), (second, new) = reached
    assert (first, old["block_number"]) == (old["id"], 3)
    assert (second != first, new["id"], new["block_number"]) == (True, old["id"], 5)


def test_an_open_observation_above_is_retracted(store: Store, tmp_path: Path) -> None:
    """Each observation is followed by its outcome, whoever takes the block back."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.empty_blocks(5)
    for app in APPS[:2]:
        chain.block(*use(app, 0, 1, 2, 3))
    watch = Watch(definition(tmp_path), chain, store)
    watch.sync()
    assert written(watch, "milestone.observed") == 1
    go_back(watch, 3)
    assert written(watch, "milestone.retracted") == 1
    with store.reading() as tx:
        assert tx.state.observations() == []


def test_an_observation_below_stays(store: Store, tmp_path: Path) -> None:
    """Its block still stands: it is reached when it is concluded."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    for app in APPS[:2]:
        chain.block(*use(app, 0, 1, 2, 3))
    watch = Watch(definition(tmp_path), chain, store)
    watch.sync()
    chain.empty_blocks(10)
    watch.index.run()
    go_back(watch, 5)
    assert written(watch, "milestone.retracted") == 0
    with store.reading() as tx:
        assert [observation.block_number for observation in tx.state.observations()] == [3]
    watch.sync()
    assert ("milestone.reached", "first", 3) in watch.story()


def test_blocks_that_were_final_and_not_concluded_are_only_forgotten(store: Store, tmp_path: Path) -> None:
    """The ledger did not reach them: it stays open, and nobody is told that it is broken."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.empty_blocks(10)
    watch = Watch(definition(tmp_path), chain, store)
    watch.sync(5)
    watch.index.run()
    entries = watch.entries()
    result = go_back(watch, 6)
    assert result.generation is None
    with store.reading() as tx:
        assert tx.state.final() == tx.facts.checkpoint()
    restarted(watch).sync(5)
    assert watch.entries() == entries
    assert written(watch, "ledger.broken") == 0


def test_where_nothing_above_is_final_there_is_nothing_to_take_back(store: Store, tmp_path: Path) -> None:
    """Ordinary reorganisations need no hand; the message says what the last final block is."""
    watch = Watch(definition(tmp_path), history(Random(1), 20), store)
    with pytest.raises(UsageError, match=r"--to 0: .* \(no block is final yet\)"):
        go_back(watch, 0)
    watch.sync()
    with pytest.raises(UsageError, match=r"--to 30: .* \(the last final block is 18\)"):
        go_back(watch, 30)
    assert written(watch, "ledger.broken") == 0
