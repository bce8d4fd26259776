"""Health as the store tells it: stage runs, wants, channels, how far conclusions are; and the heartbeat."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.stages.world import APPS, START, Watch, definition, open_for_business, use
from watcher.core.health import Standing
from watcher.core.types import iso_utc
from watcher.errors import HistoryMissing, ReorgBelowFinality
from watcher.stages.health import Expected, heartbeat, patience
from watcher.stages.runs import EVALUATE, INDEX, Runner
from watcher.stages.status import Status, status
from watcher.store.database import Store
from watcher.store.outbox import Attempt, DeliveryStatus
from watcher.store.runs import StageRun
from watcher.testing.fake_chain import FakeChain

DAY = 86_400
EXPECTED = Expected(channels=("ops",), patience_seconds=60)


class Ward:
    """A watcher under observation: its stages run through the runner, as in the daemon."""

    def __init__(self, store: Store, folder: Path, **policy: str) -> None:
        self.chain = FakeChain(genesis_time=START)
        open_for_business(self.chain)
        self.watch = Watch(definition(folder, **policy), self.chain, store)
        self.store, self.clock = store, self.watch.clock
        self.runner = Runner(self.watch.program, store, self.clock, self.watch.announcer)

    def run(self) -> None:
        """Let both stages catch up, a run of each at a time."""
        for _ in range(3):
            self.runner.run(INDEX, self.watch.index.run)
            self.runner.run(EVALUATE, self.watch.evaluate.run)

    def record(self, stage: str, error: str | None = None) -> datetime:
        """Note a run of a stage and give when it was."""
        now = self.clock.now()
        with self.store.writing() as tx:
            tx.runs.add(StageRun(stage, now, now, ok=error is None, error=error))
        return now

    def status(self) -> Status:
        """Ask for the whole picture."""
        with self.store.reading() as tx:
            return status(self.watch.program, tx, EXPECTED, self.now)

    @property
    def now(self) -> int:
        """Give the wall clock in Unix seconds."""
        return int(self.clock.now().timestamp())

    def go_live(self) -> None:
        """Let both apps be used enough, each in a block."""
        self.chain.block(*use(APPS[0], 0, 1, 2, 3))
        self.chain.block(*use(APPS[1], 0, 1, 2, 3))


def raising(error: Exception) -> None:
    """Raise what is given."""
    raise error


@pytest.fixture
def ward(store: Store, tmp_path: Path) -> Iterator[Ward]:
    """Give a watcher of a young chain whose log lines go nowhere."""
    with capture_logs():
        yield Ward(store, tmp_path)


def test_a_watcher_that_never_ran_is_blind_and_knows_nothing(ward: Ward) -> None:
    """The program is known, and nothing about the chain."""
    found = ward.status()
    assert (found.health.standing, found.checkpoint, found.concluded) == (Standing.BLIND, None, None)
    assert found.figures == {
        "chain_id": 31_337,
        "program_id": "world",
        "definition_hash": ward.watch.program.hash,
        "checkpoint": None,
        "ahead": None,
        "concluded": None,
        "head": None,
        "final": None,
        "lag_seconds": None,
        "stalled": None,
        "kpis": [
            {
                "id": kpi,
                "verdict": "UNKNOWN",
                "low": None,
                "high": None,
                "comparator": "at_least",
                "bar": bar,
            }
            for kpi, bar in (("three-live", "3"), ("two-live", "2"))
        ],
        "milestones": [{"id": "first", "state": "pending", "block_number": None}],
        "countdowns": [{"id": "tge", "state": "pending", "deadline": None, "remaining_seconds": None}],
        "health": "BLIND",
        "health_since": None,
        "health_reason": "the chain was never read",
        "health_remedy": "see that `watcher run` is running",
    }


def test_the_picture_follows_the_chain(ward: Ward) -> None:
    """Observed at the head, reached at finality, counted down to the deadline."""
    ward.go_live()
    ward.run()
    assert ward.status().figures["milestones"] == [{"id": "first", "state": "observed", "block_number": 3}]
    ward.chain.empty_blocks(3)
    ward.run()
    found = ward.status()
    assert found.health.standing is Standing.OK
    assert found.checkpoint == ward.chain.head()
    figures = found.figures
    assert figures["checkpoint"] == {"number": 6, "hash": ward.chain.head().hash}
    assert (figures["concluded"], figures["head"], figures["final"], figures["lag_seconds"]) == (3, 6, 3, 0)
    assert figures["kpis"][1] == {
        "id": "two-live",
        "verdict": "MET",
        "low": "2",
        "high": "2",
        "comparator": "at_least",
        "bar": "2",
    }
    assert figures["milestones"] == [{"id": "first", "state": "reached", "block_number": 3}]
    deadline = START + 3 + 7 * DAY
    [countdown] = figures["countdowns"]
    assert countdown == {
        "id": "tge",
        "state": "running",
        "deadline": iso_utc(deadline),
        "remaining_seconds": deadline - ward.now,
    }
    ward.clock.advance(timedelta(days=8))
    assert ward.status().figures["countdowns"][0]["remaining_seconds"] == 0


def test_a_paused_countdown_says_what_remains(store: Store, tmp_path: Path) -> None:
    """It has no deadline meanwhile."""
    ward = Ward(store, tmp_path, on_regression="pause")
    ward.go_live()
    ward.chain.block(at=START + 3 + DAY + 7_200)
    ward.chain.empty_blocks(3)
    ward.run()
    [countdown] = ward.status().figures["countdowns"]
    assert (countdown["state"], countdown["deadline"]) == ("paused", None)
    assert 0 < countdown["remaining_seconds"] < 7 * DAY


def test_conclusions_that_lag_show(ward: Ward) -> None:
    """Blocks are read, and nobody concludes them: behind, by so much chain time."""
    ward.chain.empty_blocks(10)
    ward.run()
    ward.chain.empty_blocks(10, every=100)
    ward.watch.index.run()
    found = ward.status()
    assert (found.health.standing, found.figures["lag_seconds"]) == (Standing.BEHIND, 703)


def test_a_watcher_that_stopped_looking_is_blind_after_a_while(ward: Ward) -> None:
    """Nobody has to report it: time passes."""
    ward.run()
    ward.clock.advance(timedelta(seconds=60))
    assert ward.status().health.standing is Standing.OK
    ward.clock.advance(timedelta(seconds=1))
    assert ward.status().health.standing is Standing.BLIND


@pytest.mark.parametrize("stage", [INDEX, EVALUATE, "deliver:ops"])
def test_a_failing_stage_degrades_until_it_is_good_again(ward: Ward, stage: str) -> None:
    """Since the first of the failures, with the words of the last."""
    ward.run()
    since = ward.record(stage, "a bad day")
    ward.clock.advance(timedelta(seconds=2))
    ward.record(stage, "disk full")
    health = ward.status().health
    assert (health.standing, health.since) == (Standing.DEGRADED, int(since.timestamp()))
    assert health.reason == f"stage {stage} fails: disk full"
    ward.record(stage)
    assert ward.status().health.standing is Standing.OK


def test_what_stopped_the_watcher_is_not_said_to_be_tried_again(ward: Ward) -> None:
    """Somebody has to do something, and to start it."""
    ward.run()
    error = ReorgBelowFinality("block 5 was final")
    with pytest.raises(ReorgBelowFinality):
        ward.runner.run(INDEX, lambda: raising(error))
    assert ward.status().health.reason == "stage index fails: block 5 was final"
    assert ward.status().health.remedy == "the watcher stopped: put that right, then start it again"


def test_a_channel_that_is_not_configured_troubles_nobody(ward: Ward) -> None:
    """It was taken out of the deployment file; what it left behind is history."""
    ward.run()
    ward.record("deliver:gone", "no route")
    assert ward.status().health.standing is Standing.OK


def test_a_ledger_that_stands_still_says_what_is_missing(ward: Ward) -> None:
    """Also to scripts, and since when; it goes on when the fact is read."""
    ward.chain.empty_blocks(4)
    ward.chain.missing_state_below(99)
    ward.run()
    found = ward.status()
    assert (found.health.standing, found.health.since) == (Standing.DEGRADED, ward.now)
    reason = (
        f"before block 1, which needs the state of contract {min(APPS[:2])} at block 1 and 1 more read: "
        "the state of block 1 is pruned: use an archive endpoint"
    )
    remedy = (
        "add an archive endpoint, with state from block 1 on: what it answers is stored; "
        "where nobody has it, declare a [[chain.gap]]"
    )
    assert found.figures["stalled"] == f"{reason}; since {iso_utc(ward.now)}; {remedy}"
    assert (found.health.reason, found.health.remedy) == (f"the ledger stands still {reason}", remedy)
    ward.chain.missing_state_below(0)
    ward.run()
    assert (ward.status().health.standing, ward.status().figures["stalled"]) == (Standing.OK, None)


def test_receipts_that_are_missing_stop_the_ledger_too(ward: Ward) -> None:
    """In the same words; the chain is being looked at, so the watcher is not blind. Told once a block."""
    ward.run()
    ward.chain.empty_blocks(12)
    ward.chain.missing_history_below(5)
    for _ in range(4):
        ward.clock.advance(timedelta(seconds=60))
        with pytest.raises(HistoryMissing):
            ward.runner.run(INDEX, ward.watch.index.run)
    found = ward.status()
    since = ward.now - 3 * 60
    assert (found.health.standing, found.health.since) == (Standing.DEGRADED, since)
    reason = (
        "before block 2, which needs the receipts of block 2: the receipts of block 2 are pruned: "
        "use an archive endpoint"
    )
    remedy = "add an endpoint with receipts from block 2 on; where nobody has it, declare a [[chain.gap]]"
    assert (found.health.reason, found.health.remedy) == (f"the ledger stands still {reason}", remedy)
    assert found.figures["stalled"] == f"{reason}; since {iso_utc(since)}; {remedy}"
    with ward.store.reading() as tx:
        [told] = tx.outbox.events("ledger.stalled")
    assert json.loads(told.body)["data"]["before_block"] == 2
    ward.chain.missing_history_below(0)
    ward.run()
    assert (ward.status().health.standing, ward.status().figures["stalled"]) == (Standing.OK, None)


def test_what_is_not_there_above_finality_is_no_standstill(ward: Ward) -> None:
    """It is not there yet, or was replaced: the stage fails, and the next run looks again."""
    ward.chain.empty_blocks(4)
    ward.run()
    with pytest.raises(HistoryMissing):
        ward.runner.run(INDEX, lambda: raising(HistoryMissing("block 6 is not there")))
    assert ward.status().health.reason == "stage index fails: block 6 is not there"
    assert ward.status().figures["stalled"] is None


def test_a_chain_on_which_nothing_that_counts_is_final_is_well(store: Store, tmp_path: Path) -> None:
    """Block 0 is final on every young chain, and there is nothing to conclude."""
    ward = Ward(store, tmp_path, finality='tag = "finalized"')
    ward.chain.empty_blocks(5)
    ward.chain.finalize(0)
    ward.run()
    assert (ward.status().health.standing, ward.status().figures["final"]) == (Standing.OK, 0)
    ward.chain.finalize(1)
    ward.runner.run(INDEX, ward.watch.index.run)
    assert ward.status().health.standing is Standing.BEHIND


def test_a_channel_that_is_switched_off_degrades(ward: Ward) -> None:
    """With the reason, and the command that switches it on again."""
    ward.run()
    with ward.store.writing() as tx:
        tx.outbox.put_channel("ops", "0" * 64)
        tx.outbox.disable("ops", "410 Gone", ward.clock.now())
    health = ward.status().health
    assert (health.standing, health.since) == (Standing.DEGRADED, ward.now)
    assert health.reason == "channel ops is switched off: 410 Gone"
    assert "watcher deliveries replay --channel ops" in health.remedy


def test_dead_letters_degrade_until_they_are_replayed(ward: Ward) -> None:
    """Somebody was not told something: since the first of it was written."""
    ward.chain.empty_blocks(4)
    ward.run()
    with ward.store.writing() as tx:
        [delivery] = tx.outbox.pending("ops")
        attempt = Attempt(ward.clock.now(), ward.clock.now(), "failed", 500)
        tx.outbox.record(delivery.sequence, attempt, DeliveryStatus.DEAD, ward.clock.now())
    health = ward.status().health
    assert (health.standing, health.since) == (Standing.DEGRADED, ward.now)
    assert health.reason == "channel ops has 1 message that could not be delivered"
    with ward.store.writing() as tx:
        assert tx.outbox.replay(ward.clock.now(), channel="ops") == 1
    assert ward.status().health.standing is Standing.OK


def test_a_heartbeat_tells_how_the_watcher_is(ward: Ward) -> None:
    """Each one anew: who hears none knows that nobody is there."""
    ward.chain.empty_blocks(4)
    ward.run()
    for _ in range(2):
        ward.clock.advance(timedelta(hours=1))
        heartbeat(ward.watch.program, ward.store, ward.clock, ward.watch.announcer, EXPECTED)
    with ward.store.reading() as tx:
        late, early = tx.outbox.events("watcher.heartbeat")
    assert late.occurred_at - early.occurred_at == 3_600
    data = json.loads(late.body)["data"]
    told = {key: data[key] for key in ("health", "reason", "checkpoint", "final", "lag_seconds")}
    reason = "the chain was last read 7200 s ago"
    assert told == {"health": "BLIND", "reason": reason, "checkpoint": 5, "final": 2, "lag_seconds": 0}


@pytest.mark.parametrize(
    ("index_every", "calls_per_minute", "seconds"),
    [(2, None, 60), (30, None, 300), (2, 300, 400), (2, 60_000, 60)],
)
def test_patience_is_a_minute_or_what_the_deployment_makes_likely(
    index_every: int, calls_per_minute: int | None, seconds: int
) -> None:
    """Ten intervals of a slow schedule; twice the time of one window where an endpoint has a ceiling."""
    assert patience(index_every, calls_per_minute) == seconds
