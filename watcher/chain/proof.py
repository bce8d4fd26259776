"""Proof of what was read: a header's hash from its fields, and its receiptsRoot from the receipts. Pure.

    header fields ─▶ RLP ─▶ keccak = the block's hash     chained by parent hashes up to a hash that is known
    receipts ─▶ RLP by type ─▶ Merkle-Patricia trie ─▶ root = the header's receiptsRoot

A receipt's root covers its status, gas, bloom and logs, and how many receipts there are, in which order. It
does not cover the sender, the recipient, the price or a created contract: these are not in it.
"""

from collections.abc import Sequence
from typing import Any

from eth_hash.auto import keccak
from rlp.codec import encode_raw

from watcher.chain.wire import ProvableHeaderJson, ProvableReceiptJson

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

_LEAF, _EXTENSION = 0x20, 0x00
_ODD = 0x10
_BRANCHES = 16
_HASH_BYTES = 32


def header_hash(header: ProvableHeaderJson) -> str:
    """Give the hash that a block's fields have; ValueError where a field is not there or no hex."""
    fields = [_bytes(getattr(header, name)) for name in _ALWAYS]
    fields += [_number(getattr(header, name)) for name in _QUANTITIES]
    fields += [_bytes(getattr(header, name)) for name in _ENDS]
    later = [(getattr(header, name), is_number) for name, is_number in _LATER]
    while later and later[-1][0] is None:
        later.pop()
    for value, is_number in later:
        if value is None:
            raise ValueError("a field that later forks presuppose is not there")
        fields.append(_number(value) if is_number else _bytes(value))
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


def ordered_root(values: Sequence[bytes]) -> bytes:
    """Give the root of the Merkle-Patricia trie that maps the RLP of 0, 1, 2, … to these values."""
    if not values:
        return keccak(encode_raw(b""))
    pairs = sorted((_nibbles(encode_raw(_minimal(index))), value) for index, value in enumerate(values))
    return keccak(encode_raw(_node(pairs, 0)))


def _node(pairs: Sequence[tuple[bytes, bytes]], depth: int) -> list[Any]:
    """Make the node over sorted pairs that agree in their first `depth` nibbles.

    No key is the beginning of another one (RLP is prefix-free), so no branch holds a value of its own.
    """
    first, value = pairs[0]
    if len(pairs) == 1:
        return [_compact(first[depth:], _LEAF), value]
    last = pairs[-1][0]
    shared = depth
    while first[shared] == last[shared]:
        shared += 1
    if shared > depth:
        return [_compact(first[depth:shared], _EXTENSION), _reference(_node(pairs, shared))]
    below: list[list[tuple[bytes, bytes]]] = [[] for _ in range(_BRANCHES)]
    for pair in pairs:
        below[pair[0][depth]].append(pair)
    return [*(_reference(_node(part, depth + 1)) if part else b"" for part in below), b""]


def _reference(node: list[Any]) -> bytes | list[Any]:
    """Give what stands for a node in the one above it: its hash, or itself where it is shorter."""
    encoded = encode_raw(node)
    return keccak(encoded) if len(encoded) >= _HASH_BYTES else node


def _compact(nibbles: bytes, kind: int) -> bytes:
    """Write a path with its kind and parity in front (yellow paper, appendix C)."""
    if len(nibbles) % 2:
        head, nibbles = kind | _ODD | nibbles[0], nibbles[1:]
    else:
        head = kind
    pairs = zip(nibbles[::2], nibbles[1::2], strict=True)
    return bytes([head, *(high << 4 | low for high, low in pairs)])


def _nibbles(key: bytes) -> bytes:
    return bytes(nibble for byte in key for nibble in (byte >> 4, byte & 0x0F))


def _receipt(receipt: ProvableReceiptJson) -> bytes:
    """Write a receipt as it stands in the trie (EIP-2718; OP Stack: specs, deposit receipts)."""
    kind = int(receipt.type, 16)
    fields: list[Any] = [
        _number(receipt.status),
        _number(receipt.cumulative_gas_used),
        _bytes(receipt.logs_bloom),
        [
            [_bytes(log.address), [_bytes(topic) for topic in log.topics], _bytes(log.data)]
            for log in receipt.logs
        ],
    ]
    if kind == DEPOSIT and receipt.deposit_receipt_version is not None:
        fields += [_number(receipt.deposit_nonce), _number(receipt.deposit_receipt_version)]
    written: bytes = encode_raw(fields)
    return written if kind == LEGACY else bytes([kind]) + written


def _bytes(text: str | None) -> bytes:
    if text is None or not text.startswith("0x"):
        raise ValueError("a field is not there")
    return bytes.fromhex(text[2:])


def _number(text: str | None) -> bytes:
    if not text:
        raise ValueError("a field is not there")
    return _minimal(int(text, 16))


def _minimal(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)
