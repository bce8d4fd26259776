"""Signatures: who said it. ed25519 keys as text and as files, signing and checking (RFC 8032).

    openssl rand -hex 32 > signing.key ─▶ PrivateKey ─▶ sign ─▶ text of a signature
                                               └─▶ public ─▶ verified

A private key is a seed of 32 bytes, a public key is 32 bytes, a signature 64: each written as hex.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from Crypto.PublicKey import ECC
from Crypto.Random import get_random_bytes
from Crypto.Signature import eddsa

from watcher.errors import ConfigurationError

_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{128}", re.ASCII)
_RULES = "rfc8032"


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs; no `repr` shows it."""

    seed: bytes = field(repr=False)

    @property
    def public(self) -> str:
        """Give the key that others check with, as text."""
        raw: bytes = _pair(self).public_key().export_key(format="raw")
        return raw.hex()


def new_key() -> PrivateKey:
    """Make a key of the machine's own randomness."""
    return PrivateKey(get_random_bytes(32))


def private_key(text: str) -> PrivateKey:
    """Read a private key; ConfigurationError, which does not show it, where it is none."""
    text = text.strip().lower()
    if not _KEY.fullmatch(text):
        raise ConfigurationError(
            "the private key is not 64 hex digits: make one with `openssl rand -hex 32 > signing.key`"
        )
    return PrivateKey(bytes.fromhex(text))


def public_key(text: str) -> str:
    """Read a public key and give it in its one form; ConfigurationError where it is none."""
    key = text.strip().lower()
    try:
        if _KEY.fullmatch(key):
            eddsa.import_public_key(bytes.fromhex(key))
            return key
    except ValueError:
        pass  # 32 bytes that are no point of the curve
    raise ConfigurationError(f'"{text.strip()}" is not an ed25519 public key: give its 64 hex digits')


def sign(private: PrivateKey, data: bytes) -> str:
    """Sign; the same key and data always give the same signature."""
    return eddsa.new(_pair(private), _RULES).sign(data).hex()


def verified(public: str, signature: str, data: bytes) -> bool:
    """Tell whether the holder of a public key (as `public_key` gives it) signed these very bytes."""
    if not _SIGNATURE.fullmatch(signature):
        return False
    try:
        key = eddsa.import_public_key(bytes.fromhex(public))
        eddsa.new(key, _RULES).verify(data, bytes.fromhex(signature))
    except ValueError:
        return False
    return True


def write_private_key(path: Path, private: PrivateKey) -> None:
    """Write a new file that only its owner can read; FileExistsError where one is there already."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{private.seed.hex()}\n")


def read_private_key(path: Path) -> PrivateKey:
    """Read a file that holds a private key; ConfigurationError names the file where it cannot be used."""
    try:
        return private_key(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigurationError(
            f"{path}: cannot be read ({reason}): name a file with a private key"
        ) from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from None


def _pair(private: PrivateKey) -> ECC.EccKey:
    return eddsa.import_private_key(private.seed)
