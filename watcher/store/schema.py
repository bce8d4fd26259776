"""The schema's version: what this release needs, how an old database gets there, and the views on top.

A new database is made from the table classes. An old one is migrated: migrations are Alembic's and live in
the package; the views are dropped before and made anew after them, so that tables can change beneath them.
Alembic is imported only when there is work for it.
# INVARIANT: migrations end in the very tables that the classes make: tests/contract/store/test_opening.py
"""

from importlib.resources import files

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    select,
)

from watcher.errors import StoreError
from watcher.store.tables import Row
from watcher.store.views import drop_views, make_views

HEAD = "0002"
"""The newest migration, which this release's code is written for; a test holds it to the migrations."""

_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def version_of(connection: Connection, name: str) -> str | None:
    """Give a database's version, None where it has no tables; StoreError where a newer release made it."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    version: str | None = connection.execute(select(_VERSION.c.version_num)).scalar()
    # Revisions are numbered in order, so text order is age.
    if version is not None and version > HEAD:
        raise StoreError(
            f"{name} has schema {version}, made by a newer release; this one knows {HEAD}: "
            "install that release again"
        )
    return version


def refuse_unless_current(connection: Connection, name: str) -> None:
    """Raise StoreError, with the remedy, for a database that is empty, older or newer than this release."""
    version = version_of(connection, name)
    if version == HEAD:
        return
    state = "has no tables of the watcher" if version is None else f"has the older schema {version}"
    raise StoreError(f"{name} {state}, this release needs {HEAD}: run `watcher database upgrade`")


def upgrade(connection: Connection, name: str) -> None:
    """Bring a database to this release's schema, in the connection's transaction; idempotent."""
    version = version_of(connection, name)
    if version == HEAD:
        return
    if version is None:
        _make(connection)
    else:
        drop_views(connection)
        _migrate(connection)
    make_views(connection)


def _make(connection: Connection) -> None:
    """Make every table, and say that the last migration is behind them, in the words that Alembic reads."""
    Row.metadata.create_all(connection, checkfirst=False)
    _VERSION.create(connection)
    connection.execute(insert(_VERSION), {"version_num": HEAD})


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  # 0.15 s and 10 MB that only a migration should cost
    from alembic.config import Config  # noqa: PLC0415  # as above

    config = Config()
    config.set_main_option("script_location", str(files("watcher.store") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
