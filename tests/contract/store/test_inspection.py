"""Looking at a database before a run: what is there is told, and nothing changes by looking."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.contract.store.givens import ref
from tests.databases import PostgreSQL, query
from watcher.core.facts import BlockFacts
from watcher.core.types import BlockHash
from watcher.store.database import Store
from watcher.store.encoding import pack
from watcher.store.inspection import DatabaseReport, inspect_database
from watcher.store.state import DatabaseIdentity

IDENTITY = DatabaseIdentity(
    31_337, BlockHash("0x" + "aa" * 32), "program", "d" * 64, datetime(2026, 1, 1, tzinfo=UTC)
)


def test_a_database_without_tables_is_fine_and_stays_without(empty_database_url: str, tmp_path: Path) -> None:
    """The first run makes them; a question does not."""
    report = inspect_database(empty_database_url)
    assert (report.problem, report.exists, report.current) == (None, False, False)
    assert inspect_database(empty_database_url) == report
    assert list(tmp_path.iterdir()) == []


def test_a_used_database_says_whose_it_is_and_how_far_it_was_read(store: Store, database_url: str) -> None:
    """By its identity and its checkpoint."""
    assert inspect_database(database_url).identity is None
    with store.writing() as tx:
        tx.state.set_identity(IDENTITY)
        tx.facts.append(pack([BlockFacts(ref(5))]), {5})
    report = inspect_database(database_url)
    assert report == DatabaseReport(
        store.name, exists=True, current=True, identity=IDENTITY, checkpoint=ref(5)
    )


def test_who_writes_it_is_named_while_he_does(store: Store, database_url: str) -> None:
    """The holder of the writer lock, not one who left his name behind."""
    assert inspect_database(database_url).writer is None
    with store.writer_lock():
        writer = inspect_database(database_url).writer
        assert writer is not None
        assert "pid " in writer
    assert inspect_database(database_url).writer is None


def test_a_name_that_a_killed_process_left_is_nobodys(tmp_path: Path, sqlite_template: Path) -> None:
    """The kernel frees the lock and leaves the file as it was."""
    file = tmp_path / "watcher.db"
    file.write_bytes(sqlite_template.read_bytes())
    (tmp_path / "watcher.db.lock").write_text("pid 1 on gone", encoding="utf-8")
    assert inspect_database(f"sqlite:///{file}").writer is None


def test_older_tables_are_told_and_newer_ones_are_a_problem(database_url: str) -> None:
    """The next run migrates the one; the other needs its own release."""
    query(database_url, "UPDATE alembic_version SET version_num = '0000'")
    report = inspect_database(database_url)
    assert (report.problem, report.exists, report.current) == (None, True, False)
    query(database_url, "UPDATE alembic_version SET version_num = '9999'")
    assert "made by a newer release" in str(inspect_database(database_url).problem)


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    """Nobody makes folders for a database."""
    report = inspect_database(f"sqlite:///{tmp_path / 'nowhere' / 'watcher.db'}")
    assert (
        report.problem
        == f"{tmp_path / 'nowhere'} is no folder: make it, or correct database in the deployment file"
    )


def test_a_file_that_is_no_database_is_a_problem(tmp_path: Path) -> None:
    """It is looked at and left alone."""
    file = tmp_path / "watcher.db"
    file.write_text("not a database at all, but long enough to be taken for one " * 20, encoding="utf-8")
    assert "is not an SQLite database" in str(inspect_database(f"sqlite:///{file}").problem)


def test_a_file_that_may_not_be_written_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor may its folder be read-only, where the write-ahead log has to go."""
    monkeypatch.setattr("os.access", lambda path, _mode: Path(path) != tmp_path)
    report = inspect_database(f"sqlite:///{tmp_path / 'watcher.db'}")
    assert report.problem == f"{tmp_path} may not be written: give this user the right to"


@pytest.mark.postgres
def test_a_user_without_rights_is_a_problem(postgresql: PostgreSQL) -> None:
    """Reading is not enough for a watcher, nor is a schema in which it may make nothing."""
    with postgresql.empty() as bare, postgresql.empty() as full:
        Store.open(full, create=True).close()
        query(full, "CREATE ROLE guest LOGIN")
        query(full, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest")
        as_guest = [make_url(url).set(username="guest") for url in (bare, full)]
        found = [inspect_database(url.render_as_string(hide_password=False)).problem for url in as_guest]
        query(full, "DROP OWNED BY guest")
        query(full, "DROP ROLE guest")
    assert found == [
        "this user may not make tables in it: grant it the right",
        "this user may not write its tables: grant it the right",
    ]


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_a_problem() -> None:
    """Its name is told, its password is not."""
    report = inspect_database("postgresql+psycopg://watcher:secret@127.0.0.1:9/watcher")
    assert "cannot be reached" in str(report.problem)
    assert "secret" not in str(report)
