"""What went wrong with the database, in words: driver errors become a StoreError that names the remedy.

Nothing of the database's URL but host and file name is ever shown, and no statement's values.
"""

import sqlite3

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from watcher.errors import StoreError

LOCKED = "the database is locked"

_SQLITE = {
    "SQLITE_FULL": "the disk is full: free some space; the stage is repeated as a whole",
    "SQLITE_READONLY": "it is read-only: give this user the right to write the file and its folder",
    "SQLITE_CANTOPEN": "the file cannot be opened: check that its folder exists and may be written",
    "SQLITE_PERM": "the file cannot be opened: check its owner and permissions",
    "SQLITE_CORRUPT": "the file is damaged: restore a copy, or index anew into a new file",
    "SQLITE_NOTADB": "the file is not an SQLite database: check the key database in the deployment file",
    "SQLITE_IOERR": "the disk failed or is gone: check the volume",
    "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED,
}

_POSTGRESQL = {
    "53100": "the server's disk is full: free some space; the stage is repeated as a whole",
    "25006": "the server is read-only, perhaps a standby: connect to the primary",
    "42501": "this user lacks a privilege: grant it, or let the owner run `watcher database upgrade`",
    "55P03": LOCKED,
    "57P01": "the server ended the connection: the stage is repeated when it is back",
}


def name_of(url: URL) -> str:
    """Name a database without its credentials: the file, or host, port and database name."""
    if url.get_backend_name() == "sqlite":
        return f"database {url.database}"
    port = f":{url.port}" if url.port else ""
    return f"database {url.database} on {url.host or 'the local socket'}{port}"


def is_locked(error: SQLAlchemyError) -> bool:
    """Tell whether another process or transaction held what was needed for too long."""
    return _known(error) == LOCKED


def explain(url: URL, error: SQLAlchemyError) -> StoreError:
    """Turn any error of SQLAlchemy or a driver into one that says what to do."""
    known = _known(error)
    if known is None:
        cause = error.orig if isinstance(error, DBAPIError) else error
        words = _without_secret(url, (str(cause).strip().splitlines() or [type(cause).__name__])[0])
        known = f"{words}; nothing was written"
        if isinstance(error, OperationalError) and getattr(cause, "sqlstate", "") is None:
            known = f"the server cannot be reached ({words}): check that it runs, and the database's URL"
    return StoreError(f"{name_of(url)}: {known}")


def _known(error: SQLAlchemyError) -> str | None:
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        # Extended codes refine a plain one: SQLITE_READONLY_DIRECTORY, SQLITE_IOERR_WRITE, …
        code = "_".join(getattr(cause, "sqlite_errorname", "").split("_")[:2])
        return _SQLITE.get(code)
    return _POSTGRESQL.get(getattr(cause, "sqlstate", None) or "")


def _without_secret(url: URL, words: str) -> str:
    return words.replace(str(url.password), "***") if url.password else words
