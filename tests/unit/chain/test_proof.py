"""Hashes and roots, against another implementation of the trie and the formats as they are written down."""

import pytest
import rlp
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from trie.hexary import HexaryTrie

from watcher.chain.proof import DEPOSIT, gas_adds_up, header_hash, receipts_root
from watcher.chain.trie import ordered_root
from watcher.chain.wire import LogJson, ProvableHeaderJson, ProvableReceiptJson

BLOOM = "0x" + "00" * 256
HEADER = ProvableHeaderJson(
    hash="0x",
    number="0x7",
    parent_hash="0x" + "11" * 32,
    timestamp="0x65",
    receipts_root="0x" + "22" * 32,
    transactions=[],
    gas_used="0x5208",
    logs_bloom=BLOOM,
    sha3_uncles="0x" + "33" * 32,
    miner="0x" + "44" * 20,
    state_root="0x" + "55" * 32,
    transactions_root="0x" + "66" * 32,
    difficulty="0x0",
    gas_limit="0x1c9c380",
    extra_data="0x",
    mix_hash="0x" + "77" * 32,
    nonce="0x0000000000000000",
)
OLD = [
    b"\x11" * 32,
    b"\x33" * 32,
    b"\x44" * 20,
    b"\x55" * 32,
    b"\x66" * 32,
    b"\x22" * 32,
    bytes(256),
    b"",
    b"\x07",
    bytes.fromhex("01c9c380"),
    b"\x52\x08",
    b"\x65",
    b"",
    b"\x77" * 32,
    bytes(8),
]
"""The fields before London, as the yellow paper orders them."""


def receipt(kind: str = "0x0", **more: str) -> ProvableReceiptJson:
    """Make a receipt with one log."""
    log = LogJson("0x" + "aa" * 20, ("0x" + "bb" * 32,), "0x1234", "0x0")
    fields = {"status": "0x1", "type": kind, "cumulative_gas_used": "0x5208", "logs_bloom": BLOOM, **more}
    return ProvableReceiptJson(logs=(log,), gas_used="0x5208", sender="0x", **fields)


def written(*more: bytes) -> bytes:
    """Write that receipt by the library's own rules."""
    log = [b"\xaa" * 20, [b"\xbb" * 32], b"\x12\x34"]
    return bytes(rlp.encode([b"\x01", b"\x52\x08", bytes(256), [log], *more]))


def root_of(values: list[bytes]) -> bytes:
    """Build the trie by the other implementation."""
    trie = HexaryTrie({})
    for index, value in enumerate(values):
        trie[rlp.encode(index)] = value
    return bytes(trie.root_hash)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=300))
def test_the_root_is_that_of_the_trie_library(values: list[bytes]) -> None:
    """Short values lie inside the node above them, indices have one, two or three bytes."""
    assert ordered_root(values) == root_of(values)


def test_a_root_over_more_than_a_byte_of_indices() -> None:
    """Behind 127 and behind 255 the keys grow longer."""
    values = [bytes([index % 251]) * (index % 70 + 1) for index in range(700)]
    assert ordered_root(values) == root_of(values)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (receipt(), written()),
        (receipt("0x2"), b"\x02" + written()),
        (receipt("0x6a"), b"\x6a" + written()),
        (receipt("0x7e", deposit_nonce="0x9"), b"\x7e" + written()),
        (
            receipt("0x7e", deposit_nonce="0x9", deposit_receipt_version="0x1"),
            b"\x7e" + written(b"\x09", b"\x01"),
        ),
        (receipt("0x2", status="0x0"), b"\x02" + bytes(rlp.encode([b"", *rlp.decode(written())[1:]]))),
    ],
    ids=["legacy", "typed", "Arbitrum", "deposit before Canyon", "deposit", "failed"],
)
def test_a_receipt_is_written_by_its_type(found: ProvableReceiptJson, expected: bytes) -> None:
    """EIP-2718; a deposit's nonce counts only beside a version."""
    assert int(receipt("0x7e").type, 16) == DEPOSIT
    assert receipts_root([found]) == f"0x{root_of([expected]).hex()}"


def test_gas_adds_up_only_where_each_share_is_right() -> None:
    """The root covers the running sum; who shifts gas between two receipts is found."""
    first, second = receipt(), receipt(cumulative_gas_used="0xa410")
    assert gas_adds_up([first, second])
    assert not gas_adds_up([second, first])


def test_a_header_of_before_london_has_the_hash_of_fifteen_fields() -> None:
    """The yellow paper's."""
    assert header_hash(HEADER) == f"0x{keccak(rlp.encode(OLD)).hex()}"


def test_later_forks_add_fields_at_the_end() -> None:
    """London, Shanghai, Cancun and Prague, in this order."""
    later = {
        "base_fee_per_gas": "0x7",
        "withdrawals_root": "0x" + "88" * 32,
        "blob_gas_used": "0x0",
        "excess_blob_gas": "0x1",
        "parent_beacon_block_root": "0x" + "99" * 32,
        "requests_hash": "0x" + "ab" * 32,
    }
    fields = [*OLD, b"\x07", b"\x88" * 32, b"", b"\x01", b"\x99" * 32, b"\xab" * 32]
    assert header_hash(replace(HEADER, **later)) == f"0x{keccak(rlp.encode(fields)).hex()}"


@pytest.mark.parametrize("change", [{"miner": ""}, {"gas_limit": ""}, {"requests_hash": "0x" + "ab" * 32}])
def test_a_header_that_lacks_a_field_has_no_hash(change: dict[str, str]) -> None:
    """Also one that lacks a field of an earlier fork: nothing is guessed."""
    with pytest.raises(ValueError, match="not there"):
        header_hash(replace(HEADER, **change))
