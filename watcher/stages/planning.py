"""Planning: whether a range of blocks is read by receipts or by logs.

    a long range ─▶ a few spans spread over it, read whole, once ─▶ shares of blocks ─▶ costs ─▶ Plan
    a short one  ─▶ what is remembered; without a memory, by receipts

What it samples costs less than a fortieth of what it decides about.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import structlog

from watcher.chain.log_questions import searches
from watcher.chain.logs import ADDRESSES_AT_ONCE
from watcher.chain.pace import MAX_AT_ONCE
from watcher.chain.source import ChainSource
from watcher.core.costs import CALLS_PER_BLOCK, Reading, SampledBlocks, Span, by_logs, by_receipts
from watcher.core.definition import Definition
from watcher.core.plan import Plan, choose, demands
from watcher.core.tracked import Tracked
from watcher.core.types import BlockRange, BlockRef
from watcher.core.window import BlockReceipts, LogFilter
from watcher.errors import HistoryMissing
from watcher.log import STAGES
from watcher.stages.boundaries import PIVOTS
from watcher.stages.cutting import LOGS_WINDOW
from watcher.stages.runs import INDEX

SPANS = 8
SPAN_BLOCKS = 10
LONG = 8_000
"""Blocks from which on a range is worth its sample."""

SAMPLE_CALLS = CALLS_PER_BLOCK * SPANS * SPAN_BLOCKS
"""What a sample costs at most."""

ASSUMED_LOG_SPAN = 1_000
"""Blocks that one eth_getLogs is taken to ask for: what the reader finds out is most often more."""

_log = structlog.get_logger(STAGES)


class Planner:
    """Plans the reading of one chain; keep one a process, it remembers what it sampled."""

    def __init__(self, definition: Definition, source: ChainSource, *, long: int = LONG) -> None:
        """Ask nothing yet; ranges of at least `long` blocks are worth a sample."""
        self._definition = definition
        self._source = source
        self._long = long
        self._sampled: SampledBlocks | None = None
        self._seconds_a_block = 0.0
        self._in_vain: int | None = None
        self._announced: bool | None = None

    def by_logs(self, blocks: BlockRange, wanted: LogFilter | None) -> bool:
        """Tell whether to read a range by logs, where `wanted` names the blocks; None: receipts alone do."""
        plan = self.plan(blocks, wanted)
        if plan.by_logs is not self._announced:
            self._announced = plan.by_logs
            _log.info(
                "way of reading",
                stage=INDEX,
                by_logs=plan.by_logs,
                first=blocks.first,
                last=blocks.last,
                calls=plan.calls,
                calls_other_way=plan.calls_other_way,
                why=plan.why,
            )
        return plan.by_logs

    def plan(self, blocks: BlockRange, wanted: LogFilter | None = None) -> Plan:
        """Plan the reading of a range; `wanted` None: what the definition alone asks for.

        A long range is sampled, the first time. Raises the ChainError of a sample that fails; one whose
        history is missing is left out.
        """
        wanted = wanted or Tracked(self._definition).log_filter()
        unknown = self._sampled is None and blocks.first != self._in_vain
        if wanted is not None and unknown and len(blocks) >= self._long:
            self._sample(blocks, wanted)
        # Nothing sampled: the most that logs can take.
        sampled = self._sampled or SampledBlocks(1, 0, 1, 0, 0.0, 0, named=1, asked=1)
        span = Span(len(blocks), round(self._seconds_a_block * len(blocks)), 0, 1)
        reading = (
            READING
            if wanted is None
            else replace(READING, log_calls=len(searches(wanted, ADDRESSES_AT_ONCE)))
        )
        receipts = by_receipts(span, sampled, reading)
        if wanted is None:
            return choose(receipts, None, f"the program asks for it: {'; '.join(demands(self._definition))}")
        return choose(receipts, by_logs(span, sampled, reading))

    def _sample(self, blocks: BlockRange, wanted: LogFilter) -> None:
        read: list[BlockReceipts] = []
        ends: list[BlockRef] = []
        for part in self._spread(blocks):
            try:
                found = self._read(part)
            except HistoryMissing:
                continue
            read += found
            ends += [block.header for block in found[-1:] if block.header is not None]
        if not read:
            self._in_vain = blocks.first  # nothing is asked for again until the reading gets on
            return
        self._sampled = SampledBlocks(
            blocks=len(read),
            empty=sum(not block.receipts for block in read),
            receipts=sum(len(block.receipts) for block in read),
            size_bytes=0,
            seconds=0.0,
            header_bytes=0,
            named=sum(wanted.passes(block) for block in read),
            asked=len(read),
        )
        first, last = ends[0], ends[-1]
        self._seconds_a_block = (last.timestamp - first.timestamp) / max(1, last.number - first.number)

    def _read(self, blocks: BlockRange) -> list[BlockReceipts]:
        windows = self._source.windows(blocks, len(blocks))
        with closing(windows):
            return [block for window in windows for block in window.blocks]

    def _spread(self, blocks: BlockRange) -> Iterator[BlockRange]:
        """Cut spans, evenly spread over a long range, declared gaps left out."""
        chain = self._definition.chain
        for place in range(SPANS):
            start = blocks.first + (len(blocks) - SPAN_BLOCKS) * place // (SPANS - 1)
            first = chain.next_block(start - 1)
            before_gap = min((gap.first - 1 for gap in chain.gaps if gap.first > first), default=blocks.last)
            last = min(first + SPAN_BLOCKS - 1, blocks.last, before_gap)
            if first <= last:
                yield BlockRange(first, last)


READING = Reading(
    at_once=MAX_AT_ONCE,
    pivots=PIVOTS,
    log_window=LOGS_WINDOW,
    log_span=ASSUMED_LOG_SPAN,
)
"""What is known of a reading without asking an endpoint."""
