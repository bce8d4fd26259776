"""What two answers about one block must agree on before it is believed: its header and its receipts.

    header ─┐
            ├─▶ fitted ─▶ BlockReceipts with header, or Contradiction
 receipts ─┘

Pure. Only where a header is there anyway: most of a backfill's blocks have none.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from eth_hash.auto import keccak

from watcher.chain.questions import EMPTY_ROOT, Header
from watcher.chain.wire import ReceiptJson
from watcher.core.window import BlockReceipts

CONTRADICTS = "contradiction"
"""The kind of fault of an endpoint whose answers cannot all be true."""

_BLOOM_BITS = 2048


class Contradiction(Exception):
    """Two answers about one block cannot both be true; to be read again. It never leaves this package."""


def fitted(block: BlockReceipts, header: Header | None) -> BlockReceipts:
    """Join a block's receipts with its header if there is one; Contradiction where they do not fit."""
    if header is None:
        return block
    try:
        flaw = _flaw(block, header)
    except ValueError:
        flaw = "numbers or addresses that are no hex"
    if flaw is not None:
        raise Contradiction(f"block {block.number}: {flaw}")
    return replace(block, hash=header.ref.hash, header=header.ref)


def _flaw(block: BlockReceipts, header: Header) -> str | None:
    receipts: Sequence[ReceiptJson] = block.receipts  # type: ignore[assignment]  # as they were decoded
    if receipts and block.hash != header.ref.hash:
        return "receipts and header have different hashes"
    if len(receipts) != len(header.transactions):
        return f"{len(receipts)} receipts for {len(header.transactions)} transactions"
    if not receipts:
        is_empty = header.receipts_root == EMPTY_ROOT
        return None if is_empty else "no receipts, but the header's receiptsRoot is of some"
    pairs = zip(receipts, header.transactions, strict=True)
    if any(receipt.transaction_hash != transaction for receipt, transaction in pairs):
        return "the receipts are not those of its transactions, in their order"
    return _sums_flaw(receipts, header)


def _sums_flaw(receipts: Sequence[ReceiptJson], header: Header) -> str | None:
    if header.gas_used and sum(int(receipt.gas_used, 16) for receipt in receipts) != header.gas_used:
        return "the receipts' gas is not the header's gasUsed"
    # An empty bloom proves nothing: there are chains and gateways that never fill it in.
    if header.logs_bloom:
        emitters = {log.address for receipt in receipts for log in receipt.logs}
        if any(header.logs_bloom & mask != mask for mask in map(_bloom_of, emitters)):
            return "the header's logsBloom lacks a contract that logged"
    return None


@lru_cache(maxsize=4_096)
def _bloom_of(address: str) -> int:
    """Give the three bits that an address sets in a bloom (yellow paper, 4.3.1)."""
    digest = keccak(bytes.fromhex(address[2:]))
    return sum({1 << (int.from_bytes(digest[place : place + 2]) % _BLOOM_BITS) for place in range(0, 6, 2)})
