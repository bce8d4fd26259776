"""The questions about blocks, each with the judge of its answer: what cannot be true is not taken.

Pure. A judge gives the value or a Failure; `Rpc.ask` asks elsewhere or again where it is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from watcher.chain.proof import header_hash
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Question
from watcher.chain.wire import Call, HeaderJson, ProvableHeaderJson, ReceiptJson
from watcher.core.types import BlockHash, BlockRef
from watcher.core.window import BlockReceipts

EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
"""The root of an empty trie: the receiptsRoot of a block without transactions, and of no other."""

DOUBLED = "duplicates"
SHUFFLED = "other block"
"""Kinds of faults: receipts or logs that came twice, and another block than the one that was asked for."""

UNPROVEN = "unproven"
"""The kind of fault of a header whose fields do not have its hash: forged, or of a family not known here."""

_HASH_LENGTH = 66
_COUNTED = [hex(place) for place in range(4_096)]


@dataclass(frozen=True, slots=True)
class Header:
    """One block's header and the hashes of its transactions; `gas_used` and `logs_bloom` 0 where not told."""

    ref: BlockRef
    receipts_root: str
    transactions: list[str]
    gas_used: int = 0
    logs_bloom: int = 0


def header_at(number: int) -> Question[Header]:
    """Ask for the block of a number that must exist."""

    def judge(outcome: Any) -> Header | Failure:  # noqa: ANN401 - whatever the node sent
        header = _header(outcome)
        if header is None:
            return Failure(Refusal.NOT_THERE, f"block {number} is not there")
        if isinstance(header, Header) and header.ref.number != number:
            text = f"asked for block {number}, got block {header.ref.number}"
            return Failure(Refusal.MALFORMED, text, kind=SHUFFLED)
        return header

    return Question(_block_call(hex(number)), judge)


def header_if_any(number: int) -> Question[Header | None]:
    """Ask for the block of a number; None where the node says that there is none."""
    required = header_at(number)

    def judge(outcome: Any) -> Header | Failure | None:  # noqa: ANN401
        return None if outcome is None else required.judge(outcome)

    return Question(required.call, judge)


def header_tagged(tag: str) -> Question[Header | None]:
    """Ask for the block that carries a tag; None where none does (yet)."""

    def judge(outcome: Any) -> Header | Failure | None:  # noqa: ANN401
        if isinstance(outcome, Failure) and outcome.refusal is Refusal.HISTORY:
            return None  # "unknown block": one of the ways to say that nothing carries the tag
        return _header(outcome)

    return Question(_block_call(tag), judge)


@dataclass(frozen=True, slots=True)
class NoBlockReceipts:
    """The endpoint does not offer the receipts of whole blocks."""


def receipts_at(number: int) -> Question[BlockReceipts | NoBlockReceipts]:
    """Ask for all receipts of a block; an empty list gives a block without hash, to be confirmed."""
    quantity = hex(number)

    def judge(outcome: Any) -> BlockReceipts | NoBlockReceipts | Failure:  # noqa: ANN401
        if isinstance(outcome, Failure):
            return NoBlockReceipts() if outcome.refusal is Refusal.NO_METHOD else outcome
        if outcome is None:
            return Failure(Refusal.NOT_THERE, f"block {number} has no receipts there")
        if not isinstance(outcome, list):
            return Failure(Refusal.MALFORMED, f"the receipts of block {number} are no list")
        block_hash = outcome[0].block_hash if outcome else ""
        flaw = receipts_flaw(outcome, quantity, block_hash)
        return flaw or BlockReceipts(number, BlockHash(block_hash), outcome)

    return Question(Call("eth_getBlockReceipts", (quantity,)), judge)


def receipt_of(transaction: str, block: BlockRef) -> Question[ReceiptJson]:
    """Ask for the receipt of one transaction of `block`."""
    quantity = hex(block.number)

    def judge(outcome: Any) -> ReceiptJson | Failure:  # noqa: ANN401
        if isinstance(outcome, Failure):
            return outcome
        if not isinstance(outcome, ReceiptJson):
            return Failure(Refusal.NOT_THERE, f"no receipt of a transaction of block {block.number}")
        return receipts_flaw([outcome], quantity, block.hash) or outcome

    return Question(Call("eth_getTransactionReceipt", (transaction,)), judge)


def receipts_flaw(receipts: Sequence[ReceiptJson], quantity: str, block_hash: str | None) -> Failure | None:
    """Find what is wrong with receipts that should be those of one block; None where nothing is."""
    for receipt in receipts:
        if receipt.block_hash != block_hash or receipt.block_number != quantity or block_hash is None:
            return _of_another_block(receipts, int(quantity, 16))
        if not receipt.status:
            return Failure(Refusal.FINAL, "receipts without status (before Byzantium) cannot be judged")
        if not receipt.effective_gas_price:
            return Failure(Refusal.FINAL, "receipts without effectiveGasPrice: the node is too old")
    if receipts and not _lowercase(receipts[0]):
        return Failure(Refusal.FINAL, "addresses are written with capitals, not as on the wire")
    return _repetition(receipts, int(quantity, 16))


def _repetition(receipts: Sequence[ReceiptJson], number: int) -> Failure | None:
    """Find a receipt or a log that came twice."""
    transactions = {receipt.transaction_hash for receipt in receipts}
    if len(transactions) != len(receipts) and transactions != {""}:
        return Failure(Refusal.MALFORMED, f"a receipt twice in block {number}", kind=DOUBLED)
    if not _rising([log.log_index for receipt in receipts for log in receipt.logs]):
        text = f"a log twice, or logs out of order, in block {number}"
        return Failure(Refusal.MALFORMED, text, kind=DOUBLED)
    return None


def _rising(indices: list[str]) -> bool:
    """Tell whether the indices of a block's logs rise; most often they are 0, 1, 2, …: quickly seen."""
    if indices == _COUNTED[: len(indices)]:
        return True
    try:
        places = [int(index, 16) for index in indices]
    except ValueError:
        return False
    return all(before < after for before, after in pairwise(places))


def _of_another_block(receipts: Sequence[ReceiptJson], number: int) -> Failure:
    if any(receipt.block_hash is None for receipt in receipts):
        return Failure(Refusal.UNSEALED, f"block {number} is not sealed yet (blockHash is null)")
    return Failure(Refusal.MALFORMED, f"receipts of other blocks among those of {number}", kind=SHUFFLED)


def _lowercase(receipt: ReceiptJson) -> bool:
    """Tell whether a node writes plain hex. One receipt shows it, and all comparisons rest on it."""
    seen = [receipt.sender, receipt.to or "", *(log.address for log in receipt.logs)]
    return all(text == text.lower() for text in seen)


def _block_call(tag_or_number: str) -> Call:
    return Call("eth_getBlockByNumber", (tag_or_number, False))


def _header(outcome: Any) -> Header | Failure | None:  # noqa: ANN401
    if outcome is None or isinstance(outcome, Failure):
        return outcome
    if not isinstance(outcome, HeaderJson):
        return Failure(Refusal.MALFORMED, "not a block")
    if outcome.hash is None or outcome.number is None:
        return Failure(Refusal.UNSEALED, "the block is not sealed yet (its hash is null)")
    if len(outcome.hash) != _HASH_LENGTH or len(outcome.parent_hash) != _HASH_LENGTH:
        return Failure(Refusal.MALFORMED, "a block whose hashes are no hashes")
    try:
        ref = BlockRef(
            number=int(outcome.number, 16),
            hash=BlockHash(outcome.hash),
            parent_hash=BlockHash(outcome.parent_hash),
            timestamp=int(outcome.timestamp, 16),
        )
        gas_used, bloom = int(outcome.gas_used, 16), int(outcome.logs_bloom, 16)
    except ValueError:
        return Failure(Refusal.MALFORMED, "a block whose numbers are no hex")
    return _unproven(outcome, ref.number) or Header(
        ref, outcome.receipts_root, outcome.transactions, gas_used, bloom
    )


def _unproven(header: HeaderJson, number: int) -> Failure | None:
    """Find out whether a header that was read for proof has its hash."""
    if not isinstance(header, ProvableHeaderJson):
        return None
    try:
        proven = header_hash(header) == header.hash
    except ValueError:
        proven = False
    text = (
        f"the fields of block {number} do not have its hash: one is altered, or headers of this chain hold "
        "fields that are not known here (`watcher verify --no-proof` reads them without proof)"
    )
    return None if proven else Failure(Refusal.MALFORMED, text, kind=UNPROVEN)
