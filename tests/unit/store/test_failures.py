"""What a driver's error becomes: one sentence with the database, the cause and the remedy."""

import sqlite3

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from watcher.store.failures import explain, is_locked, name_of

FILE = make_url("sqlite:////data/watcher.db")
SERVER = make_url("postgresql+psycopg://watcher:hunter2@db.example:5433/live")


def _sqlite(name: str) -> OperationalError:
    error = sqlite3.OperationalError("what SQLite says")
    error.sqlite_errorname = name
    return OperationalError("SELECT 1", {}, error)


def _postgresql(sqlstate: str) -> OperationalError:
    return OperationalError("SELECT 1", {}, psycopg.errors.lookup(sqlstate)("what the server says"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SQLITE_FULL", "the disk is full: free some space"),
        ("SQLITE_READONLY", "read-only: give this user the right"),
        ("SQLITE_READONLY_DIRECTORY", "read-only: give this user the right"),
        ("SQLITE_CANTOPEN", "check that its folder exists"),
        ("SQLITE_CANTOPEN_ISDIR", "check that its folder exists"),
        ("SQLITE_PERM", "check its owner"),
        ("SQLITE_CORRUPT", "restore a copy"),
        ("SQLITE_CORRUPT_VTAB", "restore a copy"),
        ("SQLITE_NOTADB", "not an SQLite database: check the key database"),
        ("SQLITE_IOERR_WRITE", "check the volume"),
        ("SQLITE_BUSY", "locked"),
        ("SQLITE_BUSY_SNAPSHOT", "locked"),
        ("SQLITE_ERROR", "what SQLite says; nothing was written"),
        ("", "what SQLite says; nothing was written"),
    ],
)
def test_sqlite_errors_name_the_file_and_the_remedy(name: str, words: str) -> None:
    """Extended codes mean what their plain code means."""
    message = str(explain(FILE, _sqlite(name)))
    assert message.startswith("database /data/watcher.db: ")
    assert words in message


@pytest.mark.parametrize(
    ("sqlstate", "words"),
    [
        ("53100", "the server's disk is full"),
        ("25006", "connect to the primary"),
        ("42501", "lacks a privilege"),
        ("55P03", "locked"),
        ("57P01", "ended the connection"),
        ("57014", "what the server says; nothing was written"),
    ],
)
def test_postgresql_errors_name_the_server_and_the_remedy(sqlstate: str, words: str) -> None:
    """The state that the server gives says what happened, whatever its language."""
    message = str(explain(SERVER, _postgresql(sqlstate)))
    assert message.startswith("database live on db.example:5433: ")
    assert words in message


def test_a_connection_that_fails_is_explained_without_the_password() -> None:
    """There is no state then; the driver's first line says why, less the secret should it be in there."""
    cause = psycopg.OperationalError("connection failed: no entry for watcher, hunter2\nmore")
    message = str(explain(SERVER, OperationalError(None, None, cause)))
    assert "cannot be reached (connection failed: no entry for watcher, ***): check that it runs" in message


def test_an_error_without_words_is_named_by_its_kind() -> None:
    """Nothing is swallowed, not even an empty message."""
    message = str(explain(FILE, IntegrityError("INSERT", {}, sqlite3.IntegrityError())))
    assert message == "database /data/watcher.db: IntegrityError; nothing was written"


def test_an_error_of_the_library_itself_is_explained_too() -> None:
    """Such as a pool that has no connection left."""
    assert "no connection left" in str(explain(SERVER, PoolTimeout("no connection left")))


def test_locked_is_told_apart() -> None:
    """The store adds who holds the lock."""
    assert is_locked(_sqlite("SQLITE_BUSY"))
    assert is_locked(_postgresql("55P03"))
    assert not is_locked(_sqlite("SQLITE_FULL"))
    assert not is_locked(PoolTimeout("late"))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///watcher.db", "database watcher.db"),
        ("postgresql+psycopg://u:hunter2@host/live", "database live on host"),
        ("postgresql+psycopg://u@/live?host=/run/postgresql", "database live on the local socket"),
    ],
)
def test_a_database_is_named_without_credentials(url: str, name: str) -> None:
    """File, or host, port and database: never user or password."""
    assert name_of(make_url(url)) == name
