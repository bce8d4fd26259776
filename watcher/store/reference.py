"""The reference in docs/database.md, made from views.sql and the table classes.

`python -m watcher.store.reference docs/database.md` replaces everything below the marker line of that file;
what stands above it is written by hand.
"""

import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine, inspect

from watcher.store.tables import Row
from watcher.store.views import make_views, views

MARKER = "<!-- generated below: python -m watcher.store.reference docs/database.md -->"

_KINDS = {
    "BIGINT": "whole number",
    "BOOLEAN": "yes or no",
    "DATETIME": "instant",
    "FLOAT": "number",
    "BLOB": "bytes",
    "TEXT": "text",
}


def reference() -> str:
    """Describe every view and every table in Markdown."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        Row.metadata.create_all(connection)
        make_views(connection)
        parts = [
            "## Views\n",
            *_views(connection),
            "## Tables\n",
            *map(_table, sorted(_classes(), key=_name)),
        ]
    engine.dispose()
    return "\n".join(parts)


def renewed(document: str) -> str:
    """Give a document with its generated part made anew; ValueError where the marker is missing."""
    head, marker, _ = document.partition(MARKER)
    if not marker:
        raise ValueError(f"the document has no line {MARKER!r} below which the reference could go")
    return f"{head}{MARKER}\n\n{reference()}"


def main(arguments: list[str]) -> None:
    """Renew the documents that are named."""
    for name in arguments:
        path = Path(name)
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")


def _views(connection: Connection) -> list[str]:
    inspector = inspect(connection)
    parts = []
    for view in views():
        columns = ", ".join(f"`{column['name']}`" for column in inspector.get_columns(view.name))
        parts.append(f"### {view.name}\n\n{view.comment}\n\nColumns: {columns}.\n")
    return parts


def _classes() -> list[type[Row]]:
    return [cls for cls in Row.__subclasses__() if _name(cls) in Row.metadata.tables]


def _name(cls: type[Row]) -> str:
    return str(cls.__tablename__)


def _table(cls: type[Row]) -> str:
    table = Row.metadata.tables[_name(cls)]
    rows = [
        f"| `{name}` | {_kind(table, name)} | {field.description} |"
        for name, field in cls.model_fields.items()
    ]
    head = "| column | kind | meaning |\n|---|---|---|\n"
    return f"### {table.name}\n\n{cls.__doc__}\n\n{head}" + "\n".join(rows) + "\n"


def _kind(table: Table, name: str) -> str:
    column: Any = table.columns[name]
    key = ", key" if column.primary_key else ""
    return f"{_KINDS[str(column.type)]}{key}"


if __name__ == "__main__":
    main(sys.argv[1:])
