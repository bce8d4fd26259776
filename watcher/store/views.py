"""The views: stable, documented names for analysts, while the tables below may change with any release.

views.sql is written once for both databases; `utc(…)` and `number(…)` in it stand for what each spells its
own way.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from sqlalchemy import Connection

_SPELLING: Mapping[str, Mapping[str, Callable[[str], str]]] = {
    "sqlite": {
        "utc": lambda seconds: f"strftime('%Y-%m-%dT%H:%M:%SZ', {seconds}, 'unixepoch')",
        "number": lambda amount: f"CAST({amount} AS REAL)",
    },
    "postgresql": {
        "utc": lambda seconds: (
            f"to_char(to_timestamp({seconds}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        ),
        "number": lambda amount: f"CAST({amount} AS NUMERIC)",
    },
}


@dataclass(frozen=True, slots=True)
class View:
    """One view of views.sql: its name, the comment above it, and the SELECT it stands for."""

    name: str
    comment: str
    select: str


def views() -> list[View]:
    """Read views.sql."""
    source = (files("watcher.store") / "views.sql").read_text(encoding="utf-8")
    pattern = r"((?:^--[^\n]*\n)+)CREATE VIEW (\w+) AS\n(.*?);"
    return [
        View(name, re.sub(r"^-- ?", "", comment, flags=re.MULTILINE).strip(), select)
        for comment, name, select in re.findall(pattern, source, flags=re.MULTILINE | re.DOTALL)
    ]


def drop_views(connection: Connection) -> None:
    """Take the views away, so that the tables below can be changed."""
    for view in reversed(views()):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {view.name}")


def make_views(connection: Connection) -> None:
    """Make the views; they must not exist."""
    spelling = _SPELLING[connection.dialect.name]
    for view in views():
        select = re.sub(r"\b(utc|number)\(([^()]*)\)", lambda m: spelling[m[1]](m[2]), view.select)
        connection.exec_driver_sql(f"CREATE VIEW {view.name} AS\n{select}")
