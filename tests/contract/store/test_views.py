"""The views: what analysts rely on, the same on both databases."""

from decimal import Decimal

from tests.contract.store.givens import GENESIS_TIME, NOW, WEI_BEYOND_64_BITS, address, empty, event, ref
from tests.contract.store.test_ledger import _entry
from tests.databases import query
from watcher.core.facts import ContractTotals
from watcher.core.rollup import ContractHour, HourRow
from watcher.core.types import ActorId, AppId
from watcher.store.database import Store
from watcher.store.encoding import pack
from watcher.store.state import StoredState

APP = AppId("app")
DAY = GENESIS_TIME // 86_400


def test_the_ledger_view_shows_the_present_generation(store: Store, database_url: str) -> None:
    """A closed ledger is kept, but nobody sums over it by mistake."""
    with store.writing() as tx:
        tx.ledger.append([_entry(1, 10), _entry(2, 11)])
        tx.ledger.close_generation(10)
        tx.ledger.append([_entry(2, 12)])
    rows = query(database_url, "SELECT * FROM v_ledger ORDER BY sequence")
    assert [(row["sequence"], row["block_number"], row["type"]) for row in rows] == [
        (1, 10, "kpi.met"),
        (2, 12, "kpi.unmet"),
    ]
    assert rows[0]["occurred_at"] == "2023-11-14T22:15:00Z"


def test_fees_beyond_64_bits_are_exact_as_text_and_can_be_summed(store: Store, database_url: str) -> None:
    """SQLite would lose digits of a summed text, and fail on the sum of large integers."""
    hours = [
        HourRow(APP, 24 * DAY + hour, [(ActorId(1), 2)], 0, 0, 21_000, WEI_BEYOND_64_BITS, 1)
        for hour in (0, 1)
    ]
    with store.writing() as tx:
        tx.facts.add_hours(hours)
    [row] = query(database_url, "SELECT * FROM v_activity_hourly ORDER BY hour LIMIT 1")
    assert (row["hour"], row["actions"], row["actors"]) == ("2023-11-14T00:00:00Z", 2, 1)
    assert (row["fee_wei"], row["gas"]) == (str(WEI_BEYOND_64_BITS), "21000")
    [total] = query(
        database_url, "SELECT sum(fee_wei_number) AS fee, sum(gas_number) AS gas FROM v_activity_hourly"
    )
    assert float(total["fee"]) == float(2 * WEI_BEYOND_64_BITS)
    assert total["gas"] == 42_000
    if database_url.startswith("postgresql"):
        assert total["fee"] == Decimal(2 * WEI_BEYOND_64_BITS)


def test_contracts_are_shown_by_hour_and_by_day(store: Store, database_url: str) -> None:
    """Midnight belongs to the day it begins."""
    with store.writing() as tx:
        tx.facts.add_contract_hours(
            ContractHour(APP, address(1), 24 * DAY + hour, ContractTotals(1, 2, 3, WEI_BEYOND_64_BITS, 4))
            for hour in (-1, 0, 23)
        )
    hourly = query(database_url, "SELECT hour, fee_wei FROM v_contract_hourly ORDER BY hour")
    assert [row["hour"] for row in hourly] == [
        "2023-11-13T23:00:00Z",
        "2023-11-14T00:00:00Z",
        "2023-11-14T23:00:00Z",
    ]
    daily = query(database_url, "SELECT * FROM v_contract_daily ORDER BY day")
    assert [(row["day"], row["actions"], row["failed"], row["logs"]) for row in daily] == [
        ("2023-11-13T00:00:00Z", 1, 2, 4),
        ("2023-11-14T00:00:00Z", 2, 4, 8),
    ]


def test_progress_shows_how_far_everything_is(store: Store, database_url: str) -> None:
    """What was read, concluded, final and seen, with block and time."""
    with store.writing() as tx:
        tx.facts.append(pack(empty(1, 9)))
        tx.facts.append_ahead(pack(empty(20, 21)))
        tx.state.save(StoredState(ref(5), b"{}"))
        tx.state.snapshot(1, StoredState(ref(4), b"{}"))
        tx.state.set_final(ref(6))
        tx.state.set_head(ref(22))
    rows = query(database_url, "SELECT name, block_number FROM v_progress ORDER BY block_number")
    assert [tuple(row.values()) for row in rows] == [
        ("concluded", 5),
        ("final", 6),
        ("checkpoint", 9),
        ("ahead", 20),
        ("head", 22),
    ]


def test_deliveries_are_shown_with_their_event(store: Store, database_url: str) -> None:
    """One row a channel, with the event's type and time."""
    with store.writing() as tx:
        tx.outbox.mint("key", event(), ["a", "b"], NOW)
    rows = query(database_url, "SELECT channel, event_id, type, status FROM v_deliveries ORDER BY sequence")
    assert [tuple(row.values()) for row in rows] == [
        ("a", "event-1", "kpi.met", "pending"),
        ("b", "event-1", "kpi.met", "pending"),
    ]
    [shown] = query(database_url, "SELECT id, occurred_at FROM v_events")
    assert tuple(shown.values()) == ("event-1", "2023-11-14T22:13:20Z")
