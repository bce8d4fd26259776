"""Looking back: how everything stood after an earlier block, concluded anew from what is stored.

    newest kept state at or before the block ─▶ stored rows up to it ─▶ step ─▶ State

It is the step that wrote the ledger, over the rows that it was written from, and nothing is written. So
whoever asks about a block hears what a watcher that had stopped there would say:
tests/stages/test_lookback.py.
"""

from dataclasses import dataclass
from typing import assert_never

from watcher.core.definition import Definition
from watcher.core.moments import AtBlock, AtTime, Moment
from watcher.core.state import State
from watcher.core.step import step
from watcher.core.types import BlockRef, iso_utc
from watcher.errors import CannotTell, UsageError
from watcher.stages.memory import Memory
from watcher.store.database import Tx

ROWS = 1_000
"""Stored blocks in memory at once."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """How everything stood after block `number`.

    `block` is the last stored one up to it and the state's own: between the two nothing could change.
    """

    number: int
    block: BlockRef
    state: State

    def words(self) -> str:
        """Name the block, and its time where it is stored."""
        time = iso_utc(self.block.timestamp)
        if self.block.number == self.number:
            return f"block {self.number}, {time}"
        return f"block {self.number} (unchanged since block {self.block.number}, {time})"


def as_of(definition: Definition, tx: Tx, moment: Moment | None) -> AsOf:
    """Give the state after the last concluded block, or as of an earlier moment; nothing is written.

    CannotTell where nothing, or not that far, was concluded yet, and inside a declared gap; UsageError before
    the first block that counts.
    """
    present = tx.state.load()
    if present is None:
        raise CannotTell(
            "nothing is concluded yet: let `watcher run` go on, or run `watcher sync`; "
            "`watcher status` says what it waits for"
        )
    number = present.block.number if moment is None else _number(definition, tx, moment, present.block)
    known = present if number == present.block.number else tx.state.snapshot_at_or_before(number)
    state = Memory.load(definition, tx, known).state
    while rows := tx.facts.blocks(state.block.number if state.block else -1, number, ROWS):
        numbers = {row.block.number for row in rows}
        samples, calls = tx.facts.samples(numbers), tx.facts.calls(numbers)
        for row in rows:
            state, _ = step(definition, state, row, samples, calls)
    assert state.block is not None  # noqa: S101  # the first block that counts is always stored
    return AsOf(number, state.block, state)


def _number(definition: Definition, tx: Tx, moment: Moment, concluded: BlockRef) -> int:
    """Find the block that is meant, and make sure that it was concluded."""
    first = definition.chain.count_from
    there = f"the last concluded block is {concluded.number}, of {iso_utc(concluded.timestamp)}"
    match moment:
        case AtBlock(number):
            if number > concluded.number:
                raise CannotTell(f"block {number} is not concluded yet: {there}")
            if number < first:
                raise UsageError(f"block {number} does not count: the first that does is {first}; {there}")
            for gap in definition.chain.gaps:
                if gap.first <= number <= gap.last:
                    raise CannotTell(
                        f"block {number} lies in the declared gap of blocks {gap.first} to {gap.last} "
                        f"({gap.reason}): ask for {gap.first - 1} or {gap.last + 1}"
                    )
            return number
        case AtTime(begins, last):
            if begins > concluded.timestamp:
                raise CannotTell(f"{iso_utc(begins)} is not concluded yet: {there}")
            block = tx.facts.ref_at(last, concluded.number)
            if block is None:
                raise UsageError(f"{iso_utc(last)} lies before block {first}, the first that counts; {there}")
            return block.number
        case _:
            assert_never(moment)
