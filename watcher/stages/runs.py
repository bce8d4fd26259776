"""Running a stage: every run is timed, recorded and told of in one line, and trouble is announced once.

work ─▶ result or error ─▶ one canonical line
                        ─▶ one transaction: the stage run; degraded after three failures, recovered after
"""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

import structlog

from watcher.clock import Clock
from watcher.core.definition import Definition
from watcher.core.events import Notice, NoticeType
from watcher.core.types import BlockRef
from watcher.errors import (
    DatabaseMismatch,
    HistoryMissing,
    ReorgBelowFinality,
    StoreError,
    WatcherError,
    WriterLost,
    WrongChain,
)
from watcher.log import STAGES
from watcher.stages.announce import Announcer
from watcher.stages.standstill import HISTORY_MISSING, announce, unread
from watcher.store.database import Store, Tx
from watcher.store.runs import StageRun

FAILURES_UNTIL_DEGRADED = 3
"""One failed run is weather; as many in a row as this are announced."""

FATAL = (WrongChain, ReorgBelowFinality, DatabaseMismatch, WriterLost)
"""What no later run can put right: the watcher stops, and says so at the first time."""

INDEX = "index"
EVALUATE = "evaluate"
HEARTBEAT = "heartbeat"

R = TypeVar("R")

_log = structlog.get_logger(STAGES)


class Run(Protocol):
    """Runs one stage once, under its name, and gives its result."""

    def __call__(self, stage: str, work: Callable[[], R]) -> R:
        """Run `work`; what it raises goes on to the caller."""
        ...


def plainly(stage: str, work: Callable[[], R]) -> R:  # noqa: ARG001  # a Run, which names the stage
    """Run a stage without any record."""
    return work()


def delivering(channel: str) -> str:
    """Name the stage that delivers to a channel."""
    return f"deliver:{channel}"


class Runner:
    """Runs stages and remembers how they fare; one a process, several threads may use it."""

    def __init__(
        self,
        definition: Definition,
        store: Store,
        clock: Clock,
        announcer: Announcer,
        *,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Start with no failures; what fails while `stopping` says so is not held against a stage."""
        self._program = definition.program_id
        self._chain = definition.chain
        self._store = store
        self._clock = clock
        self._announcer = announcer
        self._stopping = stopping
        self._failures: dict[str, int] = {}

    def attempt(self, stage: str, work: Callable[[], R]) -> R | None:
        """Run a stage once; an error is recorded, and goes on to the caller only where it is fatal.

        None: it failed, and the next run may do better.
        """
        try:
            return self.run(stage, work)
        except FATAL:
            raise
        except Exception:  # noqa: BLE001  # it is logged and stored, and a schedule has to go on
            return None

    def run(self, stage: str, work: Callable[[], R]) -> R:
        """Run a stage once and give its result; an error is recorded and goes on to the caller."""
        started_at, begun = self._clock.now(), self._clock.monotonic()
        try:
            result = work()
        except Exception as error:
            seconds = round(self._clock.monotonic() - begun, 3)
            if self._stopping() and not isinstance(error, FATAL):
                _log.info("run", stage=stage, ok=False, seconds=seconds, error="stopped")
                raise
            if isinstance(error, WatcherError):
                _log.warning("run", stage=stage, ok=False, seconds=seconds, error=str(error))
            else:
                _log.exception("run", stage=stage, ok=False, seconds=seconds, error=repr(error))
            self._record_failure(stage, started_at, error)
            raise
        detail = figures(result)
        seconds = round(self._clock.monotonic() - begun, 3)
        _log.info("run", stage=stage, ok=True, seconds=seconds, **detail)
        self._record(StageRun(stage, started_at, self._clock.now(), ok=True, detail=detail), urgent=False)
        return result

    def note(self, name: str, since: datetime | None, error: str | None) -> None:
        """Record how something fares that is no stage: since when it fails and how, None: it works again.

        Both are announced at once.
        """
        now = self._clock.now()
        if error is None:
            _log.info("works again", name=name)
        else:
            _log.warning("in trouble", name=name, error=error)
        self._record(StageRun(name, since or now, now, ok=error is None, error=error), urgent=True)

    def _record_failure(self, stage: str, started_at: datetime, error: Exception) -> None:
        said = str(error) if isinstance(error, WatcherError) else repr(error)
        fatal = isinstance(error, FATAL)
        detail = {"fatal": True} if fatal else {}
        if isinstance(error, HistoryMissing):
            detail = {HISTORY_MISSING: True}
        run = StageRun(stage, started_at, self._clock.now(), ok=False, error=said, detail=detail)
        self._record(run, urgent=fatal)

    def _record(self, run: StageRun, *, urgent: bool) -> None:
        known = self._failures.get(run.stage)
        failures = 0 if run.ok else (known or 0) + 1
        if failures:
            self._failures[run.stage] = failures
        # Nothing to tell: the record of it need not outlive a power cut, and nothing waits for the disk.
        quiet = run.ok and known == 0
        try:
            with self._store.writing(lasting=not quiet) as tx:
                failing_since = None if quiet else tx.runs.failing_since(run.stage)
                tx.runs.add(run)
                if run.ok and failing_since is not None:
                    self._announce_recovery(tx, run, failing_since)
                elif urgent or failures >= FAILURES_UNTIL_DEGRADED:
                    self._announce_trouble(tx, run, failing_since or run.started_at)
                    still = unread(tx, self._chain, run)
                    if still is not None:
                        at = int(run.finished_at.timestamp())
                        announce(tx, self._announcer, self._program, still, at)
            self._failures[run.stage] = failures
        except StoreError as error:
            # What became of the stage stands, whatever becomes of the record of it.
            _log.warning("run not recorded", stage=run.stage, error=str(error))

    def _announce_trouble(self, tx: Tx, run: StageRun, since: datetime) -> None:
        data = {"stage": run.stage, "since": _text(since), "error": run.error}
        at = int(run.finished_at.timestamp())
        self._announcer.notice(
            tx, Notice(NoticeType.WATCHER_DEGRADED, self._program, _key(run.stage, since), at, data)
        )

    def _announce_recovery(self, tx: Tx, run: StageRun, failing_since: datetime) -> None:
        degraded = tx.outbox.event_by_key(_key(run.stage, failing_since))
        if degraded is None:
            return
        data = {"stage": run.stage, "since": _text(failing_since), "degraded": degraded.id}
        at = int(run.finished_at.timestamp())
        key = f"{NoticeType.WATCHER_RECOVERED}/{degraded.id}"
        self._announcer.notice(tx, Notice(NoticeType.WATCHER_RECOVERED, self._program, key, at, data))


def figures(result: object) -> dict[str, Any]:
    """Give what a stage's result dataclass counts; blocks by their numbers, what is no figure left out."""
    if not dataclasses.is_dataclass(result):
        return {}
    found = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    found = {name: value.number if isinstance(value, BlockRef) else value for name, value in found.items()}
    return {name: value for name, value in found.items() if value is None or isinstance(value, int | str)}


def _key(stage: str, failing_since: datetime) -> str:
    return f"{NoticeType.WATCHER_DEGRADED}/{stage}/{failing_since.isoformat()}"


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
