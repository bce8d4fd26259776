"""The ledger as it is kept: append-only, chained by digest, its evidence beside it, named by content.

A reorganisation below finality closes a generation: what still holds is carried into a new one, the old one
stays as it was.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import func, insert, select
from sqlmodel import col

from watcher.core.ledger import GENESIS_DIGEST, Entry
from watcher.errors import StoreError
from watcher.store.sql import Query, Repository, insert_new
from watcher.store.tables import Bundle, Generation, LedgerEntry

_COLUMNS = tuple(name for name in LedgerEntry.model_fields if name != "generation")

_GENERATION = select(func.max(col(Generation.number)))
_LAST = (
    select(col(LedgerEntry.sequence), col(LedgerEntry.digest))
    .where(col(LedgerEntry.generation) == func.coalesce(_GENERATION.scalar_subquery(), 1))
    .order_by(col(LedgerEntry.sequence).desc())
    .limit(1)
)


class Ledger(Repository):
    """The rows of `ledger_entry`, `bundle` and `generation`."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Append entries with their evidence; StoreError unless they continue the present ledger."""
        if not entries:
            return
        sequence, digest = self.last() or (0, GENESIS_DIGEST)
        for entry in entries:
            if entry.sequence != sequence + 1 or entry.body["previous_digest"] != digest:
                raise StoreError(
                    f"ledger entry {entry.sequence} does not continue the stored ledger, which ends at "
                    f"{sequence}: another process wrote it meanwhile; start again"
                )
            sequence, digest = entry.sequence, entry.digest
        generation = self.generation()
        rows = [_row(generation, entry) for entry in entries]
        bundles = {row["bundle_sha256"]: entry.bundle for row, entry in zip(rows, entries, strict=True)}
        insert_new(
            self._connection, Bundle, [{"sha256": name, "body": body} for name, body in bundles.items()]
        )
        self._connection.execute(insert(LedgerEntry), rows)

    def last(self) -> tuple[int, str] | None:
        """Give sequence and digest of the present ledger's last entry, None while it is empty."""
        row = self._connection.execute(_LAST).first()
        return (row.sequence, row.digest) if row else None

    def entries(self, after: int = 0, generation: int | None = None) -> Iterator[dict[str, Any]]:
        """Give the entries above sequence `after`, ascending, as `Entry.as_json` made them, one by one.

        `generation` None: the present ledger.
        """
        return self._entries(self._of(generation).where(col(LedgerEntry.sequence) > after))

    def find(self, type: str | None = None, subject: str | None = None) -> list[dict[str, Any]]:  # noqa: A002  # the entry's own word
        """Give the present ledger's entries of a type, about a subject, or both, ascending."""
        query = self._of(None)
        if type is not None:
            query = query.where(col(LedgerEntry.type) == type)
        if subject is not None:
            query = query.where(col(LedgerEntry.subject) == subject)
        return list(self._entries(query))

    def between(self, generation: int, after_block: int, up_to_block: int) -> list[dict[str, Any]]:
        """Give a ledger's entries with after_block < block number <= up_to_block, ascending."""
        number = col(LedgerEntry.block_number)
        return list(self._entries(self._of(generation).where(number > after_block, number <= up_to_block)))

    def twins(self, entry_type: str, subject: str, block_hash: str) -> list[str]:
        """Give the ids of entries of closed ledgers that are equal in type, subject and block hash."""
        query = select(col(LedgerEntry.id)).where(
            col(LedgerEntry.type) == entry_type,
            col(LedgerEntry.subject) == subject,
            col(LedgerEntry.block_hash) == block_hash,
            col(LedgerEntry.generation) < self.generation(),
        )
        return list(dict.fromkeys(self._connection.execute(query).scalars()))

    def bundle(self, sha256: str) -> bytes | None:
        """Give evidence by its name, None where it is not kept here."""
        query = select(col(Bundle.body)).where(col(Bundle.sha256) == sha256)
        body: bytes | None = self._connection.execute(query).scalar()
        return body

    def generation(self) -> int:
        """Give the number of the present ledger: 1, and one more for each that was closed."""
        number: int | None = self._connection.execute(_GENERATION).scalar()
        return number or 1

    def close_generation(self, after_block: int) -> int:
        """Close the present ledger and open one that goes on after a block; return the new one's number.

        Entries up to and including that block are carried over as they are; the closed ledger keeps all.
        """
        closed = self.generation()
        self._connection.execute(insert(Generation), {"number": closed + 1, "after_block": after_block})
        carried = select(
            (col(LedgerEntry.generation) + 1).label("generation"),
            *(getattr(LedgerEntry, name) for name in _COLUMNS),
        ).where(col(LedgerEntry.generation) == closed, col(LedgerEntry.block_number) <= after_block)
        self._connection.execute(insert(LedgerEntry).from_select(["generation", *_COLUMNS], carried))
        return closed + 1

    def _of(self, generation: int | None) -> Query:
        number = self.generation() if generation is None else generation
        return (
            select(col(LedgerEntry.entry))
            .where(col(LedgerEntry.generation) == number)
            .order_by(col(LedgerEntry.sequence))
        )

    def _entries(self, query: Query) -> Iterator[dict[str, Any]]:
        for row in self._stream(query):
            entry: dict[str, Any] = msgspec.json.decode(row.entry)
            yield entry


def _row(generation: int, entry: Entry) -> dict[str, Any]:
    return {
        "generation": generation,
        "sequence": entry.sequence,
        "id": entry.id,
        "type": str(entry.type),
        "subject": entry.subject,
        "block_number": entry.block_number,
        "block_hash": entry.block_hash,
        "occurred_at": entry.occurred_at,
        "bundle_sha256": entry.body["evidence"]["bundle_sha256"],
        "digest": entry.digest,
        "entry": msgspec.json.encode(entry.as_json()).decode(),
    }
