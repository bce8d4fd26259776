"""Keys and signatures: RFC 8032's own, and none that is not."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import ConfigurationError
from watcher.signing import (
    PrivateKey,
    new_key,
    private_key,
    public_key,
    read_private_key,
    sign,
    verified,
    write_private_key,
)

SEED = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
PUBLIC = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
SIGNED = (
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
)


def test_keys_and_signatures_are_those_of_the_standard() -> None:
    """RFC 8032, 7.1, test 3."""
    key = private_key(SEED)
    assert key.public == PUBLIC
    assert sign(key, b"\xaf\x82") == SIGNED
    assert verified(PUBLIC, SIGNED, b"\xaf\x82")


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_a_signature_is_of_one_key_and_one_text(data: bytes, other: bytes) -> None:
    """Whoever changes either has none."""
    key, stranger = new_key(), new_key()
    signature = sign(key, data)
    assert verified(key.public, signature, data)
    assert not verified(stranger.public, signature, data)
    assert verified(key.public, signature, other) == (data == other)


@pytest.mark.parametrize("signature", ["", "00", SIGNED[:-2], SIGNED.upper(), "ff" * 64, "é" * 128])
def test_what_is_no_signature_proves_nothing(signature: str) -> None:
    """It is no error either: whoever forges may write anything."""
    assert not verified(PUBLIC, signature, b"\xaf\x82")


def test_no_repr_shows_a_private_key() -> None:
    """Tracebacks are read by many."""
    assert SEED not in repr(private_key(SEED))
    assert bytes.fromhex(SEED) not in repr(PrivateKey(bytes.fromhex(SEED))).encode()


@pytest.mark.parametrize("text", ["", "secret", SEED[:-1], f"{SEED}0", SEED.replace("c", "x")])
def test_what_is_no_private_key_is_refused_and_not_shown(text: str) -> None:
    """It may be one that was cut off."""
    with pytest.raises(ConfigurationError, match="openssl rand -hex 32") as refused:
        private_key(text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("text", ["", PUBLIC[:-1], f"{PUBLIC}00", "key", "ff" * 32])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    """Of the wrong length, or no point of the curve."""
    with pytest.raises(ConfigurationError, match="64 hex digits"):
        public_key(text)


def test_keys_are_read_however_they_are_spaced_and_written() -> None:
    """Files end with a line feed, and people paste."""
    assert public_key(f" {PUBLIC.upper()}\n") == PUBLIC
    assert private_key(f"{SEED.upper()}\n").public == PUBLIC


def test_a_key_file_is_its_owners_and_is_never_overwritten(tmp_path: Path) -> None:
    """What was signed with the old one could not be renewed."""
    file, key = tmp_path / "signing.key", new_key()
    write_private_key(file, key)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_private_key(file) == key
    with pytest.raises(FileExistsError):
        write_private_key(file, new_key())


@pytest.mark.parametrize("content", [None, b"secret", b"\xff"])
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, content: bytes | None) -> None:
    """With what to do."""
    file = tmp_path / "signing.key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"signing\.key: "):
        read_private_key(file)
