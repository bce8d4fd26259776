"""Hex of JSON-RPC to the bytes that RLP is written of; ValueError where a field is missing or is no hex."""


def octets(text: str | None) -> bytes:
    """Read data: as many bytes as are written."""
    if text is None or not text.startswith("0x"):
        raise ValueError("a field is not there")
    return bytes.fromhex(text[2:])


def number_octets(text: str | None) -> bytes:
    """Read a quantity, without leading zeros; zero is no byte."""
    if not text:
        raise ValueError("a field is not there")
    return minimal(int(text, 16))


def minimal(number: int) -> bytes:
    """Give a number's bytes without leading zeros."""
    return number.to_bytes((number.bit_length() + 7) // 8)
