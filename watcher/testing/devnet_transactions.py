"""A transaction of the devnet in the words of JSON-RPC, field for field what geth answers.

signed transaction ─▶ its bytes ─▶ fields by type ─▶ JSON
"""

from typing import Any

from watcher.testing.py_evm import SignedTransactionAPI, rlp

_SIGNATURE = ("r", "s")
_CALL = ("gas", "to", "value", "input")
_FEES = ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", *_CALL, "accessList")
_FIELDS: dict[int, tuple[str, ...]] = {
    0: ("nonce", "gasPrice", *_CALL, "v", *_SIGNATURE),
    1: ("chainId", "nonce", "gasPrice", *_CALL, "accessList", "yParity", *_SIGNATURE),
    2: (*_FEES, "yParity", *_SIGNATURE),
    4: (*_FEES, "authorizationList", "yParity", *_SIGNATURE),
}
"""The fields of each type, in the order in which they are signed and sent."""
_AUTHORIZATION = ("chainId", "address", "nonce", "yParity", "r", "s")
_DATA = {"input", "address"}


def fields_of(transaction: SignedTransactionAPI) -> dict[str, Any]:
    """Give what the transaction itself says; where it stands in its block is not in it."""
    raw = transaction.encode()
    kind = transaction.type_id or 0
    parts = rlp.decode(raw[1:] if kind else raw)
    said = {name: _said(name, part) for name, part in zip(_FIELDS[kind], parts, strict=True)}
    if "yParity" in said:
        said["v"] = said["yParity"]
    return {"type": hex(kind), "from": _hex(transaction.sender), **said}


def _said(name: str, part: Any) -> Any:  # noqa: ANN401  # bytes, or lists of them
    match name:
        case "to":
            return _hex(part) if part else None
        case "accessList":
            return [
                {"address": _hex(each), "storageKeys": [_hex(key) for key in keys]} for each, keys in part
            ]
        case "authorizationList":
            return [
                {key: _said(key, value) for key, value in zip(_AUTHORIZATION, each, strict=True)}
                for each in part
            ]
        case _:
            return _hex(part) if name in _DATA else hex(int.from_bytes(part))


def _hex(part: bytes) -> str:
    return f"0x{part.hex()}"
