"""Proof of what was read: a header's hash from its fields, and its receiptsRoot from the receipts. Pure.

    header fields ─▶ RLP ─▶ keccak = the block's hash     chained by parent hashes up to a hash that is known
    receipts ─▶ RLP by type ─▶ Merkle-Patricia trie ─▶ root = the header's receiptsRoot

A receipt's root covers its status, gas, bloom and logs, and how many receipts there are, in which order. The
sender, the recipient, the price and a created contract are not in it: see `watcher.chain.bodies`.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from eth_hash.auto import keccak
from rlp.codec import encode_raw

from watcher.chain.octets import number_octets, octets
from watcher.chain.trie import ordered_root
from watcher.chain.wire import ProvableHeaderJson, ProvableReceiptJson


class Proof(StrEnum):
    """How much of what is read is proven; each holds all before it."""

    NOTHING = "nothing"
    RECEIPTS = "receipts"
    """Headers by their hashes and links, receipts by the headers' roots."""
    TRANSACTIONS = "transactions"
    """Who sent what to whom and for which price, by roots and signatures."""


LEGACY = 0x00
"""Receipts of this type are written without a byte for the type (EIP-2718)."""

DEPOSIT = 0x7E
"""OP Stack deposits: since Canyon their receipts hold the deposit's nonce and a version as well."""

_ALWAYS = (
    "parent_hash",
    "sha3_uncles",
    "miner",
    "state_root",
    "transactions_root",
    "receipts_root",
    "logs_bloom",
)
_QUANTITIES = ("difficulty", "number", "gas_limit", "gas_used", "timestamp")
_ENDS = ("extra_data", "mix_hash", "nonce")
_LATER: tuple[tuple[str, bool], ...] = (
    ("base_fee_per_gas", True),  # EIP-1559
    ("withdrawals_root", False),  # EIP-4895
    ("blob_gas_used", True),  # EIP-4844
    ("excess_blob_gas", True),
    ("parent_beacon_block_root", False),  # EIP-4788
    ("requests_hash", False),  # EIP-7685
)
"""Fields that forks added at the end, in their order, and whether each is a number."""


def header_hash(header: ProvableHeaderJson) -> str:
    """Give the hash that a block's fields have; ValueError where a field is not there or no hex."""
    fields = [octets(getattr(header, name)) for name in _ALWAYS]
    fields += [number_octets(getattr(header, name)) for name in _QUANTITIES]
    fields += [octets(getattr(header, name)) for name in _ENDS]
    later = [(getattr(header, name), is_number) for name, is_number in _LATER]
    while later and later[-1][0] is None:
        later.pop()
    for value, is_number in later:
        if value is None:
            raise ValueError("a field that later forks presuppose is not there")
        fields.append(number_octets(value) if is_number else octets(value))
    return f"0x{keccak(encode_raw(fields)).hex()}"


def receipts_root(receipts: Sequence[ProvableReceiptJson]) -> str:
    """Give the root that a block's receipts have, all of them, in their order; ValueError as above."""
    return f"0x{ordered_root([_receipt(receipt) for receipt in receipts]).hex()}"


def gas_adds_up(receipts: Sequence[ProvableReceiptJson]) -> bool:
    """Tell whether each receipt's gas is by how much it raised the sum that the root covers."""
    before = 0
    for receipt in receipts:
        before += int(receipt.gas_used, 16)
        if before != int(receipt.cumulative_gas_used, 16):
            return False
    return True


def _receipt(receipt: ProvableReceiptJson) -> bytes:
    """Write a receipt as it stands in the trie (EIP-2718; OP Stack: specs, deposit receipts)."""
    kind = int(receipt.type, 16)
    fields: list[Any] = [
        number_octets(receipt.status),
        number_octets(receipt.cumulative_gas_used),
        octets(receipt.logs_bloom),
        [
            [octets(log.address), [octets(topic) for topic in log.topics], octets(log.data)]
            for log in receipt.logs
        ],
    ]
    if kind == DEPOSIT and receipt.deposit_receipt_version is not None:
        fields += [number_octets(receipt.deposit_nonce), number_octets(receipt.deposit_receipt_version)]
    written: bytes = encode_raw(fields)
    return written if kind == LEGACY else bytes([kind]) + written
