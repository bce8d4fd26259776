"""Windows read ahead: in order, forgotten when they do not fit any more, and not waited for at the end."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from watcher.core.types import BlockRange
from watcher.errors import EndpointUnavailable
from watcher.stages.read_window import Job, WindowRows
from watcher.stages.readahead import Inline, Readahead, Workplace
from watcher.store.encoding import PackedWindow


class Never(Executor):
    """Takes work and never does it; notes what it was asked for."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401, ARG002
        """Note the job."""
        self.jobs.append(args[0])
        return Future()


def rows(job: Job) -> WindowRows:
    """Read nothing of a window."""
    return WindowRows(job.blocks, PackedWindow([], []), [], {})


def job_at(first: int) -> Job | None:
    """Cut windows of ten blocks up to block 39."""
    return Job(BlockRange(first, first + 9)) if first < 40 else None


def test_windows_come_in_order_until_there_is_none() -> None:
    """Three are under way at most; behind the last there is nothing to take."""
    ahead = Readahead(Workplace(Inline, rows, 3), lambda: False)
    taken = [ahead.take(first, job_at) for first in (0, 10, 20, 30, 40)]
    assert [each and each.blocks.first for each in taken] == [0, 10, 20, 30, None]


def test_what_was_asked_for_elsewhere_is_forgotten() -> None:
    """The history goes on with another block than expected: what is under way is asked for anew."""
    ahead = Readahead(Workplace(Inline, rows, 2), lambda: False)
    ahead.take(0, job_at)
    found = ahead.take(5, job_at)
    assert found is not None
    assert found.blocks.first == 5


def test_an_error_of_a_window_is_raised_when_its_turn_comes() -> None:
    """Those before it are given first; those behind it are forgotten."""

    def failing(job: Job) -> WindowRows:
        if job.blocks.first == 10:
            raise EndpointUnavailable("down")
        return rows(job)

    ahead = Readahead(Workplace(Inline, failing, 3), lambda: False)
    assert ahead.take(0, job_at) is not None
    with pytest.raises(EndpointUnavailable, match="down"):
        ahead.take(10, job_at)


def test_nobody_waits_for_a_window_when_the_program_stops() -> None:
    """A worker may take long, or hang."""
    executor = Never()
    ahead = Readahead(Workplace(lambda: executor, rows, 2), lambda: True)
    with pytest.raises(EndpointUnavailable, match="stopped while a window was read"):
        ahead.take(0, job_at)
    assert [job.blocks.first for job in executor.jobs] == [0, 10]
    ahead.close()
