"""What an operator signs: a bundle or a ledger head in an envelope, so that who said it can be checked.

    content ─▶ { kind, content, signature { algorithm, public_key, value } }

The signature is over the canonical JSON of kind and content: what was signed as one is none as the other.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from watcher.core.ledger import canonical
from watcher.signing import PrivateKey, sign, verified

ALGORITHM = "ed25519"


class Kind(StrEnum):
    """What can be signed."""

    BUNDLE = "milestone-bundle"
    HEAD = "ledger-head"


@dataclass(frozen=True, slots=True)
class Opened:
    """What was in an envelope, or stood there without one.

    `signer` is the public key that it names, None where it is not signed; `valid` tells whether that key
    signed it.
    """

    content: object
    signer: str | None = None
    valid: bool = False


def envelope(kind: Kind, content: object, key: PrivateKey) -> dict[str, Any]:
    """Put content that canonical JSON can hold into an envelope, signed."""
    signature = {
        "algorithm": ALGORITHM,
        "public_key": key.public,
        "value": sign(key, _message(kind, content)),
    }
    return {"kind": str(kind), "content": content, "signature": signature}


def opened(document: object, kind: Kind) -> Opened:
    """Open an envelope; what is not one of this kind is given as it is, as not signed."""
    match document:
        case {
            "kind": found,
            "content": content,
            "signature": {"algorithm": "ed25519", "public_key": str(signer), "value": str(value)},
        } if found == kind:
            return Opened(content, signer, _signed(kind, content, signer, value))
        case _:
            return Opened(document)


def _signed(kind: Kind, content: object, signer: str, value: str) -> bool:
    try:
        return verified(signer, value, _message(kind, content))
    except ValueError:
        return False  # canonical JSON cannot hold it, so nobody signed it


def _message(kind: Kind, content: object) -> bytes:
    return canonical({"kind": str(kind), "content": content})
