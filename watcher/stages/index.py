"""The index stage: from the chain to stored facts, a window a transaction.

    identity ─▶ finality ─▶ reorg? ─▶ wants ─▶ windows: receipts ─▶ findings ─▶ headers ─▶ rows + checkpoint

It never skips a block: what a run does not reach, the next one reads. It concludes nothing.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from watcher.chain.source import ChainSource
from watcher.clock import Clock
from watcher.core.activity import hour_of
from watcher.core.definition import Definition
from watcher.core.extract import Extractor, Findings
from watcher.core.types import BlockRange, BlockRef
from watcher.core.window import Window
from watcher.errors import EndpointUnavailable, HistoryMissing
from watcher.stages.answers import answer_wants
from watcher.stages.boundaries import hour_boundaries
from watcher.stages.identity import check_chain
from watcher.stages.reorgs import rewind_if_replaced
from watcher.store.database import Store

FINAL_WINDOW = 500
"""Final blocks a transaction (measured: the storage share of a backfill stays under 15 %)."""

HEAD_WINDOW = 100
"""Blocks a transaction above finality, where every block keeps its row."""


Goal = Literal["final", "head"] | int
"""Up to where: what is final now, the head, or a block number (the head where that is lower)."""


@dataclass(frozen=True, slots=True)
class IndexResult:
    """What one run saw and did; `final` None: nothing is final yet."""

    head: BlockRef
    final: BlockRef | None
    checkpoint: BlockRef | None
    blocks: int = 0
    with_facts: int = 0
    rewound: int = 0
    answered: int = 0
    unanswered: int = 0

    @property
    def behind(self) -> int:
        """Count the blocks between the checkpoint and the head."""
        return self.head.number - (self.checkpoint.number if self.checkpoint else -1)


class Index:
    """Reads one chain into one store; keep one instance a process, it remembers who belongs to which app."""

    def __init__(
        self,
        definition: Definition,
        source: ChainSource,
        store: Store,
        clock: Clock,
        *,
        final_window: int = FINAL_WINDOW,
        head_window: int = HEAD_WINDOW,
        stopping: Callable[[], bool] = lambda: False,
        progress: Callable[[int, int], None] = lambda _done, _goal: None,
    ) -> None:
        self._definition = definition
        self._chain = definition.chain
        self._source = source
        self._store = store
        self._clock = clock
        self._final_window = final_window
        self._head_window = head_window
        self._stopping = stopping
        self._progress = progress
        self._extractor: Extractor | None = None
        self._identified = False

    def run(
        self, goal: Goal = "head", *, max_windows: int | None = None, max_seconds: float = math.inf
    ) -> IndexResult:
        """Read what is new up to the goal, in at most `max_windows` transactions, none after `max_seconds`.

        Raises WrongChain and ReorgBelowFinality, after which nothing may go on, and ChainError for a failed
        read, after which everything committed so far stands and the next run goes on behind it.
        """
        until = self._clock.monotonic() + max_seconds
        if not self._identified:
            check_chain(self._definition, self._source, self._store, self._clock.now())
            self._identified = True
        head = self._source.head()
        # Finality is read before the rows are compared: what was final then is not replaced afterwards.
        final_seen = self._read_final(head)
        rewound = rewind_if_replaced(self._source, self._store, head)
        final = self._note_final(head, final_seen)
        if rewound or self._extractor is None:
            self._extractor = self._rebuilt()
        extractor = self._extractor
        answered, unanswered = answer_wants(
            self._definition, self._source, self._store, extractor, self._headers
        )
        last = _last_block(goal, head, final)
        blocks = with_facts = 0
        try:
            for window, is_final in self._unread(last, final, max_windows):
                with_facts += self._write(extractor, window, is_final=is_final)
                blocks += len(window.blocks)
                self._progress(window.range.last, last)
                if self._stopping() or self._clock.monotonic() >= until:
                    break
        except BaseException:
            # The extractor may have read a block that was never written: learn it anew from the rows.
            self._extractor = None
            raise
        with self._store.reading() as tx:
            checkpoint = tx.facts.checkpoint()
        return IndexResult(head, final, checkpoint, blocks, with_facts, rewound, answered, unanswered)

    def _read_final(self, head: BlockRef) -> BlockRef | None:
        finality = self._chain.finality
        if finality.tag is not None:
            return self._source.tagged(finality.tag)
        number = head.number - (finality.depth or 0)
        return self._source.headers([number])[0] if number >= 0 else None

    def _note_final(self, head: BlockRef, seen: BlockRef | None) -> BlockRef | None:
        """Keep the highest final block ever seen: a tag that goes back is ignored."""
        with self._store.reading() as tx:
            known_head, known = tx.state.head(), tx.state.final()
        newer = seen if seen is not None and (known is None or seen.number > known.number) else None
        if head != known_head or newer is not None:
            with self._store.writing() as tx:
                tx.state.set_head(head)
                if newer is not None:
                    tx.state.set_final(newer)
        return newer or known

    def _rebuilt(self) -> Extractor:
        with self._store.reading() as tx:
            return Extractor(self._definition, tx.facts.announcing())

    def _headers(self, numbers: Sequence[int]) -> list[BlockRef]:
        blocks = [block for block in self._source.headers(numbers) if block is not None]
        if len(blocks) < len(numbers):
            there = {block.number for block in blocks}
            missing = next(number for number in numbers if number not in there)
            raise HistoryMissing(f"block {missing} is not there (any more): the next run looks again")
        return blocks

    def _unread(
        self, last: int, final: BlockRef | None, max_windows: int | None
    ) -> Iterator[tuple[Window, bool]]:
        """Read from behind the checkpoint to the goal; tell of each window whether it is final."""
        with self._store.reading() as tx:
            checkpoint = tx.facts.checkpoint()
        first = self._chain.count_from if checkpoint is None else self._chain.next_block(checkpoint.number)
        final_number = -1 if final is None else final.number
        read = 0
        for part in self._readable(BlockRange(first, last), final_number):
            is_final = part.last <= final_number
            size = self._final_window if is_final else self._head_window
            with closing(self._source.windows(part, size, every_header=not is_final)) as windows:
                for window in windows:
                    yield window, is_final
                    read += 1
                    if read == max_windows:
                        return

    def _readable(self, blocks: BlockRange, final_number: int) -> Iterator[BlockRange]:
        """Cut a range at declared gaps, which nobody reads, and at finality."""
        first = blocks.first
        while first <= blocks.last:
            ends = [blocks.last, *(gap.first - 1 for gap in self._chain.gaps if gap.first > first)]
            if first <= final_number:
                ends.append(final_number)
            yield BlockRange(first, min(ends))
            first = self._chain.next_block(min(ends))

    def _write(self, extractor: Extractor, window: Window, *, is_final: bool) -> int:
        """Commit one window's rows, and with them the checkpoint; return how many blocks say something.

        Above finality every block gets a row. Below it only those that something can change at, and the last.
        """
        with self._store.reading() as tx:
            checkpoint = tx.facts.checkpoint()
        before = [] if checkpoint is None else [checkpoint]
        found = {block.number: extractor.read(block) for block in window.blocks}
        headers = self._needed_headers(window, found)
        line = sorted(headers.values(), key=lambda block: block.number)
        boundaries = hour_boundaries([*before, *line], self._headers, self._chain)
        headers.update((block.number, block) for block in boundaries)
        self._check(window, headers, checkpoint)
        line = sorted(headers.values(), key=lambda block: block.number)
        keep = _hour_edges([*before, *line]) | self._edges()
        rows = [
            found[block.number].at(block)
            for block in line
            if not is_final
            or block.number in keep
            or block.number == window.range.last
            or not found[block.number].empty
        ]
        with self._store.writing() as tx:
            if tx.facts.checkpoint() != checkpoint:
                raise EndpointUnavailable("the store moved while a window was read: it is read again")
            tx.facts.append(rows, keep)
            if checkpoint is not None and checkpoint.number in keep:
                tx.facts.keep([checkpoint.number])
        return sum(1 for row in rows if not row.empty)

    def _needed_headers(self, window: Window, found: Mapping[int, Findings]) -> dict[int, BlockRef]:
        """Gather the headers that came with the window, and read those of blocks that say something."""
        headers = {block.number: block.header for block in window.blocks if block.header is not None}
        edges = self._edges()
        missing = [
            number
            for number, findings in found.items()
            if number not in headers and (number in edges or not findings.empty)
        ]
        if missing:
            headers.update((block.number, block) for block in self._headers(missing))
        return headers

    def _check(self, window: Window, headers: Mapping[int, BlockRef], checkpoint: BlockRef | None) -> None:
        """Refuse a window whose parts belong to different branches: the next run finds the fork point."""
        for block in window.blocks:
            header = headers.get(block.number)
            if header is not None and header.hash != block.hash:
                raise EndpointUnavailable(f"block {block.number} was replaced while it was read")
        first = headers.get(window.range.first)
        if first is None or checkpoint is None or checkpoint.number + 1 != first.number:
            return
        if first.parent_hash != checkpoint.hash:
            raise EndpointUnavailable(f"block {first.number} does not follow the stored block before it")

    def _edges(self) -> set[int]:
        """Give the blocks that the step visits by number: the first that counts, and those around gaps."""
        edges = {self._chain.count_from}
        for gap in self._chain.gaps:
            edges |= {gap.first - 1, gap.last + 1}
        return edges


def _last_block(goal: Goal, head: BlockRef, final: BlockRef | None) -> int:
    if goal == "head":
        return head.number
    if goal == "final":
        return -1 if final is None else final.number
    return min(goal, head.number)


def _hour_edges(blocks: Sequence[BlockRef]) -> set[int]:
    """Give, among blocks that include every hour's first and the one before it, the numbers of just those."""
    edges: set[int] = set()
    for left, right in pairwise(blocks):
        if hour_of(left.timestamp) != hour_of(right.timestamp):
            edges |= {left.number, right.number}
    return edges
