"""Copying what was read from one database into an empty one, so that something can be tried out on it.

block, actor, sample, call_sample, attestation, … ─▶ the same tables elsewhere; conclusions stay behind
"""

from sqlalchemy import insert, select

from watcher.store.sql import Repository
from watcher.store.tables import (
    Actor,
    AdoptionRow,
    AttestationRow,
    Block,
    CallSample,
    Identity,
    Position,
    SampleRow,
)

_TABLES = (Identity, Position, AdoptionRow, Actor, Block, SampleRow, CallSample, AttestationRow)
_ROWS = 1_000


class Copying(Repository):
    """The tables of what was read."""

    def copy_into(self, other: "Copying") -> None:
        """Copy every row of what was read; the other database has to be empty."""
        for table in _TABLES:
            for rows in self._connection.execute(select(table)).partitions(_ROWS):
                other._connection.execute(insert(table), [dict(row._mapping) for row in rows])  # noqa: SLF001  # our own class, and Row's public name
