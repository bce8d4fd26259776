"""Transactions as they are signed and hashed: their bytes by type, and who signed them. Pure.

    TransactionJson ─▶ fields by type ─▶ RLP ─▶ bytes, of which the header's transactionsRoot is
                                └▶ without signature ─▶ keccak ─▶ recovered sender

Types 0 to 4 and the OP Stack's deposits are known; a transaction of another type is refused by ValueError.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eth_hash.auto import keccak
from eth_keys.exceptions import BadSignature
from eth_keys.main import KeyAPI
from eth_utils.exceptions import ValidationError
from rlp.codec import encode_raw

from watcher.chain.octets import minimal, number_octets, octets
from watcher.chain.proof import DEPOSIT, LEGACY
from watcher.chain.wire import TransactionJson

_Field = Callable[[TransactionJson], Any]

_PROTECTED = 35
"""The lowest `v` of a legacy signature that covers the chain's id (EIP-155)."""
_UNPROTECTED = 27

_keys = KeyAPI()


def _number(name: str) -> _Field:
    return lambda transaction: number_octets(getattr(transaction, name))


def _to(transaction: TransactionJson) -> bytes:
    return b"" if transaction.to is None else octets(transaction.to)


def _input(transaction: TransactionJson) -> bytes:
    return octets(transaction.input)


def _access_list(transaction: TransactionJson) -> list[Any]:
    entries = transaction.access_list or ()
    return [[octets(entry.address), [octets(key) for key in entry.storage_keys]] for entry in entries]


def _blob_hashes(transaction: TransactionJson) -> list[Any]:
    return [octets(found) for found in transaction.blob_versioned_hashes or ()]


def _authorizations(transaction: TransactionJson) -> list[Any]:
    return [
        [
            number_octets(each.chain_id),
            octets(each.address),
            *(number_octets(part) for part in (each.nonce, each.y_parity, each.r, each.s)),
        ]
        for each in transaction.authorization_list or ()
    ]


_CALL: tuple[_Field, ...] = (_number("gas"), _to, _number("value"), _input)
_PRICE = _number("gas_price")
_FEES: tuple[_Field, ...] = (_number("max_priority_fee_per_gas"), _number("max_fee_per_gas"))
_START: tuple[_Field, ...] = (_number("chain_id"), _number("nonce"))
_LAYOUTS: dict[int, tuple[_Field, ...]] = {
    LEGACY: (_number("nonce"), _PRICE, *_CALL),
    0x01: (*_START, _PRICE, *_CALL, _access_list),  # EIP-2930
    0x02: (*_START, *_FEES, *_CALL, _access_list),  # EIP-1559
    0x03: (*_START, *_FEES, *_CALL, _access_list, _number("max_fee_per_blob_gas"), _blob_hashes),  # EIP-4844
    0x04: (*_START, *_FEES, *_CALL, _access_list, _authorizations),  # EIP-7702
    DEPOSIT: (
        lambda transaction: octets(transaction.source_hash),
        lambda transaction: octets(transaction.sender),
        _to,
        lambda transaction: number_octets(transaction.mint or "0x0"),
        _number("value"),
        _number("gas"),
        lambda transaction: minimal(bool(transaction.is_system_tx)),
        _input,
    ),
}
"""The fields of each type in their order, without its signature."""


@dataclass(frozen=True, slots=True)
class Written:
    """A transaction as it stands in its block, and the address whose signature it bears, as lowercase hex."""

    raw: bytes
    sender: str


def write(transaction: TransactionJson) -> Written:
    """Give a transaction's bytes and sender; ValueError where a field is missing or a signature is none."""
    kind = int(transaction.type, 16)
    if kind not in _LAYOUTS:
        raise ValueError(f"transactions of type {transaction.type} are not known here")
    fields = [field(transaction) for field in _LAYOUTS[kind]]
    if kind == DEPOSIT:
        return Written(bytes([kind]) + encode_raw(fields), f"0x{fields[1].hex()}")
    v = (
        int(transaction.v or "", 16)
        if kind == LEGACY
        else int(transaction.y_parity or transaction.v or "", 16)
    )
    signature = [minimal(v), number_octets(transaction.r), number_octets(transaction.s)]
    prefix = b"" if kind == LEGACY else bytes([kind])
    parity, unsigned = _unsigned(kind, v, fields)
    return Written(
        raw=prefix + encode_raw([*fields, *signature]),
        sender=_signer(keccak(prefix + encode_raw(unsigned)), parity, transaction),
    )


def _unsigned(kind: int, v: int, fields: list[Any]) -> tuple[int, list[Any]]:
    """Give the parity of a signature, and the fields that it is over."""
    if kind != LEGACY:
        return v, fields
    if v < _PROTECTED:
        return v - _UNPROTECTED, fields
    chain_id, parity = divmod(v - _PROTECTED, 2)
    return parity, [*fields, minimal(chain_id), b"", b""]


def _signer(message: bytes, parity: int, transaction: TransactionJson) -> str:
    r, s = int(transaction.r or "", 16), int(transaction.s or "", 16)
    try:
        key = _keys.ecdsa_recover(message, _keys.Signature(vrs=(parity, r, s)))
    except (BadSignature, ValidationError) as error:
        raise ValueError(f"a signature that is none ({error})") from None
    return f"0x{key.to_canonical_address().hex()}"
