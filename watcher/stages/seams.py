"""Reading on over the seams of windows: while one is stored, the answers for the next are on their way.

   blocks 1 … 500 ─┐
 blocks 501 … 1000 ─┼─▶ one read of the chain, fetched ahead ─▶ the windows of each range, as asked
blocks 1001 … 1500 ─┘
"""

from collections.abc import Generator
from dataclasses import dataclass

from watcher.chain.source import ChainSource
from watcher.core.types import BlockRange
from watcher.core.window import Window


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left of a read that goes on behind the range that it was begun for."""

    windows: Generator[Window]
    blocks: BlockRange
    size: int


class Seams:
    """Reads ranges of blocks; one that follows the range before is the same read of the chain."""

    def __init__(self, source: ChainSource) -> None:
        """Read nothing yet."""
        self._source = source
        self._left: _Left | None = None

    def windows(self, blocks: BlockRange, through: int) -> Generator[Window]:
        """Give the windows of `blocks`, to be read in order; the next range may reach up to `through`.

        Whoever closes this early, or fails, has broken the read off.
        """
        left, self._left = self._left, None
        size = len(blocks)
        if left is None or (left.blocks.first, left.size) != (blocks.first, size):
            if left is not None:
                left.windows.close()
            beyond = through - blocks.last
            upto = BlockRange(blocks.first, blocks.last + beyond - beyond % size)
            found = self._source.windows(upto, size)
            left = _Left(found, upto, size)
        goes_on = False
        try:
            for window in left.windows:
                yield window
                if window.range.last == blocks.last:
                    goes_on = blocks.last < left.blocks.last
                    break
        finally:
            if not goes_on:
                left.windows.close()
        if goes_on:
            rest = BlockRange(blocks.last + 1, left.blocks.last)
            self._left = _Left(left.windows, rest, size)

    def forget(self) -> None:
        """Go on with nothing: what is under way does not hold any more."""
        left, self._left = self._left, None
        if left is not None:
            left.windows.close()
