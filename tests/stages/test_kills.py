"""A kill at every write: whatever was half done, the next process ends where one that was not killed ends."""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from tests.databases import Killed, Killer, PostgreSQL, query
from tests.stages.world import APPS, START, Watch, definition, open_for_business, use, world_clock
from watcher.core.definition import Definition
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain

TABLES = {
    "block": "number, hash, parent_hash, timestamp, announces, payload",
    "hour": "app, hour, actors, failed, excluded, gas, fee_wei, logs",
    "contract_hour": "app, address, hour, actions, failed, gas, fee_wei, logs",
    "sample": "address, block_number, kind, code_hash, runnable, logic, beacon",
    "actor": "id, address",
    "observation": "milestone, block_number, block_hash, status",
    "ledger_entry": "generation, sequence, digest",
    "event": "type, countdown, occurred_at",
    "evaluation": "slot, number, hash, payload",
    "chain_position": "name, number, hash",
    "want": "key",
    "series_hour": "series, app, hour, payload",
    "call_sample": "address, data, block_number, answer",
}
"""What has to be equal in the end; the ids of notices are minted and differ from run to run."""


class WriteKiller(Killer):
    """Strikes before the n-th statement that writes, or commit."""

    def before_statement(self, *arguments: object) -> None:
        """Count a statement that writes."""
        statement = str(arguments[2])
        if not statement.lstrip().upper().startswith("SELECT"):
            super().before_statement()


@contextmanager
def killing(at: int) -> Iterator[Killer]:
    """Kill the work inside before its n-th write."""
    killer = WriteKiller(at)
    event.listen(Engine, "before_cursor_execute", killer.before_statement)
    event.listen(Engine, "commit", killer.before_commit)
    try:
        yield killer
    except Killed:
        pass
    finally:
        event.remove(Engine, "before_cursor_execute", killer.before_statement)
        event.remove(Engine, "commit", killer.before_commit)


def observed(chain: FakeChain) -> None:
    """Let two apps go live close to the head: the milestone is observed and not final."""
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1, 2, 3))
    chain.block(*use(APPS[1], 0, 1, 2, 3), at=START + 4_000)
    chain.block()


def observed_elsewhere(chain: FakeChain) -> None:
    """Take the observed block away: the milestone holds one block later."""
    chain.reorg(2)
    chain.block(*use(APPS[1], 0), at=START + 4_001)
    chain.block(*use(APPS[1], 0, 1, 2, 3), at=START + 4_002)


def reached(chain: FakeChain) -> None:
    """Make it final, and let days pass in which nobody comes."""
    chain.block(*use(APPS[0], 5, 6), at=START + 8_000)
    chain.empty_blocks(5, every=40_000)


CHAPTERS = (observed, observed_elsewhere, reached)


def live(program: Definition, chain: FakeChain, url: str, kill: int) -> bool:
    """Catch up, killed before the n-th write (0: not), and again; tell whether the kill struck."""
    store = Store.open(url, create=True)
    clock = world_clock()
    try:
        with killing(kill) as killer:
            Watch(program, chain, store, clock).sync()
        Watch(program, chain, store, clock).sync()
    finally:
        store.close()
    return killer.struck


def contents(url: str) -> dict[str, list[dict[str, object]]]:
    """Read every table that has to be equal."""
    return {
        table: [
            {key: bytes(value) if isinstance(value, memoryview) else value for key, value in row.items()}
            for row in query(url, f"SELECT {columns} FROM {table} ORDER BY {columns}")  # noqa: S608  # our own names
        ]
        for table, columns in TABLES.items()
    }


@pytest.mark.parametrize("number", range(len(CHAPTERS)), ids=[chapter.__name__ for chapter in CHAPTERS])
def test_killed_at_every_write_nothing_is_lost_and_nothing_is_doubled(
    number: int, tmp_path: Path, sqlite_template: Path
) -> None:
    """The process dies before each write and each commit of a run that observes, retracts or reaches."""
    program = definition(tmp_path, finality="depth = 3")
    chain = FakeChain(genesis_time=START)
    before = tmp_path / "before.db"
    shutil.copyfile(sqlite_template, before)
    for chapter in CHAPTERS[:number]:
        chapter(chain)
        live(program, chain, f"sqlite:///{before}", 0)
    CHAPTERS[number](chain)
    expected: dict[str, list[dict[str, object]]] = {}
    file = tmp_path / "watcher.db"
    for at in itertools.count():
        shutil.copyfile(before, file)
        struck = live(program, chain, f"sqlite:///{file}", at)
        found = contents(f"sqlite:///{file}")
        expected = expected or found
        assert found == expected, f"killed before write {at}"
        if at and not struck:
            break
    assert at > 10
    statuses = [row["status"] for row in expected["observation"]]
    assert statuses == [["open"], ["retracted", "open"], ["retracted", "reached"]][number]


@pytest.mark.postgres
def test_killed_on_postgresql_too(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """The same on a server, some kills apart: transactions are the database's, the order of writes ours."""
    program = definition(tmp_path, finality="depth = 3")
    found = []
    for at in range(0, 42, 7):
        chain = FakeChain(genesis_time=START)
        with postgresql.lent() as url:
            for chapter in CHAPTERS:
                chapter(chain)
                live(program, chain, url, at)
            found.append(contents(url))
    assert all(each == found[0] for each in found)
