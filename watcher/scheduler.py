"""The daemon's clockwork: runs each job at once and then at its interval, side by side, until told to stop.

    signal, fatal error ─▶ inbox ─▶ no new runs ─▶ running ones told to end ─▶ waited for, not for ever
    wall clock was set  ─────────▶ every job is due at once
    wake                ─────────▶ one job is due at once, after its run where it is running

The only import of APScheduler. It sleeps until a wall-clock instant, so a clock that is set back by an hour
would keep it asleep for an hour: the daemon compares with the monotonic clock and wakes it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Condition, Event

import structlog
from apscheduler.events import EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from watcher.clock import Clock, SystemClock
from watcher.errors import WatcherError

TICK_SECONDS = 1.0
"""How often the two clocks are compared."""

STEP_SECONDS = 2.0
"""A difference beyond this was a step of the wall clock; ticks that come late are no difference at all."""

PATIENCE_SECONDS = 8.0
"""How long stopping waits for running jobs: container runtimes kill after ten seconds."""

_LONG_DUE = datetime(1970, 1, 1, tzinfo=UTC)
"""A job whose next run was then runs now, whatever the wall clock shows."""

_log = structlog.get_logger("watcher.scheduler")


@dataclass(frozen=True, slots=True)
class Job:
    """Something to run again and again, first after a delay; `brings_news`: once more after a fatal error.

    `work` sees to its own errors: what it raises and is not fatal is logged as unforeseen.
    """

    name: str
    every: timedelta
    work: Callable[[], object]
    first_after: timedelta = timedelta(0)
    brings_news: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """How a daemon ended: the fatal error, None when it was told to; the jobs that did not end in time."""

    error: WatcherError | None
    abandoned: tuple[str, ...] = ()


class _Every(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Falls due so long after it last did; after a pause once, and never for each time that was missed."""

    def __init__(self, interval: timedelta, first_after: timedelta) -> None:
        self._interval = interval
        self._first_after = first_after

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Give the next instant, aware UTC."""
        return now + (self._first_after if previous is None else self._interval)


class Daemon:
    """Runs jobs until `stop` is called or one of them raises an error of a type in `fatal`."""

    def __init__(
        self,
        jobs: Sequence[Job],
        stopping: Event,
        *,
        fatal: tuple[type[WatcherError], ...] = (),
        clock: Clock | None = None,
        tick_seconds: float = TICK_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Start nothing yet; `stopping` is set when running jobs shall end."""
        self._jobs = {job.name: job for job in jobs}
        self._stopping = stopping
        self._fatal = fatal
        self._clock = clock or SystemClock()
        self._tick_seconds = tick_seconds
        self._patience_seconds = patience_seconds
        self._inbox: SimpleQueue[WatcherError | None] = SimpleQueue()
        self._changed = Condition()
        self._begun = dict.fromkeys(self._jobs, 0)
        self._ended = dict.fromkeys(self._jobs, 0)
        self._woken: set[str] = set()
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(max(1, len(self._jobs)))}, timezone=UTC
        )

    def stop(self) -> None:
        """Let `run` return soon; may be called from a signal handler, and again."""
        self._inbox.put(None)

    def wake(self, name: str) -> None:
        """Run a job now, where it is running once more after that run; any thread may ask, and again.

        Before `run`, and once the daemon is ending, it changes nothing.
        """
        self._woken.add(name)
        self._make_due(name)

    def run(self) -> Ended:
        """Run the jobs until there is a reason not to; once."""
        scheduler = self._scheduler
        scheduler.add_listener(self._run_again, EVENT_JOB_EXECUTED)
        for job in self._jobs.values():
            scheduler.add_job(
                self._work,
                _Every(job.every, job.first_after),
                [job],
                id=job.name,
                name=job.name,
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        seen = self._clock.now(), self._clock.monotonic()
        scheduler.start()
        try:
            error = self._watch(*seen)
            if error is not None:
                self._tell_the_news()
        finally:
            scheduler.pause()
            self._stopping.set()
            abandoned = self._wait_for_running()
            scheduler.shutdown(wait=not abandoned)
        return Ended(error, abandoned)

    def _work(self, job: Job) -> None:
        self._woken.discard(job.name)
        with self._changed:
            self._begun[job.name] += 1
        try:
            job.work()
        except self._fatal as error:
            self._inbox.put(error)
        except Exception:  # noqa: BLE001  # logged; one job's fault must not end the others
            _log.exception("unforeseen", job=job.name)
        finally:
            with self._changed:
                self._ended[job.name] += 1
                self._changed.notify_all()

    def _make_due(self, name: str) -> None:
        """Let a job run now; nothing where the daemon has not begun, or has let go of the job."""
        with suppress(JobLookupError):
            self._scheduler.modify_job(name, next_run_time=_LONG_DUE)

    def _run_again(self, event: JobExecutionEvent) -> None:
        """See, once a run has made room for the next, whether somebody asked for one meanwhile."""
        if event.job_id in self._woken:
            self._make_due(event.job_id)

    def _watch(self, wall: datetime, monotonic: float) -> WatcherError | None:
        """Wait for a reason to end; meanwhile see whether the wall clock goes on as time does."""
        while True:
            with suppress(Empty):
                return self._inbox.get(timeout=self._tick_seconds)
            then_wall, then_monotonic = wall, monotonic
            wall, monotonic = self._clock.now(), self._clock.monotonic()
            step = (wall - then_wall).total_seconds() - (monotonic - then_monotonic)
            if abs(step) > STEP_SECONDS:
                _log.warning("the wall clock was set: every job runs now", seconds=round(step))
                for name in self._jobs:
                    self._make_due(name)

    def _tell_the_news(self) -> None:
        """Let what brings news run once more from the start, and nothing else: the error was just written."""
        due = {}
        for job in self._jobs.values():
            if job.brings_news:
                due[job.name] = self._begun[job.name] + 1
                self.wake(job.name)
            else:
                self._scheduler.remove_job(job.name)
        with self._changed:
            self._changed.wait_for(
                lambda: all(self._ended[name] >= count for name, count in due.items()), self._patience_seconds
            )

    def _wait_for_running(self) -> tuple[str, ...]:
        with self._changed:
            self._changed.wait_for(lambda: self._begun == self._ended, self._patience_seconds)
            return tuple(name for name in self._jobs if self._begun[name] != self._ended[name])
