"""Supposing a program: the ledger that a database would have under it, on a copy that is thrown away.

    what was read ─▶ copied ─▶ adopted there ─▶ what was never read, if it may be asked ─▶ evaluated ─▶ ledger

The database itself is only read. What cannot be told without asking the chain is CannotTell.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from watcher.chain.source import ChainSource
from watcher.clock import Clock
from watcher.core.definition import Definition
from watcher.core.moments import AtBlock
from watcher.core.state import State
from watcher.core.types import BlockRef
from watcher.core.wording import counted
from watcher.errors import CannotTell
from watcher.stages.adopting import adopt, plan_adoption, read_missing
from watcher.stages.announce import Announcer
from watcher.stages.evaluate import Evaluate
from watcher.stages.index import ByLogs, Index
from watcher.stages.lookback import as_of
from watcher.stages.sync import catch_up
from watcher.store.database import Store


@dataclass(frozen=True, slots=True)
class Asking:
    """The chain, where it may be asked: how it is read, and who hears of the progress."""

    source: ChainSource
    by_logs: ByLogs = lambda _blocks, _wanted: False
    progress: Callable[[int, int], None] = lambda _done, _goal: None


@dataclass(frozen=True, slots=True)
class Held:
    """What a database holds: its definition, the canonical program (None: unknown) and its ledger."""

    definition_hash: str
    program: str | None
    concluded: BlockRef
    entries: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Supposed:
    """A program's ledger and state up to a block.

    That is the one that the database has concluded, or an earlier one where that is not final under this
    program.
    """

    definition: Definition
    up_to: int
    entries: list[dict[str, Any]]
    state: State


def held_in(store: Store) -> Held:
    """Give what a database has concluded; CannotTell where that is nothing yet."""
    with store.reading() as tx:
        known, present, programs = tx.state.identity(), tx.state.load(), tx.adoptions.all()
        if known is None or present is None:
            raise CannotTell(f"{store.name} has concluded nothing yet: `watcher sync` first")
        program = programs[-1].program if programs else None
        return Held(known.definition_hash, program, present.block, list(tx.ledger.entries()))


def suppose(
    definition: Definition,
    store: Store,
    *,
    scratch: Store,
    beside: Store,
    clock: Clock,
    asking: Asking | None,
) -> Supposed:
    """Conclude a program up to where `store` has concluded its own, in `scratch`, which is empty.

    Nothing is written into `store`, and without `asking` nothing is read of the chain. CannotTell where a
    fact is missing, with what would bring it.
    """
    held = held_in(store)
    goal = held.concluded.number
    if held.definition_hash == definition.hash:
        with store.reading() as tx:
            return Supposed(definition, goal, held.entries, as_of(definition, tx, None).state)
    with store.reading() as here, scratch.writing() as there:
        here.copying.copy_into(there.copying)
    planned = plan_adoption(definition, scratch)
    if asking is None and planned.rereading.history:
        raise CannotTell(f"{planned.rereading.words()}: let the endpoint be asked")
    if asking is not None:
        read_missing(planned, asking.source, beside, clock, by_logs=asking.by_logs, progress=asking.progress)
    adopt(planned, scratch, clock, beside)
    evaluate = Evaluate(definition, scratch, clock, Announcer(definition, clock))
    if asking is None:
        result = evaluate.run()
    else:
        index = Index(
            definition, asking.source, scratch, clock, by_logs=asking.by_logs, progress=asking.progress
        )
        try:
            result = catch_up(index, evaluate, goal).evaluate
        finally:
            index.close()
    with scratch.reading() as tx:
        waits = len(tx.facts.wants())
        if result.concluded is None or (result.concluded.number < goal and (result.stalled or waits)):
            missing = result.stalled or f"{counted(waits, 'read')} of state that nobody made yet"
            raise CannotTell(f"block {goal} cannot be concluded under {definition.hash}; it lacks: {missing}")
        up_to = min(goal, result.concluded.number)
        entries = [entry for entry in tx.ledger.entries() if entry["block_number"] <= up_to]
        return Supposed(definition, up_to, entries, as_of(definition, tx, AtBlock(up_to)).state)
