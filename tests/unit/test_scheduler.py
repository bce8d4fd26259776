"""The clockwork of the daemon: when jobs run, what ends it, and what a wall clock that is set does to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from threading import Event, Lock, Thread

import pytest
from apscheduler.schedulers import base

from watcher.clock import SystemClock
from watcher.errors import WatcherError, WrongChain
from watcher.scheduler import Daemon, Ended, Job
from watcher.testing.manual_clock import ManualClock

HOUR = timedelta(hours=1)
SOON = timedelta(milliseconds=5)
LONG_ENOUGH = 20.0
"""Seconds after which an event that has not come never will."""


class Counted:
    """Work that counts its runs; `each` is called in every run with the number of it."""

    def __init__(self, each: Callable[[int], None] = lambda _: None) -> None:
        self.runs = 0
        self._each = each
        self._changed = Event()

    def __call__(self) -> None:
        """Run."""
        self.runs += 1
        self._changed.set()
        self._each(self.runs)

    def wait_for(self, runs: int) -> None:
        """Wait until it ran so often."""
        while self.runs < runs:
            self._changed.clear()
            if self.runs < runs:
                assert self._changed.wait(LONG_ENOUGH), f"it ran {self.runs} times"


class Running:
    """A daemon in a thread of its own, as `watcher run` has it in the main thread."""

    def __init__(self, *jobs: Job, stopping: Event | None = None, **options: object) -> None:
        self.stopping = stopping or Event()
        self.daemon = Daemon(jobs, self.stopping, **options)  # type: ignore[arg-type]
        self.ended: Ended | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def join(self) -> Ended:
        """Wait for the end."""
        self._thread.join(LONG_ENOUGH)
        assert self.ended is not None
        return self.ended

    def stop(self) -> Ended:
        """Tell it to stop and wait for the end."""
        self.daemon.stop()
        return self.join()

    def _run(self) -> None:
        self.ended = self.daemon.run()


def test_every_job_runs_at_once_and_then_at_its_interval() -> None:
    """Nobody waits an hour for the first look at the chain."""
    rare, frequent = Counted(), Counted()
    running = Running(Job("rare", HOUR, rare), Job("frequent", SOON, frequent))
    rare.wait_for(1)
    frequent.wait_for(3)
    assert running.stop() == Ended(None)
    assert rare.runs == 1


def test_a_job_may_come_later_for_the_first_time() -> None:
    """The heartbeat lets the others have a look first."""
    late, first = Counted(), Counted()
    running = Running(Job("late", SOON, late, first_after=HOUR), Job("first", SOON, first))
    first.wait_for(2)
    running.stop()
    assert late.runs == 0


def test_a_job_never_runs_beside_itself_and_holds_up_no_other() -> None:
    """A run that takes long is waited for; the other job goes on meanwhile."""
    at_work, overlaps, go_on = Lock(), [], Event()

    def slow(_: int) -> None:
        overlaps.append(not at_work.acquire(blocking=False))
        go_on.wait(LONG_ENOUGH)
        at_work.release()

    slow_job, quick = Counted(slow), Counted()
    running = Running(Job("slow", SOON, slow_job), Job("quick", SOON, quick))
    slow_job.wait_for(1)
    quick.wait_for(5)
    assert slow_job.runs == 1
    go_on.set()
    slow_job.wait_for(2)
    running.stop()
    assert not any(overlaps)


def test_a_job_that_is_woken_runs_now() -> None:
    """Whoever knows that there is something to do does not wait for the interval."""
    job = Counted()
    running = Running(Job("rare", HOUR, job))
    for runs in range(1, 20):
        job.wait_for(runs)
        running.daemon.wake("rare")
    job.wait_for(20)
    running.stop()


def test_a_job_that_is_woken_while_it_runs_runs_once_more() -> None:
    """What woke it may have come too late for the run under way; however much came, one more run sees it."""
    go_on, at_work, overlaps = Event(), Lock(), []

    def slow(_: int) -> None:
        overlaps.append(not at_work.acquire(blocking=False))
        go_on.wait(LONG_ENOUGH)
        at_work.release()

    job, beside = Counted(slow), Counted()
    running = Running(Job("slow", HOUR, job), Job("beside", HOUR, beside))
    job.wait_for(1)
    beside.wait_for(1)
    for _ in range(5):
        running.daemon.wake("slow")
    running.daemon.wake("beside")
    beside.wait_for(2)
    assert job.runs == 1
    go_on.set()
    job.wait_for(2)
    running.daemon.wake("beside")
    beside.wait_for(3)
    running.stop()
    assert job.runs == 2
    assert not any(overlaps)


def test_no_wake_is_lost_between_two_runs() -> None:
    """One that comes while a run is just ending is as good as any other: the job runs after it."""
    seen, wanted = 0, 0

    def look(_: int) -> None:
        nonlocal seen
        seen = wanted

    job = Counted(look)
    running = Running(Job("rare", HOUR, job))
    for _ in range(300):
        wanted += 1
        running.daemon.wake("rare")
        runs = job.runs
        while seen < wanted:
            job.wait_for(runs + 1)
            runs = job.runs
    running.stop()


def test_a_daemon_that_does_not_run_is_not_woken() -> None:
    """Neither before, when every job runs at once anyway, nor when it has ended."""
    job = Counted()
    daemon = Daemon([Job("rare", HOUR, job)], Event())
    daemon.wake("rare")
    daemon.stop()
    daemon.run()
    runs = job.runs
    daemon.wake("rare")
    assert job.runs == runs


def test_news_that_are_going_out_go_out_once_more_after_a_fatal_error() -> None:
    """The run under way may have looked before the error was written."""
    going_out = Event()

    def send(runs: int) -> None:
        if runs == 1:
            going_out.set()
            stopping_soon.wait(LONG_ENOUGH)

    def fail(_: int) -> None:
        going_out.wait(LONG_ENOUGH)
        stopping_soon.set()
        raise WrongChain("another chain")

    stopping_soon, news = Event(), Counted(send)
    running = Running(
        Job("news", HOUR, news, brings_news=True), Job("reading", HOUR, Counted(fail)), fatal=(WrongChain,)
    )
    assert isinstance(running.join().error, WrongChain)
    assert news.runs == 2


def test_a_job_that_raises_runs_again() -> None:
    """Whatever it is, one job's fault neither ends it nor the others."""

    def fail(_: int) -> None:
        raise ZeroDivisionError

    failing = Counted(fail)
    running = Running(Job("failing", SOON, failing))
    failing.wait_for(3)
    assert running.stop() == Ended(None)


def test_stopping_lets_running_jobs_end_and_starts_none() -> None:
    """They are told through the event that they watch, and waited for."""
    stopping, finished = Event(), []

    def until_told(_: int) -> None:
        finished.append(stopping.wait(LONG_ENOUGH))

    job = Counted(until_told)
    running = Running(Job("long", SOON, job), stopping=stopping)
    job.wait_for(1)
    assert running.stop() == Ended(None)
    assert (job.runs, finished) == (1, [True])


def test_stopping_does_not_wait_for_ever() -> None:
    """A job that hangs is named, and the rest is up to whoever started the daemon."""
    release = Event()

    def hang(_: int) -> None:
        release.wait(LONG_ENOUGH)

    hanging = Counted(hang)
    running = Running(Job("hanging", SOON, hanging), Job("quick", SOON, Counted()), patience_seconds=0.05)
    hanging.wait_for(1)
    assert running.stop() == Ended(None, abandoned=("hanging",))
    release.set()


def test_a_fatal_error_ends_the_daemon_after_the_news_went_out() -> None:
    """What brings news runs once more from the start, so that somebody hears of it; nothing else does."""
    errors: list[WatcherError] = [WrongChain("another chain")]
    news_went_out = Counted()

    def fail_once(_: int) -> None:
        news_went_out.wait_for(1)
        raise errors[0]

    reading, beside = Counted(fail_once), Counted()
    running = Running(
        Job("reading", SOON, reading),
        Job("beside", HOUR, beside),
        Job("news", HOUR, news_went_out, brings_news=True),
        fatal=(WrongChain,),
    )
    assert running.join() == Ended(errors[0])
    assert news_went_out.runs == 2
    assert reading.runs == 1
    assert running.stopping.is_set()


def test_an_error_that_is_not_fatal_ends_nothing() -> None:
    """Only the types that it was given do."""

    def fail(_: int) -> None:
        raise WatcherError("a bad day")

    failing = Counted(fail)
    running = Running(Job("failing", SOON, failing), fatal=(WrongChain,))
    failing.wait_for(2)
    assert running.stop().error is None


@pytest.mark.parametrize("hours", [-1, 1, 24 * 365])
def test_a_wall_clock_that_is_set_makes_every_job_run(hours: int) -> None:
    """The step shows against the monotonic clock; without it a job would sleep through it."""
    clock = Stepped()
    job = Counted()
    running = Running(Job("rare", HOUR, job), clock=clock, tick_seconds=0.01)
    job.wait_for(1)
    clock.step += timedelta(hours=hours)
    job.wait_for(2)
    running.stop()


def test_time_that_passes_is_no_step() -> None:
    """Ticks that come late, as on a machine that was busy, make no job run."""
    clock = ManualClock()
    rare, frequent = Counted(), Counted()
    running = Running(
        Job("rare", HOUR, rare), Job("frequent", SOON, frequent), clock=clock, tick_seconds=0.01
    )
    rare.wait_for(1)
    clock.advance(timedelta(minutes=1))
    frequent.wait_for(frequent.runs + 10)
    running.stop()
    assert rare.runs == 1


def test_the_scheduler_goes_on_after_its_clock_went_back() -> None:
    """APScheduler sleeps until an instant of the wall clock: one that is set back must not keep it asleep."""
    with travelling() as clock:
        job = Counted()
        running = Running(Job("frequent", SOON, job), clock=clock, tick_seconds=0.01)
        job.wait_for(2)
        clock.step -= HOUR
        job.wait_for(job.runs + 5)
        running.stop()


def test_years_that_pass_at_once_are_one_run() -> None:
    """Runs that were missed are not counted one by one, which would take longer than they would have."""
    with travelling() as clock:
        job = Counted()
        running = Running(Job("frequent", SOON, job), clock=clock, tick_seconds=0.01)
        job.wait_for(2)
        clock.step += timedelta(days=20_000)
        job.wait_for(job.runs + 5)
        running.stop()


class Stepped:
    """The machine's clock, with a wall clock that can be set."""

    def __init__(self) -> None:
        self.step = timedelta(0)

    def now(self) -> datetime:
        """Give the instant that the wall clock shows."""
        return SystemClock().now() + self.step

    def monotonic(self) -> float:
        """Give the seconds that pass whatever the wall clock shows."""
        return SystemClock().monotonic()


@contextmanager
def travelling() -> Iterator[Stepped]:
    """Let APScheduler see a wall clock that can be set."""
    clock = Stepped()

    class Shown(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "datetime":  # type: ignore[override]
            return clock.now().astimezone(tz)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "datetime", Shown)
        yield clock
