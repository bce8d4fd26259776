"""Connections: how SQLite and PostgreSQL are opened, and how transactions begin on each.

            writing                                   reading
SQLite      WAL, every commit on disk (*), BEGIN      query_only, BEGIN (a snapshot from the first read on)
            IMMEDIATE
PostgreSQL  READ COMMITTED behind an advisory lock,   REPEATABLE READ, READ ONLY
            so that the snapshot is taken after it

(*) On both, where a commit need not last, the next one that does takes it to the disk.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from watcher.errors import ConfigurationError

_WRITING_KEY = 0x77617463
"""The advisory lock that makes writing transactions serial on PostgreSQL; advisory locks are per database."""


def parse_url(text_url: str) -> URL:
    """Read a database URL; ConfigurationError for anything but an SQLite file or PostgreSQL."""
    remedy = "write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME as database in the deployment file"
    try:
        url = make_url(text_url)
    except (ArgumentError, ValueError):
        raise ConfigurationError(f"the database URL cannot be read: {remedy}") from None
    match url.drivername:
        case "sqlite" | "sqlite+pysqlite":
            if not url.database or url.database == ":memory:":
                raise ConfigurationError(f"an SQLite database needs a file: {remedy}")
            return url
        case "postgres" | "postgresql" | "postgresql+psycopg":
            if not url.database:
                raise ConfigurationError(f"the database URL names no database: {remedy}")
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise ConfigurationError(f"the watcher cannot use a database of kind {other!r}: {remedy}")


def sqlite_file(url: URL) -> Path | None:
    """Give the file of an SQLite database, None on PostgreSQL."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def writing_engine(url: URL, patience_seconds: float, *, lasting: bool = True) -> Engine:
    """Make connections whose transactions are the only writing ones while they last.

    `lasting`: a commit survives a power cut. Otherwise the newest may be lost in one, never one before a
    commit that lasts; a process that is killed loses none.
    """
    if sqlite_file(url):
        engine = _sqlite(url, patience_seconds)
        event.listen(engine, "connect", _prepare_writing if lasting else _prepare_hasty)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, isolation_level="READ COMMITTED")

    def wait_in_line(connection: Connection) -> None:
        connection.execute(
            text("SELECT set_config('lock_timeout', :patience, true)"),
            {"patience": f"{round(patience_seconds * 1000)}ms"},
        )
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITING_KEY})
        if not lasting:
            connection.execute(text("SET LOCAL synchronous_commit = off"))

    event.listen(engine, "begin", wait_in_line)
    return engine


def reading_engine(url: URL, patience_seconds: float) -> Engine:
    """Make connections that cannot write and whose transactions each see one state."""
    if sqlite_file(url):
        engine = _sqlite(url, patience_seconds)
        event.listen(engine, "connect", _prepare_reading)
        event.listen(engine, "begin", _begin)
        return engine
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )


def _sqlite(url: URL, patience_seconds: float) -> Engine:
    return create_engine(
        url, hide_parameters=True, connect_args={"timeout": patience_seconds, "isolation_level": None}
    )


def _prepare_writing(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # FULL: a power cut must not forget a notice that was sent already, or it would be minted anew.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _prepare_hasty(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    _prepare_writing(connection, entry)
    connection.execute("PRAGMA synchronous = NORMAL").close()


def _prepare_reading(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA query_only = ON").close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
