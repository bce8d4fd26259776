"""Blocks and what they say: a row a block that was read, up to the checkpoint, and perhaps ahead of a hole.

index ─▶ append (facts and checkpoint in one) ─▶ blocks ─▶ evaluate
a reorg ─▶ refs (compare) ─▶ rewind

    [ history ...... checkpoint ]   hole: not read yet   [ region at the head ]
      append, concluded in order ─▶                       append_ahead ─▶

Where the hole begins and ends is all that tells the two from each other; `join` makes them one.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlmodel import col

from watcher.core.facts import BlockFacts
from watcher.core.types import ActorId, Address, BlockHash, BlockRef
from watcher.store.actors import actor_addresses, number_actors
from watcher.store.encoding import PackedWindow, payload, unpack
from watcher.store.sql import Query, Record, Repository, among, upsert
from watcher.store.tables import Block, CallSample, Position, SampleRow, WantRow

_AHEAD = "ahead"
"""The name of the position that says with which block the region at the head begins."""

_ENDLESS = 2**63 - 1

_hole_ends = func.coalesce(
    select(col(Position.number)).where(col(Position.name) == _AHEAD).scalar_subquery(), _ENDLESS
)

_REF = (col(Block.number), col(Block.hash), col(Block.parent_hash), col(Block.timestamp))

_NEWEST_FIRST = select(*_REF).order_by(col(Block.number).desc()).limit(1)
_CHECKPOINT = _NEWEST_FIRST.where(col(Block.number) < _hole_ends)
_AHEAD_BEGINS = select(*_REF).where(col(Block.number) == _hole_ends)
_NEWEST_WITHIN = _NEWEST_FIRST.where(col(Block.number).between(bindparam("first"), bindparam("last")))
_NUMBERED = select(*_REF).where(col(Block.number) == bindparam("number"))
_BETWEEN = (
    select(*_REF, col(Block.payload))
    .where(col(Block.number) > bindparam("after"), col(Block.number) <= bindparam("up_to"))
    .order_by(col(Block.number))
    .limit(bindparam("most"))
)
_PRUNE = delete(Block).where(
    col(Block.number) >= bindparam("first"),
    col(Block.number) < bindparam("below"),
    col(Block.number)
    < select(func.max(col(Block.number))).where(col(Block.number) < _hole_ends).scalar_subquery(),
    col(Block.payload).is_(None),
    col(Block.keep).is_(False),
)


@dataclass(frozen=True, slots=True)
class Region:
    """Blocks that are recorded without a hole from `first` to `last`, both inclusive."""

    first: BlockRef
    last: BlockRef


@dataclass(frozen=True, slots=True)
class Extent:
    """What is recorded: everything up to `checkpoint`, and what was read `ahead` of a hole."""

    checkpoint: BlockRef | None
    ahead: Region | None

    @property
    def newest(self) -> BlockRef | None:
        """Give the highest block that is recorded."""
        return self.ahead.last if self.ahead else self.checkpoint


class Blocks(Repository):
    """The rows of `block`, and the position that says where the region at the head begins."""

    def checkpoint(self) -> BlockRef | None:
        """Give the last block up to which everything is recorded, None before the first."""
        return self._ref(_CHECKPOINT)

    def extent(self) -> Extent:
        """Give how far the history is recorded, and the region at the head where a hole lies before it."""
        last = self._ref(_NEWEST_FIRST)
        first = self._ref(_AHEAD_BEGINS)
        return Extent(self.checkpoint(), Region(first, last)) if first and last else Extent(last, None)

    def ref(self, number: int) -> BlockRef | None:
        """Give a stored block, None where none is stored under this number."""
        return self._ref(_NUMBERED, number=number)

    def newest(self, first: int, last: int) -> BlockRef | None:
        """Give the highest stored block from `first` to `last`, inclusive, None where none is stored."""
        return self._ref(_NEWEST_WITHIN, first=first, last=last)

    def refs(self, first: int, last: int | None = None) -> list[BlockRef]:
        """Give the stored blocks from `first` to `last`, inclusive, ascending; None: no end."""
        query = select(*_REF).where(col(Block.number) >= first).order_by(col(Block.number))
        if last is not None:
            query = query.where(col(Block.number) <= last)
        return [_as_ref(row) for row in self._connection.execute(query)]

    def ref_at(self, timestamp: int, up_to: int) -> BlockRef | None:
        """Give the last stored block up to a number that is not after an instant (Unix seconds).

        None where every stored block is later.
        """
        query = select(*_REF).where(col(Block.number) <= up_to, col(Block.timestamp) <= timestamp)
        return self._ref(query.order_by(col(Block.number).desc()).limit(1))

    def append(self, window: PackedWindow, keep: Container[int] = ()) -> None:
        """Record blocks, ascending and above the checkpoint; the last of them becomes the checkpoint.

        Blocks that say nothing survive `prune` only when their number is in `keep`. The number of statements
        does not depend on the number of blocks. ValueError where the order is broken, or a block lies in the
        region at the head.
        """
        extent = self.extent()
        if extent.ahead and window.blocks and window.blocks[-1].block.number >= extent.ahead.first.number:
            raise ValueError(f"block {window.blocks[-1].block.number} cannot follow: it was read ahead")
        self._insert(window, keep, extent.checkpoint)

    def append_ahead(self, window: PackedWindow, keep: Container[int] = ()) -> None:
        """Record blocks, ascending, above the region at the head, or begin it; otherwise as `append`.

        That nothing is missing between them and the region is the caller's part.
        """
        extent = self.extent()
        self._insert(window, keep, extent.newest)
        if extent.ahead is None:
            first = window.blocks[0].block
            row = {"number": first.number, "hash": first.hash, "parent_hash": first.parent_hash}
            upsert(self._connection, Position, [{"name": _AHEAD, **row, "timestamp": first.timestamp}])

    def join(self) -> None:
        """Make the region at the head a part of the history: nothing is missing before it any more."""
        self._connection.execute(delete(Position).where(col(Position.name) == _AHEAD))

    def _insert(self, window: PackedWindow, keep: Container[int], after: BlockRef | None) -> None:
        last = after.number if after else -1
        for packed in window.blocks:
            if packed.block.number <= last:
                raise ValueError(f"block {packed.block.number} cannot follow block {last}")
            last = packed.block.number
        numbers = number_actors(self._connection, window.actors)
        rows = [
            {
                "number": packed.block.number,
                "hash": packed.block.hash,
                "parent_hash": packed.block.parent_hash,
                "timestamp": packed.block.timestamp,
                "keep": packed.block.number in keep,
                "announces": packed.announces,
                "payload": payload(packed, numbers),
            }
            for packed in window.blocks
        ]
        if rows:
            self._connection.execute(insert(Block), rows)

    def add_headers(self, refs: Iterable[BlockRef]) -> None:
        """Keep blocks below the checkpoint that were left out, as blocks that say nothing.

        A block that is stored already stays as it is, but is kept. ValueError above the checkpoint: a header
        alone cannot say that a block was read.
        """
        headers = list(refs)
        checkpoint = self.checkpoint()
        for ref in headers:
            if checkpoint is None or ref.number > checkpoint.number:
                raise ValueError(f"block {ref.number} lies above the checkpoint: it has to be read whole")
        stored = {ref.number for ref in self._stored([ref.number for ref in headers])}
        rows = [
            {
                "number": ref.number,
                "hash": ref.hash,
                "parent_hash": ref.parent_hash,
                "timestamp": ref.timestamp,
                "keep": True,
                "announces": False,
                "payload": None,
            }
            for ref in headers
            if ref.number not in stored
        ]
        upsert(self._connection, Block, rows)
        self.keep(stored)

    def keep(self, numbers: Iterable[int]) -> None:
        """Keep stored blocks for good, whatever they say; numbers that are not stored are ignored."""
        listed = list(numbers)
        if listed:
            chosen = among(self._connection, col(Block.number), listed)
            self._connection.execute(update(Block).where(chosen).values(keep=True))

    def kept(self, first: int, last: int) -> set[int]:
        """Give the numbers of blocks that are kept for good, from `first` to `last`, inclusive."""
        query = select(col(Block.number)).where(col(Block.number).between(first, last), col(Block.keep))
        return set(self._connection.execute(query).scalars())

    def replace(self, first: int, last: int, window: PackedWindow, keep: Container[int]) -> None:
        """Put other rows in the place of those from `first` to `last`, inclusive."""
        self._connection.execute(delete(Block).where(col(Block.number).between(first, last)))
        self._insert(window, keep, None)

    def prune(self, first: int, below: int) -> None:
        """Forget blocks from `first` on, below a number, that say nothing and are not kept.

        Only those below the checkpoint. What lies before `first` is not looked at: it would take longer with
        each day of history.
        """
        self._connection.execute(_PRUNE, {"first": first, "below": below})

    def rewind(self, to: int) -> int:
        """Forget all that was read above block `to`, samples, calls, wants too; return how many blocks went.

        A region at the head of which nothing is left is none any more.
        """
        begun = (col(Position.name) == _AHEAD) & (col(Position.number) > to)
        self._connection.execute(delete(Position).where(begun))
        gone = self._connection.execute(delete(Block).where(col(Block.number) > to))
        self._connection.execute(delete(SampleRow).where(col(SampleRow.block_number) > to))
        self._connection.execute(delete(CallSample).where(col(CallSample.block_number) > to))
        self._connection.execute(delete(WantRow).where(col(WantRow.block_number) > to))
        return gone.rowcount

    def blocks(self, after: int, up_to: int, limit: int) -> list[BlockFacts[ActorId]]:
        """Give at most `limit` stored blocks with after < number <= up_to, ascending, empty ones too."""
        rows = self._connection.execute(_BETWEEN, {"after": after, "up_to": up_to, "most": limit})
        return [unpack(_as_ref(row), row.payload) for row in rows]

    def blocks_since(self, timestamp: int, up_to: int) -> list[BlockFacts[ActorId]]:
        """Give the stored blocks at or after an instant (Unix seconds) up to a number, ascending."""
        # Timestamps never fall along a chain, so walking back from `up_to` may stop at the first older block.
        query = select(*_REF, col(Block.payload)).where(col(Block.number) <= up_to)
        newest_first = self._stream(query.order_by(col(Block.number).desc()))
        recent = takewhile(lambda row: row.timestamp >= timestamp, newest_first)
        return [unpack(_as_ref(row), row.payload) for row in recent][::-1]

    def announcing(self) -> Iterator[BlockFacts[ActorId]]:
        """Give every block up to the checkpoint that announces, removes or creates contracts, ascending."""
        query = select(*_REF, col(Block.payload)).where(col(Block.announces), col(Block.number) < _hole_ends)
        for row in self._stream(query.order_by(col(Block.number))):
            yield unpack(_as_ref(row), row.payload)

    def actor_addresses(self, ids: Iterable[ActorId]) -> dict[ActorId, Address]:
        """Give the addresses of some actors, for people to look at; unknown numbers are left out."""
        return actor_addresses(self._connection, ids)

    def _stored(self, numbers: list[int]) -> list[BlockRef]:
        query = select(*_REF).where(among(self._connection, col(Block.number), numbers))
        return [_as_ref(row) for row in self._connection.execute(query)]

    def _ref(self, query: Query, **values: int) -> BlockRef | None:
        row = self._connection.execute(query, values).first()
        return _as_ref(row) if row else None


def _as_ref(row: Record) -> BlockRef:
    return BlockRef(row.number, BlockHash(row.hash), BlockHash(row.parent_hash), row.timestamp)
