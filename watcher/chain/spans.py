"""Cutting a range of blocks into spans, each of them one request, none of them across a window's end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from watcher.core.types import BlockRange

TARGET_BYTES = 1_500_000
"""Answers of one to two megabytes: larger ones bring nothing, smaller ones cost round trips."""
BYTES_AHEAD = 8_000_000
"""So much may be under way or wait to be decoded: memory is what is in flight times the size of an answer."""
FIRST_AHEAD = 16
FEWEST_AHEAD = 4
FIRST_LENGTH = 10
MAX_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Span:
    """Some consecutive blocks of one window; `ends_window` where its last block is the window's."""

    blocks: BlockRange
    ends_window: bool


class SpanLength:
    """How many blocks to ask for at once, learnt from the size of the answers.

    A span longer than any that was answered goes alone: a limit that nobody named is met by one refusal, and
    not by all that is under way.
    """

    def __init__(self) -> None:
        """Start with a guess."""
        self.blocks = FIRST_LENGTH
        """So many were answered at once."""
        self._wanted = FIRST_LENGTH
        self._trying = False
        self._size_bytes = BYTES_AHEAD // FIRST_AHEAD

    def begin(self) -> None:
        """Forget what is still under way: nobody will take in its answers."""
        self._trying = False

    def take(self, most: int) -> int:
        """Give how many blocks the next request asks for, of `most` that are left or fit."""
        length = max(1, min(self._wanted, most))
        if length <= self.blocks:
            return length
        if self._trying:
            return min(self.blocks, most)
        self._trying = True
        return min(length, 2 * self.blocks)

    def learn(self, blocks: int, size_bytes: int | None) -> None:
        """Take in that so many blocks made so many bytes; None: nobody answered them in one go."""
        if blocks > self.blocks:
            self._trying = False
        if size_bytes is None:
            return
        # A window's last span is often short, and the ones behind it are not.
        self._size_bytes = max(size_bytes, self._size_bytes // 2, 1)
        fitting = TARGET_BYTES * blocks // max(size_bytes, 1)
        self._wanted = max(1, min(fitting, MAX_LENGTH))
        self.blocks = min(max(self.blocks, blocks), self._wanted)

    def ahead(self) -> int:
        """Give how many answers of the size seen lately may be under way at once."""
        return max(FEWEST_AHEAD, BYTES_AHEAD // self._size_bytes)


def spans(blocks: BlockRange, window: int, length: Callable[[int], int]) -> Iterator[Span]:
    """Cut `blocks` into windows of at most `window` blocks and these into spans.

    `length` is asked before each span, so that it may change under way: it gets what is left of the window.
    """
    for window_first in range(blocks.first, blocks.last + 1, window):
        window_last = min(window_first + window - 1, blocks.last)
        first = window_first
        while first <= window_last:
            last = first + length(window_last - first + 1) - 1
            yield Span(BlockRange(first, last), ends_window=last == window_last)
            first = last + 1
