"""What becomes of a stage's run: one line, one record, and a word to channels when it keeps failing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.databases import statements
from tests.stages.world import definition
from watcher.core.types import BlockHash, BlockRef
from watcher.errors import EndpointUnavailable, ReorgBelowFinality, WatcherError
from watcher.stages.announce import Announcer, Subscription
from watcher.stages.runs import FAILURES_UNTIL_DEGRADED, Runner, figures, plainly
from watcher.store.database import Store
from watcher.store.outbox import StoredEvent
from watcher.store.runs import StageRun
from watcher.testing.manual_clock import ManualClock


@dataclass(frozen=True)
class Result:
    """What a stage gives back."""

    head: BlockRef
    blocks: int
    unfinished: bool
    stalled: str | None
    hidden: tuple[int, ...]


RESULT = Result(BlockRef(7, BlockHash("0x7"), BlockHash("0x6"), 70), 3, False, None, (1, 2))  # noqa: FBT003


class Desk:
    """A runner on a store, and what it leaves there."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.clock = ManualClock()
        self.stops = False
        self._definition = definition(folder)
        self.restart()

    def restart(self) -> None:
        """Start the process anew."""
        announcer = Announcer(self._definition, self.clock, [Subscription("ops", ("*",))])
        self.runner = Runner(self._definition, self.store, self.clock, announcer, stopping=lambda: self.stops)

    def work(self, result: object = RESULT) -> object:
        """Run the index stage well."""
        self.clock.advance(timedelta(seconds=2))
        return self.runner.run("index", lambda: result)

    def fail(self, times: int = 1, error: Exception | None = None) -> None:
        """Run the index stage badly."""
        for _ in range(times):
            self.clock.advance(timedelta(seconds=2))
            with pytest.raises((WatcherError, ZeroDivisionError)):
                self.runner.run("index", lambda: raising(error or EndpointUnavailable("endpoint main: 503")))

    def last(self) -> StageRun | None:
        """Give the last run that was recorded."""
        with self.store.reading() as tx:
            return tx.runs.last("index")

    def told(self) -> list[StoredEvent]:
        """Give what was announced, the oldest first."""
        with self.store.reading() as tx:
            return tx.outbox.events()[::-1]


def raising(error: Exception) -> None:
    """Raise what is given."""
    raise error


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Iterator[Desk]:
    """Give a desk whose log lines go nowhere."""
    with capture_logs():
        yield Desk(store, tmp_path)


def test_a_run_is_recorded_with_what_it_did(desk: Desk) -> None:
    """When it began and ended, and its figures: health is read from here."""
    assert desk.work() is RESULT
    run = desk.last()
    assert run is not None
    assert (run.ok, run.error, run.started_at) == (True, None, desk.clock.now())
    assert run.detail == {"head": 7, "blocks": 3, "unfinished": False, "stalled": None}


def test_a_run_is_one_line(desk: Desk) -> None:
    """Good or bad: stage, whether it went well, how long it took, what it did or why it did not."""
    with capture_logs() as lines:
        desk.work()
        desk.fail()
    assert lines == [
        {
            "event": "run",
            "log_level": "info",
            "stage": "index",
            "ok": True,
            "seconds": 0.0,
            "head": 7,
            "blocks": 3,
            "unfinished": False,
            "stalled": None,
        },
        {
            "event": "run",
            "log_level": "warning",
            "stage": "index",
            "ok": False,
            "seconds": 0.0,
            "error": "endpoint main: 503",
        },
    ]


def test_an_error_of_ours_needs_no_traceback_and_another_one_does(desk: Desk) -> None:
    """What was foreseen says what to do; what was not has to be found."""
    with capture_logs() as lines:
        desk.fail(error=ZeroDivisionError("oh"))
    assert (lines[0]["log_level"], lines[0]["error"]) == ("error", "ZeroDivisionError('oh')")
    assert lines[0]["exc_info"]
    run = desk.last()
    assert run is not None
    assert run.error == "ZeroDivisionError('oh')"


def test_three_failures_in_a_row_are_announced_once(desk: Desk) -> None:
    """Two are weather. However long it goes on, and over restarts, channels hear of it once."""
    desk.fail(FAILURES_UNTIL_DEGRADED - 1)
    assert desk.told() == []
    desk.fail()
    [degraded] = desk.told()
    assert degraded.type == "watcher.degraded"
    assert b'"stage":"index","since":"2026-03-01T00:00:02Z","error":"endpoint main: 503"' in degraded.body
    desk.fail(2)
    desk.restart()
    desk.fail(FAILURES_UNTIL_DEGRADED)
    assert desk.told() == [degraded]


def test_recovery_is_announced_once_and_names_what_it_ends(desk: Desk) -> None:
    """Also by another process than the one that failed."""
    desk.fail(FAILURES_UNTIL_DEGRADED)
    desk.restart()
    desk.work()
    desk.work()
    degraded, recovered = desk.told()
    assert recovered.type == "watcher.recovered"
    assert f'"degraded":"{degraded.id}"'.encode() in recovered.body
    desk.fail(FAILURES_UNTIL_DEGRADED)
    desk.work()
    types = [event.type for event in desk.told()]
    assert types == ["watcher.degraded", "watcher.recovered"] * 2


def test_what_was_never_announced_as_bad_is_not_announced_as_good(desk: Desk) -> None:
    """A single failure comes and goes in silence."""
    desk.fail()
    desk.work()
    desk.fail(FAILURES_UNTIL_DEGRADED - 1)
    assert desk.told() == []


def test_an_error_that_stops_the_watcher_is_announced_at_once(desk: Desk) -> None:
    """There will be no third run; it goes on to the caller, who stops."""
    with pytest.raises(ReorgBelowFinality):
        desk.runner.attempt("index", lambda: raising(ReorgBelowFinality("block 5 was final")))
    assert [event.type for event in desk.told()] == ["watcher.degraded"]


def test_an_attempt_that_fails_gives_nothing_and_goes_on(desk: Desk) -> None:
    """A schedule runs it again; good ones give their result."""
    assert desk.runner.attempt("index", lambda: raising(EndpointUnavailable("503"))) is None
    assert desk.runner.attempt("index", lambda: raising(ZeroDivisionError())) is None
    assert desk.runner.attempt("index", lambda: 5) == 5


def test_what_fails_because_it_is_told_to_stop_did_not_fail(desk: Desk) -> None:
    """It is in the log and nowhere else: the next start finds no trouble that was none."""
    desk.work()
    desk.stops = True
    with capture_logs() as lines:
        desk.fail()
    assert [(line["log_level"], line["error"]) for line in lines] == [("info", "stopped")]
    run = desk.last()
    assert run is not None
    assert run.ok


def test_a_record_that_cannot_be_written_hides_neither_result_nor_error(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    """The database may be what fails: the stage's own outcome stands, and the log says the rest."""
    impatient = Store.open(database_url, create=False, patience_seconds=0.05)
    desk = Desk(impatient, tmp_path)
    with capture_logs() as lines, store.writing():
        assert desk.work() is RESULT
        desk.fail()
    assert [line["event"] for line in lines] == ["run", "run not recorded"] * 2
    assert desk.last() is None
    impatient.close()


def test_a_recovery_whose_record_was_lost_is_announced_by_the_next_good_run(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    """That a good run follows a good one is known only where the one before was recorded."""
    impatient = Store.open(database_url, create=False, patience_seconds=0.05)
    desk = Desk(impatient, tmp_path)
    desk.work()
    desk.fail(FAILURES_UNTIL_DEGRADED)
    with store.writing():
        desk.work()
    assert [event.type for event in desk.told()] == ["watcher.degraded"]
    desk.work()
    assert [event.type for event in desk.told()] == ["watcher.degraded", "watcher.recovered"]
    impatient.close()


def test_a_good_run_after_a_good_one_is_recorded_in_two_statements(desk: Desk) -> None:
    """Every block has three of them: nothing is asked that is known."""
    desk.work()
    with statements() as seen:
        desk.work()
    assert [each.split()[0] for each in seen if "stage_run" in each] == ["INSERT", "DELETE"]


def test_figures_are_what_can_be_counted() -> None:
    """Blocks by their numbers; what is no figure, or no result at all, is left out."""
    assert figures(RESULT) == {"head": 7, "blocks": 3, "unfinished": False, "stalled": None}
    assert figures(None) == {}


def test_a_stage_can_be_run_without_any_record() -> None:
    """For whoever needs the stages alone."""
    assert plainly("index", lambda: 3) == 3
