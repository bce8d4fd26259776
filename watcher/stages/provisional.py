"""The provisional pass: the same step over the blocks that are not final yet, on a copy that is thrown away.

What the copy concludes is a notice at once; the ledger waits for finality.
"""

from watcher.clock import Clock
from watcher.core.definition import Definition
from watcher.core.sampling import look_ahead
from watcher.core.state import State
from watcher.core.step import step
from watcher.core.types import BlockRef
from watcher.stages.announce import Announcer
from watcher.stages.marks import mark
from watcher.stages.memory import lacking, missing
from watcher.stages.observations import compare
from watcher.store.database import Tx


class Provisional:
    """Keeps the copy between runs for as long as it stands on the same final state and the same blocks."""

    def __init__(self, definition: Definition, clock: Clock, announcer: Announcer) -> None:
        self._definition = definition
        self._clock = clock
        self._announcer = announcer
        self._ahead: State | None = None
        self._based_on: BlockRef | None = None

    def forget(self) -> None:
        """Throw the copy away: the final state is about to change, or was rebuilt."""
        self._ahead = None

    def run(self, tx: Tx, final: State, rows_at_once: int) -> int:
        """Bring the copy up to the checkpoint, then tell what changed; return the number of notices."""
        ahead = self._copy(tx, final)
        checkpoint = tx.facts.checkpoint()
        while checkpoint is not None:
            after = ahead.block.number if ahead.block else -1
            rows = tx.facts.blocks(after, checkpoint.number, rows_at_once)
            wanted = set(look_ahead(ahead.sampler, rows))
            samples = tx.facts.samples({want.block_number for want in wanted})
            wants = missing(wanted, samples.keys())
            for row in rows:
                lacks = lacking(self._definition, ahead, row, samples.keys())
                wants += lacks
                if lacks:
                    break
                ahead, _ = step(self._definition, ahead, row, samples)
            tx.facts.put_wants(set(wants), self._clock.now())
            if wants or len(rows) < rows_at_once:
                break
        self._ahead = ahead
        now = int(self._clock.now().timestamp())
        notices = compare(tx, self._definition, self._announcer, final=final, ahead=ahead, now=now)
        return notices + mark(tx, self._definition, self._announcer, final=final, ahead=ahead, now=now)

    def _copy(self, tx: Tx, final: State) -> State:
        """Give the copy of the last run where it still holds, else a new one."""
        ahead = self._ahead
        if ahead is not None and self._based_on == final.block and ahead.block is not None:
            stored = tx.facts.ref(ahead.block.number)
            if stored == ahead.block:
                return ahead
        self._based_on = final.block
        return final.fork()
