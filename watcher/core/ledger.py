"""The ledger: canonical JSON, entry ids, digests, and the order of entries inside a block.

    conclusions of one block (Draft) ─▶ ordered, numbered, chained by digest ─▶ Entry

Everything here is a function of the definition and the chain: nothing depends on when, from whom or with
which release it was read.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

import rfc8785

from watcher.core.definition import Definition
from watcher.core.types import BlockHash, BlockRef, iso_utc

NAMESPACE = uuid.UUID("6f1f8a34-6f0e-5b7c-9b1e-3c6f4c1d2a58")
"""The fixed namespace of ledger ids; changing it would rename every entry ever written."""

GENESIS_DIGEST = "0" * 64
"""What the first entry names as its predecessor's digest."""


class EntryType(StrEnum):
    """Every type of ledger entry, in the order in which one block's entries are written.

    `definition.adopted` opens the ledger and so comes before all others.
    """

    DEFINITION_ADOPTED = "definition.adopted"
    COUNTDOWN_ELAPSED = "countdown.elapsed"
    ATTESTATION_RECORDED = "attestation.recorded"
    APP_WENT_DORMANT = "app.went_dormant"
    APP_WENT_LIVE = "app.went_live"
    KPI_UNMET = "kpi.unmet"
    KPI_MET = "kpi.met"
    MILESTONE_REACHED = "milestone.reached"
    TRANCHE_UNLOCKED = "tranche.unlocked"
    COUNTDOWN_CANCELLED = "countdown.cancelled"
    COUNTDOWN_PAUSED = "countdown.paused"
    COUNTDOWN_RESUMED = "countdown.resumed"
    COUNTDOWN_STARTED = "countdown.started"


_RANK = {entry_type: rank for rank, entry_type in enumerate(EntryType)}


def canonical(value: object) -> bytes:
    """Write a value as RFC 8785 JSON; integers beyond 2^53 and floats are refused by ValueError.

    Amounts and readings have to be decimal strings already, see `decimal_text`.
    """
    _refuse_floats(value)
    return rfc8785.dumps(value)  # type: ignore[arg-type]  # its recursive JSON type has no object


def sha256_hex(data: bytes) -> str:
    """Give the SHA-256 of some bytes as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def decimal_text(value: Fraction) -> str:
    """Write a reading or bar as a plain decimal without trailing zeros, or as `n/d` where none is exact."""
    denominator = value.denominator
    digits = 0
    while denominator % 10 == 0:
        denominator, digits = denominator // 10, digits + 1
    twos = fives = 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    if denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    digits += max(twos, fives)
    if digits == 0:
        return str(value.numerator)
    scaled = value.numerator * 10**digits // value.denominator
    sign, text = ("-" if scaled < 0 else ""), str(abs(scaled)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an entry rests on: a summary that travels with it, and the bundle that it is the digest of."""

    summary: Mapping[str, Any]
    content: Mapping[str, Any]

    @property
    def bundle(self) -> bytes:
        """Write the bundle: canonical JSON, stored by its SHA-256 in the same transaction as the entry."""
        return canonical(self.content)


@dataclass(frozen=True, slots=True)
class Draft:
    """One conclusion about a block, not yet numbered.

    `occurred_at` (Unix seconds) is None for the block's own time; only an elapsed deadline differs.
    """

    type: EntryType
    subject: str
    evidence: Evidence
    occurred_at: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger entry; `body` holds all fields but `digest`, in the types that JSON gets."""

    sequence: int
    id: str
    type: EntryType
    subject: str
    block_number: int
    block_hash: BlockHash
    occurred_at: int
    digest: str
    body: Mapping[str, Any]
    bundle: bytes

    def as_json(self) -> dict[str, Any]:
        """Give the entry as scripts, analysts and verifiers see it."""
        return {**self.body, "digest": self.digest}


@dataclass(slots=True)
class LedgerHead:
    """Where the ledger stands: the last sequence number, its digest, and how often each subject occurred."""

    sequence: int = 0
    digest: str = GENESIS_DIGEST
    ordinals: dict[str, int] = field(default_factory=dict)

    def fork(self) -> "LedgerHead":
        """Copy; neither copy sees what the other appends."""
        return LedgerHead(self.sequence, self.digest, dict(self.ordinals))

    def append(self, definition: Definition, block: BlockRef, drafts: Iterable[Draft]) -> list[Entry]:
        """Order one block's conclusions, number and chain them; the head moves to the last."""
        ordered = sorted(drafts, key=lambda draft: (_RANK[draft.type], draft.subject.encode()))
        return [self._append(definition, block, draft) for draft in ordered]

    def _append(self, definition: Definition, block: BlockRef, draft: Draft) -> Entry:
        key = f"{draft.type}/{draft.subject}"
        ordinal = self.ordinals.get(key, 0) + 1
        name = f"{definition.chain.id}/{definition.hash}/{key}/{ordinal}"
        occurred_at = block.timestamp if draft.occurred_at is None else draft.occurred_at
        bundle = draft.evidence.bundle
        body: dict[str, Any] = {
            "sequence": self.sequence + 1,
            "id": str(uuid.uuid5(NAMESPACE, name)),
            "type": str(draft.type),
            "subject": draft.subject,
            "chain_id": definition.chain.id,
            "program_id": definition.program_id,
            "definition_hash": definition.hash,
            "schema": definition.schema,
            "finality": definition.chain.finality.as_json(),
            "block_number": block.number,
            "block_hash": block.hash,
            "occurred_at": iso_utc(occurred_at),
            "evidence": {
                "summary": dict(draft.evidence.summary),
                "bundle_sha256": sha256_hex(bundle),
            },
            "previous_digest": self.digest,
        }
        digest = sha256_hex(canonical(body))
        self.ordinals[key] = ordinal
        self.sequence += 1
        self.digest = digest
        return Entry(
            sequence=self.sequence,
            id=body["id"],
            type=draft.type,
            subject=draft.subject,
            block_number=block.number,
            block_hash=block.hash,
            occurred_at=occurred_at,
            digest=digest,
            body=body,
            bundle=bundle,
        )


class NoLedger(LedgerHead):
    """The ledger of a state that is thrown away: nobody reads its entries, so none is written."""

    def fork(self) -> "NoLedger":
        """Copy."""
        return NoLedger()

    def append(self, definition: Definition, block: BlockRef, drafts: Iterable[Draft]) -> list[Entry]:
        """Write nothing: to write an entry costs more than to conclude it."""
        del definition, block, drafts
        return []


def _refuse_floats(value: object) -> None:
    """Keep binary fractions out of everything that is hashed: no two languages print them alike for sure."""
    if isinstance(value, float):
        msg = f"a float ({value!r}) cannot enter the ledger: write amounts and readings as decimal strings"
        raise ValueError(msg)  # noqa: TRY004  # the value is wrong for canonical JSON, as rfc8785 says too
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
