"""One writer process a database, and patience that ends with an explanation."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from tests.contract.store.givens import ref
from tests.databases import query
from watcher.errors import StoreError, WriterBusy, WriterLost
from watcher.store.database import Store

HOLDER = """
import sys
from watcher.store.database import Store
with Store.open(sys.argv[1], create=False).writer_lock():
    print("held", flush=True)
    sys.stdin.read()
"""

WRITER = """
import sys
from watcher.core.types import BlockHash, BlockRef
from watcher.store.database import Store
zeros = BlockHash("0x" + 64 * "0")
with Store.open(sys.argv[1], create=False).writing() as tx:
    tx.state.set_head(BlockRef(7, zeros, zeros, 7))
    print("open", flush=True)
    sys.stdin.read()
"""


def _start(program: str, url: str) -> "subprocess.Popen[str]":
    """Start another process and wait until it has what it asks for."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() in {"held", "open"}
    return process


def _kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()


def test_a_second_process_is_told_who_writes(store: Store, database_url: str) -> None:
    """The message names the process; a kill frees the lock, whatever it left behind."""
    process = _start(HOLDER, database_url)
    try:
        with (
            pytest.raises(WriterBusy, match=f"being written by .*pid {process.pid} on "),
            store.writer_lock(),
        ):
            pass
        with store.reading() as tx:
            assert tx.state.head() is None
        with store.writing() as tx:
            tx.state.set_head(ref(1))
    finally:
        _kill(process)
    while True:
        try:
            with store.writer_lock():
                break
        except WriterBusy:  # PostgreSQL notices the end of a connection a moment later
            continue


def test_the_lock_is_free_after_its_block(store: Store) -> None:
    """Also when the block ends with an exception, and not before."""
    for _ in range(2):
        with pytest.raises(ValueError, match="stop"), store.writer_lock():  # noqa: PT012  # the block is tested
            with pytest.raises(WriterBusy, match=f"pid {os.getpid()} on "), store.writer_lock():
                pass
            raise ValueError("stop")
    with store.writer_lock():
        pass


def test_a_database_that_stays_locked_is_reported(database_url: str) -> None:
    """The stage fails whole and says why; once the other transaction is gone, all is well."""
    impatient = Store.open(database_url, create=False, patience_seconds=0.05)
    process = _start(WRITER, database_url)
    try:
        with (
            pytest.raises(StoreError, match="the database is locked by another process"),
            impatient.writing(),
        ):
            pass
        with impatient.reading() as tx:
            assert tx.state.head() is None
    finally:
        _kill(process)
        impatient.close()
    patient = Store.open(database_url, create=False)
    with patient.writing() as tx:
        assert tx.state.head() is None
        tx.state.set_head(ref(1))
    patient.close()


def test_threads_write_one_after_the_other(database_url: str) -> None:
    """None is refused while the others have their turn, and nothing that one wrote is lost."""
    with closing(Store.open(database_url, create=False)) as store:
        together = Barrier(8)

        def count(thread: int) -> None:
            together.wait()
            for _ in range(20):
                with store.writing(lasting=thread % 2 == 0) as tx:
                    head = tx.state.head()
                    tx.state.set_head(ref(head.number + 1 if head else 1))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(count, range(8)))
        with store.reading() as tx:
            head = tx.state.head()
        assert head is not None
        assert head.number == 160


def test_a_thread_does_not_wait_for_ever_for_another(database_url: str) -> None:
    """One that writes for too long keeps the others from writing, and is named."""
    with closing(Store.open(database_url, create=False, patience_seconds=0.2)) as store:

        def write() -> None:
            with store.writing() as tx:
                tx.state.set_head(ref(8))

        with ThreadPoolExecutor(1) as other, store.writing() as tx:
            tx.state.set_head(ref(7))
            with pytest.raises(StoreError, match="is locked by"):
                other.submit(write).result()
        with store.reading() as tx:
            assert tx.state.head() == ref(7)


def test_a_locked_sqlite_database_names_the_writer(tmp_path: Path) -> None:
    """Whoever holds the writer lock is the likeliest to keep the database busy."""
    url = f"sqlite:///{tmp_path / 'watcher.db'}"
    store = Store.open(url, create=True, patience_seconds=0.05)
    with (
        store.writer_lock(),
        store.writing(),
        pytest.raises(StoreError, match=rf"locked .*\(last writer: pid {os.getpid()} on "),
        store.writing(),
    ):
        pass
    store.close()


def test_a_lock_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """The remedy says which file needs which right."""
    store = Store.open(f"sqlite:///{tmp_path / 'watcher.db'}", create=True)
    (tmp_path / "watcher.db.lock").mkdir()
    with (
        pytest.raises(StoreError, match=r"watcher\.db\.lock: the lock file cannot be opened"),
        store.writer_lock(),
    ):
        pass
    store.close()


@pytest.mark.postgres
@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_a_writer_that_lost_its_lock_writes_no_more(empty_database_url: str) -> None:
    """The server ended the session that held the lock, so somebody else may be the writer by now."""
    store = Store.open(empty_database_url, create=True)
    with store.writer_lock():
        with store.writing() as tx:
            tx.state.set_head(ref(1))
        query(
            empty_database_url,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name LIKE 'watcher writer%' AND datname = current_database()",
        )
        with pytest.raises(WriterLost, match="ended the session that held the writer lock"), store.writing():
            pass
    with store.writing() as tx:
        assert tx.state.head() == ref(1)
    store.close()


@pytest.mark.postgres
@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_a_lost_connection_fails_the_transaction_and_heals(empty_database_url: str) -> None:
    """Nothing of it is written, the error says so, and the next transaction connects anew."""
    store = Store.open(empty_database_url, create=True)
    with pytest.raises(StoreError, match="the server ended the connection"), store.writing() as tx:  # noqa: PT012
        tx.state.set_head(ref(1))
        query(
            empty_database_url,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        tx.state.set_head(ref(2))
    with store.writing() as tx:
        assert tx.state.head() is None
    store.close()
