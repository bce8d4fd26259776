"""Proof of what receipts say beside their root: who sent a transaction, to whom, what it paid and created.

    BlockReceipts ─▶ the block once more, transactions in full ─▶ transactionsRoot, signatures ─▶ they agree?

The receipts and the block's hash are proven already (see `watcher.chain.proof`).
"""

from collections.abc import Sequence
from typing import Any

from eth_hash.auto import keccak
from rlp.codec import encode_raw

from watcher.chain.octets import minimal, octets
from watcher.chain.proof import DEPOSIT, header_hash
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Question, Rpc
from watcher.chain.transactions import Written, write
from watcher.chain.trie import ordered_root
from watcher.chain.wire import BODIES, BodyJson, Call, ProvableReceiptJson, TransactionJson
from watcher.core.window import BlockReceipts
from watcher.errors import MalformedAnswer

_ADDRESS_BYTES = 20


def believe(rpc: Rpc, blocks: Sequence[BlockReceipts]) -> None:
    """Ask for the transactions of blocks that have any; MalformedAnswer where receipts say otherwise."""
    busy = [block for block in blocks if block.receipts]
    bodies = rpc.ask([_body_at(block.number) for block in busy], BODIES)
    for block, body in zip(busy, bodies, strict=True):
        try:
            flaw = flaw_of(block, body)
        except ValueError as error:
            flaw = f"{error} (`watcher verify --receipts-only` proves the receipts alone)"
        if flaw is not None:
            raise MalformedAnswer(f"{rpc.name}: block {block.number}: {flaw}")


def flaw_of(block: BlockReceipts, body: BodyJson) -> str | None:
    """Say what the receipts of a block say that its transactions do not, None: nothing.

    ValueError where a transaction cannot be written as it was signed.
    """
    if body.hash != block.hash or header_hash(body) != block.hash:
        return "it does not come with its header when its transactions are asked for"
    written = [write(transaction) for transaction in body.transactions]
    if f"0x{ordered_root([each.raw for each in written]).hex()}" != body.transactions_root:
        return "the transactions do not have the header's transactionsRoot"
    base_fee = int(body.base_fee_per_gas or "0x0", 16)
    receipts: Sequence[ProvableReceiptJson] = block.receipts  # type: ignore[assignment]  # as they were decoded
    for receipt, transaction, known in zip(receipts, body.transactions, written, strict=True):
        flaw = _receipt_flaw(receipt, transaction, known, base_fee)
        if flaw is not None:
            return f"the receipt of transaction {receipt.transaction_hash} {flaw}"
    return None


def _receipt_flaw(
    receipt: ProvableReceiptJson, transaction: TransactionJson, known: Written, base_fee: int
) -> str | None:
    name = f"0x{keccak(known.raw).hex()}"
    if receipt.transaction_hash != name:
        return f"stands in the place of {name}"
    if receipt.sender != known.sender:
        return f"names {receipt.sender} as its sender, {known.sender} signed it"
    if receipt.to != transaction.to:
        return f"says that it went to {receipt.to}, it went to {transaction.to}"
    if not _paid(receipt, transaction, base_fee):
        return "names another price than the one that it was sent for"
    if receipt.contract_address not in _created(receipt, transaction, known.sender):
        return f"names {receipt.contract_address} as created, which it did not create"
    return None


def _body_at(number: int) -> Question[BodyJson]:
    quantity = hex(number)

    def judge(outcome: Any) -> BodyJson | Failure:  # noqa: ANN401 - whatever the node sent
        if outcome is None:
            return Failure(Refusal.NOT_THERE, f"block {number} is not there")
        if isinstance(outcome, BodyJson) and outcome.number != quantity:
            return Failure(Refusal.MALFORMED, f"asked for block {number}, got another one")
        found: BodyJson | Failure = outcome
        return found

    return Question(Call("eth_getBlockByNumber", (quantity, True)), judge)


def _paid(receipt: ProvableReceiptJson, transaction: TransactionJson, base_fee: int) -> bool:
    """Tell whether a receipt names the price that follows from transaction and block (EIP-1559)."""
    if int(receipt.type, 16) == DEPOSIT:
        return True  # it pays nothing, and what a node writes there counts for nothing
    if transaction.max_fee_per_gas is None:
        price = int(transaction.gas_price or "", 16)
    else:
        most, tip = int(transaction.max_fee_per_gas, 16), int(transaction.max_priority_fee_per_gas or "", 16)
        price = min(most, base_fee + tip)
    return int(receipt.effective_gas_price, 16) == price


def _created(
    receipt: ProvableReceiptJson, transaction: TransactionJson, sender: str
) -> tuple[str | None, ...]:
    """Give what a receipt may name as the created contract; one that failed need not name any."""
    if transaction.to is not None:
        return (None,)
    nonce = int((receipt.deposit_nonce if int(receipt.type, 16) == DEPOSIT else transaction.nonce) or "", 16)
    address = keccak(encode_raw([octets(sender), minimal(nonce)]))[-_ADDRESS_BYTES:]
    made = f"0x{address.hex()}"
    return (made,) if int(receipt.status, 16) else (made, None)
