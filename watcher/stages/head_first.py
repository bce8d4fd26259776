"""The head first: with a long history to read, what is new is read at once, and the history behind it.

    checkpoint ─▶ ........ hole ........ [ region at the head ─▶ head ]

Possible where the definition alone says who belongs to which app: what the hole holds changes nothing about
how the blocks above it are read. Conclusions wait until the hole is closed: they are drawn in block order.
"""

import structlog

from watcher.core.definition import Definition
from watcher.core.facts import BlockFacts
from watcher.core.foreknown import announced_before, knows_members
from watcher.core.types import Address, BlockRef
from watcher.log import STAGES
from watcher.stages.writing import first_unread
from watcher.store.blocks import Extent

_log = structlog.get_logger(STAGES)


class HeadFirst:
    """Says where at the head the reading goes on, and what is known there; keep one a process."""

    def __init__(self, definition: Definition, backlog: int) -> None:
        self._definition = definition
        self._chain = definition.chain
        self._backlog = backlog
        self._said = False

    def first_unread(
        self, extent: Extent, head: BlockRef, final: BlockRef | None, *, may_begin: bool
    ) -> int | None:
        """Give the block that the reading at the head goes on with, or begins with; None: oldest first."""
        if extent.ahead is not None:
            return self._chain.next_block(extent.ahead.last.number)
        if not may_begin:
            return None
        sure = -1 if final is None else min(final.number, head.number)
        oldest = first_unread(self._chain, extent.checkpoint)
        if sure - oldest < self._backlog:
            return None
        possible = knows_members(self._definition)
        if not self._said:
            self._said = True
            why = "a long history" if possible else "what the history announces says what counts at the head"
            _log.info("way through the history", head_first=possible, unread_from=oldest, why=why)
        return self._chain.next_block(min(sure, head.number - 1)) if possible else None

    def known(self, number: int) -> tuple[BlockFacts[Address], ...]:
        """Give what steers the reading of a window that begins with this block."""
        return announced_before(self._definition, number)
