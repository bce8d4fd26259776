"""What was concluded so far: whose database it is, the present state, older ones, observations."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import col

from watcher.core.types import BlockHash, BlockRef, MilestoneId
from watcher.store.sql import Query, Record, Repository, upsert
from watcher.store.tables import Evaluation, Identity, ObservationRow, Position

_PRESENT = -1
"""The slot of the present state; other slots are Unix days."""

_CONCLUDED = select(
    col(Evaluation.number), col(Evaluation.hash), col(Evaluation.parent_hash), col(Evaluation.timestamp)
).where(col(Evaluation.slot) == _PRESENT)
_IDENTITY = select(Identity)
_POSITION = select(Position).where(col(Position.name) == bindparam("name"))
_OBSERVATIONS = select(ObservationRow).order_by(
    col(ObservationRow.block_number), col(ObservationRow.milestone), col(ObservationRow.id)
)
_OPEN_OBSERVATIONS = _OBSERVATIONS.where(col(ObservationRow.status) == "open")

ObservationStatus = Literal["open", "reached", "retracted"]


@dataclass(frozen=True, slots=True)
class DatabaseIdentity:
    """The chain and program that a database is about, and when it was first used."""

    chain_id: int
    genesis_hash: BlockHash
    program_id: str
    definition_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredState:
    """The step's state up to and including `block`; the caller made `payload`, canonical JSON."""

    block: BlockRef
    payload: bytes


@dataclass(frozen=True, slots=True)
class Observation:
    """A milestone whose condition held at a block that was not final; `id` is its notice's."""

    id: str
    milestone: MilestoneId
    block_number: int
    block_hash: BlockHash
    status: ObservationStatus = "open"


class StateStore(Repository):
    """The rows of `identity`, `evaluation`, `observation` and `chain_position` (`ahead` is of `Blocks`)."""

    def identity(self) -> DatabaseIdentity | None:
        """Give what the database is about, None while nothing was written."""
        row = self._connection.execute(_IDENTITY).first()
        if row is None:
            return None
        return DatabaseIdentity(
            row.chain_id, BlockHash(row.genesis_hash), row.program_id, row.definition_hash, row.created_at
        )

    def set_identity(self, identity: DatabaseIdentity) -> None:
        """Say what the database is about; StoreError when it was said before."""
        self._connection.execute(
            insert(Identity),
            {
                "id": 1,
                "chain_id": identity.chain_id,
                "genesis_hash": identity.genesis_hash,
                "program_id": identity.program_id,
                "definition_hash": identity.definition_hash,
                "created_at": identity.created_at,
            },
        )

    def load(self) -> StoredState | None:
        """Give the present state, None before the first conclusion."""
        return self._evaluation(select(Evaluation).where(col(Evaluation.slot) == _PRESENT))

    def concluded(self) -> BlockRef | None:
        """Give the block that the present state covers last, None before the first conclusion."""
        row = self._connection.execute(_CONCLUDED).first()
        return _as_ref(row) if row else None

    def save(self, state: StoredState) -> None:
        """Replace the present state."""
        self._put_evaluation(_PRESENT, state)

    def replace(self, state: StoredState | None) -> None:
        """Go back to another state, None: to before the first conclusion."""
        self._connection.execute(delete(Evaluation).where(col(Evaluation.slot) == _PRESENT))
        if state is not None:
            self.save(state)

    def snapshot(self, day: int, state: StoredState) -> None:
        """Keep a state to go back to, one a Unix day (days since 1970); the day's last one stays."""
        self._put_evaluation(day, state)

    def snapshot_at_or_before(self, block_number: int) -> StoredState | None:
        """Give the latest kept state that covers no block above this one, None where there is none."""
        return self._evaluation(
            select(Evaluation)
            .where(col(Evaluation.slot) != _PRESENT, col(Evaluation.number) <= block_number)
            .order_by(col(Evaluation.number).desc())
            .limit(1)
        )

    def snapshots(self, first_day: int, last_block: int) -> Iterator[tuple[int, StoredState]]:
        """Give the states kept of days from this one on, up to a block, ascending and one by one."""
        query = (
            select(Evaluation)
            .where(col(Evaluation.slot) >= max(first_day, 0), col(Evaluation.number) <= last_block)
            .order_by(col(Evaluation.slot))
        )
        for row in self._stream(query):
            yield row.slot, StoredState(_as_ref(row), row.payload)

    def drop_snapshots_after(self, block_number: int) -> None:
        """Forget kept states that cover a block above this one."""
        self._connection.execute(
            delete(Evaluation).where(col(Evaluation.slot) != _PRESENT, col(Evaluation.number) > block_number)
        )

    def final(self) -> BlockRef | None:
        """Give the last block that was seen to be final, None while none was."""
        return self._position("final")

    def set_final(self, block: BlockRef | None) -> None:
        """Note the last final block, None: none is; only a rewind by hand takes it back."""
        self._set_position("final", block)

    def head(self) -> BlockRef | None:
        """Give the head last seen, None before the first look."""
        return self._position("head")

    def set_head(self, block: BlockRef) -> None:
        """Note the head."""
        self._set_position("head", block)

    def agreed(self) -> BlockRef | None:
        """Give the block that enough endpoints showed before a milestone, the last one; None: none yet."""
        return self._position("agreed")

    def set_agreed(self, block: BlockRef | None) -> None:
        """Note that enough endpoints showed a block; None: of nothing yet."""
        self._set_position("agreed", block)

    def observations(self, *, open_only: bool = True) -> list[Observation]:
        """Give observations by block and milestone; all of them, or those neither reached nor retracted."""
        query = _OPEN_OBSERVATIONS if open_only else _OBSERVATIONS
        return [
            Observation(
                row.id, MilestoneId(row.milestone), row.block_number, BlockHash(row.block_hash), row.status
            )
            for row in self._connection.execute(query)
        ]

    def add_observation(self, observation: Observation) -> None:
        """Record an observation; StoreError when its id exists."""
        self._connection.execute(
            insert(ObservationRow),
            {
                "id": observation.id,
                "milestone": observation.milestone,
                "block_number": observation.block_number,
                "block_hash": observation.block_hash,
                "status": observation.status,
            },
        )

    def close_observation(self, observation_id: str, status: Literal["reached", "retracted"]) -> None:
        """Say how an observation ended; an unknown id is ignored."""
        self._connection.execute(
            update(ObservationRow).where(col(ObservationRow.id) == observation_id).values(status=status)
        )

    def _evaluation(self, query: Query) -> StoredState | None:
        row = self._connection.execute(query).first()
        return StoredState(_as_ref(row), row.payload) if row else None

    def _put_evaluation(self, slot: int, state: StoredState) -> None:
        row = {"slot": slot, **_ref_columns(state.block), "payload": state.payload}
        upsert(self._connection, Evaluation, [row])

    def _position(self, name: str) -> BlockRef | None:
        row = self._connection.execute(_POSITION, {"name": name}).first()
        return _as_ref(row) if row else None

    def _set_position(self, name: str, block: BlockRef | None) -> None:
        if block is None:
            self._connection.execute(delete(Position).where(col(Position.name) == name))
        else:
            upsert(self._connection, Position, [{"name": name, **_ref_columns(block)}])


def _ref_columns(block: BlockRef) -> Mapping[str, object]:
    return {
        "number": block.number,
        "hash": block.hash,
        "parent_hash": block.parent_hash,
        "timestamp": block.timestamp,
    }


def _as_ref(row: Record) -> BlockRef:
    return BlockRef(row.number, BlockHash(row.hash), BlockHash(row.parent_hash), row.timestamp)
