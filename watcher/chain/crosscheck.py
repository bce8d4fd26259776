"""What two answers about one block must agree on before it is believed: its header and its receipts.

    header ─┐
            ├─▶ fitted ─▶ BlockReceipts with header, or Contradiction
 receipts ─┘

An endpoint that forged both alike is found out by nobody here: see `watcher.chain.proof`.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from eth_hash.auto import keccak

from watcher.chain.proof import gas_adds_up, receipts_root
from watcher.chain.questions import EMPTY_ROOT, Header
from watcher.chain.wire import ProvableReceiptJson, ReceiptJson
from watcher.core.window import BlockReceipts, LogFilter

CONTRADICTS = "contradiction"
"""The kind of fault of an endpoint whose answers cannot all be true."""

_BLOOM_BITS = 2048


class Contradiction(Exception):
    """Two answers about one block cannot both be true; to be read again. It never leaves this package."""


def fitted(block: BlockReceipts, header: Header) -> BlockReceipts:
    """Join a block's receipts with its header; Contradiction where they do not fit."""
    try:
        flaw = _flaw(block, header)
    except ValueError:
        flaw = "numbers or addresses that are no hex"
    if flaw is not None:
        raise Contradiction(f"block {block.number}: {flaw}")
    return BlockReceipts(block.number, header.ref.hash, block.receipts, header.ref)


def _flaw(block: BlockReceipts, header: Header) -> str | None:
    receipts: Sequence[ReceiptJson] = block.receipts  # type: ignore[assignment]  # as they were decoded
    if receipts and block.hash != header.ref.hash:
        return "receipts and header have different hashes"
    if len(receipts) != len(header.transactions):
        return f"{len(receipts)} receipts for {len(header.transactions)} transactions"
    if not receipts:
        is_empty = header.receipts_root == EMPTY_ROOT
        return None if is_empty else "no receipts, but the header's receiptsRoot is of some"
    if [receipt.transaction_hash for receipt in receipts] != header.transactions:
        return "the receipts are not those of its transactions, in their order"
    return _sums_flaw(receipts, header) or _root_flaw(receipts, header)


def _root_flaw(receipts: Sequence[ReceiptJson], header: Header) -> str | None:
    """Find out whether receipts that were read for proof are those that the header's root is of."""
    provable = [receipt for receipt in receipts if isinstance(receipt, ProvableReceiptJson)]
    if not provable:
        return None
    if receipts_root(provable) != header.receipts_root:
        return "the receipts do not have the header's receiptsRoot: one is altered, left out or added"
    return None if gas_adds_up(provable) else "a receipt's gasUsed is not what it adds to the block's"


def _sums_flaw(receipts: Sequence[ReceiptJson], header: Header) -> str | None:
    if header.gas_used and sum([int(receipt.gas_used, 16) for receipt in receipts]) != header.gas_used:
        return "the receipts' gas is not the header's gasUsed"
    # An empty bloom proves nothing: there are chains and gateways that never fill it in.
    if header.logs_bloom:
        emitters = {log.address for receipt in receipts for log in receipt.logs}
        if any(header.logs_bloom & mask != mask for mask in map(_bloom_of, emitters)):
            return "the header's logsBloom lacks a contract that logged"
    return None


def may_hold(header: Header, only: LogFilter) -> bool:
    """Tell whether a header's bloom admits a log that passes; an empty one proves nothing, and admits none.

    What it admits need not be there: many a bloom has the bits of somebody who did not log.
    """
    masks = map(_bloom_of, chain(only.addresses, only.topics))
    return bool(header.logs_bloom) and any(header.logs_bloom & mask == mask for mask in masks)


@lru_cache(maxsize=4_096)
def _bloom_of(entry: str) -> int:
    """Give the three bits that an address or a topic sets in a bloom (yellow paper, 4.3.1)."""
    digest = keccak(bytes.fromhex(entry[2:]))
    return sum({1 << (int.from_bytes(digest[place : place + 2]) % _BLOOM_BITS) for place in range(0, 6, 2)})
