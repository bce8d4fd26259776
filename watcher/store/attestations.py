"""Attestations as they were admitted: an input of every conclusion, like the blocks.

admit ─▶ one row, for ever ─▶ evaluate, verify, watcher attest list
"""

import json

from sqlalchemy import delete, select
from sqlmodel import col

from watcher.core.attestations import Attestation, Statement
from watcher.store.sql import Repository, insert_new
from watcher.store.tables import AttestationRow

_ALL = select(AttestationRow).order_by(col(AttestationRow.admitted_at), col(AttestationRow.id))


class Attestations(Repository):
    """The rows of `attestation`."""

    def all(self) -> tuple[Attestation, ...]:
        """Give every attestation, by when it acts, when it was admitted, and content."""
        found = [
            Attestation(statement_of(json.loads(row.statement)), row.signature, row.admitted_at)
            for row in self._connection.execute(_ALL)
        ]
        return tuple(sorted(found, key=lambda each: each.order))

    def add(self, attestation: Attestation) -> None:
        """Keep one; one that is there already keeps the time at which it was admitted."""
        row = {
            "id": attestation.statement.id,
            "admitted_at": attestation.admitted_at,
            "statement": json.dumps(attestation.statement.body(), sort_keys=True, ensure_ascii=False),
            "signature": attestation.signature,
        }
        insert_new(self._connection, AttestationRow, [row])

    def clear(self) -> None:
        """Forget all; for a database whose ledger begins anew."""
        self._connection.execute(delete(AttestationRow))


def statement_of(body: dict[str, object]) -> Statement:
    """Read a statement's fields; TypeError where some are missing or unknown."""
    return Statement(**body)  # type: ignore[arg-type]  # the caller has checked, or the store wrote it
