"""Adopting a changed program: its ledger begins anew, on the facts that were read, and the old one stays.

    plan_adoption ─▶ read_missing (beside, into a database of its own) ─▶ adopt: one transaction
                                                                            old ledger: a closed generation
                                                                            rows: merged;  conclusions: none

Killed before that transaction, nothing has changed. After it, evaluate concludes everything from the rows, as
on a fresh database, so that the ledger is the same to the byte.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from watcher.chain.source import ChainSource
from watcher.clock import Clock
from watcher.core.definition import Definition
from watcher.core.facts import Activity, BlockFacts
from watcher.core.merging import merged
from watcher.core.rereading import Rereading, rereading, restricted
from watcher.core.types import ActorId, Address, BlockRef
from watcher.errors import DatabaseMismatch, EndpointUnavailable, StoreError, UsageError
from watcher.stages.identity import adoption
from watcher.stages.index import ByLogs, Index
from watcher.stages.rewind import go_back
from watcher.store.database import Store, Tx
from watcher.store.encoding import pack

ROWS = 1_000
"""Rows that are merged at a time."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What adopting a program means for one database; `up_to` is the last block whose rows can serve."""

    definition: Definition
    replaces: str
    rereading: Rereading
    up_to: BlockRef | None


def plan_adoption(definition: Definition, store: Store) -> Planned:
    """Compare a program with the one of a database; nothing is read or written.

    UsageError where the database has that program already, or none; DatabaseMismatch where it is about
    another chain.
    """
    with store.reading() as tx:
        known = tx.state.identity()
        if known is None:
            raise UsageError(
                f"{store.name} is empty: `watcher run` or `watcher sync` begins with any program"
            )
        if known.definition_hash == definition.hash:
            raise UsageError(f"{store.name} belongs to definition {definition.hash} already")
        if known.chain_id != definition.chain.id:
            raise DatabaseMismatch(
                f"{store.name} is about chain {known.chain_id}, the program about chain "
                f"{definition.chain.id}: set another `database` in the deployment file"
            )
        in_force = tx.adoptions.all()
        plan = rereading(in_force[-1].program if in_force else None, definition)
        if plan.everything is None and plan.listed and _claimed(tx, plan):
            plan = replace(
                plan, everything="a contract that is listed otherwise now was found for another app"
            )
        ends = [block for block in (tx.state.final(), tx.facts.checkpoint()) if block is not None]
    up_to = min(ends, key=lambda block: block.number) if len(ends) > 1 else None
    return Planned(definition, known.definition_hash, plan, up_to)


def read_missing(
    planned: Planned,
    source: ChainSource,
    beside: Store,
    clock: Clock,
    *,
    by_logs: ByLogs = lambda _blocks, _wanted: False,
    progress: Callable[[int, int], None] = lambda _done, _goal: None,
) -> None:
    """Read what the stored rows lack into a database beside; what is there already is not read again.

    EndpointUnavailable where the endpoint does not have the block that the rows end with.
    """
    up_to = planned.up_to
    if planned.rereading.everything is not None or not planned.rereading.history or up_to is None:
        return
    part = restricted(planned.definition, planned.rereading)
    index = Index(part, source, beside, clock, by_logs=by_logs, progress=progress)
    try:
        index.run(up_to.number)
    finally:
        index.close()
    with beside.reading() as tx:
        last = tx.facts.ref(up_to.number)
    if last is None or last.hash != up_to.hash:
        raise EndpointUnavailable(
            f"the endpoint does not show block {up_to.number} as {up_to.hash}: start again when it does"
        )


def adopt(planned: Planned, store: Store, clock: Clock, beside: Store, *, rows: int = ROWS) -> int:
    """Go over to the program, all or nothing; return the number of the ledger that begins.

    `beside` holds what `read_missing` read; so many `rows` of either are merged at a time. StoreError where
    the database changed since it was planned.
    """
    definition, plan = planned.definition, planned.rereading
    with store.writing() as tx:
        known = tx.state.identity()
        if known is None or known.definition_hash != planned.replaces:
            raise StoreError(f"{store.name} was given another program meanwhile: start again")
        if plan.everything is not None or planned.up_to is None:
            tx.facts.rewind(-1)
            tx.state.set_final(None)
        elif plan.history or plan.dropped:
            tx.facts.rewind(planned.up_to.number)
            _merge(tx, beside, planned, planned.up_to.number, rows)
        tx.state.set_agreed(None)
        tx.facts.drop_wants([each.want for each in tx.facts.wants()])
        generation = go_back(tx, None)
        tx.adoptions.add(adoption(definition, generation, clock.now()))
    return generation


def _claimed(tx: Tx, plan: Rereading) -> bool:
    """Tell whether a contract whose listing changed was claimed for an app whose listing did not."""
    return any(
        item.address in plan.listed and item.app not in plan.dropped
        for facts in tx.facts.announcing()
        for item in facts.announcements
    )


def _merge(tx: Tx, beside: Store, planned: Planned, up_to: int, most: int) -> None:
    """Put what was read beside into the rows, and leave out what is of an old listing."""
    after = planned.definition.chain.count_from - 1
    while after < up_to:
        stored = _named(tx, tx.facts.blocks(after, up_to, most))
        with beside.reading() as other:
            added = _named(other, other.facts.blocks(after, up_to, most))
            keep = other.facts.kept(after + 1, up_to)
        last = min((rows[-1].block.number for rows in (stored, added) if len(rows) == most), default=up_to)
        here = {facts.block.number: facts for facts in stored if facts.block.number <= last}
        there = {facts.block.number: facts for facts in added if facts.block.number <= last}
        rows = []
        for number in sorted({*here, *there}):
            block = (here.get(number) or there[number]).block
            nothing: BlockFacts[Address] = BlockFacts(block)
            if there.get(number, nothing).block.hash != block.hash:
                raise EndpointUnavailable(f"the endpoint shows another block {number} than was read before")
            rows.append(
                merged(here.get(number, nothing), there.get(number, nothing), planned.rereading.dropped)
            )
        keep |= tx.facts.kept(after + 1, last)
        tx.facts.replace(after + 1, last, pack(rows), keep)
        after = last


def _named(tx: Tx, rows: Iterable[BlockFacts[ActorId]]) -> list[BlockFacts[Address]]:
    """Put addresses for the numbers that a database gave to actors."""
    blocks = list(rows)
    ids = {actor for facts in blocks for item in facts.activity.values() for actor in item.actors}
    names = tx.facts.actor_addresses(ids)
    return [
        BlockFacts(
            facts.block,
            {app: _activity(item, names) for app, item in facts.activity.items()},
            facts.announcements,
            facts.creations,
            facts.pauses,
            facts.code_changes,
            facts.measures,
        )
        for facts in blocks
    ]


def _activity(item: Activity[ActorId], names: Mapping[ActorId, Address]) -> Activity[Address]:
    return Activity(
        {names[actor]: count for actor, count in item.actors.items()},
        item.failed,
        item.excluded,
        item.gas,
        item.fee_wei,
        item.logs,
        item.contracts,
    )
