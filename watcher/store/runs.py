"""Stage runs: what health is read from, so that it says what happened and not what was hoped."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, delete, func, insert, select
from sqlmodel import col

from watcher.store.sql import Query, Record, Repository
from watcher.store.tables import StageRunRow

KEPT_RUNS = 1_000
"""How many runs a stage are kept, beside the last good one and the first bad one after it."""


_stage = bindparam("of_stage", type_=String())
_OF = select(StageRunRow).where(col(StageRunRow.stage) == _stage)
_LAST = _OF.order_by(col(StageRunRow.id).desc()).limit(1)
_LAST_OK = _LAST.where(col(StageRunRow.ok))

_last_ok_id = func.coalesce(
    select(func.max(col(StageRunRow.id)))
    .where(col(StageRunRow.stage) == _stage, col(StageRunRow.ok))
    .scalar_subquery(),
    0,
)
_FIRST_BAD = _OF.where(col(StageRunRow.id) > _last_ok_id).order_by(col(StageRunRow.id)).limit(1)

_oldest_kept = (
    select(col(StageRunRow.id))
    .where(col(StageRunRow.stage) == _stage)
    .order_by(col(StageRunRow.id).desc())
    .offset(bindparam("newer"))
    .limit(1)
    .scalar_subquery()
)
_first_bad_id = (
    select(func.min(col(StageRunRow.id)))
    .where(col(StageRunRow.stage) == _stage, col(StageRunRow.id) > _last_ok_id)
    .scalar_subquery()
)
_PRUNE = delete(StageRunRow).where(
    col(StageRunRow.stage) == _stage,
    col(StageRunRow.id) < _oldest_kept,
    col(StageRunRow.id) != _last_ok_id,
    col(StageRunRow.id) != func.coalesce(_first_bad_id, 0),
)


@dataclass(frozen=True, slots=True)
class StageRun:
    """One run of one stage, wall clock; `error` says why it is not ok, `detail` counts what it did."""

    stage: str
    started_at: datetime
    finished_at: datetime
    ok: bool
    error: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


class Runs(Repository):
    """The rows of `stage_run`."""

    def add(self, run: StageRun, *, keep: int = KEPT_RUNS) -> None:
        """Record a run and forget runs of its stage beyond the last so many that health does not rest on."""
        self._connection.execute(
            insert(StageRunRow),
            {
                "stage": run.stage,
                "started_at": run.started_at,
                "finished_at": run.finished_at,
                "ok": run.ok,
                "error": run.error,
                "detail": json.dumps(run.detail),
            },
        )
        self._connection.execute(_PRUNE, {"of_stage": run.stage, "newer": keep - 1})

    def last(self, stage: str) -> StageRun | None:
        """Give a stage's last run, None when it never ran."""
        return self._first(_LAST, stage)

    def last_ok(self, stage: str) -> StageRun | None:
        """Give a stage's last run that did what it should, None when there was none."""
        return self._first(_LAST_OK, stage)

    def failing(self, prefix: str) -> list[str]:
        """Give the stages whose names begin so and whose last run failed, in the order of their names."""
        last = select(func.max(col(StageRunRow.id))).group_by(col(StageRunRow.stage))
        query = select(col(StageRunRow.stage)).where(
            col(StageRunRow.stage).startswith(prefix, autoescape=True),
            col(StageRunRow.id).in_(last),
            ~col(StageRunRow.ok),
        )
        return list(self._connection.scalars(query.order_by(col(StageRunRow.stage))))

    def failing_since(self, stage: str) -> datetime | None:
        """Give when the present unbroken row of failures began, None when the last run was good."""
        first_bad = self._first(_FIRST_BAD, stage)
        return first_bad.started_at if first_bad else None

    def _first(self, query: Query, stage: str) -> StageRun | None:
        row = self._connection.execute(query, {"of_stage": stage}).first()
        return _as_run(row) if row else None


def _as_run(row: Record) -> StageRun:
    return StageRun(row.stage, row.started_at, row.finished_at, row.ok, row.error, json.loads(row.detail))
