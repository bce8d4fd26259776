"""The schema's version: what this release needs, how an old database gets there, and the views on top.

Migrations are Alembic's and live in the package; the views are dropped before and made anew after each
migration, so that tables can change beneath them. Alembic is imported only when there is work for it.
"""

from importlib.resources import files

from sqlalchemy import Connection, inspect, text

from watcher.errors import StoreError
from watcher.store.views import drop_views, make_views

HEAD = "0002"
"""The newest migration, which this release's code is written for; a test holds it to the migrations."""

_VERSION_TABLE = "alembic_version"


def version_of(connection: Connection, name: str) -> str | None:
    """Give a database's version, None where it has no tables; StoreError where a newer release made it."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    query = text(f"SELECT version_num FROM {_VERSION_TABLE}")  # noqa: S608  # a constant
    version: str | None = connection.execute(query).scalar()
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
    if version_of(connection, name) == HEAD:
        return
    drop_views(connection)
    _migrate(connection)
    make_views(connection)


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  # 0.15 s that only a migration should cost
    from alembic.config import Config  # noqa: PLC0415  # as above

    config = Config()
    config.set_main_option("script_location", str(files("watcher.store") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
