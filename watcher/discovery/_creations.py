"""Creations by a transaction, as receipts show them; one that failed put nothing at its address."""

from collections.abc import Iterator

from watcher.core.types import Address
from watcher.core.window import BlockReceipts, Receipt

_SUCCESS = "0x1"


def creations(block: BlockReceipts) -> Iterator[tuple[Receipt, Address, int]]:
    """Give each creation of a block: its receipt, the new contract, and its place among the block's logs.

    A creation has no log of its own: its place is the index that its transaction's first log has or would
    have, so that it is ordered rightly among claims that logs make in the same block.
    """
    logs_before = 0
    for receipt in block.receipts:
        if receipt.contract_address is not None and receipt.status == _SUCCESS:
            yield receipt, Address(receipt.contract_address), logs_before
        logs_before += len(receipt.logs)
