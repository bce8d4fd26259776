"""Disks that are full or may not be written: the transaction fails whole and says what to do."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from tests.contract.store.givens import busy, empty, ref
from watcher.errors import StoreError
from watcher.store.database import Store
from watcher.store.encoding import pack


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give an open store on SQLite."""
    return Store.open(f"sqlite:///{tmp_path / 'watcher.db'}", create=True)


def test_a_full_disk_fails_the_window_whole(store: Store, tmp_path: Path) -> None:
    """Nothing is half-written, reading goes on, and with space again the same window is stored."""
    with store.writing() as tx:
        tx.facts.append(pack(empty(1)))
    pages = {"limit": (tmp_path / "watcher.db").stat().st_size // 4096 + 5}

    def fill(connection: object, *_: object) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages['limit']}")  # type: ignore[attr-defined]

    event.listen(Engine, "begin", fill)
    try:
        with pytest.raises(StoreError, match="the disk is full: free some space"), store.writing() as tx:
            tx.facts.append(pack([busy(number, *range(number, number + 50)) for number in range(2, 200)]))
        with store.reading() as tx:
            assert tx.facts.checkpoint() == ref(1)
        pages["limit"] = 1_000_000
        with store.writing() as tx:
            tx.facts.append(pack([busy(number, *range(number, number + 50)) for number in range(2, 200)]))
            assert tx.facts.checkpoint() == ref(199)
    finally:
        event.remove(Engine, "begin", fill)
        store.close()


def test_a_damaged_file_is_named_with_the_remedy(store: Store, tmp_path: Path) -> None:
    """What was written over a page is noticed, and nothing is guessed."""
    with store.writing() as tx:
        tx.facts.append(pack([busy(number, *range(50)) for number in range(200)]))
    store.close()
    file = tmp_path / "watcher.db"
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"the file is damaged|is not an SQLite database"):
        Store.open(f"sqlite:///{file}", create=False)
