"""Writing one window's rows, behind the history or at the head, with everything that makes them fit.

    WindowRows ─▶ follows what is stored? ─▶ rows worth keeping ─▶ one transaction, the checkpoint with them

Where the history reaches what was read ahead of it, the two become one, if the one follows the other.
"""

from dataclasses import dataclass, replace

from watcher.core.definition import Chain
from watcher.core.types import BlockRef
from watcher.errors import EndpointUnavailable
from watcher.stages.read_window import WindowRows, edges, hour_edges
from watcher.store.blocks import Extent
from watcher.store.database import Store

_MOVED = "the store moved while a window was read: it is read again"


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows a window became, how many of them say something, and whether it closed the hole."""

    rows: int
    with_facts: int
    joined: bool


def first_unread(chain: Chain, checkpoint: BlockRef | None) -> int:
    """Give the block that the history goes on with."""
    return chain.next_block(checkpoint.number if checkpoint else chain.count_from - 1)


def write_window(store: Store, chain: Chain, window: WindowRows, *, is_final: bool, ahead: bool) -> Written:
    """Commit one window's rows: behind the checkpoint, or (`ahead`) above or below what is at the head.

    Above finality every block that was read gets a row. Below it only those that something can change at,
    and those at the ends. Raises EndpointUnavailable, with nothing of the window written, where it does not
    fit; what was read ahead is thrown away where it does not follow the window before it.
    """
    with store.reading() as tx:
        extent = tx.facts.extent()
    below, above = _neighbours(chain, extent, window, ahead=ahead)
    line = [packed.block for packed in window.packed.blocks]
    first, last = line[0], line[-1]
    if below and below.number + 1 == first.number and first.parent_hash != below.hash:
        raise EndpointUnavailable(f"block {first.number} does not follow the stored block before it")
    if above and last.number + 1 == above.number and above.parent_hash != last.hash:
        with store.writing() as tx:
            tx.facts.rewind(above.number - 1)
        raise EndpointUnavailable(f"block {above.number}, read ahead, does not follow block {last.number}")
    around = [block for block in (below, *line, above) if block is not None]
    keep = hour_edges(around) | edges(chain)
    rows = [
        packed
        for packed in window.packed.blocks
        if not is_final
        or packed.says is not None
        or packed.block.number in keep
        or packed.block.number == window.blocks.last
        or (ahead and packed.block.number == window.blocks.first)
    ]
    joined = above is not None and not ahead
    with store.writing() as tx:
        if tx.facts.extent() != extent:
            raise EndpointUnavailable(_MOVED)
        add = tx.facts.append_ahead if ahead else tx.facts.append
        add(replace(window.packed, blocks=rows), keep)
        outer = [block.number for block in (below, above) if block is not None and block.number in keep]
        if outer:
            tx.facts.keep(outer)
        if joined:
            tx.facts.join()
    return Written(len(rows), sum(1 for packed in rows if packed.says is not None), joined)


def _neighbours(
    chain: Chain, extent: Extent, window: WindowRows, *, ahead: bool
) -> tuple[BlockRef | None, BlockRef | None]:
    """Give the stored blocks that a window comes right behind and right before, gaps left out."""
    first, region = window.blocks.first, extent.ahead
    reaches = region is not None and chain.next_block(window.blocks.last) == region.first.number
    above = region.first if region is not None and reaches else None
    if not ahead:
        if first == first_unread(chain, extent.checkpoint):
            return extent.checkpoint, above
    elif region is None or above is not None:
        return None, above
    elif first == chain.next_block(region.last.number):
        return region.last, None
    raise EndpointUnavailable(_MOVED)
