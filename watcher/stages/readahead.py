"""Reading ahead: windows are read by any executor, several at once, and come back in block order.

    next job ─▶ submit ─▶ [ under way, at most so many ] ─▶ take(), in order ─▶ the one writer

One thread, several processes and a cluster are the same code: whatever is a `concurrent.futures.Executor`.
What is under way was asked for with what was known then; when that changes, it is forgotten and asked anew.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from watcher.errors import EndpointUnavailable
from watcher.log import STAGES
from watcher.stages.read_window import Job, WindowRows

R = TypeVar("R")

TRIES = 3
"""A window whose workers died so often in a row is given up for this run."""

PATIENCE_SECONDS = 0.2
"""How often somebody who waits for a window looks whether the program stops."""

_log = structlog.get_logger(STAGES)


class Inline(Executor):
    """Does the work at once, in the thread that asks for it."""

    def submit(self, fn: Callable[..., R], /, *args: Any, **kwargs: Any) -> Future[R]:  # noqa: ANN401
        """Run a call and give its finished future."""
        future: Future[R] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  # a future carries whatever was raised
            future.set_exception(error)
        return future


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where windows are read: how to start its executor, and what to run there.

    `start` is called again when the executor broke, because a worker died; `read` must be picklable where the
    executor leaves the process. `ahead` windows are under way at most.
    """

    start: Callable[[], Executor]
    read: Callable[[Job], WindowRows]
    ahead: int


class Readahead:
    """Windows under way at one workplace, in block order."""

    def __init__(self, workplace: Workplace, stopping: Callable[[], bool]) -> None:
        """Start nothing yet; a window that is not there yet is not waited for once `stopping` says so."""
        self._workplace = workplace
        self._stopping = stopping
        self._executor: Executor | None = None
        self._under_way: deque[tuple[Job, Future[WindowRows]]] = deque()

    def take(self, first: int, job_at: Callable[[int], Job | None]) -> WindowRows | None:
        """Give the window that begins with block `first`, None where `job_at` knows of none.

        `job_at` gives the job that begins at or, where a gap is declared, behind a block. Raises what the
        reading raised; everything under way is forgotten then.
        """
        if self._under_way and self._under_way[0][0].blocks.first != first:
            self.forget()
        for _ in range(TRIES):
            try:
                self._fill(first, job_at)
                return self._next()
            except BrokenExecutor as error:
                _log.warning("a worker died: its windows are read again", error=str(error))
                self.close()
            except BaseException:
                self.forget()
                raise
        raise EndpointUnavailable(
            f"workers died {TRIES} times while block {first} was read: is memory short?"
        )

    def forget(self) -> None:
        """Take nothing that is under way: what it was asked for with does not hold any more."""
        while self._under_way:
            self._under_way.pop()[1].cancel()

    def close(self) -> None:
        """Forget everything and let the workers go; the next `take` starts anew."""
        self.forget()
        if self._executor is not None:
            self._executor.shutdown(wait=False)
            self._executor = None

    def _fill(self, first: int, job_at: Callable[[int], Job | None]) -> None:
        if self._executor is None:
            self._executor = self._workplace.start()
        position = self._under_way[-1][0].blocks.last + 1 if self._under_way else first
        while len(self._under_way) < self._workplace.ahead and (job := job_at(position)) is not None:
            self._under_way.append((job, self._executor.submit(self._workplace.read, job)))
            position = job.blocks.last + 1

    def _next(self) -> WindowRows | None:
        if not self._under_way:
            return None
        _, future = self._under_way.popleft()
        while not future.done() and not wait([future], PATIENCE_SECONDS).done:
            if self._stopping():
                raise EndpointUnavailable("stopped while a window was read")
        return future.result()
