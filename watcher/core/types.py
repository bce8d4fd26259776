"""Names, blocks and verdicts: the words that every other module uses."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal, NewType

Address = NewType("Address", str)
"""20 bytes as `0x` and 40 lowercase hex digits; never checksummed inside the program (a keccak each)."""

BlockHash = NewType("BlockHash", str)
"""32 bytes as `0x` and 64 lowercase hex digits."""

ActorId = NewType("ActorId", int)
"""A number that one database gave to an actor's address; it never reaches evidence or a hash."""

AppId = NewType("AppId", str)
KpiId = NewType("KpiId", str)
MilestoneId = NewType("MilestoneId", str)
CountdownId = NewType("CountdownId", str)
TrancheId = NewType("TrancheId", str)

SECONDS_PER_HOUR = 3_600
SECONDS_PER_DAY = 86_400
"""A day in a window or duration is always this long (UTC has no leap seconds in block timestamps)."""


@dataclass(frozen=True, slots=True)
class BlockRef:
    """One block by number and hash, with its parent's hash and its timestamp in Unix seconds (chain time)."""

    number: int
    hash: BlockHash
    parent_hash: BlockHash
    timestamp: int


@dataclass(frozen=True, slots=True)
class BlockRange:
    """Blocks from `first` to `last`, both inclusive; empty when last < first."""

    first: int
    last: int

    def __len__(self) -> int:
        """Count the blocks."""
        return max(0, self.last - self.first + 1)

    def __contains__(self, number: object) -> bool:
        """Tell whether a block number lies inside."""
        return isinstance(number, int) and self.first <= number <= self.last


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """A span of time before a block; see `watcher.core.activity`."""

    days: int
    kind: Literal["rolling", "complete_days"]


@dataclass(frozen=True, slots=True, order=True)
class ViewCall:
    """A call of a view function: whom, with which input (`0x…`, selector first)."""

    address: Address
    data: str


class Verdict(StrEnum):
    """The answer to a comparison; UNKNOWN where the definition leaves open what it would need."""

    MET = "MET"
    NOT_MET = "NOT_MET"
    UNKNOWN = "UNKNOWN"


class Comparator(StrEnum):
    """How a reading is compared with its bar; the value is the key in the program file."""

    AT_LEAST = "at_least"
    MORE_THAN = "more_than"
    AT_MOST = "at_most"
    LESS_THAN = "less_than"


class LiveVerdict(StrEnum):
    """The answer for one application."""

    LIVE = "LIVE"
    NOT_LIVE = "NOT_LIVE"
    UNKNOWN = "UNKNOWN"


def all_of(verdicts: list[Verdict]) -> Verdict:
    """Combine by AND in three-valued logic: one NOT_MET decides, else one UNKNOWN leaves it open.

    An empty list is MET.
    """
    if Verdict.NOT_MET in verdicts:
        return Verdict.NOT_MET
    return Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts else Verdict.MET


def any_of(verdicts: list[Verdict]) -> Verdict:
    """Combine by OR in three-valued logic: one MET decides, else one UNKNOWN leaves it open.

    An empty list is NOT_MET.
    """
    if Verdict.MET in verdicts:
        return Verdict.MET
    return Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts else Verdict.NOT_MET


def iso_utc(timestamp: int) -> str:
    """Write Unix seconds as `YYYY-MM-DDTHH:MM:SSZ`, the only form of an instant in the ledger."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
