"""Finding the block in which an instant falls, by asking for few headers.

instant ─▶ [ after ........ first block at or after it ........ before ] ─▶ that block and the one before
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from watcher.core.definition import Chain
from watcher.core.types import SECONDS_PER_HOUR, BlockRef

PIVOTS = 7
"""Headers asked for at once: one request narrows the range to an eighth, three find 1 of 500 blocks."""

Headers = Callable[[Sequence[int]], list[BlockRef]]
"""Gives blocks by number, raising where one is missing."""


def first_at_or_after(
    timestamp: int, after: BlockRef, before: BlockRef, headers: Headers, chain: Chain
) -> list[BlockRef]:
    """Find the first readable block in (after, before] at or after an instant that `before` has reached.

    Gives that block, and ahead of it the readable block before it unless that is `after`: with both stored,
    everyone can see that nothing earlier qualifies.
    """
    low, high = after, before
    while chain.next_block(low.number) < high.number:
        for block in headers(_pivots(low.number, high.number, chain)):
            if block.timestamp >= timestamp:
                high = block
                break
            low = block
    return [high] if low == after else [low, high]


def hour_boundaries(known: Sequence[BlockRef], headers: Headers, chain: Chain) -> Iterator[BlockRef]:
    """Find, between blocks known in ascending order, each first block of an hour and the block before it."""
    for left, right in pairwise(known):
        at = left
        while at.timestamp // SECONDS_PER_HOUR != right.timestamp // SECONDS_PER_HOUR:
            next_hour = (at.timestamp // SECONDS_PER_HOUR + 1) * SECONDS_PER_HOUR
            found = first_at_or_after(next_hour, at, right, headers, chain)
            yield from found
            at = found[-1]


def _pivots(low: int, high: int, chain: Chain) -> list[int]:
    """Spread numbers evenly between two blocks, leaving out declared gaps; at least one readable number."""
    span = high - low
    spread = {low + span * part // (PIVOTS + 1) for part in range(1, PIVOTS + 1)}
    readable = {number for number in spread if number > low and chain.next_block(number - 1) == number}
    return sorted(readable) or [chain.next_block(low)]
