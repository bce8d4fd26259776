"""Hours of apps and contracts: written whole, read in order, forgotten from an hour on."""

from collections import Counter
from fractions import Fraction

from tests.contract.store.givens import WEI_BEYOND_64_BITS, address
from watcher.core.facts import ContractTotals
from watcher.core.metering import SeriesId
from watcher.core.readings import NOTHING, UNKNOWN, Reading
from watcher.core.rollup import ContractHour, HourRow
from watcher.core.series import SeriesHour
from watcher.core.types import ActorId, AppId
from watcher.store.database import Store

APP, OTHER = AppId("app"), AppId("other")


def _hour(hour: int, app: AppId = APP, *actors: tuple[int, int]) -> HourRow:
    pairs = [(ActorId(actor), count) for actor, count in actors]
    return HourRow(app, hour, pairs, 1, 2, 2**65, WEI_BEYOND_64_BITS, 3)


def _contract_hour(hour: int, contract: int, app: AppId = APP, logs: int = 1) -> ContractHour:
    return ContractHour(app, address(contract), hour, ContractTotals(1, 2, 2**65, WEI_BEYOND_64_BITS, logs))


def test_hours_come_back_in_order_with_exact_amounts(store: Store) -> None:
    """Both ends are inclusive, and hours in which nothing happened have no row."""
    rows = [_hour(10, APP, (1, 2), (7, 1)), _hour(12, APP, (2**40, 9)), _hour(13)]
    with store.writing() as tx:
        tx.facts.add_hours([rows[1], rows[0], rows[2], _hour(11, OTHER)])
        tx.facts.add_hours([])
    with store.reading() as tx:
        assert list(tx.facts.hours(APP, 10, 13)) == rows
        assert list(tx.facts.hours(APP, 11, 12)) == [rows[1]]


def test_writing_an_hour_twice_changes_nothing(store: Store) -> None:
    """Hours are absolute values: a repeated write replaces, it never adds."""
    with store.writing() as tx:
        tx.facts.add_hours([_hour(10, APP, (1, 5))])
        tx.facts.add_hours([_hour(10, APP, (1, 2))])
        tx.facts.add_contract_hours([_contract_hour(10, 1)])
        tx.facts.add_contract_hours([_contract_hour(10, 1)])
        assert list(tx.facts.hours(APP, 10, 10)) == [_hour(10, APP, (1, 2))]
        assert list(tx.facts.contract_hours(APP, 10, 10)) == [_contract_hour(10, 1)]


def test_hours_of_contracts_are_given_by_app(store: Store) -> None:
    """A contract that changed hands has an hour with each app."""
    with store.writing() as tx:
        tx.facts.add_contract_hours(
            [
                _contract_hour(11, 1),
                _contract_hour(10, 2),
                _contract_hour(10, 1),
                _contract_hour(11, 1, OTHER),
            ]
        )
        assert list(tx.facts.contract_hours(APP, 10, 11)) == [
            _contract_hour(10, 1),
            _contract_hour(10, 2),
            _contract_hour(11, 1),
        ]
        assert list(tx.facts.contract_hours(OTHER, 0, 99)) == [_contract_hour(11, 1, OTHER)]


def test_a_log_proves_a_contract_alive_only_for_later_hours(store: Store) -> None:
    """The hour itself may have begun before the log; hours without logs prove nothing."""
    with store.writing() as tx:
        tx.facts.add_contract_hours([_contract_hour(10, 1), _contract_hour(10, 2, logs=0)])
        assert tx.facts.logged_before(address(1), 11)
        assert not tx.facts.logged_before(address(1), 10)
        assert not tx.facts.logged_before(address(2), 11)


def test_hours_are_forgotten_from_one_on(store: Store) -> None:
    """What follows a rewind is folded anew."""
    with store.writing() as tx:
        tx.facts.add_hours([_hour(10), _hour(11), _hour(11, OTHER)])
        tx.facts.add_contract_hours([_contract_hour(10, 1), _contract_hour(11, 1)])
        tx.facts.drop_hours_from(11)
        assert [row.hour for row in tx.facts.hours(APP, 0, 99)] == [10]
        assert list(tx.facts.hours(OTHER, 0, 99)) == []
        assert list(tx.facts.contract_hours(APP, 0, 99)) == [_contract_hour(10, 1)]


def _series_hour(value: int) -> SeriesHour:
    share, top = Reading.exactly(Fraction(1, 3)), Reading.exactly(value)
    return SeriesHour(top, NOTHING, UNKNOWN, 2, share, Counter({top: 2, UNKNOWN: 1}), whole=False)


def test_hours_of_series_come_back_exactly_and_go_with_a_rewind(store: Store) -> None:
    """Beyond 64 bits, thirds, unknown ends and all; by series and app, both ends inclusive."""
    one, other = SeriesId("s", "app"), SeriesId("s", "")
    hours = {hour: _series_hour(2**256 + hour) for hour in (10, 12, 13)}
    with store.writing() as tx:
        tx.facts.add_series_hours([(one, {10: SeriesHour()}), (other, {11: _series_hour(1)})])
        tx.facts.add_series_hours([(one, hours)])
        tx.facts.add_series_hours([])
    with store.writing() as tx:
        assert tx.facts.series_hours(one, 10, 13) == hours
        assert list(tx.facts.series_hours(one, 11, 12)) == [12]
        assert tx.facts.series_hours(other, 0, 99) == {11: _series_hour(1)}
        tx.facts.drop_hours_from(12)
        assert list(tx.facts.series_hours(one, 0, 99)) == [10]
        assert list(tx.facts.series_hours(other, 0, 99)) == [11]
