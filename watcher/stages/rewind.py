"""Rewinding by hand: after a reorganisation below finality, back to a block that still stands.

    newest kept state at or before it ─▶ the present state;  rows, samples, wants, hours, states above: gone
    the ledger ─▶ a closed generation;  what still holds is carried into a new one, which goes on from there

The blocks between the kept state and the block that was named are concluded again from their stored rows: the
same entries come out, under the same ids, and are not sent again.
"""

from dataclasses import dataclass

from watcher.clock import Clock
from watcher.core.activity import hour_of
from watcher.core.definition import Definition
from watcher.core.events import Notice, NoticeType
from watcher.core.ledger import GENESIS_DIGEST
from watcher.errors import UsageError
from watcher.stages.announce import Announcer
from watcher.stages.observations import retract_above
from watcher.store.database import Store, Tx
from watcher.store.state import StoredState


@dataclass(frozen=True, slots=True)
class RewindResult:
    """What was taken back: `rows` were read above the block.

    `generation` is the new ledger's number, None where the ledger reached no further than the block.
    """

    rows: int
    generation: int | None


def rewind(definition: Definition, store: Store, clock: Clock, announcer: Announcer, to: int) -> RewindResult:
    """Forget what was read and concluded above block `to`; the old ledger stays readable.

    All or nothing. UsageError where nothing above that block counted as final: such blocks are taken back
    without anybody's help.
    """
    with store.writing() as tx:
        present, final = tx.state.load(), tx.state.final()
        reached = max(present.block.number if present else -1, final.number if final else -1)
        if reached <= to:
            last = f"the last final block is {reached}" if reached >= 0 else "no block is final yet"
            raise UsageError(f"--to {to}: nothing above that block has to be taken back by hand ({last})")
        now = int(clock.now().timestamp())
        generation = None
        if present is not None and present.block.number > to:
            _, closed_digest = tx.ledger.last() or (0, GENESIS_DIGEST)
            generation = go_back(tx, tx.state.snapshot_at_or_before(to))
            announcer.notice(tx, _broken(definition, to, generation, closed_digest, now))
        rows = tx.facts.rewind(to)
        tx.state.set_final(tx.facts.checkpoint())
        retract_above(tx, announcer, to, now)
        return RewindResult(rows, generation)


def go_back(tx: Tx, known: StoredState | None) -> int:
    """Put a kept state (None: before the first block) in the place of the present one; number the ledger.

    What was read stays: evaluate concludes it again.
    """
    block_number = known.block.number if known else -1
    tx.state.replace(known)
    tx.state.drop_snapshots_after(block_number)
    # The hour that the kept state lies in was written when it closed, which was later.
    tx.facts.drop_hours_from(hour_of(known.block.timestamp) if known else 0)
    return tx.ledger.close_generation(block_number)


def _broken(definition: Definition, to: int, generation: int, closed_digest: str, now: int) -> Notice:
    data = {
        "after_block": to,
        "generation": generation,
        "closed_digest": closed_digest,
        "reason": "final blocks were replaced: entries above after_block no longer stand",
    }
    key = f"{NoticeType.LEDGER_BROKEN}/{generation}"
    return Notice(NoticeType.LEDGER_BROKEN, definition.program_id, key, now, data)
