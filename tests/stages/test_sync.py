"""Catching up: what a `sync` runs, and what the daemon's index job runs."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.stages.world import APPS, START, Watch, definition, open_for_business, use, world_clock
from watcher.core.events import Notice, NoticeType
from watcher.stages.deliver import Deliver
from watcher.stages.index import IndexResult
from watcher.stages.runs import R
from watcher.stages.sync import SECONDS_A_TURN, catch_up, deliver_what_is_due, keep_up
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain
from watcher.testing.recording_channel import RecordingChannel


def long_chain(blocks: int) -> FakeChain:
    """Make a chain on which little happens."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1, 2, 3))
    chain.empty_blocks(blocks)
    return chain


class Noted:
    """Runs stages and notes in which order; `each` is called after every run."""

    def __init__(self, each: Callable[[int], None] = lambda _: None) -> None:
        self.stages: list[str] = []
        self._each = each

    def run(self, stage: str, work: Callable[[], R]) -> R:
        """Run one."""
        result = work()
        self.stages.append(stage)
        self._each(len(self.stages))
        return result

    def attempt(self, stage: str, work: Callable[[], IndexResult]) -> IndexResult | None:
        """Run one that may fail."""
        return self.run(stage, work)


def test_a_sync_lets_the_stages_take_turns(store: Store, tmp_path: Path) -> None:
    """Both under their names, until nothing is left to do."""
    watch = Watch(definition(tmp_path), long_chain(5), store)
    noted = Noted()
    result = catch_up(watch.index, watch.evaluate, "head", run=noted.run)
    assert noted.stages == ["index", "evaluate"] * (len(noted.stages) // 2)
    assert (result.blocks, result.evaluate.concluded) == (7, result.index.final)


def test_a_sync_that_is_told_to_stop_ends_after_its_turn(store: Store, tmp_path: Path) -> None:
    """What it committed stands, and the next one goes on from there."""
    watch = Watch(definition(tmp_path), long_chain(5), store)
    noted = Noted()
    catch_up(watch.index, watch.evaluate, "head", run=noted.run, stopping=lambda: True)
    assert noted.stages == ["index", "evaluate"]
    assert watch.sync().evaluate.concluded is not None


def test_the_index_job_goes_on_until_it_has_caught_up(store: Store, tmp_path: Path) -> None:
    """A turn ends after so long, that health hears of it; the next one follows at once."""
    chain = long_chain(500)
    watch = Watch(definition(tmp_path), chain, store)
    chain.before = lambda _method: watch.clock.advance(timedelta(seconds=SECONDS_A_TURN))
    noted = Noted()
    keep_up(watch.index, noted.attempt, lambda: False)
    with store.reading() as tx:
        assert tx.facts.checkpoint() == chain.head()
    assert noted.stages == ["index"] * 2


def test_the_index_job_ends_when_nothing_is_new_or_it_is_told_to(store: Store, tmp_path: Path) -> None:
    """Otherwise stopping would wait for a backfill."""
    chain = long_chain(500)
    watch = Watch(definition(tmp_path), chain, store)
    noted = Noted()
    keep_up(watch.index, noted.attempt, lambda: True)
    assert noted.stages == ["index"]
    keep_up(watch.index, lambda _stage, _work: None, lambda: False)
    chain.show_head(3)
    keep_up(watch.index, noted.attempt, lambda: False)
    assert noted.stages == ["index"] * 2


def test_everything_that_is_due_is_delivered(store: Store, tmp_path: Path) -> None:
    """However many runs that takes, channel by channel."""
    program, clock = definition(tmp_path), world_clock()
    watch = Watch(program, long_chain(1), store, clock)
    with store.writing() as tx:
        for number in range(5):
            notice = Notice(NoticeType.WATCHER_HEARTBEAT, "world", f"beat/{number}", START)
            watch.announcer.notice(tx, notice)
    channel, idle = RecordingChannel("ops"), RecordingChannel("idle")
    noted = Noted()
    stages = [Deliver(store, each, clock, watch.announcer.notice, sends=2) for each in (channel, idle)]
    deliver_what_is_due(stages, noted.run)
    assert len(channel.taken) == 5
    assert sorted(noted.stages) == ["deliver:idle", *["deliver:ops"] * 3]
