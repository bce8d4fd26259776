"""Standing still: which fact the ledger waits for, since when, and what would bring it.

wants that could not be answered  ─┐
a run of index that lacks history ─┴─▶ Standstill ─▶ status, health, `ledger.stalled` once a block
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from watcher.core.definition import Chain
from watcher.core.events import Notice, NoticeType
from watcher.core.facts import AgreedWant, BlockAtWant, CallWant, SampleWant, Want
from watcher.core.types import iso_utc
from watcher.core.wording import counted
from watcher.stages.announce import Announcer
from watcher.store.database import Tx
from watcher.store.reads import OpenWant
from watcher.store.runs import StageRun

HISTORY_MISSING = "history_missing"
"""Stands in the record of a failed run that lacked history, rather than an endpoint."""

_GAP = "where nobody has it, declare a [[chain.gap]]"


@dataclass(frozen=True, slots=True)
class Standstill:
    """The ledger ends before `before_block`, because `what` is missing.

    `since` is in Unix seconds, wall clock; `missing` counts the reads that fail, `why` is what the endpoint
    said of the first, `remedy` what would bring it.
    """

    before_block: int
    since: int
    missing: int
    what: str
    why: str
    remedy: str

    @property
    def reason(self) -> str:
        """Say everything but since when and what to do."""
        more = f" and {counted(self.missing - 1, 'more read')}" if self.missing > 1 else ""
        return f"before block {self.before_block}, which needs {self.what}{more}: {self.why}"

    def __str__(self) -> str:
        """Say everything in one line."""
        return f"{self.reason}; since {iso_utc(self.since)}; {self.remedy}"


def unanswered(wants: Sequence[OpenWant]) -> Standstill | None:
    """Tell what the first block lacks whose wants could not be answered; None: none of `wants` failed."""
    failed = sorted((each for each in wants if each.last_error), key=lambda each: _block(each.want))
    if not failed:
        return None
    first = _block(failed[0].want)
    here = [each for each in failed if _block(each.want) == first]
    what, remedy = _words(here[0].want)
    since = min(int(each.since.timestamp()) for each in here)
    return Standstill(first, since, len(here), what, str(here[0].last_error), remedy)


def unread(tx: Tx, chain: Chain, run: StageRun | None) -> Standstill | None:
    """Tell what the last `run` of the index stage lacked of what is final; None: it did not lack history.

    Above finality, what is not there is not there yet, or was replaced: the next run looks again.
    """
    since, final, checkpoint = None, tx.state.final(), tx.facts.checkpoint()
    if run is not None and HISTORY_MISSING in run.detail:
        since = tx.runs.failing_since(run.stage)
    first = chain.next_block(checkpoint.number if checkpoint else chain.count_from - 1)
    if run is None or since is None or final is None or final.number < first:
        return None
    remedy = f"add an endpoint with receipts from block {first} on; {_GAP}"
    what = f"the receipts of block {first}"
    return Standstill(first, int(since.timestamp()), 1, what, run.error or "", remedy)


def announce(tx: Tx, announcer: Announcer, program_id: str, found: Standstill, now: int) -> None:
    """Tell channels, once a block."""
    data = {"before_block": found.before_block, "missing": found.missing, "reason": str(found)}
    key = f"{NoticeType.LEDGER_STALLED}/{found.before_block}"
    announcer.notice(tx, Notice(NoticeType.LEDGER_STALLED, program_id, key, now, data))


def _block(want: Want) -> int:
    """Give the block that cannot be concluded without the answer."""
    return want.before if isinstance(want, BlockAtWant) else want.block_number


def _words(want: Want) -> tuple[str, str]:
    """Name the fact that answers a want, and who has it."""
    match want:
        case SampleWant(address, number):
            who = f"add an archive endpoint, with state from block {number} on: what it answers is stored"
            return f"the state of contract {address} at block {number}", f"{who}; {_GAP}"
        case CallWant(call, number):
            who = f"add an archive endpoint, with state from block {number} on: what it answers is stored"
            return f"what {call.address} returns to {call.data[:10]} at block {number}", f"{who}; {_GAP}"
        case BlockAtWant(timestamp, after, before):
            what = f"the first block at or after {iso_utc(timestamp)}, one of blocks {after + 1} to {before}"
            return what, f"add an endpoint with blocks from {after + 1} on; {_GAP}"
        case AgreedWant(number, endpoints):
            what = f"the agreement of {counted(endpoints, 'endpoint')} on block {number}"
            return what, "wait for them, add another endpoint, or lower `agree`"
        case _:
            assert_never(want)
