"""What the evaluate stage keeps in mind between runs, and how it gets it back from the store.

stored state (small, JSON) + closed hours + the running hour's blocks ─▶ State with full windows, HourBook
"""

import json
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from watcher.core.activity import hour_of, span
from watcher.core.applications import is_open
from watcher.core.definition import Definition
from watcher.core.facts import BlockFacts, CallWant, Sample, SampleWant, Want
from watcher.core.rollup import HourBook
from watcher.core.state import State, from_json, to_json
from watcher.core.step import block_wanted
from watcher.core.types import SECONDS_PER_HOUR, ActorId, Address, BlockRef, ViewCall
from watcher.errors import StoreError
from watcher.stages.attesting import admitted
from watcher.store.database import Tx
from watcher.store.state import StoredState

Samples = dict[tuple[Address, int], Sample]
"""Samples by contract and block number."""

Calls = dict[tuple[ViewCall, int], bytes | None]
"""What view functions returned, by call and block number."""


@dataclass(slots=True)
class Memory:
    """The state up to the last concluded block, and the totals of the hour it lies in."""

    state: State
    hours: HourBook

    @classmethod
    def load(cls, definition: Definition, tx: Tx, known: StoredState | None) -> "Memory":
        """Rebuild what was in mind when `known` was stored; None: start before the first block."""
        hours = HourBook()
        if known is None:
            state = State.initial(definition)
            state.admitted = admitted(definition, tx)
            return cls(state, hours)
        state = from_json(definition, json.loads(known.payload))
        state.admitted = admitted(definition, tx)
        if definition.open_rule is not None:
            _restore_members(state, tx, known.block)
        hour = hour_of(known.block.timestamp)
        first, _ = span(definition.liveness.window, known.block.timestamp)
        for row in tx.facts.hours(None, first, hour - 1):
            if row.actors and row.app in state.windows:
                state.windows[row.app].restore(row.hour, row.actors)
        for block in tx.facts.blocks_since(hour * SECONDS_PER_HOUR, known.block.number):
            hours.add(block)
            for app, activity in block.activity.items():
                if activity.actors:
                    state.windows[app].restore(hour, activity.actors.items())
        for window in state.windows.values():
            window.roll(known.block.timestamp)
        _restore_meter(state, tx, known.block)
        return cls(state, hours)


def _restore_members(state: State, tx: Tx, block: BlockRef) -> None:
    """Put back what accounts created up to a block, which only the stored blocks say."""
    for facts in tx.facts.announcing():
        if facts.block.number <= block.number:
            found = [item for item in facts.announcements if is_open(item.app)]
            state.sampler.membership.apply(facts.block.number, found)


def _restore_meter(state: State, tx: Tx, block: BlockRef) -> None:
    """Put back what the meter has stored by hours: series, and the windows of distinct actors."""
    meter, hour = state.meter, hour_of(block.timestamp)
    for name, series in meter.series.items():
        first, _ = series.aggregate.hours(block.timestamp)
        series.restore(tx.facts.series_hours(name, first, series.hour - 1))
    for spec in meter.actors:
        first, _ = span(spec, block.timestamp)
        for row in tx.facts.hours(None, first, hour - 1):
            meter.act(row.hour * SECONDS_PER_HOUR, row.app, dict(row.actors), (spec,))
    for facts in tx.facts.blocks_since(hour * SECONDS_PER_HOUR, block.number) if meter.actors else ():
        for app, activity in facts.activity.items():
            meter.act(block.timestamp, app, activity.actors, tuple(meter.actors))
    for windows in meter.actors.values():
        for window in windows.values():
            window.roll(block.timestamp)


def stored(state: State) -> StoredState:
    """Give a state in the form in which it is stored; it must have concluded a block."""
    if state.block is None:
        raise StoreError("a state that has concluded nothing is not stored")
    payload = json.dumps(to_json(state), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return StoredState(state.block, payload.encode())


def lacking(
    definition: Definition,
    state: State,
    row: BlockFacts[ActorId],
    known: AbstractSet[tuple[Address, int]],
    called: AbstractSet[tuple[ViewCall, int]],
) -> list[Want]:
    """List what has to be known before a block can be concluded and is not; empty: conclude it."""
    block = block_wanted(definition, state, row.block)
    if block is not None:
        return [block]
    number = row.block.number
    due: list[SampleWant | CallWant] = [SampleWant(address, number) for address in state.sampler.due(row)]
    if state.sampler.turns(row):
        due += (CallWant(call, number) for call in state.meter.needs.calls)
    return missing(due, known, called)


def missing(
    wants: Iterable[SampleWant | CallWant],
    known: AbstractSet[tuple[Address, int]],
    called: AbstractSet[tuple[ViewCall, int]],
) -> list[Want]:
    """List the samples and calls that are wanted and not known."""
    return [
        want
        for want in wants
        if (
            (want.address, want.block_number) not in known
            if isinstance(want, SampleWant)
            else (want.call, want.block_number) not in called
        )
    ]
