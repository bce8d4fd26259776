"""What reading the history will cost, told before it is paid: blocks, billed calls, bytes and time.

    a few sampled blocks + what an endpoint takes at once ─▶ Backfill

Each call of a batch is billed as one. The number of calls is what a backfill cannot do without plus what the
sampled share of empty and of concerned blocks adds; contracts that are not known yet are not in it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from watcher.core.types import SECONDS_PER_HOUR
from watcher.core.window import BlockReceipts, Query

CALLS_PER_SAMPLE = 3
"""Header, code, header: a contract's state at one block. What stands behind a proxy comes on top."""

RECEIPTS_PER_SECOND = 150_000
"""What one process decodes and stores (measured on two small cores): faster endpoints do not help."""


@dataclass(frozen=True, slots=True)
class SampledBlocks:
    """Some blocks spread over the history; each number is a count over all of them.

    `empty` blocks have no receipts, `concerned` ones say something about the program's known addresses.
    `size_bytes` and `seconds` are those of the answers that brought their receipts, `header_bytes` is the
    size of the answer that brings one header.
    """

    blocks: int
    empty: int
    concerned: int
    receipts: int
    size_bytes: int
    seconds: float
    header_bytes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How the history is read: what the endpoint takes, and what the index stage asks for.

    `whole_blocks` tells whether one call gives all receipts of a block; `window` is the number of blocks a
    transaction, `pivots` that of the headers asked for at once where an hour's first block is looked for.
    """

    at_once: int
    window: int
    pivots: int
    calls_per_minute: int | None = None
    whole_blocks: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """The blocks to read, how long they took to happen, and whose state is looked at in between.

    `contracts` are those known beforehand, `state_every_seconds` is how often each is looked at.
    """

    blocks: int
    seconds: int
    contracts: int
    state_every_seconds: int


@dataclass(frozen=True, slots=True)
class Backfill:
    """What it comes to; `seconds` is the shortest time that it can take."""

    blocks: int
    receipts: int
    calls: int
    size_bytes: int
    seconds: int


def backfill(span: Span, sampled: SampledBlocks, reading: Reading) -> Backfill:
    """Estimate what reading a span costs; nothing sampled or nothing to read costs nothing."""
    if not span.blocks or not sampled.blocks:
        return Backfill(span.blocks, 0, 0, 0, 0)
    scale = span.blocks / sampled.blocks
    receipts = scale * sampled.receipts
    headers = _header_calls(span, sampled, reading)
    samples = span.contracts * (1 + span.seconds // span.state_every_seconds)
    calls = math.ceil(span.blocks if reading.whole_blocks else receipts)
    calls += math.ceil(headers) + samples * CALLS_PER_SAMPLE
    limits = (
        scale * sampled.seconds / reading.at_once,
        receipts / RECEIPTS_PER_SECOND,
        calls * 60 / reading.calls_per_minute if reading.calls_per_minute else 0.0,
    )
    return Backfill(
        blocks=span.blocks,
        receipts=round(receipts),
        calls=calls,
        size_bytes=round(scale * sampled.size_bytes + headers * sampled.header_bytes),
        seconds=math.ceil(max(limits)),
    )


def _header_calls(span: Span, sampled: SampledBlocks, reading: Reading) -> float:
    """Count headers: of windows' ends, of blocks that need one, and of those that the hours' edges take."""
    if not reading.whole_blocks:
        return span.blocks
    share = min(1.0, (sampled.empty + sampled.concerned) / sampled.blocks)
    known = math.ceil(span.blocks / reading.window) + share * span.blocks
    hours = span.seconds / SECONDS_PER_HOUR
    apart = span.blocks / known
    rounds = math.ceil(math.log(apart, reading.pivots + 1)) if apart > 1 else 0
    return known + min(hours * rounds * reading.pivots, span.blocks - known)


def concerned(queries: Sequence[Query], block: BlockReceipts) -> bool:
    """Tell whether a block says something about addresses that are known beforehand: it is kept then."""
    accounts = frozenset[str]().union(*(query.created for query in queries))
    emitters = accounts.union(*(query.log_addresses for query in queries))
    creators = frozenset[str]().union(*(query.creators for query in queries))
    return any(
        receipt.to in accounts
        or receipt.contract_address in accounts
        or (receipt.contract_address is not None and receipt.sender in creators)
        or any(log.address in emitters for log in receipt.logs)
        for receipt in block.receipts
    )
