"""Fetching ahead: threads fetch, results come in order, and never more than a bound of them wait."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def prefetch(
    jobs: Iterable[Job], run: Callable[[Job], Result], at_once: int, ahead: Callable[[], int] | None = None
) -> Generator[tuple[Job, Callable[[], Result]]]:
    """Give each job with a function that waits for its result (or raises its error), in the jobs' order.

    At most `at_once` jobs run; those that run or wait to be taken are as many as `ahead` says at the time, or
    without it no more. `jobs` is asked for the next one only when there is room.
    Closing the iterator starts no further job and does not wait for the running ones.
    """
    todo = iter(jobs)
    waiting: deque[tuple[Job, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="fetch")
    try:
        while True:
            room = at_once if ahead is None else max(1, ahead())
            for job in islice(todo, max(0, room - len(waiting))):
                waiting.append((job, pool.submit(run, job)))
            if not waiting:
                return
            job, future = waiting.popleft()
            yield job, future.result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
