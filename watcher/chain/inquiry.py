"""Asking one endpoint without insisting: what it refuses is what one wants to know.

Probe ─▶ Inquiry ─▶ Endpoint ─▶ values, and failures where the endpoint does not have them
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from watcher.chain.endpoint import Endpoint, Wait
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Question
from watcher.chain.wire import BLOCKS, Answers
from watcher.core.types import BlockRange

T = TypeVar("T")

TRIES = 3

_LONGEST_WAIT_SECONDS = 10.0
_SHORTEST_WAIT_SECONDS = 0.5


class NotTold(Exception):
    """Say that an endpoint could not be asked on, and why; whoever probes it turns this into a report."""


class Inquiry:
    """Asks one endpoint."""

    def __init__(self, endpoint: Endpoint, wait: Wait) -> None:
        """Ask nothing yet."""
        self.endpoint = endpoint
        self._wait = wait

    def required(self, question: Question[T], decoder: Answers[Any] = BLOCKS) -> T:
        """Give one value; NotTold where there is none."""
        [found] = self.ask([question], decoder)
        if isinstance(found, Failure):
            raise NotTold(f"{question.call.method}: {found.message}")
        return found

    def answers(self, questions: Sequence[Question[T]], decoder: Answers[Any]) -> list[T | Failure]:
        """Give values, and failures where the endpoint does not have them; NotTold where it does not say."""
        found = self.ask(questions, decoder)
        for question, outcome in zip(questions, found, strict=True):
            if isinstance(outcome, Failure) and outcome.refusal in {Refusal.BUSY, Refusal.MALFORMED}:
                raise NotTold(f"{question.call.method}: {outcome.message}")
        return found

    def ask(self, questions: Sequence[Question[T]], decoder: Answers[Any]) -> list[T | Failure]:
        """Ask once, and a few times more where the endpoint is busy or takes less at once."""
        tries, outcomes = TRIES, list[T | Failure]()
        while questions and tries:
            reply = self.endpoint.send([question.call for question in questions])
            outcomes = [
                question.judge(result)
                for question, result in zip(questions, reply.read(decoder), strict=True)
            ]
            failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
            if any(failure.refusal is Refusal.TOO_LARGE for failure in failures) and reply.largest_batch > 1:
                self.endpoint.batches.refused(reply.largest_batch)
                continue
            busy = [failure for failure in failures if failure.refusal is Refusal.BUSY]
            tries -= 1
            if not busy:
                break
            wish = max(failure.retry_after_seconds or 0.0 for failure in busy)
            if tries and self._wait(min(max(wish, _SHORTEST_WAIT_SECONDS), _LONGEST_WAIT_SECONDS)):
                break
        return outcomes


def lowest(blocks: BlockRange, has: Callable[[int], bool]) -> int | None:
    """Find the lowest block that is there, taking for granted that all above it are; None: not one."""
    if has(blocks.first):
        return blocks.first
    if not has(blocks.last):
        return None
    missing, there = blocks.first, blocks.last
    while there - missing > 1:
        middle = (missing + there) // 2
        missing, there = (missing, middle) if has(middle) else (middle, there)
    return there


def spread(blocks: BlockRange, most: int) -> list[int]:
    """Choose at most so many numbers spread evenly over a range, its ends included."""
    steps = min(most, len(blocks)) - 1
    if steps == 0:
        return [blocks.last]
    return [blocks.first + (len(blocks) - 1) * step // steps for step in range(steps + 1)]
