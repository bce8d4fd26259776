"""Reads the parameters of JSON-RPC calls to the devnet; what cannot be read is refused as geth refuses it."""

from collections.abc import Mapping

from watcher.errors import CallRefused
from watcher.testing.devnet_block import data

BAD_PARAMETERS = -32602
_ADDRESS, _HASH = 20, 32


class Refusal(CallRefused):
    """Answer a call with a JSON-RPC error: code, message, and what stands under `data`, if anything."""

    def __init__(self, code: int, message: str, attached: str | None = None) -> None:
        """Carry the three parts of the error."""
        super().__init__(message)
        self.code = code
        self.attached = attached


def refused(value: object, wanted: str) -> Refusal:
    """Make the refusal of a parameter that is not what it should be."""
    return Refusal(BAD_PARAMETERS, f"invalid argument: {value!r} is not {wanted}")


def hex_bytes(value: object, size: int | None = None) -> bytes:
    """Read `0x…` bytes, of exactly `size` where one is given."""
    if isinstance(value, str) and value.startswith("0x"):
        try:
            read = bytes.fromhex(value[2:])
        except ValueError as error:
            raise refused(value, "hex") from error
        if size is None or len(read) == size:
            return read
    raise refused(value, "hex" if size is None else f"hex of {size} bytes")


def address(value: object) -> bytes:
    """Read an address, in any case of letters."""
    return hex_bytes(value, _ADDRESS)


def hash32(value: object) -> str:
    """Read a hash of 32 bytes and give it in lowercase."""
    return data(hex_bytes(value, _HASH))


def quantity_of(value: object) -> int:
    """Read a number written as `0x…`."""
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return int(value, 16)
        except ValueError as error:
            raise refused(value, "a hex number") from error
    raise refused(value, "a hex number")


def mapping(value: object) -> Mapping[str, object]:
    """Read an object."""
    if isinstance(value, dict):
        return value
    raise refused(value, "an object")
