"""The few pieces of SQL that SQLite and PostgreSQL spell differently, and the column types both share.

Every repository builds its statements from these, so that no other file asks which database it talks to. A
statement that runs for each block is made once, as a constant: making one takes longer than running it.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Executable,
    Integer,
    Row,
    Select,
    String,
    bindparam,
    func,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

Whole = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both; SQLite makes only INTEGER keys the row's own number."""

_STREAMED_ROWS = 500


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime: timestamptz on PostgreSQL, sortable text on SQLite. Naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write in UTC; SQLite keeps no zone, so it gets none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no zone: the store keeps aware UTC instants only")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


Query = Select[*tuple[Any, ...]]
"""A SELECT of whatever columns."""

Record = Row[*tuple[Any, ...]]
"""What a query gives; columns by name."""


class Repository:
    """What reads and writes some of the tables, in the transaction of one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of a connection."""
        self._connection = connection

    def _stream(self, query: Query) -> Iterator[Record]:
        """Run a query whose rows may be many: they are fetched as they are used, inside the transaction."""
        with self._connection.execute(query, execution_options={"yield_per": _STREAMED_ROWS}) as rows:
            yield from rows


def among(
    connection: Connection, column: Mapped[Any], values: Collection[int] | Collection[str]
) -> ColumnElement[bool]:
    """Give the condition `column is one of values` in one parameter, however many values there are.

    The usual IN list has a bind a value: a new statement for each length, and a limit that a window exceeds.
    """
    if connection.dialect.name == "sqlite":
        listed = func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(select(listed.c.value))
    kind = String() if any(isinstance(value, str) for value in values) else BigInteger()
    return column == func.any(bindparam(None, list(values), type_=postgresql.ARRAY(kind)))


def insert_new(connection: Connection, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; leave those alone whose key exists already."""
    if rows:
        connection.execute(_insert_new(connection.dialect.name, table), list(rows))


def upsert(connection: Connection, table: type[SQLModel], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; where the primary key exists, set the others.

    Absolute values: doing it twice changes nothing.
    """
    listed = list(rows)
    if listed:
        connection.execute(_upsert(connection.dialect.name, table, tuple(listed[0])), listed)


@cache
def _insert_new(dialect: str, table: type[SQLModel]) -> Executable:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _upsert(dialect: str, table: type[SQLModel], columns: tuple[str, ...]) -> Executable:
    keys = [column.name for column in inspect(table).primary_key]
    statement = _insert(dialect, table)
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _insert(dialect: str, table: type[SQLModel]) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
