"""Reading blocks with all their receipts, window by window: the hot path.

    spans of blocks ─▶ threads fetch bytes, ahead and in order ─▶ one place decodes ─▶ checked ─▶ Window

Each block is asked for with its header: without one, a list of receipts that lost its end looks whole. What
two answers say of one block must agree; where they do not, the blocks are read again, from one endpoint at a
time, and nothing of the window counts until they do.
"""

from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from itertools import cycle, islice

from watcher.chain.blocks import BlockQuestion, blocks_of, questions_about
from watcher.chain.crosscheck import CONTRADICTS, Contradiction
from watcher.chain.endpoint import Endpoint, Reply
from watcher.chain.prefetch import prefetch
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Rpc
from watcher.chain.spans import Span, SpanLength, spans
from watcher.core.types import BlockRange
from watcher.core.window import BlockReceipts, Window
from watcher.errors import ChainError, MalformedAnswer

AHEAD = 32
"""Requests under way at once, at most."""
MAX_WINDOW_BYTES = 3_000_000
"""A window ends early where its answers exceed this, so that memory does not grow with full blocks."""

TRIES_AGAIN = 3
"""So often blocks that contradict themselves are read again, and by each endpoint at least once."""


class WindowReader:
    """Reads windows through one Rpc; remembers how large blocks are and what the endpoints offer."""

    def __init__(self, rpc: Rpc, ahead: int, max_window_bytes: int) -> None:
        """Ask nothing yet."""
        self._rpc = rpc
        self._ahead = ahead
        self._max_window_bytes = max_window_bytes
        self._length = SpanLength()

    def read(self, blocks: BlockRange, size: int) -> Generator[Window]:
        """Read as `ChainSource.windows` promises."""
        self._length.begin()
        todo = (
            (span, questions_about(self._rpc, _numbers(span.blocks)))
            for span in spans(blocks, size, self._blocks_at_once)
        )
        previous: BlockReceipts | None = None
        part: list[BlockReceipts] = []
        askers: set[Endpoint] = set()
        size_bytes = 0
        with closing(prefetch(todo, self._send, self._ahead, self._room)) as arriving:
            for (span, questions), sent in arriving:
                reply = sent()
                size_bytes += reply.size_bytes
                askers.add(reply.endpoint)
                try:
                    part += self._span(self._rpc, span.blocks, questions, reply)
                except Contradiction as found:
                    self._blame([reply.endpoint], found)
                    part += self._again(span.blocks, reply.endpoint, None, found)
                if span.ends_window or size_bytes > self._max_window_bytes:
                    blocks = BlockRange(part[0].number, part[-1].number)
                    try:
                        part = _linked(previous, part)
                    except Contradiction as found:
                        self._blame(askers, found)
                        part = self._again(blocks, reply.endpoint, previous, found)
                    yield Window(blocks, part)
                    previous, part, size_bytes, askers = part[-1], [], 0, set()

    def _room(self) -> int:
        """Give how many requests may be under way or wait to be decoded; more than are under way at once.

        So there is something to send while what came is worked on.
        """
        return min(self._ahead + self._ahead // 2, self._length.ahead())

    def _blocks_at_once(self, left: int) -> int:
        """Give how many of the blocks left one request asks for: what fits an answer, and a batch."""
        return self._length.take(max(1, min(left, self._rpc.batch_limit // 2)))

    def _again(
        self,
        blocks: BlockRange,
        last: Endpoint,
        previous: BlockReceipts | None,
        found: Contradiction,
    ) -> list[BlockReceipts]:
        """Read blocks that contradicted themselves again, each time from one endpoint alone, `last` last.

        Raises MalformedAnswer where the contradiction stays.
        """
        order = sorted(self._rpc.endpoints, key=lambda each: each is last)
        for endpoint in islice(cycle(order), max(TRIES_AGAIN, len(order))):
            rpc = self._rpc.only([endpoint])
            questions = questions_about(rpc, _numbers(blocks))
            try:
                reply = rpc.send([question.call for question in questions])
                return _linked(previous, self._span(rpc, blocks, questions, reply))
            except Contradiction as again:
                self._blame([endpoint], again)
                found = again
            except ChainError:
                continue  # it cannot be asked now, or lacks the blocks
        raise MalformedAnswer(f"{self._rpc.name}: {found}; the chain changed under way or the node is broken")

    def _blame(self, askers: Collection[Endpoint], found: Contradiction) -> None:
        """Hold a contradiction against the endpoint that it came from, where it came from one."""
        if len(askers) == 1:
            [endpoint] = askers
            endpoint.at_fault(Failure(Refusal.MALFORMED, str(found), kind=CONTRADICTS))

    def _send(self, job: tuple[Span, Sequence[BlockQuestion]]) -> Reply:
        return self._rpc.send([question.call for question in job[1]])

    def _span(
        self, rpc: Rpc, blocks: BlockRange, questions: Sequence[BlockQuestion], reply: Reply
    ) -> list[BlockReceipts]:
        size_bytes = None
        try:
            found = blocks_of(rpc, _numbers(blocks), questions, reply)
            if len(questions) <= rpc.batch_limit:
                size_bytes = reply.size_bytes
        finally:
            self._length.learn(len(blocks), size_bytes)
        return found


def _linked(previous: BlockReceipts | None, part: list[BlockReceipts]) -> list[BlockReceipts]:
    for block in part:
        if previous and block.header and block.header.parent_hash != previous.hash:
            raise Contradiction(f"block {block.number}: its parent is not the block before as it was read")
        previous = block
    return part


def _numbers(blocks: BlockRange) -> range:
    return range(blocks.first, blocks.last + 1)
