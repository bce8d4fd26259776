"""Reading blocks with all their receipts, window by window: the hot path.

    spans of blocks ─▶ threads fetch bytes, ahead and in order ─▶ one place decodes ─▶ checked ─▶ Window

What two answers say of one block must agree; where they do not, nothing of the window counts.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace

from watcher.chain.endpoint import Reply
from watcher.chain.prefetch import prefetch
from watcher.chain.questions import (
    EMPTY_ROOT,
    Header,
    NoBlockReceipts,
    header_at,
    receipt_of,
    receipts_at,
)
from watcher.chain.rpc import Question, Rpc
from watcher.chain.spans import Span, SpanLength, spans
from watcher.chain.wire import BLOCKS, RECEIPTS
from watcher.core.types import BlockRange
from watcher.core.window import BlockReceipts, Window
from watcher.errors import MalformedAnswer

AHEAD = 16
"""Requests under way or waiting to be decoded."""
MAX_WINDOW_BYTES = 8_000_000
"""A window ends early where its answers exceed this, so that memory does not grow with full blocks."""

SpanQuestion = Question[BlockReceipts | NoBlockReceipts | Header]


class WindowReader:
    """Reads windows through one Rpc; remembers how large blocks are and what the endpoints offer."""

    def __init__(self, rpc: Rpc, ahead: int, max_window_bytes: int) -> None:
        """Ask nothing yet."""
        self._rpc = rpc
        self._ahead = ahead
        self._max_window_bytes = max_window_bytes
        self._length = SpanLength()
        self._whole_blocks = True

    def read(self, blocks: BlockRange, size: int, *, every_header: bool) -> Generator[Window]:
        """Read as `ChainSource.windows` promises."""
        todo = (
            (span, self._questions(span, every_header=every_header))
            for span in spans(blocks, size, lambda: self._length.blocks)
        )
        previous: BlockReceipts | None = None
        part: list[BlockReceipts] = []
        size_bytes = 0
        with closing(prefetch(todo, self._send, self._ahead)) as arriving:
            for (span, questions), sent in arriving:
                reply = sent()
                size_bytes += reply.size_bytes
                part += self._span(span, questions, reply)
                if span.ends_window or size_bytes > self._max_window_bytes:
                    part = self._with_headers(part)
                    self._check_links(previous, part)
                    yield Window(BlockRange(part[0].number, part[-1].number), part)
                    previous, part, size_bytes = part[-1], [], 0

    def _questions(self, span: Span, *, every_header: bool) -> list[SpanQuestion]:
        numbers = range(span.blocks.first, span.blocks.last + 1)
        if not self._whole_blocks:
            return [header_at(number) for number in numbers]
        headers = numbers if every_header else numbers[-1:] if span.ends_window else ()
        return [*(receipts_at(number) for number in numbers), *(header_at(number) for number in headers)]

    def _send(self, job: tuple[Span, Sequence[SpanQuestion]]) -> Reply:
        return self._rpc.send([question.call for question in job[1]])

    def _span(self, span: Span, questions: Sequence[SpanQuestion], reply: Reply) -> list[BlockReceipts]:
        answers = self._rpc.ask(questions, BLOCKS, sent=reply)
        self._length.learn(len(span.blocks), reply.size_bytes)
        headers = {answer.ref.number: answer for answer in answers if isinstance(answer, Header)}
        found = {answer.number: answer for answer in answers if isinstance(answer, BlockReceipts)}
        self._whole_blocks = len(found) == len(span.blocks)
        return [
            self._fitted(found[number], headers.get(number))
            if number in found
            else self._by_transaction(headers.get(number) or self._header(number))
            for number in range(span.blocks.first, span.blocks.last + 1)
        ]

    def _by_transaction(self, header: Header) -> BlockReceipts:
        """Read the receipts one by one, from endpoints that do not offer those of a whole block."""
        questions = [receipt_of(transaction, header.ref) for transaction in header.transactions]
        receipts = self._rpc.ask(questions, RECEIPTS)
        return self._fitted(BlockReceipts(header.ref.number, header.ref.hash, receipts), header)

    def _with_headers(self, part: Sequence[BlockReceipts]) -> list[BlockReceipts]:
        """Add the headers that a window needs and nobody asked for yet: of empty blocks and of the last."""
        bare = [block for block in part if block.header is None and (not block.receipts or block is part[-1])]
        headers = self._rpc.ask([header_at(block.number) for block in bare], BLOCKS)
        fitted = {
            block.number: self._fitted(block, header) for block, header in zip(bare, headers, strict=True)
        }
        return [fitted.get(block.number, block) for block in part]

    def _fitted(self, block: BlockReceipts, header: Header | None) -> BlockReceipts:
        """Join a block's receipts with its header if there is one; refuse what contradicts itself."""
        if header is None:
            return block
        if block.receipts and block.hash != header.ref.hash:
            raise self._contradiction(block.number, "receipts and header have different hashes")
        if len(block.receipts) != len(header.transactions):
            counts = f"{len(block.receipts)} receipts for {len(header.transactions)} transactions"
            raise self._contradiction(block.number, counts)
        if not block.receipts and header.receipts_root != EMPTY_ROOT:
            raise self._contradiction(block.number, "no receipts, but the header's receiptsRoot is of some")
        return replace(block, hash=header.ref.hash, header=header.ref)

    def _check_links(self, previous: BlockReceipts | None, part: Sequence[BlockReceipts]) -> None:
        for block in part:
            if previous and block.header and block.header.parent_hash != previous.hash:
                raise self._contradiction(block.number, "its parent is not the block before as it was read")
            previous = block

    def _header(self, number: int) -> Header:
        return self._rpc.ask([header_at(number)], BLOCKS)[0]

    def _contradiction(self, number: int, text: str) -> MalformedAnswer:
        return MalformedAnswer(
            f"{self._rpc.name}: block {number}: {text}; the chain changed under way or the node is broken"
        )
