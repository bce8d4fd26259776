"""Reorgs: finding out whether the node still has the blocks whose rows we keep, and if not, since when.

    newest stored row ─▶ same hash on the chain? ─▶ a second endpoint too? ─▶ fork point ─▶ rewind above it

State and ledger cover final blocks only, so rows and what was read for them are all that a reorg takes away.
"""

from collections.abc import Sequence

from watcher.chain.source import ChainSource
from watcher.core.types import BlockRef
from watcher.errors import EndpointUnavailable, ReorgBelowFinality
from watcher.store.database import Store


def rewind_if_replaced(source: ChainSource, store: Store, head: BlockRef) -> int:
    """Rewind to the fork point where stored blocks were replaced; return how many rows went, 0 for none.

    A node that merely lags (it has fewer blocks, and those agree) changes nothing, and what one endpoint says
    alone does not either, where there is another. Raises ReorgBelowFinality, with nothing changed, where a
    final or concluded block was replaced.
    """
    with store.reading() as tx:
        ahead, final, concluded = tx.facts.extent().ahead, tx.state.final(), tx.state.concluded()
        floor = concluded.number if concluded else -1
        # What was read ahead is looked at by itself: a hole may lie between a fork and what tells of it.
        end = min(head.number, ahead.first.number - 1) if ahead else head.number
        history = tx.facts.newest(floor + 1, end)
        tip = tx.facts.newest(ahead.first.number, head.number) if ahead else None
    watched = dict.fromkeys([final, concluded, history, tip])
    known = [block for block in watched if block is not None and block.number <= head.number]
    if ahead is None and known and _shows_below(head, max(known, key=lambda block: block.number)):
        return 0
    there = _still_there(source, known)
    replaced = [
        block
        for block in known
        if block not in there and source.replaced(block, lasting=block in (final, concluded))
    ]
    if not replaced:
        return 0
    for block in (final, concluded):
        if block in replaced:
            common = max(0, _last_common(source, store, 0, block.number - 1))
            [now] = source.headers([block.number])
            raise ReorgBelowFinality(
                f"block {block.number} was final as {block.hash} and is replaced by "
                f"{now.hash if now else 'none yet'}. Nothing was changed. "
                "Check the endpoint first; if the chain really went back below finality, stop the watcher, "
                f"run `watcher database rewind --to {common}` and start it again"
            )
    if ahead and history not in replaced:
        fork_point = _last_common(source, store, ahead.first.number, head.number)
    else:
        fork_point = _last_common(source, store, floor + 1, history.number if history else head.number)
    with store.writing() as tx:
        return tx.facts.rewind(max(fork_point, floor))


def _shows_below(head: BlockRef, newest: BlockRef) -> bool:
    """Tell whether a head is the newest known block or its child: then all known ones lie on its branch.

    So most runs at the head need not ask.
    """
    return head == newest or (head.number == newest.number + 1 and head.parent_hash == newest.hash)


def _still_there(source: ChainSource, blocks: Sequence[BlockRef]) -> list[BlockRef]:
    """Give those of the blocks that the node has; one that is missing below the node's head is no answer."""
    there = []
    for block, now in zip(blocks, source.headers([block.number for block in blocks]), strict=True):
        if now is None:
            raise EndpointUnavailable(
                f"the endpoint has no block {block.number}, although its head is above it"
            )
        if now.hash == block.hash:
            there.append(block)
    return there


def _last_common(source: ChainSource, store: Store, first: int, last: int) -> int:
    """Find the highest stored block in [first, last] that the node still has; first - 1 where there is none.

    Blocks are linked by hash, so whatever lies below a common block is common too.
    """
    with store.reading() as tx:
        stored: Sequence[BlockRef] = tx.facts.refs(first, last)
    low, high = 0, len(stored)
    while low < high:
        middle = (low + high) // 2
        if _still_there(source, [stored[middle]]):
            low = middle + 1
        else:
            high = middle
    return stored[low - 1].number if low else first - 1
