"""What the bytes of a contract say by themselves, without asking the chain anything.

The values are those of the standards: EIP-7702 (delegation), ERC-1167 (minimal proxy).
"""

from eth_hash.auto import keccak

from watcher.core.types import Address

_DELEGATECALL = 0xF4
_PUSH1, _PUSH32 = 0x60, 0x7F
_ADDRESS_BYTES = 20
_DELEGATION_PREFIX = bytes.fromhex("ef0100")
_CLONE_HEAD = bytes.fromhex("363d3d373d3d3d363d73")
_CLONE_TAIL = bytes.fromhex("5af43d82803e903d91602b57fd5bf3")


def code_hash(code: bytes) -> str | None:
    """Give the keccak-256 of `code` as `0x…`, None where there is no code."""
    return f"0x{keccak(code).hex()}" if code else None


def address_of(last_bytes: bytes) -> Address:
    """Give the address in the last 20 bytes, which is what the EVM takes of a longer word."""
    return Address(f"0x{last_bytes[-_ADDRESS_BYTES:].hex()}")


def is_delegation(code: bytes) -> bool:
    """Tell whether `code` is an EIP-7702 designator: an account with a key that lends another's code."""
    return len(code) == len(_DELEGATION_PREFIX) + _ADDRESS_BYTES and code.startswith(_DELEGATION_PREFIX)


def clone_target(code: bytes) -> Address | None:
    """Give the address behind an ERC-1167 clone, None where `code` is no such clone, byte for byte."""
    length = len(_CLONE_HEAD) + _ADDRESS_BYTES + len(_CLONE_TAIL)
    if len(code) == length and code.startswith(_CLONE_HEAD) and code.endswith(_CLONE_TAIL):
        return address_of(code[: len(_CLONE_HEAD) + _ADDRESS_BYTES])
    return None


def has_delegatecall(code: bytes) -> bool:
    """Tell whether DELEGATECALL stands anywhere in `code` as an instruction.

    Exact in one direction: the EVM finds its jump targets by the same linear walk, so an instruction that the
    walk takes for PUSH data can never run. Data behind the code may read as instructions and answer True.
    """
    position = 0
    while position < len(code):
        instruction = code[position]
        if instruction == _DELEGATECALL:
            return True
        if _PUSH1 <= instruction <= _PUSH32:
            position += instruction - _PUSH1 + 1
        position += 1
    return False


def proves_plain_code(code_at_head: bytes) -> bool:
    """Tell whether code read at the head proves runnable, plain code at every earlier block since creation.

    Code does not go away (EIP-6780), and without a DELEGATECALL nothing stands behind it that could have been
    missing. False proves nothing: such a contract has to be sampled at the block itself.
    """
    return bool(code_at_head) and not is_delegation(code_at_head) and not has_delegatecall(code_at_head)
