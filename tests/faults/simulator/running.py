"""Running seeds: each in a folder of its own, in memory where the system has such a place.

On SQLite; with the URL of a PostgreSQL server the story is lived there, and replayed on SQLite all the same.
"""

import os
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from logging import CRITICAL
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import structlog
from sqlalchemy import delete

from tests.faults.simulator.checks import findings
from tests.faults.simulator.story import Log, Story
from watcher.store.database import Store
from watcher.store.tables import Row

IN_MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of our own is made in it
SMALL = 60
"""Blocks of a small seed, at least: reorgs and the last turn add some."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one seed; no findings: everything held."""

    seed: int
    blocks: int
    findings: tuple[str, ...]
    log: Log


def run(seed: int, blocks: int = SMALL, *, plain: bool = False, server: str | None = None) -> Verdict:
    """Live one seed and check it; whatever ends it is a finding. `plain`: as in Story."""
    log = Log()
    try:
        with story(seed, blocks, log, plain=plain, server=server) as (lived, clean):
            found = tuple(findings(lived, clean))
    except Exception:  # noqa: BLE001  # whatever ends a story is a finding
        found = (traceback.format_exc(limit=-6),)
    return Verdict(seed, blocks, found, log)


@contextmanager
def story(
    seed: int,
    blocks: int = SMALL,
    log: Log | None = None,
    *,
    plain: bool = False,
    server: str | None = None,
) -> Iterator[tuple[Story, Store]]:
    """Live one seed to its end; give the story and an empty database for the clean replay."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(CRITICAL))
    lived, clean = _stores(server)
    for store in (lived, clean):
        _wipe(store)
    with tempfile.TemporaryDirectory(dir=_place()) as name:
        told = Story(seed, Path(name), lived, blocks, log or Log(), plain=plain)
        told.live()
        told.end()
        yield told, clean


@cache
def _stores(server: str | None) -> tuple[Store, Store]:
    """Make two databases once: their tables, and learning their statements, take longer than a story."""
    folder = Path(tempfile.mkdtemp(dir=_place()))
    urls = [f"sqlite:///{folder / name}.db" for name in ("lived", "clean")]
    if server is not None:
        name = f"lived_{os.getpid()}"
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}".encode())
        urls[0] = urlsplit(server)._replace(path=f"/{name}").geturl()
    lived, clean = (Store.open(url, create=True) for url in urls)
    return lived, clean


def _wipe(store: Store) -> None:
    with store.writing() as tx:
        for table in reversed(Row.metadata.sorted_tables):
            tx.facts._connection.execute(delete(table))


def _place() -> Path | None:
    return IN_MEMORY if IN_MEMORY.is_dir() else None
