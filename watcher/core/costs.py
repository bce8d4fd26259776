"""What reading blocks will cost, told before it is paid: billed calls, bytes and time, for either way.

    a few sampled blocks + what an endpoint takes at once ─▶ Backfill by receipts, Backfill by logs

Each call of a batch is billed as one. The number of calls is what a backfill cannot do without plus what the
sampled shares of blocks add; contracts that are not known yet are not in it.
"""

import math
from dataclasses import dataclass

from watcher.core.types import SECONDS_PER_HOUR

CALLS_PER_BLOCK = 2
"""The receipts of a block, and the header that says whether these are all."""

CALLS_PER_SAMPLE = 3
"""Header, code, header: a contract's state at one block. What stands behind a proxy comes on top."""

HEADERS_PER_LOG_SPAN = 2
"""The headers of a span's ends, which say that both are on one chain."""

FIRST_LOG_SPAN = 10
"""How many blocks the first eth_getLogs asks for; each later one for at most twice as many."""

RECEIPTS_PER_SECOND = 150_000
"""What one process decodes and stores (measured on two small cores): faster endpoints do not help."""


PROVEN_PER_SECOND = 3_000
"""What one process decodes, hashes and stores where everything is proven (measured as above)."""


@dataclass(frozen=True, slots=True)
class SampledBlocks:
    """Some blocks spread over the history; each number is a count over all of them.

    `empty` blocks have no receipts. `size_bytes` and `seconds` are those of the answers that brought their
    receipts, `header_bytes` is the size of the answer that brings one header. The program's log filter names
    `named` of `asked` blocks, which may be many more than were weighed.
    """

    blocks: int
    empty: int
    receipts: int
    size_bytes: int
    seconds: float
    header_bytes: int
    named: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """How the history is read: what the endpoint takes, and what the index stage asks for.

    `whole_blocks` tells whether one call gives all receipts of a block. By logs, `pivots` is the number of
    headers asked for at once where an hour's first block is looked for, `log_window` that of the blocks a
    transaction, `log_span` how many blocks one eth_getLogs asks for, `log_calls` how many calls that takes.
    """

    at_once: int
    pivots: int
    calls_per_minute: int | None = None
    whole_blocks: bool = True
    log_window: int = 1
    log_span: int = 1
    log_calls: int = 2
    receipts_per_second: int = RECEIPTS_PER_SECOND


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


def by_receipts(span: Span, sampled: SampledBlocks, reading: Reading) -> Backfill:
    """Estimate what reading every block of a span costs; nothing sampled or nothing to read costs nothing."""
    if not span.blocks or not sampled.blocks:
        return Backfill(span.blocks, 0, 0, 0, 0)
    receipts = span.blocks * sampled.receipts / sampled.blocks
    calls = CALLS_PER_BLOCK * span.blocks if reading.whole_blocks else span.blocks + receipts
    return _total(span, sampled, reading, blocks=span.blocks, headers=span.blocks, calls=calls)


def by_logs(span: Span, sampled: SampledBlocks, reading: Reading) -> Backfill:
    """Estimate what reading only the blocks costs that logs name."""
    if not span.blocks or not sampled.blocks or not sampled.asked:
        return Backfill(span.blocks, 0, 0, 0, 0)
    named = span.blocks * sampled.named / sampled.asked
    # Found by doubling: a limit without a word of how far one may go is kept at the last width below it.
    doublings = max(0, math.floor(math.log2(min(reading.log_span, reading.log_window) / FIRST_LOG_SPAN)))
    width = min(reading.log_span, FIRST_LOG_SPAN << doublings)
    spans = min(span.blocks, math.ceil(span.blocks / width) + doublings)
    windows = math.ceil(span.blocks / reading.log_window)
    known = min(span.blocks, windows + spans * HEADERS_PER_LOG_SPAN + named)
    headers = _with_hours(span, known, reading)
    each = 1.0 if reading.whole_blocks else sampled.receipts / sampled.blocks
    calls = spans * reading.log_calls + headers + named * each
    return _total(span, sampled, reading, blocks=named, headers=headers, calls=calls)


def _total(
    span: Span, sampled: SampledBlocks, reading: Reading, *, blocks: float, headers: float, calls: float
) -> Backfill:
    """Sum up: so many blocks with their receipts, so many headers, and the state of contracts."""
    scale = blocks / sampled.blocks
    receipts = scale * sampled.receipts
    samples = span.contracts * (1 + span.seconds // span.state_every_seconds)
    billed = math.ceil(calls) + samples * CALLS_PER_SAMPLE
    limits = (
        scale * sampled.seconds / reading.at_once,
        receipts / reading.receipts_per_second,
        billed * 60 / reading.calls_per_minute if reading.calls_per_minute else 0.0,
    )
    return Backfill(
        blocks=span.blocks,
        receipts=round(receipts),
        calls=billed,
        size_bytes=round(scale * sampled.size_bytes + headers * sampled.header_bytes),
        seconds=math.ceil(max(limits)),
    )


def _with_hours(span: Span, known: float, reading: Reading) -> float:
    """Count headers: those read anyway, and those that finding the hours' edges between them takes."""
    hours = span.seconds / SECONDS_PER_HOUR
    apart = span.blocks / known
    rounds = math.ceil(math.log(apart, reading.pivots + 1)) if apart > 1 else 0
    return known + min(hours * rounds * reading.pivots, span.blocks - known)
