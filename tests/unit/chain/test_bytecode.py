"""What a contract's bytes say by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.chain.bytecode import (
    clone_target,
    code_hash,
    has_delegatecall,
    is_delegation,
    proves_plain_code,
)

TARGET = "bebebebebebebebebebebebebebebebebebebebe"
CLONE = bytes.fromhex(f"363d3d373d3d3d363d73{TARGET}5af43d82803e903d91602b57fd5bf3")
DELEGATION = bytes.fromhex(f"ef0100{TARGET}")
PLAIN = bytes.fromhex("6001600055")


def test_the_hash_of_no_code_is_none() -> None:
    """An address without code has no code hash, not the hash of nothing."""
    assert code_hash(b"") is None
    assert code_hash(b"\x00") == "0xbc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a"


def test_a_delegation_is_its_prefix_and_twenty_bytes() -> None:
    """EIP-7702: 0xef0100 and an address, nothing longer or shorter."""
    assert is_delegation(DELEGATION)
    assert not is_delegation(DELEGATION + b"\x00")
    assert not is_delegation(DELEGATION[:-1])
    assert not is_delegation(PLAIN)


def test_a_clone_is_recognised_byte_for_byte() -> None:
    """ERC-1167: 45 bytes with the target in the middle."""
    assert clone_target(CLONE) == f"0x{TARGET}"
    assert clone_target(CLONE + b"\x00") is None
    assert clone_target(b"\x00" + CLONE[1:]) is None
    assert clone_target(CLONE[:-1] + b"\x00") is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("f4", True),
        ("60f4", False),
        ("60f4f4", True),
        ("7f" + "f4" * 32, False),
        ("7f" + "f4" * 33, True),
        ("5ff4", True),
        ("61f4", False),
        ("", False),
    ],
)
def test_a_delegatecall_counts_only_as_an_instruction(code: str, expected: bool) -> None:  # noqa: FBT001
    """The byte inside the data of a PUSH is data, as it is for the EVM; PUSH0 has no data."""
    assert has_delegatecall(bytes.fromhex(code)) is expected


@given(st.binary(max_size=200))
def test_code_without_the_byte_has_no_delegatecall(code: bytes) -> None:
    """The walk finds nothing that is not there, whatever the bytes are."""
    assert not has_delegatecall(code.replace(b"\xf4", b"\x00"))


def test_only_code_with_nothing_behind_it_proves_itself() -> None:
    """Code at the head proves code before only where no logic could have been missing."""
    assert proves_plain_code(PLAIN)
    assert not proves_plain_code(b"")
    assert not proves_plain_code(DELEGATION)
    assert not proves_plain_code(CLONE)
    assert not proves_plain_code(PLAIN + b"\xf4")
