"""Ledger heads: how far a ledger has come, in a few words that an operator can sign; and whether two fit.

    entries ─▶ head_of the last ─▶ signed, published now and then
    two signed heads ─▶ the same sequence, another digest? ─▶ two ledgers
    a head and the ledger's file ─▶ the entry of its sequence has another digest? ─▶ two ledgers

A digest covers its entry and, through `previous_digest`, every one before it. So of an operator who has one
ledger, one head is always the beginning of the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from watcher.core.ledger import GENESIS_DIGEST, canonical, sha256_hex
from watcher.errors import CannotTell, UsageError

_FIELDS = (
    "chain_id",
    "program_id",
    "definition_hash",
    "schema",
    "sequence",
    "digest",
    "block_number",
    "block_hash",
)
"""What a head holds of the last entry."""


@dataclass(frozen=True, slots=True)
class Head:
    """A head that somebody published; `name` says where it was read from."""

    name: str
    chain_id: int
    definition_hash: str
    sequence: int
    digest: str

    def __str__(self) -> str:
        """Name it with all that matters."""
        return f"{self.name} (entry {self.sequence}, digest {self.digest})"


def head_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Give the head of a ledger whose last entry this is."""
    return {field: entry[field] for field in _FIELDS}


def read_head(content: object, name: str) -> Head:
    """Take a head that was read from the file `name`; UsageError where it is none."""
    match content:
        case {
            "chain_id": int(chain_id),
            "definition_hash": str(definition_hash),
            "sequence": int(sequence),
            "digest": str(digest),
        }:
            return Head(name, chain_id, definition_hash, sequence, digest)
        case _:
            raise UsageError(f"{name} is no ledger head: give what `watcher ledger --head --signed` prints")


def contradiction(heads: Sequence[Head], ledger: Iterable[object] | None) -> str | None:
    """Say how heads contradict each other, or the ledger; None: all are beginnings of one ledger.

    `ledger` holds its entries from the first one on. CannotTell where heads of one ledger cannot be told from
    those of two by what is given.
    """
    if len({(head.chain_id, head.definition_hash) for head in heads}) > 1:
        raise CannotTell(
            "the heads are of different definitions or chains: each of these has a ledger of its own"
        )
    for one, other in combinations(heads, 2):
        if one.sequence == other.sequence and one.digest != other.digest:
            return f"{one} and {other} are of two ledgers: no entry has two digests"
    if ledger is not None:
        return _against(heads, ledger)
    if len({head.sequence for head in heads}) > 1:
        raise CannotTell(
            "none of these heads speaks of the others' entries: give the ledger as well, "
            "--ledger with what `watcher ledger --json` prints"
        )
    if len(heads) == 1:
        raise CannotTell("one head alone contradicts nothing: give another one, or the ledger (--ledger)")
    return None


def _against(heads: Sequence[Head], ledger: Iterable[object]) -> str | None:
    digests = {0: GENESIS_DIGEST}
    for sequence, line in enumerate(ledger, start=1):
        entry = line if isinstance(line, Mapping) else {}
        body = {key: value for key, value in entry.items() if key != "digest"}
        follows = body.get("sequence") == sequence and body.get("previous_digest") == digests[sequence - 1]
        if not follows or _digest(body) != entry.get("digest"):
            return (
                f"entry {sequence} of the ledger does not have its digest, or does not follow the one before"
            )
        digests[sequence] = entry["digest"]
    for head in heads:
        there = digests.get(head.sequence, head.digest)
        if there != head.digest:
            return f"{head} is not of this ledger, whose entry {head.sequence} has digest {there}"
    beyond = [head for head in heads if head.sequence not in digests]
    if beyond:
        raise CannotTell(f"the ledger that was given ends before {beyond[0]}: get it anew")
    return None


def _digest(body: Mapping[str, Any]) -> str | None:
    try:
        return sha256_hex(canonical(body))
    except ValueError:
        return None
