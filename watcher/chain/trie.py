"""The root of a list in a Merkle-Patricia trie, as headers have it of their receipts and transactions. Pure.

values in their order ─▶ keys rlp(0), rlp(1), … ─▶ nodes ─▶ root
"""

from collections.abc import Sequence
from typing import Any

from eth_hash.auto import keccak
from rlp.codec import encode_raw

from watcher.chain.octets import minimal

_LEAF, _EXTENSION = 0x20, 0x00
_ODD = 0x10
_BRANCHES = 16
_HASH_BYTES = 32


def ordered_root(values: Sequence[bytes]) -> bytes:
    """Give the root of the Merkle-Patricia trie that maps the RLP of 0, 1, 2, … to these values."""
    if not values:
        return keccak(encode_raw(b""))
    pairs = sorted((_nibbles(encode_raw(minimal(index))), value) for index, value in enumerate(values))
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
