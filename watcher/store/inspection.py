"""Looking at a database before a run: whether it opens, whose it is, who writes it. It stays as it is.

database URL ─▶ what is there ─▶ DatabaseReport
"""

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from watcher.core.types import BlockRef
from watcher.errors import StoreError
from watcher.store.engines import parse_url, reading_engine, sqlite_file
from watcher.store.facts import Facts
from watcher.store.failures import explain, name_of
from watcher.store.locks import holder_of_file_lock, holder_of_session_lock
from watcher.store.schema import HEAD, version_of
from watcher.store.state import DatabaseIdentity, StateStore, StoredState

_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class DatabaseReport:
    """What is there.

    `problem` says why it cannot be used, None: it can. `exists` tells whether it has the watcher's tables
    (the first run makes them where it has none), `current` whether they are of this release (the next run
    brings older ones there). `checkpoint` is the last block that was read, `present` what was concluded last,
    `writer` who writes it now.
    """

    name: str
    problem: str | None = None
    exists: bool = False
    current: bool = False
    identity: DatabaseIdentity | None = None
    checkpoint: BlockRef | None = None
    present: StoredState | None = None
    writer: str | None = None


def inspect_database(text_url: str) -> DatabaseReport:
    """Look at a database; what is wrong with it is in the report, and nothing is raised for it."""
    url = parse_url(text_url)
    name, file = name_of(url), sqlite_file(url)
    if file:
        problem = _unwritable(file)
        if problem or not file.exists():
            return DatabaseReport(name, problem)
    engine = reading_engine(url, _PATIENCE_SECONDS)
    try:
        with engine.begin() as connection:
            return _inside(connection, name, file)
    except SQLAlchemyError as error:
        return DatabaseReport(name, str(explain(url, error)))
    except StoreError as error:
        return DatabaseReport(name, str(error))
    finally:
        engine.dispose()


def _unwritable(file: Path) -> str | None:
    """Say why an SQLite file could not be written; its folder has to take the write-ahead log beside it."""
    if not file.parent.is_dir():
        return f"{file.parent} is no folder: make it, or correct database in the deployment file"
    for path in (file.parent, file):
        if path.exists() and not os.access(path, os.W_OK):
            return f"{path} may not be written: give this user the right to"
    return None


def _inside(connection: Connection, name: str, file: Path | None) -> DatabaseReport:
    version = version_of(connection, name)
    writer = holder_of_file_lock(file) if file else holder_of_session_lock(connection)
    problem = None if file else _unprivileged(connection, version)
    if version != HEAD:
        return DatabaseReport(name, problem, exists=version is not None, writer=writer)
    return DatabaseReport(
        name,
        problem,
        exists=True,
        current=True,
        identity=StateStore(connection).identity(),
        checkpoint=Facts(connection).checkpoint(),
        present=StateStore(connection).load(),
        writer=writer,
    )


def _unprivileged(connection: Connection, version: str | None) -> str | None:
    """Say which right this user lacks on a PostgreSQL server."""
    may_create = "has_schema_privilege(current_schema(), 'CREATE')"
    question = "has_table_privilege('block', 'INSERT')" if version else may_create
    if connection.execute(text(f"SELECT {question}")).scalar():
        return None
    return f"this user may not {'write its tables' if version else 'make tables in it'}: grant it the right"
