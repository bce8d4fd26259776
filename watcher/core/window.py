"""What one read of the chain brings: a range of blocks with their receipts, as discovery and facts see it.

    chain (JSON-RPC) ─▶ Window ─▶ discovery ─▶ facts

The shapes are protocols so that the JSON decoder's own structs pass without being copied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from watcher.core.types import Address, BlockHash, BlockRange, BlockRef


class Log(Protocol):
    """One log of a receipt; hex as the node wrote it, lowercase."""

    @property
    def address(self) -> str: ...  # noqa: D102
    @property
    def topics(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def data(self) -> str: ...  # noqa: D102
    @property
    def log_index(self) -> str: ...  # noqa: D102


class Receipt(Protocol):
    """One transaction's receipt; numbers are `0x…` hex strings as on the wire, decoded only where used."""

    @property
    def sender(self) -> str: ...  # noqa: D102
    @property
    def to(self) -> str | None: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def gas_used(self) -> str: ...  # noqa: D102
    @property
    def effective_gas_price(self) -> str: ...  # noqa: D102
    @property
    def l1_fee(self) -> str | None: ...  # noqa: D102
    @property
    def contract_address(self) -> str | None: ...  # noqa: D102
    @property
    def logs(self) -> Sequence[Log]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class BlockReceipts:
    """All receipts of one block, in transaction order.

    `header` is None where the reader was not asked for it; `hash` always is the hash that the receipts
    (or, for an empty block, the header) carry.
    """

    number: int
    hash: BlockHash
    receipts: Sequence[Receipt]
    header: BlockRef | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Every readable block of `range` in ascending order; only declared gaps are left out."""

    range: BlockRange
    blocks: Sequence[BlockReceipts]


@dataclass(frozen=True, slots=True)
class Query:
    """What a discovery method or a policy wants kept of a window.

    Logs whose emitter is in `log_addresses`; contract creations sent by `creators`, and the creations of the
    contracts in `created`. Empty sets ask for nothing.
    """

    log_addresses: frozenset[Address] = frozenset()
    creators: frozenset[Address] = frozenset()
    created: frozenset[Address] = frozenset()
