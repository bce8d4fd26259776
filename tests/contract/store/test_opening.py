"""Opening a database: made when asked, refused with a remedy otherwise, brought up to date by migrations."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.databases import connected, query
from watcher.errors import ConfigurationError, StoreError, WriterBusy
from watcher.store.database import Store
from watcher.store.engines import parse_url
from watcher.store.schema import HEAD, upgrade
from watcher.store.tables import Row
from watcher.store.views import views

MIGRATIONS = Path(__file__).parents[3] / "watcher" / "store" / "migrations"


def migrations() -> Config:
    """Give what Alembic has to know."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def test_migrations_end_in_exactly_the_tables_of_the_code(empty_database_url: str) -> None:
    """From the first schema on, and on both databases: an old database and a new one cannot be told apart."""
    config = migrations()
    with connected(empty_database_url) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    Store.open(empty_database_url, create=True).close()
    with connected(empty_database_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []
        assert context.get_current_revision() == HEAD


def test_a_new_sqlite_database_is_a_migrated_one_to_the_letter(tmp_path: Path) -> None:
    """What is compared by kinds on both databases is compared by its SQL here, constraints and all."""
    made, config = [], migrations()
    for name in ("new", "migrated"):
        url = f"sqlite:///{tmp_path}/{name}.db"
        if name == "migrated":
            with connected(url) as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        Store.open(url, create=True).close()
        tables = query(url, "SELECT name, sql FROM sqlite_master WHERE type <> 'view' ORDER BY name")
        made.append([(each["name"], " ".join((each["sql"] or "").split())) for each in tables])
    assert made[0] == made[1]
    assert query(f"sqlite:///{tmp_path}/new.db", "SELECT * FROM alembic_version") == [{"version_num": HEAD}]


def test_every_view_can_be_queried(database_url: str) -> None:
    """The views are made on both databases, and each SELECT in views.sql runs."""
    assert len(views()) == 9
    for view in views():
        assert query(database_url, f"SELECT * FROM {view.name}") == []  # noqa: S608  # names from views.sql


def test_opening_again_changes_nothing(database_url: str) -> None:
    """`create` on a database that is there and current is harmless."""
    before = query(database_url, "SELECT * FROM alembic_version")
    Store.open(database_url, create=True).close()
    Store.open(database_url, create=False).close()
    assert query(database_url, "SELECT * FROM alembic_version") == before == [{"version_num": HEAD}]


def test_whoever_comes_second_to_an_upgrade_finds_it_done(database_url: str) -> None:
    """Two processes saw an old database; the second one waits, looks again, and leaves it alone."""
    with connected(database_url) as connection:
        upgrade(connection, "the database")


def test_an_empty_database_is_refused_with_the_remedy(empty_database_url: str) -> None:
    """Without `create` nothing is made: not a table, not even the file."""
    with pytest.raises(StoreError, match="watcher database upgrade"):
        Store.open(empty_database_url, create=False)
    if empty_database_url.startswith("sqlite"):
        assert not Path(parse_url(empty_database_url).database or "").exists()


def test_an_old_database_is_refused_with_the_remedy(database_url: str) -> None:
    """Without `create` an old schema is not migrated."""
    query(database_url, "UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(StoreError, match=f"older schema 0000, this release needs {HEAD}.*database upgrade"):
        Store.open(database_url, create=False)


@pytest.mark.parametrize("create", [True, False])
def test_a_newer_database_is_refused(database_url: str, *, create: bool) -> None:
    """A release never touches what a newer one made."""
    query(database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="schema 9999, made by a newer release"):
        Store.open(database_url, create=create)


def test_an_old_database_is_not_migrated_under_a_running_writer(store: Store, database_url: str) -> None:
    """Its process still writes the old tables: whoever wants the new ones stops it first."""
    query(database_url, "UPDATE alembic_version SET version_num = '0000'")
    with store.writer_lock(), pytest.raises(WriterBusy):
        Store.open(database_url, create=True)


def test_opening_a_current_database_waits_for_no_writer(store: Store, database_url: str) -> None:
    """A command starts while the daemon is in the middle of a transaction."""
    with store.writer_lock(), store.writing():
        Store.open(database_url, create=True, patience_seconds=0).close()


def test_the_head_in_the_code_is_the_newest_migration() -> None:
    """Opening does not ask Alembic, so the constant has to follow the migrations."""
    assert ScriptDirectory.from_config(migrations()).get_current_head() == HEAD


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Somebody's text file is named, and left alone."""
    file = tmp_path / "notes.txt"
    file.write_text("these are my notes, long enough to have a header " * 20)
    for create in (True, False):
        with pytest.raises(StoreError, match="is not an SQLite database"):
            Store.open(f"sqlite:///{file}", create=create)
    assert file.read_text().startswith("these are my notes")


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    """The remedy says what to check."""
    with pytest.raises(
        StoreError, match=r"nowhere/watcher\.db: the file cannot be opened: check that its folder"
    ):
        Store.open(f"sqlite:///{tmp_path}/nowhere/watcher.db", create=True)


def test_sqlite_forgets_no_commit_and_lets_readers_in(tmp_path: Path) -> None:
    """Write-ahead log, and every commit on disk before it is believed."""
    Store.open(f"sqlite:///{tmp_path}/watcher.db", create=True).close()
    connection = sqlite3.connect(tmp_path / "watcher.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


@pytest.mark.postgres
def test_a_postgresql_server_that_is_not_there_is_named_without_the_password(tmp_path: Path) -> None:
    """Connection errors name the server and the remedy."""
    url = f"postgresql://someone:hunter2@/watcher?host={tmp_path}"
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        Store.open(url, create=False)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "cannot be read"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://root:hunter2@localhost/watcher", "kind 'mysql'"),
        ("postgresql://root:hunter2@localhost", "names no database"),
        ("postgresql://root:hunter2@localhost:port/watcher", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str, words: str) -> None:
    """Only an SQLite file and PostgreSQL are databases of the watcher."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        Store.open(url, create=True)
    assert "hunter2" not in str(caught.value)
