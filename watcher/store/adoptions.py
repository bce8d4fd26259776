"""Which programs a database was given, and which ledger each of them began.

first use ─▶ add (1) ─▶ a changed program, by hand ─▶ add (its generation), the identity follows
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlmodel import col

from watcher.store.sql import Repository
from watcher.store.tables import AdoptionRow, Identity

FIRST_GENERATION = 1
"""The ledger that a database begins with."""


_ALL = select(AdoptionRow).order_by(col(AdoptionRow.generation))


@dataclass(frozen=True, slots=True)
class Adoption:
    """A program, `program` its canonical form, in force from the ledger `generation` on."""

    generation: int
    program_id: str
    definition_hash: str
    program: str
    adopted_at: datetime


class Adoptions(Repository):
    """The rows of `adoption`, and what `identity` says of the program."""

    def all(self) -> list[Adoption]:
        """Give every program that was in force, the present one last."""
        return [
            Adoption(row.generation, row.program_id, row.definition_hash, row.program, row.adopted_at)
            for row in self._connection.execute(_ALL)
        ]

    def add(self, adoption: Adoption) -> None:
        """Let a program be in force; StoreError where its generation has one already."""
        self._connection.execute(
            insert(AdoptionRow),
            {
                "generation": adoption.generation,
                "program_id": adoption.program_id,
                "definition_hash": adoption.definition_hash,
                "program": adoption.program,
                "adopted_at": adoption.adopted_at,
            },
        )
        self._connection.execute(
            update(Identity).values(program_id=adoption.program_id, definition_hash=adoption.definition_hash)
        )

    def replaced(self) -> int | None:
        """Give the generation of the ledger that the program in force replaced, None for the first one."""
        found = self.all()
        return found[-1].generation - 1 if len(found) > 1 else None
