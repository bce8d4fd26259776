"""The provisional pass: the same step over the blocks that are not final yet, on a copy that is thrown away.

    final state ─▶ fork ─▶ every later block, once ─▶ what changed: notices
                    ▲
                    └── anew after a reorg, a restart, and each day

What the copy concludes is a notice at once; the ledger waits for finality.
"""

from watcher.clock import Clock
from watcher.core.definition import Definition
from watcher.core.ledger import NoLedger
from watcher.core.sampling import look_ahead
from watcher.core.state import State
from watcher.core.step import step
from watcher.core.types import SECONDS_PER_DAY, BlockRef
from watcher.stages.announce import Announcer
from watcher.stages.marks import mark
from watcher.stages.memory import lacking, missing
from watcher.stages.observations import compare
from watcher.store.database import Tx


class Provisional:
    """Keeps the copy between runs for as long as the chain goes on where the copy stands.

    The final state may follow meanwhile, over blocks that the copy has taken in: whatever a block changes in
    what the two share, the copy has changed for itself before.
    # INVARIANT: a copy that was kept says what a fresh one would: tests/stages/test_provisional.py
    """

    def __init__(self, definition: Definition, clock: Clock, announcer: Announcer) -> None:
        self._definition = definition
        self._clock = clock
        self._announcer = announcer
        self._ahead: State | None = None
        self._day: int | None = None

    def forget(self) -> None:
        """Throw the copy away: the final state that it stands on was rebuilt."""
        self._ahead = None

    def run(self, tx: Tx, final: State, rows_at_once: int) -> int:
        """Bring the copy up to the checkpoint, then tell what changed; return the number of notices."""
        checkpoint = tx.facts.checkpoint()
        ahead = self._copy(tx, final, checkpoint)
        while checkpoint is not None:
            after = ahead.block.number if ahead.block else -1
            rows = tx.facts.blocks(after, checkpoint.number, rows_at_once)
            wanted = set(look_ahead(ahead.sampler, rows, ahead.meter.needs.calls))
            numbers = {want.block_number for want in wanted}
            samples, calls = tx.facts.samples(numbers), tx.facts.calls(numbers)
            wants = missing(wanted, samples.keys(), calls.keys())
            for row in rows:
                lacks = lacking(self._definition, ahead, row, samples.keys(), calls.keys())
                wants += lacks
                if lacks:
                    break
                ahead, _ = step(self._definition, ahead, row, samples, calls)
            tx.facts.put_wants(set(wants), self._clock.now())
            if wants or len(rows) < rows_at_once:
                break
        self._ahead = ahead
        now = int(self._clock.now().timestamp())
        notices = compare(tx, self._definition, self._announcer, final=final, ahead=ahead, now=now)
        return notices + mark(tx, self._definition, self._announcer, final=final, ahead=ahead, now=now)

    def _copy(self, tx: Tx, final: State, checkpoint: BlockRef | None) -> State:
        """Give the copy of the last run where it still holds, else a new one.

        Each day a new one too: a copy keeps a note of every actor that it saw.
        """
        ahead = self._ahead
        day = None if checkpoint is None else checkpoint.timestamp // SECONDS_PER_DAY
        if ahead is not None and ahead.block is not None and self._day == day:
            overtaken = final.block is not None and final.block.number > ahead.block.number
            if not overtaken and tx.facts.ref(ahead.block.number) == ahead.block:
                return ahead
        self._day = day
        copy = final.fork()
        copy.ledger = NoLedger()
        return copy
