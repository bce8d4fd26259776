"""Reading one window: from the chain to rows ready to be stored. What a worker does, wherever it runs.

    Job ─▶ receipts ─▶ findings ─▶ headers of blocks that say something, hour boundaries ─▶ WindowRows

It writes nothing and keeps nothing between windows, so a window can be read anywhere, again, and by several
workers at once; the one writer commits what comes back in order.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Lock

from watcher.chain.source import ChainSource
from watcher.core.activity import hour_of
from watcher.core.definition import Chain, Definition
from watcher.core.extract import Extractor, Findings
from watcher.core.facts import BlockFacts
from watcher.core.tracked import Tracked
from watcher.core.types import ActorId, Address, BlockRange, BlockRef
from watcher.core.window import LogFilter
from watcher.errors import HistoryMissing
from watcher.stages.boundaries import hour_boundaries
from watcher.stages.footprint import settle
from watcher.stages.seams import Seams
from watcher.store.encoding import PackedWindow, Packer


@dataclass(frozen=True, slots=True)
class Job:
    """One window to read; `known` are the blocks before it that steer what is read, for `Tracked`.

    `by_logs`: only blocks that the program's log filter passes are read. With `every_header` each block keeps
    its header. Where the same reader is to read the windows that follow, up to `through`, it may begin to.
    """

    blocks: BlockRange
    known: tuple[BlockFacts[Address], ...] = ()
    every_header: bool = False
    by_logs: bool = False
    through: int | None = None


@dataclass(frozen=True, slots=True)
class WindowRows:
    """One window as it was read.

    `packed` holds, ascending, the first and the last block, each block at an hour's edge, each that says
    something, and with `every_header` all others too. `announcing` are those that announce or create
    contracts, with nothing else that they say; `alive` maps contracts to the first block of the window that
    proves that they had code.
    """

    blocks: BlockRange
    packed: PackedWindow
    announcing: Sequence[BlockFacts[Address]]
    alive: Mapping[Address, int]


@dataclass(slots=True)
class _Read:
    """What one pass over a window brought: what blocks say, which do, which of them announce, and headers."""

    packer: Packer = field(default_factory=Packer)
    saying: set[int] = field(default_factory=set)
    announcing: list[tuple[int, Findings]] = field(default_factory=list)
    headers: dict[int, BlockRef] = field(default_factory=dict)

    def line(self) -> list[BlockRef]:
        """Give the headers, ascending."""
        return sorted(self.headers.values(), key=lambda block: block.number)


class JobReader:
    """Reads windows of one chain for one program; a worker keeps one."""

    def __init__(self, definition: Definition, source: ChainSource) -> None:
        self._definition = definition
        self._chain = definition.chain
        self._source = source
        self._seams = Seams(source)
        settle()
        self._lock = Lock()
        self._known: tuple[BlockFacts[Address], ...] = ()
        self._tracked = Tracked(definition)

    def __call__(self, job: Job) -> WindowRows:
        """Read one window whole.

        Raises ChainError for a failed read, and where the parts that were read belong to different branches.
        """
        before = self._before(job.known)
        wanted = before.log_filter() if job.by_logs else None
        while True:
            tracked = before.fork()
            read = self._read(job, tracked, wanted)
            grown = tracked.log_filter() if wanted is not None else None
            if wanted is None or grown is None or grown.addresses <= wanted.addresses:
                break
            # A contract joined within the window: its logs were not asked for from there on.
            wanted = grown
        for block in list(hour_boundaries(read.line(), self._headers, self._chain)):
            read.headers[block.number] = block
        if not job.every_header:
            self._thin_out(read, job.blocks)
        alive = {
            address: number
            for address, number in tracked.alive_from(job.blocks.first).items()
            if before.alive_at(address) is None
        }
        announcing = [announced(found.at(read.headers[number])) for number, found in read.announcing]
        return WindowRows(job.blocks, read.packer.window(read.line()), announcing, alive)

    def forget(self) -> None:
        """Go on with nothing that is under way."""
        self._seams.forget()

    def _before(self, known: tuple[BlockFacts[Address], ...]) -> Tracked:
        """Give what is tracked behind the known blocks; most often it is what it was for the last job."""
        with self._lock:
            if known[: len(self._known)] != self._known:
                self._known, self._tracked = (), Tracked(self._definition)
            for facts in known[len(self._known) :]:
                self._tracked.learn(facts.block.number, facts.announcements, facts.creations)
            self._known = known
            return self._tracked.fork()

    def _read(self, job: Job, tracked: Tracked, wanted: LogFilter | None) -> "_Read":
        extractor = Extractor(self._definition, tracked)
        read = _Read()
        if job.through is None:
            windows = self._source.windows(
                job.blocks, len(job.blocks), only=wanted, every_header=job.every_header
            )
        else:
            windows = self._seams.windows(job.blocks, job.through)
        read_to = None
        with closing(windows):
            for window in windows:
                read_to = window.range.last
                read.headers.update((block.number, block) for block in window.headers)
                for block in window.blocks:
                    findings = extractor.read(block)
                    if findings.empty:
                        continue
                    read.packer.add(block.number, findings)
                    read.saying.add(block.number)
                    if findings.announcements or findings.creations:
                        read.announcing.append((block.number, findings))
        if read_to != job.blocks.last:
            raise RuntimeError(f"blocks {job.blocks} were read to {read_to} only: a fault of the watcher")
        missing = self._edges(job.blocks) - read.headers.keys()
        read.headers.update((block.number, block) for block in self._headers(sorted(missing)))
        return read

    def _thin_out(self, read: "_Read", blocks: BlockRange) -> None:
        """Drop the headers of blocks at which nothing can change."""
        keep = self._edges(blocks) | read.saying | hour_edges(read.line())
        read.headers = {number: block for number, block in read.headers.items() if number in keep}

    def _edges(self, blocks: BlockRange) -> set[int]:
        """Give the blocks of a range whose headers are needed, whatever they say."""
        return {blocks.first, blocks.last, *(edge for edge in edges(self._chain) if edge in blocks)}

    def _headers(self, numbers: Sequence[int]) -> list[BlockRef]:
        return existing_headers(self._source, numbers)


def announced(facts: BlockFacts[Address] | BlockFacts[ActorId]) -> BlockFacts[Address]:
    """Keep of a block what it announces and creates."""
    return BlockFacts(facts.block, announcements=facts.announcements, creations=facts.creations)


def existing_headers(source: ChainSource, numbers: Sequence[int]) -> list[BlockRef]:
    """Read headers of blocks that must exist; HistoryMissing names the first that does not."""
    if not numbers:
        return []
    blocks = [block for block in source.headers(numbers) if block is not None]
    if len(blocks) < len(numbers):
        there = {block.number for block in blocks}
        missing = next(number for number in numbers if number not in there)
        raise HistoryMissing(f"block {missing} is not there (any more): the next run looks again")
    return blocks


def edges(chain: Chain) -> set[int]:
    """Give the blocks that the step visits by number: the first that counts, and those around gaps."""
    found = {chain.count_from}
    for gap in chain.gaps:
        found |= {gap.first - 1, gap.last + 1}
    return found


def hour_edges(blocks: Sequence[BlockRef]) -> set[int]:
    """Give, among blocks that include every hour's first and the one before it, the numbers of just those."""
    found: set[int] = set()
    for left, right in pairwise(blocks):
        if hour_of(left.timestamp) != hour_of(right.timestamp):
            found |= {left.number, right.number}
    return found
