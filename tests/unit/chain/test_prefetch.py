"""Fetching ahead: in order, bounded, and over when nobody wants more."""

from collections.abc import Iterator
from contextlib import closing
from threading import Barrier, Event

import pytest

from watcher.chain.prefetch import prefetch


def counted(count: int, taken: list[int]) -> Iterator[int]:
    """Give numbers and note which were asked for."""
    for number in range(count):
        taken.append(number)
        yield number


def test_results_come_in_the_order_of_the_jobs() -> None:
    """The second job is done before the first; the first is given first."""
    second_done = Event()

    def run(job: int) -> int:
        if job == 0:
            second_done.wait(10)
        else:
            second_done.set()
        return job * 10

    assert [(job, result()) for job, result in prefetch([0, 1, 2], run, 2)] == [(0, 0), (1, 10), (2, 20)]


def test_no_more_jobs_are_taken_than_there_is_room_for() -> None:
    """Memory is bounded by what is under way: the next job is taken when a result was."""
    taken: list[int] = []
    with closing(prefetch(counted(10, taken), lambda job: job, 3)) as arriving:
        next(arriving)
        assert taken == [0, 1, 2]
        next(arriving)
        assert taken == [0, 1, 2, 3]


def test_the_room_may_change_under_way() -> None:
    """Large answers leave less of it: what is under way is bounded by memory, not by a number alone."""
    taken: list[int] = []
    room = [1, 3, 0, 2]
    jobs = prefetch(counted(10, taken), lambda job: job, 3, lambda: room.pop(0) if room else 3)
    with closing(jobs) as arriving:
        seen = []
        for _ in range(4):
            next(arriving)
            seen.append(len(taken))
    assert seen == [1, 4, 4, 5]


def test_jobs_run_at_the_same_time() -> None:
    """Both must be under way for either to end."""
    barrier = Barrier(2, timeout=10)

    def run(job: int) -> int:
        barrier.wait()
        return job

    assert [result() for _, result in prefetch([1, 2], run, 2)] == [1, 2]


def test_closing_starts_no_further_job() -> None:
    """Jobs that wait for a thread are dropped; running ones are not waited for."""
    started: list[int] = []
    running, release = Event(), Event()

    def run(job: int) -> None:
        started.append(job)
        if job == 1:
            running.set()
            release.wait(10)

    arriving = prefetch(range(100), run, 1)
    next(arriving)[1]()
    _, unfinished = next(arriving)
    running.wait(10)
    arriving.close()
    release.set()
    unfinished()
    assert started == [0, 1]


def test_an_error_comes_out_where_the_result_would() -> None:
    """One failed job does not hide the results before it."""

    def run(job: int) -> float:
        return 1 / job

    arriving = prefetch([1, 0], run, 2)
    assert next(arriving)[1]() == 1
    with pytest.raises(ZeroDivisionError):
        next(arriving)[1]()
