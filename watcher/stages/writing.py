"""Writing one window's rows, behind the history or at the head, with everything that makes them fit.

    WindowRows ─▶ follows what is stored? ─▶ rows worth keeping ─▶ one transaction, the checkpoint with them

Where the history reaches what was read ahead of it, the two become one, if the one follows the other. No
commit waits for the disk: what a power cut takes is read again, and a conclusion brings its rows there.
"""

from dataclasses import dataclass, replace

from watcher.core.definition import Chain
from watcher.core.types import BlockRef
from watcher.errors import EndpointUnavailable
from watcher.stages.read_window import WindowRows, edges, hour_edges
from watcher.store.blocks import Extent
from watcher.store.database import Store
from watcher.store.encoding import PackedBlock

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
    """Commit one window's rows: behind the checkpoint, or (`ahead`) behind or as what was read at the head.

    Above finality every block that was read gets a row. Below it only those that something can change at,
    and those at the ends. Raises EndpointUnavailable, with nothing of the window written, where it does not
    fit; what was read ahead is thrown away where it does not follow the window before it.
    """
    line = [packed.block for packed in window.packed.blocks]
    first, last = line[0], line[-1]
    rows: list[PackedBlock] = []
    with store.writing(lasting=False) as tx:
        below, above = _neighbours(chain, tx.facts.extent(), window, ahead=ahead)
        if below and below.number + 1 == first.number and first.parent_hash != below.hash:
            raise EndpointUnavailable(f"block {first.number} does not follow the stored block before it")
        follows = above is None or last.number + 1 != above.number or above.parent_hash == last.hash
        if above is not None and not follows:
            tx.facts.rewind(above.number - 1)
        else:
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
            add = tx.facts.append_ahead if ahead else tx.facts.append
            add(replace(window.packed, blocks=rows), keep)
            outer = [block.number for block in (below, above) if block is not None and block.number in keep]
            if outer:
                tx.facts.keep(outer)
            if above is not None:
                tx.facts.join()
    if not follows:
        raise EndpointUnavailable(f"what was read ahead does not follow block {last.number}: it is read anew")
    return Written(len(rows), sum(1 for packed in rows if packed.says is not None), above is not None)


def _neighbours(
    chain: Chain, extent: Extent, window: WindowRows, *, ahead: bool
) -> tuple[BlockRef | None, BlockRef | None]:
    """Give the stored blocks that a window comes right behind and right before, gaps left out."""
    region, above = extent.ahead, None
    if not ahead:
        below, expected = extent.checkpoint, first_unread(chain, extent.checkpoint)
        if region is not None and chain.next_block(window.blocks.last) == region.first.number:
            above = region.first
    elif region is not None:
        below, expected = region.last, chain.next_block(region.last.number)
    else:
        return None, None
    if window.blocks.first != expected:
        raise EndpointUnavailable(_MOVED)
    return below, above
