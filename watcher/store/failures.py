"""What went wrong with the database, in words: driver errors become a StoreError that names the remedy.

Nothing of the database's URL but host and file name is ever shown, and no statement's values.
"""

import sqlite3

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from watcher.errors import StoreError

_SQLITE = {
    "SQLITE_FULL": "the disk is full: free some space; the stage is repeated as a whole",
    "SQLITE_READONLY": "it is read-only: give this user the right to write the file and its folder",
    "SQLITE_CANTOPEN": "the file cannot be opened: check that its folder exists and may be written",
    "SQLITE_PERM": "the file cannot be opened: check its owner and permissions",
    "SQLITE_CORRUPT": "the file is damaged: restore a copy, or index anew into a new file",
    "SQLITE_NOTADB": "the file is not an SQLite database: check the key database in the deployment file",
    "SQLITE_IOERR": "the disk failed or is gone: check the volume",
    "SQLITE_BUSY": "database is locked",
    "SQLITE_LOCKED": "database is locked",
}

_POSTGRESQL = {
    "53100": "the server's disk is full: free some space; the stage is repeated as a whole",
    "53200": "the server is out of memory",
    "53300": "the server has no connection left: raise max_connections or stop other clients",
    "25006": "the server is read-only, perhaps a standby: connect to the primary",
    "28000": "the server refused this user: check user and pg_hba.conf",
    "28P01": "the server refused the password: check the user's password",
    "3D000": "there is no database of that name: create it with `createdb`",
    "42501": "this user lacks a privilege: grant it, or let the owner run `watcher database upgrade`",
    "55P03": "database is locked",
    "57P01": "the server is shutting down: the stage is repeated when it is back",
    "57P03": "the server is starting up: try again in a moment",
}


def name_of(url: URL) -> str:
    """Name a database without its credentials: the file, or host, port and database name."""
    if url.get_backend_name() == "sqlite":
        return f"database {url.database}"
    port = f":{url.port}" if url.port else ""
    return f"database {url.database} on {url.host or 'the local socket'}{port}"


def is_locked(error: SQLAlchemyError) -> bool:
    """Tell whether another process or transaction held what was needed for too long."""
    return _known(error) == "database is locked"


def explain(url: URL, error: SQLAlchemyError) -> StoreError:
    """Turn any error of SQLAlchemy or a driver into one that says what to do."""
    known = _known(error)
    if known is None and _lost(error):
        known = "the server does not answer or the connection was lost: check that it runs and can be reached"
    if known is None:
        cause = error.orig if isinstance(error, DBAPIError) else error
        words = str(cause).strip().splitlines() or [type(cause).__name__]
        known = f"{_without_secret(url, words[0])}; nothing was written"
    return StoreError(f"{name_of(url)}: {known}")


def _known(error: SQLAlchemyError) -> str | None:
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        # Extended codes refine a plain one: SQLITE_READONLY_DIRECTORY, SQLITE_IOERR_WRITE, …
        code = "_".join(getattr(cause, "sqlite_errorname", "").split("_")[:2])
        return _SQLITE.get(code)
    return _POSTGRESQL.get(getattr(cause, "sqlstate", None) or "")


def _lost(error: SQLAlchemyError) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or bool(state and state.startswith("08"))


def _without_secret(url: URL, words: str) -> str:
    return words.replace(str(url.password), "***") if url.password else words
