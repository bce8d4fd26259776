"""The store: one database, one writing transaction at a time, as many consistent readers as wanted.

    stage ─▶ store.writing() ─▶ tx.facts, tx.state, tx.ledger, tx.outbox, … ─▶ one commit, or nothing

No HTTP while a transaction is open.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Lock

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from watcher.errors import StoreError, WriterLost
from watcher.store.adoptions import Adoptions
from watcher.store.attestations import Attestations
from watcher.store.copying import Copying
from watcher.store.engines import parse_url, reading_engine, sqlite_file, writing_engine
from watcher.store.facts import Facts
from watcher.store.failures import explain, is_locked, name_of
from watcher.store.ledger import Ledger
from watcher.store.locks import file_lock, holds_session_lock, last_writer, session_lock
from watcher.store.outbox import Outbox
from watcher.store.runs import Runs
from watcher.store.schema import HEAD, refuse_unless_current, upgrade, version_of
from watcher.store.state import StateStore

PATIENCE_SECONDS = 5.0
"""How long a transaction waits for another one; writing transactions last milliseconds."""


class Tx:
    """One transaction: everything written through it is committed together, or nothing of it."""

    def __init__(self, connection: Connection) -> None:
        """Bind the repositories to one connection with an open transaction."""
        self.facts = Facts(connection)
        self.state = StateStore(connection)
        self.ledger = Ledger(connection)
        self.outbox = Outbox(connection)
        self.runs = Runs(connection)
        self.attestations = Attestations(connection)
        self.adoptions = Adoptions(connection)
        self.copying = Copying(connection)


class Store:
    """One database; safe to use from several threads, each with its own transactions."""

    def __init__(
        self, url: URL, writing: Engine, hasty: Engine, reading: Engine, patience_seconds: float
    ) -> None:
        """Take what `open` made."""
        self._patience_seconds = patience_seconds
        self._turn = Lock()
        self._url = url
        self._writing = writing
        self._hasty = hasty
        self._reading = reading
        self._writer_session: int | None = None

    @classmethod
    def open(cls, url: str, *, create: bool, patience_seconds: float = PATIENCE_SECONDS) -> "Store":
        """Open a database and make sure that its tables are those of this release.

        `create` makes what is missing and migrates what is old; without it a missing or old database is
        refused with the remedy, and nothing is changed. StoreError where it cannot be opened,
        ConfigurationError where the URL cannot be used.
        """
        parsed = parse_url(url)
        file = sqlite_file(parsed)
        if file and not create and not file.is_file():
            raise StoreError(
                f"{name_of(parsed)} does not exist: `watcher database upgrade` or a first "
                "`watcher sync` makes it"
            )
        store = cls(
            parsed,
            writing_engine(parsed, patience_seconds),
            writing_engine(parsed, patience_seconds, lasting=False),
            reading_engine(parsed, patience_seconds),
            patience_seconds,
        )
        try:
            with store._explained():
                if create:
                    store._upgrade()
                else:
                    with store._reading.begin() as connection:
                        refuse_unless_current(connection, store.name)
        except BaseException:
            store.close()
            raise
        return store

    @property
    def name(self) -> str:
        """Name the database for people, without credentials."""
        return name_of(self._url)

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[Tx]:
        """Write: commit at the end, roll back on any exception.

        `lasting` False is for what can be read again and that nobody was told of: a power cut, and nothing
        else, may take back the newest such commits. It waits for no disk; a later commit that lasts takes
        them there.

        Writing transactions of all threads and processes are serial; StoreError when another one lasts too
        long. Do not nest them in one thread.
        """
        with (
            self._in_turn(),
            self._explained(),
            (self._writing if lasting else self._hasty).begin() as connection,
        ):
            session = self._writer_session
            if session is not None and not holds_session_lock(connection, session):
                raise WriterLost(
                    f"{self.name}: the server ended the session that held the writer lock, so another "
                    "process may be writing: start again"
                )
            yield Tx(connection)

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """Read one consistent snapshot, whatever is written meanwhile; writing through it fails."""
        with self._explained(), self._reading.begin() as connection:
            yield Tx(connection)

    @contextmanager
    def writer_lock(self) -> Iterator[None]:
        """Be the one process that runs stages on this database; WriterBusy names who is it already.

        The lock ends with the block, or with the process, whatever way it ends.
        """
        file = sqlite_file(self._url)
        if file:
            with file_lock(self._url, file):
                yield
            return
        with self._explained(), session_lock(self._url) as session:
            self._writer_session = session
            try:
                yield
            finally:
                self._writer_session = None

    def close(self) -> None:
        """Close every connection that is not in use; the store must not be used afterwards."""
        self._writing.dispose()
        self._hasty.dispose()
        self._reading.dispose()

    def _upgrade(self) -> None:
        """Make or migrate the tables where needed; never under a process that writes the old ones."""
        with self._reading.begin() as connection:
            version = version_of(connection, self.name)
        if version == HEAD:
            return
        with self.writer_lock() if version else nullcontext(), self._writing.begin() as connection:
            upgrade(connection, self.name)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let the threads of this process write one after the other.

        The database sees to that too, but there who comes second only looks again after some milliseconds.
        """
        if not self._turn.acquire(timeout=self._patience_seconds):
            raise self._locked()
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Let no error of SQLAlchemy or a driver leave the store."""
        try:
            yield
        except SQLAlchemyError as error:
            if is_locked(error):
                raise self._locked() from error
            raise explain(self._url, error) from error

    def _locked(self) -> StoreError:
        file = sqlite_file(self._url)
        writer = last_writer(file) if file else None
        by = f"by another process (last writer: {writer})" if writer else "by another process or transaction"
        return StoreError(
            f"{self.name}: the database is locked {by}; nothing was written, and the stage is repeated. "
            "If this lasts, end the program that holds it open"
        )
