"""Facts: what one block says about the tracked applications, with its provenance.

    Window ─▶ discovery ─▶ facts (this module's shapes) ─▶ activity, liveness

An extracted fact names actors by address; the store gives each address a number of its own and the step
counts numbers, hence the type parameter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from watcher.core.measures import Amounts
from watcher.core.types import ActorId, Address, AppId, BlockRef, ViewCall

Actor = TypeVar("Actor", Address, ActorId)


class ContractTotals(NamedTuple):
    """What reached one contract in one block, for show; fee_wei = gasUsed x effectiveGasPrice (+ l1Fee).

    A tuple, since a backfill makes several for each block.
    """

    actions: int = 0
    failed: int = 0
    gas: int = 0
    fee_wei: int = 0
    logs: int = 0


class Activity(NamedTuple, Generic[Actor]):
    """What reached one application in one block.

    `actors` maps each counted actor to its counted actions. Gas and fee are those of every transaction that
    reached the app, failed or excluded ones too. `excluded` counts the successful actions of excluded actors.
    A tuple, since a backfill makes one for each app in each block.
    """

    actors: Mapping[Actor, int] = MappingProxyType({})
    failed: int = 0
    excluded: int = 0
    gas: int = 0
    fee_wei: int = 0
    logs: int = 0
    contracts: Mapping[Address, ContractTotals] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Announcement:
    """A claim that a contract belongs to an app from this block on, or (`removed`) no longer does.

    `source` names the discovery method's instance, so that a removal ends only its own claim. `listed`
    claims (curated) come before all others. `log_index` orders claims inside a block; -1 for listed ones.
    """

    app: AppId
    address: Address
    source: str
    log_index: int
    removed: bool = False
    listed: bool = False
    role: str = "core"


@dataclass(frozen=True, slots=True)
class Creation:
    """A contract created by a transaction of `creator`, as its receipt says."""

    address: Address
    creator: Address


@dataclass(frozen=True, slots=True)
class PauseLog:
    """A Paused (True) or Unpaused (False) log, in log order."""

    address: Address
    paused: bool


@dataclass(frozen=True, slots=True)
class BlockFacts(Generic[Actor]):
    """Everything the step needs to know of one block, but for state samples.

    `code_changes` lists each address that emitted Upgraded, BeaconUpgraded, DiamondCut or ChangedMasterCopy.
    """

    block: BlockRef
    activity: Mapping[AppId, Activity[Actor]] = field(default_factory=dict)
    announcements: tuple[Announcement, ...] = ()
    creations: tuple[Creation, ...] = ()
    pauses: tuple[PauseLog, ...] = ()
    code_changes: tuple[Address, ...] = ()
    measures: Mapping[str, Amounts] = field(default_factory=dict)
    """What the program's measures add up to in this block, by their keys."""

    @property
    def empty(self) -> bool:
        """Tell whether the block says nothing but its own existence."""
        return not (
            self.activity
            or self.announcements
            or self.creations
            or self.pauses
            or self.code_changes
            or self.measures
        )


class CodeKind(StrEnum):
    """What stands behind an address, as far as running code is concerned."""

    NONE = "none"
    PLAIN = "plain"
    DELEGATION = "eip-7702"
    EIP1967 = "eip-1967"
    BEACON = "beacon"
    EIP1822 = "eip-1822"
    EIP1167 = "eip-1167"
    DIAMOND = "diamond"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Logic:
    """Code behind a proxy: its address and the keccak-256 of its code, None where there is no code."""

    address: Address
    code_hash: str | None


@dataclass(frozen=True, slots=True)
class Sample:
    """The state of one contract at one sample block.

    `runnable` is the conclusion: code that can run, at the address and behind it. `beacon` is the address
    whose Upgraded log makes the block it stands in a sample block too.
    """

    address: Address
    block_number: int
    kind: CodeKind
    code_hash: str | None
    runnable: bool
    logic: tuple[Logic, ...] = ()
    beacon: Address | None = None


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What a view function returned at one sample block; None where it reverted, nothing without code."""

    call: ViewCall
    block_number: int
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class SampleWant:
    """The state of `address` at block `block_number` is needed before that block can be concluded."""

    address: Address
    block_number: int


@dataclass(frozen=True, slots=True)
class CallWant:
    """What a view function returns at block `block_number` is needed before that block can be concluded."""

    call: ViewCall
    block_number: int


@dataclass(frozen=True, slots=True)
class BlockAtWant:
    """The first block at or after `timestamp` is needed; it lies in (`after`, `before`], both known."""

    timestamp: int
    after: int
    before: int


@dataclass(frozen=True, slots=True)
class AgreedWant:
    """So many endpoints have to show the stored block of this number before it can be concluded."""

    block_number: int
    endpoints: int


Want = SampleWant | CallWant | BlockAtWant | AgreedWant
