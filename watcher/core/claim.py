"""A milestone's bundle as somebody hands it over: what it claims, before anything of it is believed.

file ─▶ Claim: milestone, definition, chain, block, content, SHA-256 ─▶ compared with a recount
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watcher.core.ledger import canonical, sha256_hex
from watcher.core.types import BlockHash, MilestoneId
from watcher.errors import UsageError


@dataclass(frozen=True, slots=True)
class Claim:
    """What a bundle says it is; `content` is all of it.

    `sha256` is None where it holds what no bundle can hold (a fraction as a JSON number): then it is none's.
    """

    milestone: MilestoneId
    definition_hash: str
    block_number: int
    block_hash: BlockHash
    content: Mapping[str, Any]
    sha256: str | None


def claim_of(content: object, name: str) -> Claim:
    """Take a bundle that was read from the file `name`; UsageError where it is not a milestone's."""
    fields: dict[str, Any] = content if isinstance(content, dict) else {}
    match fields:
        case {
            "milestone": str(milestone),
            "definition_hash": str(definition_hash),
            "block": {"number": int(number), "hash": str(block_hash)},
        } if number >= 0:
            return Claim(
                milestone=MilestoneId(milestone),
                definition_hash=definition_hash,
                block_number=number,
                block_hash=BlockHash(block_hash),
                content=fields,
                sha256=_sha256(fields),
            )
        case _:
            raise UsageError(
                f"{name} is not the bundle of a milestone: its milestone, definition_hash, block.number or "
                "block.hash is not there; give what `watcher evidence MILESTONE --json` prints"
            )


def _sha256(content: object) -> str | None:
    try:
        return sha256_hex(canonical(content))
    except ValueError:
        return None
