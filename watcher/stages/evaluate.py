"""The evaluate stage: from stored facts to conclusions, each chunk of final blocks in one transaction.

    final rows ─▶ step ─▶ state + ledger entries + outbox rows + hours          (stored)
    later rows ─▶ step on a throw-away copy ─▶ observed, retracted, marks       (notices)

It asks nobody but the store. What it lacks (a state sample, a block at an instant) it writes down as a want,
stands still before that block, and goes on when the index stage has answered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from watcher.clock import Clock
from watcher.core.definition import Definition
from watcher.core.events import Notice
from watcher.core.facts import AgreedWant, BlockFacts, Want
from watcher.core.ledger import Entry
from watcher.core.metering import SeriesId
from watcher.core.rollup import ContractHour, HourRow
from watcher.core.sampling import look_ahead
from watcher.core.series import SeriesHour
from watcher.core.step import deadlines, step
from watcher.core.types import SECONDS_PER_DAY, ActorId, BlockRef
from watcher.stages.agreeing import first_unagreed
from watcher.stages.announce import Announcer
from watcher.stages.attesting import admitted
from watcher.stages.memory import Calls, Memory, Samples, lacking, missing, stored
from watcher.stages.observations import settle
from watcher.stages.provisional import Provisional
from watcher.stages.restating import restate
from watcher.stages.standstill import announce, unanswered
from watcher.store.database import Store, Tx
from watcher.store.reads import OpenWant

CHUNK = 1_000
"""Rows concluded in one transaction: many enough to be cheap, few enough not to hold up the index stage."""


TRIES_BEFORE_ALARM = 3
"""A read that failed so often is worth a notice: the passing faults of endpoints are not."""


@dataclass(frozen=True, slots=True)
class EvaluateResult:
    """What one run concluded.

    `untried` counts wants that the index stage has not seen yet; `stalled` says what the next final block
    lacks that could not be read, None: nothing.
    """

    concluded: BlockRef | None
    blocks: int = 0
    entries: int = 0
    notices: int = 0
    untried: int = 0
    stalled: str | None = None


@dataclass(slots=True)
class _Chunk:
    """What one chunk of blocks brought, to be written together."""

    first: int = 0
    """Where it begins: the block that was concluded before it."""
    blocks: int = 0
    entries: list[Entry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    hours: list[HourRow] = field(default_factory=list)
    contract_hours: list[ContractHour] = field(default_factory=list)
    series_hours: list[tuple[SeriesId, dict[int, SeriesHour]]] = field(default_factory=list)
    wants: set[Want] = field(default_factory=set)
    blocked_by: Sequence[Want] = ()
    decisive: set[int] = field(default_factory=set)
    """Blocks at which something was concluded, and those before them: their rows stay."""


class Evaluate:
    """Concludes what the index stage stored; keep one instance a process, it remembers the windows."""

    def __init__(
        self,
        definition: Definition,
        store: Store,
        clock: Clock,
        announcer: Announcer,
        *,
        agree: int = 1,
        admit: Callable[[], object] = lambda: None,
        chunk: int = CHUNK,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Conclude nothing yet; `admit` is called before each run, to take in new attestations."""
        self._definition = definition
        self._store = store
        self._clock = clock
        self._announcer = announcer
        self._agree = agree
        self._admit = admit
        self._chunk = chunk
        self._stopping = stopping
        self._memory: Memory | None = None
        self._provisional = Provisional(definition, clock, announcer)

    def run(self) -> EvaluateResult:
        """Conclude every final block that can be, then look ahead to the head.

        Idempotent: a run with nothing new writes nothing new. After an exception nothing of the unfinished
        chunk is stored, and the next run starts again from what is.
        """
        blocks = entries = notices = 0
        self._admit()
        try:
            while True:
                with self._store.writing() as tx:
                    memory = self._memory = self._remembered(tx)
                    chunk, more = self._conclude(tx, memory)
                    notices += self._write(tx, memory, chunk)
                    blocks += chunk.blocks
                    entries += len(chunk.entries)
                    if more and not self._stopping():
                        continue
                    notices += self._provisional.run(tx, memory.state, self._chunk)
                    wants = tx.facts.wants()
                    stalled = self._stalled(tx, chunk, wants)
                untried = sum(1 for each in wants if not each.tries)
                return EvaluateResult(memory.state.block, blocks, entries, notices, untried, stalled)
        except BaseException:
            self._memory = None
            raise

    def _remembered(self, tx: Tx) -> Memory:
        """Give the state in memory if it still is the stored one, else load it."""
        if self._memory is not None and self._memory.state.block == tx.state.concluded():
            attested = admitted(self._definition, tx)
            if attested != self._memory.state.admitted:
                # They may act on blocks that the copy has taken in already.
                self._memory.state.admitted = attested
                self._provisional.forget()
            return self._memory
        self._provisional.forget()
        return Memory.load(self._definition, tx, tx.state.load())

    def _conclude(self, tx: Tx, memory: Memory) -> tuple[_Chunk, bool]:
        """Fold one chunk of final rows; tell whether there may be more to fold at once."""
        after = memory.state.block.number if memory.state.block else -1
        chunk = _Chunk(first=after)
        final, checkpoint = tx.state.final(), tx.facts.checkpoint()
        if final is None or checkpoint is None:
            return chunk, False
        rows = tx.facts.blocks(after, min(final.number, checkpoint.number), self._chunk)
        wanted = set(look_ahead(memory.state.sampler, rows, memory.state.meter.needs.calls))
        numbers = {want.block_number for want in wanted}
        samples, calls = tx.facts.samples(numbers), tx.facts.calls(numbers)
        chunk.wants = set(missing(wanted, samples.keys(), calls.keys()))
        unagreed = None
        if self._agree > 1:
            unagreed = first_unagreed(
                self._definition, memory.state, rows, (samples, calls), tx.state.agreed()
            )
        for row in rows:
            chunk.blocked_by = lacking(self._definition, memory.state, row, samples.keys(), calls.keys())
            if row.block == unagreed:
                chunk.blocked_by = [AgreedWant(row.block.number, self._agree)]
            if chunk.blocked_by:
                chunk.wants.update(chunk.blocked_by)
                return chunk, False
            self._fold(tx, memory, row, (samples, calls), chunk)
        return chunk, len(rows) == self._chunk

    def _fold(
        self,
        tx: Tx,
        memory: Memory,
        row: BlockFacts[ActorId],
        reads: tuple[Samples, Calls],
        chunk: _Chunk,
    ) -> None:
        last = memory.state.block
        instants = deadlines(self._definition, memory.state)
        if last is not None and _day(last) != _day(row.block):
            tx.state.snapshot(_day(last), stored(memory.state))
        hours, contract_hours = memory.hours.add(row)
        memory.state, conclusions = step(self._definition, memory.state, row, *reads)
        chunk.blocks += 1
        chunk.hours += hours
        chunk.contract_hours += contract_hours
        chunk.series_hours += memory.state.meter.take_closed().items()
        chunk.entries += conclusions.entries
        chunk.notices += conclusions.notices
        # At a deadline a verdict may change without an entry: looking back has to find that block too.
        if conclusions.entries or any(instant <= row.block.timestamp for instant in instants):
            chunk.decisive |= {row.block.number, *([last.number] if last else [])}

    def _write(self, tx: Tx, memory: Memory, chunk: _Chunk) -> int:
        """Write what a chunk brought; return the number of notices that were new."""
        if chunk.wants:
            tx.facts.put_wants(chunk.wants, self._clock.now())
        if memory.state.block is None or not chunk.blocks:
            return 0
        tx.facts.add_hours(chunk.hours)
        tx.facts.add_contract_hours(chunk.contract_hours)
        tx.facts.add_series_hours(chunk.series_hours)
        now = int(self._clock.now().timestamp())
        notices = settle(tx, self._announcer, chunk.entries, now)
        tx.ledger.append(chunk.entries)
        self._announcer.entries(tx, chunk.entries)
        notices += restate(tx, self._announcer, memory.state.block.number, now)
        notices += sum(self._announcer.notice(tx, notice).new for notice in chunk.notices)
        tx.state.save(stored(memory.state))
        tx.facts.keep(chunk.decisive)
        tx.facts.prune(chunk.first, memory.state.block.number)
        return notices

    def _stalled(self, tx: Tx, chunk: _Chunk, wants: Sequence[OpenWant]) -> str | None:
        """Say what the index stage tried to read and could not; tell channels once."""
        blocking = set(chunk.blocked_by)
        blocked = [each for each in wants if each.want in blocking]
        still = unanswered(blocked)
        if still is not None and max(each.tries for each in blocked) >= TRIES_BEFORE_ALARM:
            now = int(self._clock.now().timestamp())
            announce(tx, self._announcer, self._definition.program_id, still, now)
        return None if still is None else str(still)


def _day(block: BlockRef) -> int:
    return block.timestamp // SECONDS_PER_DAY
