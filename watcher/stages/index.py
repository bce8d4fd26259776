"""The index stage: from the chain to stored facts, a window a transaction.

    identity ─▶ finality ─▶ reorg? ─▶ wants ─▶ windows read ahead, in order ─▶ rows + checkpoint

It never skips a block: what a run does not reach, the next one reads. It concludes nothing.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Literal

from watcher.chain.source import ChainSource
from watcher.clock import Clock
from watcher.core.definition import Definition
from watcher.core.facts import BlockFacts
from watcher.core.tracked import Tracked
from watcher.core.types import Address, BlockRange, BlockRef
from watcher.core.window import LogFilter
from watcher.errors import EndpointUnavailable, HistoryMissing
from watcher.stages.answers import READERS, answer_wants
from watcher.stages.cutting import Cutting, Sizes, is_slow
from watcher.stages.finality import UnderFinal, check_follows, note_final, read_final
from watcher.stages.head_first import HeadFirst
from watcher.stages.identity import check_chain
from watcher.stages.read_window import (
    Job,
    JobReader,
    WindowRows,
    announced,
    existing_headers,
)
from watcher.stages.readahead import Inline, Readahead, Workplace
from watcher.stages.reorgs import rewind_if_replaced
from watcher.stages.writing import first_unread, write_window
from watcher.store.database import Store

ByLogs = Callable[[BlockRange, LogFilter | None], bool]
"""Tells whether a range is to be read by logs; None: this program's facts are not in logs alone."""

_Read = tuple[WindowRows, bool, bool]
"""A window that was read; whether it is final; whether it was read at the head, ahead of the history."""

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
        workplace: Workplace | None = None,
        by_logs: ByLogs = lambda _blocks, _wanted: False,
        sizes: Sizes | None = None,
        readers: int = READERS,
        stopping: Callable[[], bool] = lambda: False,
        progress: Callable[[int, int], None] = lambda _done, _goal: None,
    ) -> None:
        """Read nothing yet.

        Final windows are read at `workplace` (default: here, one at a time). `by_logs` is asked about each
        range whether reading only what logs name is the cheaper way. What is asked beside windows is asked
        by `readers` threads at most, and with one in the thread that reads.
        """
        self._definition = definition
        self._chain = definition.chain
        self._source = source
        self._store = store
        self._clock = clock
        self._by_logs = by_logs
        sizes = sizes or Sizes()
        self._cutting = Cutting(definition.chain, sizes, one_reader=workplace is None)
        self._head_first = HeadFirst(definition, sizes.backlog)
        self._stopping = stopping
        self._progress = progress
        self._readers = readers
        self._reader = JobReader(definition, source)
        self._readahead = Readahead(workplace or Workplace(Inline, self._reader, 1), stopping)
        aside = ThreadPoolExecutor(readers, "aside") if readers > 1 else Inline()
        self._under_final = UnderFinal(source, aside)
        self._tracked: Tracked | None = None
        self._known: tuple[BlockFacts[Address], ...] = ()
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
        final_seen = read_final(self._chain, self._source, head)
        rewound = rewind_if_replaced(self._source, self._store, head)
        if rewound:
            # At once: whatever fails before it is learned anew, what the lost rows said holds no more.
            self._tracked = None
        final = note_final(self._chain, self._source, self._store, head, final_seen)
        if self._tracked is None:
            self._tracked = self._rebuilt()
        answered, unanswered = answer_wants(
            self._definition, self._source, self._store, self._tracked, self._headers, readers=self._readers
        )
        last = _last_block(goal, head, final)
        blocks = with_facts = 0
        for window, is_final, ahead in chain(
            self._at_head(goal, last, head, final, max_windows),
            self._history(last, head, final, max_windows),
        ):
            with_facts += self._write(window, final if is_final else None, ahead=ahead)
            blocks += len(window.blocks)
            if not ahead:
                self._progress(window.blocks.last, last)
            if self._stopping() or self._clock.monotonic() >= until:
                break
        with self._store.reading() as tx:
            checkpoint = tx.facts.checkpoint()
        return IndexResult(head, final, checkpoint, blocks, with_facts, rewound, answered, unanswered)

    def close(self) -> None:
        """Let the workers go; what is under way is lost, and nothing else."""
        self._forget()
        self._readahead.close()
        self._under_final.close()

    def _rebuilt(self) -> Tracked:
        """Learn from the rows who belongs to which app; what is under way was read with older knowledge."""
        self._forget()
        with self._store.reading() as tx:
            announcing = [announced(facts) for facts in tx.facts.announcing()]
        tracked = Tracked(self._definition, announcing)
        self._known = tuple(facts for facts in announcing if tracked.steers(facts))
        return tracked

    def _forget(self) -> None:
        """Take nothing that is under way."""
        self._readahead.forget()
        self._reader.forget()
        self._under_final.forget()

    def _headers(self, numbers: Sequence[int]) -> list[BlockRef]:
        return existing_headers(self._source, numbers)

    def _at_head(
        self, goal: Goal, last: int, head: BlockRef, final: BlockRef | None, max_windows: int | None
    ) -> Iterator[_Read]:
        """Read ahead of a long history up to the head, where that is possible."""
        final_number = -1 if final is None else final.number
        slow = is_slow(final, head)
        read = 0
        while read != max_windows:
            with self._store.reading() as tx:
                extent = tx.facts.extent()
            first = self._head_first.first_unread(extent, head, final, may_begin=goal == "head")
            if first is None or first > last:
                return
            is_final = first <= final_number
            end = min(last, final_number) if is_final else last
            known, by_logs = self._head_first.known(first), self._reads_by_logs(BlockRange(first, end))
            if final is not None and is_final:
                job = self._final_job(final, end, known, by_logs, first)
            else:
                job = self._cutting.head_job(first, end, known, slow=slow, by_logs=by_logs)
            try:
                window = self._reader(job) if job else None
            except HistoryMissing:
                window = None  # not there yet, or replaced: the history goes on, and the next run looks again
            if window is None:
                return
            yield window, is_final, True
            read += 1

    def _history(
        self, last: int, head: BlockRef, final: BlockRef | None, max_windows: int | None
    ) -> Iterator[_Read]:
        """Read from behind the checkpoint to the goal, or to where the hole ends."""
        final_number = -1 if final is None else final.number
        slow = is_slow(final, head)
        by_logs: dict[bool, bool] = {}
        read = 0
        while read != max_windows:
            with self._store.reading() as tx:
                extent = tx.facts.extent()
            first = first_unread(self._chain, extent.checkpoint)
            last_here = min(last, extent.ahead.first.number - 1) if extent.ahead else last
            is_final = first <= final_number
            end = min(last_here, final_number) if is_final else last_here
            if first <= last_here and is_final not in by_logs:
                by_logs[is_final] = self._reads_by_logs(BlockRange(first, end))
            if first > last_here:
                window = None
            elif final is not None and is_final:
                window = self._final_window(final, first, end, by_logs=by_logs[is_final])
            else:
                job = self._cutting.head_job(first, end, self._known, slow=slow, by_logs=by_logs[is_final])
                window = self._reader(job) if job else None
            if window is None:
                return
            yield window, is_final, False
            if window.blocks.last == last:
                return
            read += 1

    def _final_window(self, final: BlockRef, first: int, last: int, *, by_logs: bool) -> WindowRows | None:
        try:
            return self._readahead.take(first, partial(self._final_job, final, last, self._known, by_logs))
        except HistoryMissing:
            self._cutting.missing(by_logs=by_logs)
            raise

    def _reads_by_logs(self, blocks: BlockRange) -> bool:
        wanted = self._tracked.log_filter() if self._tracked else None
        return self._by_logs(blocks, wanted) and wanted is not None

    def _final_job(
        self,
        final: BlockRef,
        last: int,
        known: tuple[BlockFacts[Address], ...],
        by_logs: bool,  # noqa: FBT001  # for partial()
        at: int,
    ) -> Job | None:
        job = self._cutting.final_job(at, last, known, by_logs=by_logs)
        if job is not None:
            self._under_final.ask(job.blocks.last, final)
        return job

    def _write(self, window: WindowRows, final: BlockRef | None, *, ahead: bool) -> int:
        """Commit one window, take in what it says, and return how many of its blocks say something.

        `final` is the final block that it should lie under, None where it is above finality.
        """
        last = window.packed.blocks[-1].block
        try:
            check_follows(self._source, self._store, window.packed.blocks[0].block, ahead=ahead)
            if final is not None:
                self._under_final.check(last, final)
            written = write_window(self._store, self._chain, window, is_final=final is not None, ahead=ahead)
        except EndpointUnavailable:
            self._forget()
            raise
        if written.joined or self._tracked is None:
            self._tracked = None
            self._tracked = self._rebuilt()
        elif not ahead:
            self._learn(self._tracked, window)
            self._cutting.learn(written.rows)
        return written.with_facts

    def _learn(self, tracked: Tracked, window: WindowRows) -> None:
        """Take in what a stored window says about who belongs to which app."""
        for address, number in window.alive.items():
            tracked.alive(address, number)
        for facts in window.announcing:
            tracked.learn(facts.block.number, facts.announcements, facts.creations)
            if tracked.steers(facts):
                self._known += (facts,)
                self._readahead.forget()


def _last_block(goal: Goal, head: BlockRef, final: BlockRef | None) -> int:
    if goal == "head":
        return head.number
    if goal == "final":
        return -1 if final is None else final.number
    return min(goal, head.number)
