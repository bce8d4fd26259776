"""Transactions: all or nothing at every write, serial writers, readers with one picture."""

import threading
from collections.abc import Callable

import pytest

from tests.contract.store.givens import NOW, busy, creating, empty, event, ref
from tests.contract.store.test_ledger import _entry
from tests.databases import everything, killed_everywhere
from watcher.core.rollup import HourRow
from watcher.core.types import ActorId, AppId
from watcher.errors import StoreError
from watcher.store.database import Store, Tx
from watcher.store.encoding import pack
from watcher.store.engines import parse_url, sqlite_file, writing_engine
from watcher.store.outbox import Attempt, DeliveryStatus
from watcher.store.runs import StageRun
from watcher.store.state import StoredState


def _index(tx: Tx) -> None:
    tx.facts.append(pack([*empty(11), busy(12, 3, 4), creating(13)]), keep={11})
    tx.state.set_head(ref(13))


def _evaluate(tx: Tx) -> None:
    tx.ledger.append([_entry(2, 10), _entry(3, 10)])
    tx.facts.add_hours([HourRow(AppId("app"), 5, [(ActorId(1), 1)])])
    tx.state.save(StoredState(ref(10), b"later"))
    tx.state.snapshot(4, StoredState(ref(10), b"later"))
    tx.outbox.mint("another", event("event-2", countdown="tge"), ["a", "b"], NOW)


def _deliver(tx: Tx) -> None:
    attempt = Attempt(NOW, NOW, "delivered", 200)
    tx.outbox.record(tx.outbox.pending("a")[0].sequence, attempt, DeliveryStatus.DELIVERED, NOW)
    tx.runs.add(StageRun("deliver:a", NOW, NOW, ok=True))


def _rewind(tx: Tx) -> None:
    tx.facts.rewind(5)
    tx.state.drop_snapshots_after(5)
    tx.facts.drop_hours_from(1)
    tx.ledger.close_generation(5)


@pytest.mark.parametrize(("lasting", "waits"), [(True, {2, "on"}), (False, {1, "off"})])
def test_only_a_commit_that_is_to_last_waits_for_the_disk(
    database_url: str,
    lasting: bool,  # noqa: FBT001  # a parameter of the test
    waits: set[object],
) -> None:
    """SQLite: FULL or NORMAL, in which only a later FULL commit or a checkpoint syncs; PostgreSQL alike."""
    url, asked = parse_url(database_url), "PRAGMA synchronous"
    if not sqlite_file(url):
        # As a server is by default; that of these tests never waits.
        url, asked = url.update_query_dict({"options": "-csynchronous_commit=on"}), "SHOW synchronous_commit"
    engine = writing_engine(url, 5.0, lasting=lasting)
    found = []
    for _ in range(2):
        with engine.begin() as connection:
            found.append(connection.exec_driver_sql(asked).scalar_one())
    engine.dispose()
    assert set(found) <= waits


def test_what_need_not_last_is_seen_by_all_once_it_is_committed(store: Store) -> None:
    """It differs in a power cut alone; the writers of both kinds are one after the other."""
    with store.writing(lasting=False) as tx:
        tx.state.set_head(ref(3))
    with store.writing() as tx:
        assert tx.state.head() == ref(3)
        tx.state.set_head(ref(4))
    with store.reading() as tx:
        assert tx.state.head() == ref(4)


@pytest.mark.parametrize("work", [_index, _evaluate, _deliver, _rewind])
def test_a_kill_at_any_write_leaves_the_database_as_it_was(
    store: Store, database_url: str, work: Callable[[Tx], None]
) -> None:
    """Killed before each statement and before the commit, nothing is there; killed by none, all of it is."""
    with store.writing() as tx:
        tx.facts.append(pack([busy(9, 1, 2), *empty(10)]))
        tx.ledger.append([_entry(1, 9)])
        tx.state.save(StoredState(ref(9), b"early"))
        tx.outbox.mint("key", event("event-1", countdown="tge"), ["a"], NOW)
    before = everything(database_url)

    def once() -> None:
        with store.writing() as tx:
            work(tx)

    kills = 0
    for _ in killed_everywhere(once):
        kills += 1
        assert everything(database_url) == before
    assert kills > 3
    assert everything(database_url) != before


def test_a_kill_while_the_tables_are_made_leaves_none(empty_database_url: str) -> None:
    """A first start that is cut short is simply made again; there is no half a schema."""

    def first_start() -> None:
        Store.open(empty_database_url, create=True).close()

    for _ in killed_everywhere(first_start):
        with pytest.raises(StoreError, match="has no tables of the watcher"):
            Store.open(empty_database_url, create=False)
    Store.open(empty_database_url, create=False).close()


def test_an_exception_undoes_what_was_written_before_it(store: Store) -> None:
    """Whatever the exception: the caller's own, or one that ends the program."""
    for exception in (ValueError, KeyboardInterrupt):
        with pytest.raises(exception), store.writing() as tx:  # noqa: PT012  # the block is the transaction
            tx.state.set_head(ref(1))
            raise exception
    with store.reading() as tx:
        assert tx.state.head() is None


def test_a_reader_sees_one_picture_while_others_write(store: Store) -> None:
    """What is committed meanwhile is seen by the next reader, not by this one."""
    with store.writing() as tx:
        tx.state.set_head(ref(1))
    with store.reading() as reader:
        assert reader.state.head() == ref(1)
        with store.writing() as tx:
            tx.state.set_head(ref(2))
            tx.state.set_final(ref(2))
        assert reader.state.head() == ref(1)
        assert reader.state.final() is None
    with store.reading() as reader:
        assert (reader.state.head(), reader.state.final()) == (ref(2), ref(2))


def test_a_reader_cannot_write(store: Store) -> None:
    """`status`, `check` and the health page change nothing, even by mistake."""
    with pytest.raises(StoreError, match="read-only"), store.reading() as tx:
        tx.state.set_head(ref(1))


def test_writers_of_several_threads_come_one_after_the_other(store: Store) -> None:
    """Read, compute, write: no update is lost, on either database."""

    def count() -> None:
        for _ in range(10):
            with store.writing() as tx:
                head = tx.state.head()
                tx.state.set_head(ref(head.number + 1 if head else 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as tx:
        assert tx.state.head() == ref(40)


def test_rows_can_be_read_one_by_one_while_others_are_written(store: Store) -> None:
    """Evaluate streams old rows and writes new ones in the same transaction."""
    with store.writing() as tx:
        tx.facts.append(pack([creating(number) for number in range(1, 1_200)]))
        seen = 0
        for facts in tx.facts.announcing():
            seen += 1
            if facts.block.number % 500 == 0:
                tx.state.set_head(facts.block)
        assert seen == 1_199
    with store.reading() as tx:
        assert tx.state.head() == ref(1_000)
