"""Transactions by type: their bytes and who signed them, by the accounts library and the specifications."""

from typing import Any

import msgspec
import pytest
import rlp
from eth_account import Account
from eth_hash.auto import keccak
from eth_keys.main import KeyAPI
from hexbytes import HexBytes

from watcher.chain.transactions import write
from watcher.chain.wire import TransactionJson

ACCOUNT = Account.from_key("0x" + "07" * 32)
ADDRESS = ACCOUNT.address.lower()
TO = "0x" + "ab" * 20
FEES = {"maxFeePerGas": 30, "maxPriorityFeePerGas": 2}
CALL: dict[str, Any] = {
    "nonce": 7,
    "gas": 21_000,
    "to": Account.from_key("0x" + "08" * 32).address,
    "value": 5,
}
ACCESS = [{"address": CALL["to"], "storageKeys": ["0x" + "01" * 32]}]


def as_json(fields: dict[str, Any]) -> TransactionJson:
    """Write fields as a node does."""

    def written(value: Any) -> Any:  # noqa: ANN401  # whatever a transaction holds
        match value:
            case bool() | None:
                return value
            case int():
                return hex(value)
            case bytes():
                return f"0x{value.hex()}"
            case dict():
                return {key: written(item) for key, item in value.items()}
            case list() | tuple():
                return [written(item) for item in value]
            case _:
                return str(value).lower()

    return msgspec.convert(written(fields), TransactionJson)


def signed(**fields: Any) -> tuple[bytes, TransactionJson]:  # noqa: ANN401  # whatever a transaction holds
    """Sign by the accounts library: the bytes that travel, and what a node says of them."""
    found = ACCOUNT.sign_transaction(fields)
    kind = fields.get("type", 0)
    said = {
        **fields,
        "type": kind,
        "input": HexBytes(fields.get("data", "0x")),
        "to": fields.get("to"),
        "r": found.r,
        "s": found.s,
        **({"yParity": found.v, "v": found.v} if kind else {"v": found.v}),
    }
    if "authorizationList" in fields:
        said["authorizationList"] = [
            {
                "chainId": each.chain_id,
                "address": bytes(each.address),
                "nonce": each.nonce,
                "yParity": each.y_parity,
                "r": each.r,
                "s": each.s,
            }
            for each in fields["authorizationList"]
        ]
    return bytes(found.raw_transaction), as_json(said)


AUTHORIZATION = ACCOUNT.sign_authorization({"chainId": 1, "address": "0x" + "cd" * 20, "nonce": 8})


@pytest.mark.parametrize(
    "fields",
    [
        {**CALL, "gasPrice": 9, "chainId": 1, "data": "0x1234"},
        {**CALL, "gasPrice": 9},
        {"nonce": 0, "gas": 9, "gasPrice": 9, "value": 0, "to": None, "chainId": 31_337, "data": "0x6001"},
        {**CALL, "type": 1, "gasPrice": 9, "chainId": 1, "accessList": ACCESS},
        {**CALL, "type": 2, **FEES, "chainId": 1, "accessList": ACCESS, "data": "0xff"},
        {**CALL, "type": 4, **FEES, "chainId": 1, "accessList": [], "authorizationList": [AUTHORIZATION]},
    ],
    ids=["legacy", "unprotected", "creation", "EIP-2930", "EIP-1559", "EIP-7702"],
)
def test_a_transaction_has_the_bytes_and_the_sender_that_it_was_sent_with(fields: dict[str, Any]) -> None:
    """Whatever its type."""
    raw, transaction = signed(**{key: value for key, value in fields.items() if value is not None})
    found = write(transaction)
    assert found.raw == raw
    assert found.sender == ADDRESS


def test_a_blob_transaction_is_written_as_it_stands_in_its_block() -> None:
    """EIP-4844: without the blobs themselves."""
    blob = b"\x01" * 32
    fields: list[Any] = [
        b"\x01",
        b"\x07",
        b"\x02",
        b"\x1e",
        b"\x52\x08",
        b"\xab" * 20,
        b"",
        b"",
        [],
        b"\x03",
        [blob],
    ]
    key = KeyAPI().PrivateKey(b"\x07" * 32)
    signature = KeyAPI().ecdsa_sign(keccak(b"\x03" + rlp.encode(fields)), key)
    found = write(
        as_json(
            {
                "type": 3,
                "chainId": 1,
                "nonce": 7,
                **FEES,
                "gas": 21_000,
                "to": TO,
                "value": 0,
                "input": b"",
                "accessList": [],
                "maxFeePerBlobGas": 3,
                "blobVersionedHashes": [blob],
                "v": signature.v,
                "r": signature.r,
                "s": signature.s,
            }
        )
    )
    ends = [rlp.sedes.big_endian_int.serialize(part) for part in (signature.v, signature.r, signature.s)]
    assert found.raw == b"\x03" + rlp.encode([*fields, *ends])
    assert found.sender == ADDRESS


def test_a_deposit_bears_its_sender_in_itself() -> None:
    """OP Stack: nobody signs it; the header's root covers it all."""
    deposit = {"type": 0x7E, "sourceHash": b"\x02" * 32, "from": ADDRESS, "to": TO, "mint": None, "value": 5}
    found = write(as_json({**deposit, "gas": 9, "isSystemTx": False, "input": b"\x01", "nonce": 3}))
    fields = [b"\x02" * 32, bytes.fromhex(ADDRESS[2:]), b"\xab" * 20, b"", b"\x05", b"\x09", b"", b"\x01"]
    assert found.raw == b"\x7e" + rlp.encode(fields)
    assert found.sender == ADDRESS


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"type": "0x6a"}, "type 0x6a are not known"),
        ({"nonce": None}, "missing|not there"),
        ({"s": "0x0"}, "a signature that is none"),
        ({"v": "0x1"}, "a signature that is none"),
        ({"v": None}, "invalid literal"),
    ],
)
def test_what_cannot_have_been_signed_is_refused(change: dict[str, str | None], why: str) -> None:
    """Nothing is guessed."""
    _, transaction = signed(**CALL, gasPrice=9, chainId=1)
    with pytest.raises(ValueError, match=why):
        write(msgspec.structs.replace(transaction, **change))
