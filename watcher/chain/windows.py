"""Reading blocks with all their receipts, window by window: the hot path.

    spans of blocks ─▶ threads fetch bytes, ahead and in order ─▶ one place decodes ─▶ checked ─▶ Window

What two answers say of one block must agree; where they do not, the blocks are read again, from one endpoint
at a time, and nothing of the window counts until they do.
"""

from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from itertools import cycle, islice

from watcher.chain.blocks import BlockQuestion, blocks_of, questions_about
from watcher.chain.crosscheck import CONTRADICTS, Contradiction, Unconfirmed, fitted
from watcher.chain.endpoint import Endpoint, Reply
from watcher.chain.prefetch import prefetch
from watcher.chain.questions import Header, header_at
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
        self._unconfirmed = Unconfirmed()

    def read(self, blocks: BlockRange, size: int, *, every_header: bool) -> Generator[Window]:
        """Read as `ChainSource.windows` promises."""
        self._length.begin()
        todo = (
            (span, self._questions(span, every_header=every_header))
            for span in spans(
                blocks, size, lambda left: self._blocks_at_once(left, every_header=every_header)
            )
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
                    part += self._again(span.blocks, reply.endpoint, None, found, every_header=every_header)
                if span.ends_window or size_bytes > self._max_window_bytes:
                    blocks = BlockRange(part[0].number, part[-1].number)
                    try:
                        part = self._whole(self._rpc, part, previous, ends=span.ends_window)
                    except Contradiction as found:
                        self._blame(askers, found)
                        part = self._again(blocks, reply.endpoint, previous, found, every_header=every_header)
                    self._unconfirmed.add(part, askers)
                    yield Window(blocks, part)
                    previous, part, size_bytes, askers = part[-1], [], 0, set()

    def _room(self) -> int:
        """Give how many requests may be under way or wait to be decoded; more than are under way at once.

        So there is something to send while what came is worked on.
        """
        return min(self._ahead + self._ahead // 2, self._length.ahead())

    def _blocks_at_once(self, left: int, *, every_header: bool) -> int:
        """Give how many of the blocks left one request asks for: what fits an answer, and a batch."""
        fitting = self._rpc.batch_limit // 2 if every_header else self._rpc.batch_limit - 1
        return self._length.take(max(1, min(left, fitting)))

    def confirm(self, header: Header) -> None:
        """Compare a header that was read with the receipts of its block, if these were read without it.

        Raises MalformedAnswer where there are more or fewer than it has transactions.
        """
        flaw = self._unconfirmed.flaw(header)
        if flaw is not None:
            found, askers = flaw
            self._blame(askers, found)
            raise MalformedAnswer(f"{' or '.join(asker.name for asker in askers)}: {found}")

    def _again(
        self,
        blocks: BlockRange,
        last: Endpoint,
        previous: BlockReceipts | None,
        found: Contradiction,
        *,
        every_header: bool,
    ) -> list[BlockReceipts]:
        """Read blocks that contradicted themselves again, each time from one endpoint alone, `last` last.

        Raises MalformedAnswer where the contradiction stays.
        """
        order = sorted(self._rpc.endpoints, key=lambda each: each is last)
        for endpoint in islice(cycle(order), max(TRIES_AGAIN, len(order))):
            rpc = self._rpc.only([endpoint])
            questions = self._asked(rpc, blocks, every_header=every_header, ends=True)
            try:
                reply = rpc.send([question.call for question in questions])
                return self._whole(rpc, self._span(rpc, blocks, questions, reply), previous)
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

    def _whole(
        self,
        rpc: Rpc,
        part: Sequence[BlockReceipts],
        previous: BlockReceipts | None,
        *,
        ends: bool = True,
    ) -> list[BlockReceipts]:
        """Give a window's blocks with the headers that it needs, linked to each other."""
        blocks = self._with_headers(rpc, part, ends=ends)
        _check_links(previous, blocks)
        return blocks

    def _questions(self, span: Span, *, every_header: bool) -> list[BlockQuestion]:
        return self._asked(self._rpc, span.blocks, every_header=every_header, ends=span.ends_window)

    def _asked(self, rpc: Rpc, blocks: BlockRange, *, every_header: bool, ends: bool) -> list[BlockQuestion]:
        numbers = _numbers(blocks)
        return questions_about(rpc, numbers, numbers if every_header else numbers[-1:] if ends else ())

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

    def _with_headers(self, rpc: Rpc, part: Sequence[BlockReceipts], *, ends: bool) -> list[BlockReceipts]:
        """Add the headers that a window needs and nobody asked for yet: of empty blocks and of the last."""
        last = part[-1] if ends else None
        bare = [block for block in part if block.header is None and (not block.receipts or block is last)]
        headers = rpc.ask([header_at(block.number) for block in bare], rpc.forms.blocks)
        joined = {block.number: fitted(block, header) for block, header in zip(bare, headers, strict=True)}
        return [joined.get(block.number, block) for block in part]


def _check_links(previous: BlockReceipts | None, part: Sequence[BlockReceipts]) -> None:
    for block in part:
        if previous and block.header and block.header.parent_hash != previous.hash:
            raise Contradiction(f"block {block.number}: its parent is not the block before as it was read")
        previous = block


def _numbers(blocks: BlockRange) -> range:
    return range(blocks.first, blocks.last + 1)
