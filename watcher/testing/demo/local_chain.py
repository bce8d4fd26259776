"""The demo's chain and clock, which travel together: a block an hour, and one whenever something happens.

A block is final a quarter of an hour after its time, so that what is observed comes before what is reached.
"""

from datetime import UTC, datetime, time, timedelta

from watcher.core.types import SECONDS_PER_HOUR
from watcher.testing.devnet import Devnet
from watcher.testing.manual_clock import ManualClock

DAY_ZERO = datetime(2026, 3, 2, tzinfo=UTC)
"""Always the same, and with it every hash of the chain and the digest of the ledger."""

FINAL_AFTER_SECONDS = 15 * 60
ACCOUNTS = 64


def at(day: int, of_day: str) -> datetime:
    """Give an instant by the number of its day and `HH:MM:SS`."""
    return datetime.combine(DAY_ZERO + timedelta(days=day), time.fromisoformat(of_day), UTC)


class LocalChain:
    """A devnet that grows as time passes; `clock` stands where the story stands."""

    def __init__(self) -> None:
        """Make the genesis block, on day 0 at eight."""
        self.clock = ManualClock(at(0, "08:00:00"))
        self.devnet = Devnet(int(self.clock.now().timestamp()), accounts=ACCOUNTS)

    def travel(self, to: datetime) -> None:
        """Let time pass: blocks come every full hour, and become final; what is queued stays queued."""
        until = int(to.timestamp())
        while (full_hour := self._next_full_hour()) <= until:
            self.devnet.mine_empty(1, every_seconds=full_hour - self.devnet.head.timestamp)
        self._arrive(to)

    def mine(self, when: datetime) -> int:
        """Travel to an instant and put what is queued into a block of that time; return its number."""
        self.travel(when)
        number = self.devnet.mine(int(when.timestamp()))
        self._arrive(when)
        return number

    def replace(self, number: int, when: datetime) -> None:
        """Replace the chain from a block on by one empty block: a reorg that loses transactions."""
        self.devnet.revert(number - 1)
        self.devnet.mine(int(when.timestamp()))
        self._arrive(when)

    def _next_full_hour(self) -> int:
        return (self.devnet.head.timestamp // SECONDS_PER_HOUR + 1) * SECONDS_PER_HOUR

    def _arrive(self, to: datetime) -> None:
        self.clock.advance(to - self.clock.now())
        final = self.devnet.head
        while final.timestamp > to.timestamp() - FINAL_AFTER_SECONDS and final.number > 0:
            final = self.devnet.blocks(final.number - 1, final.number - 1)[0]
        self.devnet.finalize(final.number)
