"""The writer lock: one process at a time runs the stages on one database, and a second is told who does.

SQLite: flock on `<file>.lock`, which the kernel frees whatever way the process ends. PostgreSQL: an advisory
lock of a session of its own, which the server frees when the session ends. Readers, attest and replay need
neither.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.pool import NullPool

from watcher.clock import SystemClock
from watcher.errors import StoreError, WriterBusy
from watcher.store.failures import name_of

_WRITER_KEY = 0x77617465
_NAME_LENGTH = 63
"""What PostgreSQL keeps of an application_name."""


@contextmanager
def file_lock(url: URL, database: Path) -> Iterator[None]:
    """Hold the lock of an SQLite database; WriterBusy names who holds it."""
    path = lock_path(database)
    try:
        file = path.open("a+b", buffering=0)
    except OSError as error:
        raise StoreError(
            f"{path}: the lock file cannot be opened ({error.strerror}): give this user the right to write it"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise _busy(url, file.read().decode().strip() or "another process") from None
        file.truncate(0)
        with suppress(OSError):  # a full disk takes nobody's name, but the lock holds
            file.write(_myself().encode())
        try:
            yield
        finally:
            # The file stays: deleting it would let a third process lock a file that nobody else sees.
            file.truncate(0)


def lock_path(database: Path) -> Path:
    """Give the lock file beside an SQLite database."""
    return database.with_name(database.name + ".lock")


def last_writer(database: Path) -> str | None:
    """Say who wrote the lock file last and did not take its name off it, None: nobody."""
    try:
        return lock_path(database).read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def holder_of_file_lock(database: Path) -> str | None:
    """Say who writes an SQLite database now, None: nobody; a name that a killed process left is nobody's."""
    try:
        with lock_path(database).open("rb") as file:
            # Shared, so that two who look do not see each other as writers.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return last_writer(database) or "another process"
    except OSError:
        return None
    return None


@contextmanager
def session_lock(url: URL) -> Iterator[int]:
    """Hold the lock of a PostgreSQL database and give the server's id of the session that holds it."""
    name = f"watcher writer, {_myself()}"[:_NAME_LENGTH]
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"application_name": name},
    )
    with engine.connect() as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _WRITER_KEY}).scalar():
            raise _busy(url, holder_of_session_lock(connection) or "another process that has just ended")
        session: int = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        yield session


def holds_session_lock(connection: Connection, session: int) -> bool:
    """Tell whether a server session still holds the writer lock; it loses it with its connection."""
    question = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = :key"
        " AND pid = :session AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    found = connection.execute(text(question), {"key": _WRITER_KEY, "session": session})
    return bool(found.scalar_one())


def holder_of_session_lock(connection: Connection) -> str | None:
    """Say who writes a PostgreSQL database now, None: nobody."""
    question = (
        "SELECT max(application_name) AS name, max(host(client_addr)) AS address FROM pg_stat_activity"
        " WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = :key"
        " AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    row = connection.execute(text(question), {"key": _WRITER_KEY}).one()
    if row.name is None:
        return None
    return f"{row.name or 'another process'} (connected from {row.address or 'the local socket'})"


def _myself() -> str:
    since = SystemClock().now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"pid {os.getpid()} on {socket.gethostname()} since {since}"


def _busy(url: URL, holder: str) -> WriterBusy:
    return WriterBusy(
        f"{name_of(url)} is being written by {holder}: only one `watcher run` or `watcher sync` at a time; "
        "stop that one first"
    )
