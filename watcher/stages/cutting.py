"""Cutting what is unread into windows: how many blocks each, and read in which way.

    first unread, final, head ─▶ Cutting.job() ─▶ Job ─▶ (read, stored) ─▶ Cutting.learn()

The cut never changes what is concluded; it decides how many requests and how much memory it takes.
"""

from dataclasses import dataclass

from watcher.core.definition import Chain
from watcher.core.facts import BlockFacts
from watcher.core.types import Address, BlockRange, BlockRef
from watcher.stages.read_window import Job

FINAL_WINDOW = 500
"""Final blocks a transaction (measured: the storage share of a backfill stays under 15 %)."""

LOGS_WINDOW = 20_000
"""Final blocks a transaction where only those are read that logs name, which are few."""

HEAD_WINDOW = 100
"""Blocks a transaction above finality, where every block keeps its row."""

NEAR_FINAL = 500
"""Blocks so close below finality are linked one by one; a branch that was left is not longer than that."""

ROWS_A_WINDOW = 1_000
"""A window by logs that brought more rows is followed by a shorter one, so that memory stays flat."""


BACKLOG = 5_000
"""Final blocks unread from which on the head is read first; fewer are read in a minute."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many blocks a window has at most: final by receipts, final by logs, not final.

    With more than `backlog` final blocks unread, the head is read before them. So close to finality as
    `linked`, each block is read with its header.
    """

    final: int = FINAL_WINDOW
    logs: int = LOGS_WINDOW
    head: int = HEAD_WINDOW
    backlog: int = BACKLOG
    linked: int = NEAR_FINAL


class Cutting:
    """Makes jobs; keeps what the windows before say about the next one."""

    def __init__(self, chain: Chain, sizes: Sizes, *, one_reader: bool = False) -> None:
        """Make jobs for one reader after the other, or all for the same `one_reader`, which may read on."""
        self._chain = chain
        self._sizes = sizes
        self._one_reader = one_reader
        self._by_logs = sizes.logs
        self._most = max(sizes.final, sizes.logs)

    def final_job(
        self, at: int, last: int, known: tuple[BlockFacts[Address], ...], *, by_logs: bool
    ) -> Job | None:
        """Make the job of final blocks that begins at a block, or behind the gap that it lies in.

        None above `last`.
        """
        size = self._by_logs if by_logs else self._sizes.final
        blocks = self._blocks(at, last, min(size, self._most))
        if blocks is None:
            return None
        # Near finality endpoints may be on different branches: there each block shows that it follows.
        near = blocks.first > last - self._sizes.linked
        through = min(self._before_gap(blocks.first, last), last - self._sizes.linked)
        reads_on = self._one_reader and not by_logs and through >= blocks.last
        return Job(blocks, known, every_header=near, by_logs=by_logs, through=through if reads_on else None)

    def head_job(
        self, at: int, last: int, known: tuple[BlockFacts[Address], ...], *, slow: bool, by_logs: bool
    ) -> Job | None:
        """Make the job that begins at a block above finality; None above `last`.

        Each block keeps its header, and a reorg is found to the block. A chain that is not `slow`, with
        several blocks a second, cannot afford that: there a reorg is found to the window.
        """
        blocks = self._blocks(at, last, self._sizes.head if slow else self._sizes.final)
        return None if blocks is None else Job(blocks, known, every_header=slow, by_logs=by_logs)

    def learn(self, rows: int) -> None:
        """Take in how many rows a window brought."""
        self._most = min(2 * self._most, max(self._sizes.final, self._sizes.logs))
        if rows > ROWS_A_WINDOW:
            self._by_logs = max(self._sizes.final, self._by_logs // 2)
        elif 4 * rows < ROWS_A_WINDOW:
            self._by_logs = min(self._sizes.logs, 2 * self._by_logs)

    def missing(self, *, by_logs: bool) -> None:
        """Take in that history was missing for a final window: the next one is half as long.

        So what is there is read up to the very block that is not, and that one costs few calls a run.
        """
        self._most = max(1, min(self._most, self._by_logs if by_logs else self._sizes.final) // 2)

    def _blocks(self, at: int, last: int, size: int) -> BlockRange | None:
        first = self._chain.next_block(at - 1)
        if first > last:
            return None
        return BlockRange(first, min(first + size - 1, self._before_gap(first, last)))

    def _before_gap(self, first: int, last: int) -> int:
        """Give the last block before the next gap, `last` at most."""
        return min([last, *(gap.first - 1 for gap in self._chain.gaps if gap.first > first)])


def is_slow(final: BlockRef | None, head: BlockRef) -> bool:
    """Tell whether a chain makes at most one block a second, so that each can afford its header."""
    return final is None or head.number - final.number <= max(1, head.timestamp - final.timestamp)
