"""What is said about blocks that are not final yet: observed, retracted, projected, marked; and stalls."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.stages.world import APPS, START, Watch, definition, open_for_business, use, world_clock
from watcher.core.definition import Definition
from watcher.core.events import Notice, NoticeType
from watcher.core.types import MilestoneId
from watcher.stages.announce import Announcer, Subscription
from watcher.stages.evaluate import Evaluate
from watcher.store.database import Store, Tx
from watcher.store.outbox import StoredEvent
from watcher.store.state import Observation
from watcher.testing.fake_chain import FakeChain

HOUR = 3_600


@pytest.fixture
def program(tmp_path: Path) -> Definition:
    """Give the world's program; three blocks make a block final."""
    return definition(tmp_path)


@pytest.fixture
def chain() -> FakeChain:
    """Give a chain whose head makes the milestone hold."""
    made = FakeChain(genesis_time=START)
    open_for_business(made)
    made.block(*use(APPS[0], 0, 1, 2, 3))
    made.block(*use(APPS[1], 0, 1, 2, 3))
    return made


def written(tx: Tx) -> list[StoredEvent]:
    """Give all events, oldest first."""
    return sorted(tx.outbox.events(), key=lambda event: event.sequence)


def told(store: Store, *types: str) -> list[tuple[str, dict[str, Any]]]:
    """Give the events of some types with their data, in the order in which they were written."""
    with store.reading() as tx:
        events = [event for event in written(tx) if event.type in types]
    return [(event.type, json.loads(event.body)["data"]) for event in events]


def kinds(store: Store) -> list[str]:
    """Give the types of everything said about the milestone and the countdown."""
    with store.reading() as tx:
        types = [event.type for event in written(tx)]
    return [kind for kind in types if kind.startswith(("milestone", "countdown"))]


def test_what_holds_at_the_head_is_observed_at_once_and_reached_at_finality(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """One observation, one projection; then the ledger entries, and no retraction."""
    watch = Watch(program, chain, store)
    watch.sync()
    watch.sync()
    assert kinds(store) == ["milestone.observed", "countdown.projected"]
    [(_, observed), (_, projected)] = told(store, "milestone.observed", "countdown.projected")
    assert observed["block_hash"] == chain.head().hash
    assert "provisional: not yet depth 3" in observed["statement"]
    assert projected["observation"] == observed["id"]
    assert projected["deadline"] == "2023-11-21T22:13:23Z"
    chain.empty_blocks(3)
    watch.sync()
    assert kinds(store)[2:] == ["milestone.reached", "countdown.started"]
    with store.reading() as tx:
        assert [each.status for each in tx.state.observations(open_only=False)] == ["reached"]


def test_an_observation_that_a_reorg_takes_is_retracted_by_the_next_process(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """The observation is stored, so a restart does not forget to take it back; it carries the first id."""
    Watch(program, chain, store).sync()
    chain.reorg(1)
    chain.empty_blocks(2)
    restarted = Watch(program, chain, store)
    restarted.sync()
    restarted.sync()
    assert kinds(store) == ["milestone.observed", "countdown.projected", "milestone.retracted"]
    [(_, observed), (_, retracted)] = told(store, "milestone.observed", "milestone.retracted")
    assert retracted["observation"] == observed["id"]
    chain.empty_blocks(4)
    restarted.sync()
    assert "milestone.reached" not in kinds(store)


def test_the_same_condition_in_another_block_is_another_observation(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """Retracted for the block that went, observed for the one that came."""
    watch = Watch(program, chain, store)
    watch.sync()
    chain.reorg(1)
    chain.block(*use(APPS[1], 4, 5, 6, 7))
    watch.sync()
    assert [kind for kind in kinds(store) if kind.startswith("milestone")] == [
        "milestone.observed",
        "milestone.retracted",
        "milestone.observed",
    ]


def test_a_milestone_that_becomes_final_elsewhere_is_retracted_first(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """Both happened while nobody looked: the retraction is written before the entry that replaces it."""
    Watch(program, chain, store).sync()
    chain.reorg(1)
    chain.block(*use(APPS[1], 4, 5, 6, 7))
    chain.empty_blocks(5)
    Watch(program, chain, store).sync()
    assert kinds(store)[2:] == ["milestone.retracted", "milestone.reached", "countdown.started"]


def test_a_shorter_chain_without_the_block_retracts_too(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """The observed block is gone although the new chain has not grown as high yet."""
    watch = Watch(program, chain, store)
    watch.sync()
    chain.reorg(2)
    chain.block()
    watch.sync()
    assert kinds(store)[-1] == "milestone.retracted"


def test_a_copy_that_cannot_get_there_leaves_the_observation_open(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """A missing read is not a retraction: the observed block is still there."""
    chain.missing_state_below(10_000)
    observed = chain.head()
    watch = Watch(program, chain, store)
    watch.index.run()
    with store.writing() as tx:
        tx.state.add_observation(Observation("told", MilestoneId("first"), observed.number, observed.hash))
    watch.sync()
    with store.reading() as tx:
        assert [each.status for each in tx.state.observations()] == ["open"]


def test_before_the_first_block_there_is_nothing_to_look_ahead_to(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """An evaluation ahead of the first read concludes nothing and asks for nothing."""
    result = Watch(program, chain, store).evaluate.run()
    assert (result.concluded, result.untried, result.stalled) == (None, 0, None)


def test_marks_go_out_once_at_their_wall_clock_instant(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """T-1h and T-0 of a seven-day countdown; not again after a restart or a step of the clock back."""
    clock = world_clock()
    chain.empty_blocks(3)
    watch = Watch(program, chain, store, clock)
    watch.sync()
    assert told(store, "countdown.marked") == []
    clock.advance(timedelta(seconds=7 * 86_400 - HOUR + 5))
    watch.sync()
    [(_, mark)] = told(store, "countdown.marked")
    assert (mark["remaining_seconds"], mark["at_risk"], mark["stale"]) == (HOUR, False, False)
    clock.advance(timedelta(seconds=-2 * HOUR))
    Watch(program, chain, store, clock).sync()
    clock.advance(timedelta(seconds=2 * HOUR))
    watch.sync()
    assert len(told(store, "countdown.marked")) == 1
    clock.advance(timedelta(seconds=HOUR))
    watch.sync()
    assert [mark["remaining_seconds"] for _, mark in told(store, "countdown.marked")] == [HOUR, 0]
    assert "countdown.elapsed" not in kinds(store)


def test_a_mark_that_was_missed_is_stale_and_an_older_one_is_not_sent(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """After a long night only the newest mark is written, and says that it is late."""
    clock = world_clock()
    chain.empty_blocks(3)
    watch = Watch(program, chain, store, clock)
    watch.sync()
    clock.advance(timedelta(seconds=7 * 86_400 + 600))
    watch.sync()
    [(_, mark)] = told(store, "countdown.marked")
    assert (mark["remaining_seconds"], mark["stale"]) == (0, True)


def test_marks_of_a_projected_countdown_are_at_risk(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """The milestone is not final yet."""
    clock = world_clock()
    watch = Watch(program, chain, store, clock)
    watch.sync()
    clock.advance(timedelta(seconds=7 * 86_400 - HOUR + 5))
    watch.sync()
    [(_, mark)] = told(store, "countdown.marked")
    assert mark["at_risk"] is True


def test_marks_are_at_risk_while_the_head_shows_a_regression(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """Final blocks still hold the condition, the head no longer does."""
    clock = world_clock()
    chain.empty_blocks(3)
    watch = Watch(program, chain, store, clock)
    watch.sync()
    chain.block(at=START + 3 * 86_400)
    watch.sync()
    clock.advance(timedelta(seconds=7 * 86_400 - HOUR + 5))
    watch.sync()
    [(_, mark)] = told(store, "countdown.marked")
    assert mark["at_risk"] is True


def test_a_stalled_ledger_is_told_once_and_says_what_is_missing(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """Missing history is a notice, not a wrong verdict."""
    chain.missing_state_below(10_000)
    chain.empty_blocks(5)
    watch = Watch(program, chain, store)
    for _ in range(3):
        stalled = watch.sync().evaluate.stalled
        assert stalled is not None
        assert stalled.startswith(
            f"before block 1, which needs the state of contract {min(APPS[:2])} at block 1 and 1 more read"
        )
        assert "archive endpoint" in stalled
    [(_, notice)] = told(store, "ledger.stalled")
    assert notice["before_block"] == 1
    assert watch.entries() == []


def test_history_is_recorded_but_not_delivered_unless_asked_for(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """What happened before the database existed reaches nobody's pager."""
    chain.empty_blocks(4)
    clock = world_clock()
    clock.advance(timedelta(seconds=3_600))
    watch = Watch(program, chain, store, clock)
    watch.evaluate = Evaluate(program, store, clock, Announcer(program, clock, [Subscription("ops", ("*",))]))
    watch.sync()
    with store.reading() as tx:
        assert len(list(tx.outbox.events())) > 5
        assert tx.outbox.pending("ops") == []


def test_channels_get_what_they_asked_for(program: Definition, chain: FakeChain, store: Store) -> None:
    """By pattern; a final-only channel gets ledger entries and nothing else."""
    chain.empty_blocks(3)
    clock = world_clock()
    watch = Watch(program, chain, store, clock)
    subscriptions = [
        Subscription("keeper", ("countdown.*", "milestone.*"), final_only=True),
        Subscription("pager", ("watcher.*",)),
    ]
    announcer = Announcer(program, clock, subscriptions, deliver_history=True)
    watch.evaluate = Evaluate(program, store, clock, announcer)
    watch.sync()
    with store.reading() as tx:
        assert [each.event_type for each in tx.outbox.pending("keeper")] == [
            "milestone.reached",
            "countdown.started",
        ]
        assert tx.outbox.pending("pager") == []


def test_an_evaluation_told_to_stop_ends_after_its_chunk(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """What is left is concluded by the next run."""
    chain.empty_blocks(8)
    watch = Watch(program, chain, store)
    watch.index.run()
    watch.evaluate.run()
    watch.index.run()
    stage = Evaluate(program, store, watch.clock, watch.announcer, chunk=1, stopping=lambda: True)
    assert stage.run().blocks == 1
    assert watch.evaluate.run().blocks > 1


def test_after_an_error_the_next_run_starts_from_what_is_stored(
    program: Definition, chain: FakeChain, store: Store
) -> None:
    """A chunk that failed in the middle leaves no trace in the database or in memory."""
    chain.empty_blocks(4)
    watch = Watch(program, chain, store)
    entries = watch.announcer.entries
    watch.announcer.entries = lambda *_: 1 / 0  # type: ignore[method-assign,assignment]
    with pytest.raises(ZeroDivisionError):
        watch.sync()
    assert watch.entries() == []
    watch.announcer.entries = entries  # type: ignore[method-assign]
    watch.sync()
    assert "milestone.reached" in kinds(store)


def test_a_channel_that_was_switched_off_is_not_told_so_itself(program: Definition, store: Store) -> None:
    """Only the other channels get `endpoint.disabled`."""
    subscriptions = [Subscription("gone", ("*",)), Subscription("pager", ("*",))]
    announcer = Announcer(program, world_clock(), subscriptions)
    with store.writing() as tx:
        announcer.notice(tx, Notice(NoticeType.ENDPOINT_DISABLED, "gone", "endpoint.disabled/gone", START))
        assert tx.outbox.pending("gone") == []
        assert [each.event_type for each in tx.outbox.pending("pager")] == ["endpoint.disabled"]
