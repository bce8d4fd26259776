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

    `header` is that which they fit, None as long as nobody has compared the two; `hash` is the hash that the
    receipts (or, for an empty block, the header) carry.
    """

    number: int
    hash: BlockHash
    receipts: Sequence[Receipt]
    header: BlockRef | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The blocks of `range` in ascending order.

    Every one of them, unless a `LogFilter` was given: then those that it does not pass may be left out.
    `bare` holds headers, ascending, of blocks that were left out: always that of the range's last block.
    """

    range: BlockRange
    blocks: Sequence[BlockReceipts]
    bare: Sequence[BlockRef] = ()

    @property
    def headers(self) -> list[BlockRef]:
        """Give all headers that came along, ascending."""
        fitted = [block.header for block in self.blocks if block.header is not None]
        return sorted([*fitted, *self.bare], key=lambda block: block.number)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which blocks are worth reading for somebody whose facts logs determine.

    Those with a log of one of `addresses`, whatever it says; those with a log of anybody whose first topic is
    in `topics`; and those numbered in `blocks`, whatever happened in them.
    """

    addresses: frozenset[Address] = frozenset()
    topics: frozenset[str] = frozenset()
    blocks: frozenset[int] = frozenset()

    def passes(self, block: BlockReceipts) -> bool:
        """Tell whether a block is worth reading."""
        return block.number in self.blocks or any(
            log.address in self.addresses or (bool(log.topics) and log.topics[0] in self.topics)
            for receipt in block.receipts
            for log in receipt.logs
        )


@dataclass(frozen=True, slots=True)
class Query:
    """What a discovery method or a policy wants kept of a window.

    Logs whose emitter is in `log_addresses`; contract creations sent by `creators`, or all of them
    (`every_creation`), and the creations of the contracts in `created`. `blocks` are those at which it speaks
    whatever they hold. Empty sets ask for nothing.

    A method that names `log_addresses` is asked about the blocks in which one of these emitted something, one
    that names only `blocks` about those, and any other about each block.
    """

    log_addresses: frozenset[Address] = frozenset()
    creators: frozenset[Address] = frozenset()
    created: frozenset[Address] = frozenset()
    every_creation: bool = False
    blocks: frozenset[int] = frozenset()
