"""Rollup: block facts folded into hours."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import address, at, facts, ref
from watcher.core.facts import Activity, BlockFacts, ContractTotals
from watcher.core.rollup import ContractHour, HourBook, HourRow, added
from watcher.core.types import ActorId, AppId

A, B = AppId("a"), AppId("b")
C1, C2 = address(1), address(2)
HOUR = at() // 3_600


def block(number: int, time: int, **activity: Activity[ActorId]) -> BlockFacts[ActorId]:
    """Give a block with whole activities, by app."""
    return BlockFacts(ref(number, time), {AppId(app): each for app, each in activity.items()})


def test_an_hour_is_given_out_when_a_later_one_begins() -> None:
    """Once, complete, with everything that its blocks said."""
    book = HourBook()
    one = Activity(
        {ActorId(2): 1, ActorId(1): 2}, 1, 2, 10, 10**30, 4, {C1: ContractTotals(3, 1, 10, 10**30, 4)}
    )
    two = Activity(
        {ActorId(2): 5}, 0, 1, 7, 5, 1, {C1: ContractTotals(1, 0, 3, 5, 0), C2: ContractTotals(4, 0, 4, 0, 1)}
    )
    assert book.add(block(1, at(minutes=1), a=one)) == ([], [])
    assert book.add(block(2, at(minutes=59, seconds=59), a=two)) == ([], [])
    rows, contracts = book.add(facts(3, at(hours=1)))
    assert rows == [HourRow(A, HOUR, [(ActorId(1), 2), (ActorId(2), 6)], 1, 3, 17, 10**30 + 5, 5)]
    assert contracts == [
        ContractHour(A, C1, HOUR, ContractTotals(4, 1, 13, 10**30 + 5, 4)),
        ContractHour(A, C2, HOUR, ContractTotals(4, 0, 4, 0, 1)),
    ]
    assert book.add(facts(4, at(hours=2))) == ([], [])


def test_rows_come_in_the_order_of_apps_and_addresses() -> None:
    """The same rows whatever the order of the facts."""
    book = HourBook()
    seen: Activity[ActorId] = Activity(
        failed=1, contracts={C2: ContractTotals(failed=1), C1: ContractTotals()}
    )
    book.add(block(1, at(), b=seen, a=seen))
    rows, contracts = book.add(facts(2, at(hours=5)))
    assert [row.app for row in rows] == [A, B]
    assert [(item.app, item.address) for item in contracts] == [(A, C1), (A, C2), (B, C1), (B, C2)]


def test_an_hour_without_facts_has_no_row() -> None:
    """Nothing was seen, nothing is written."""
    book = HourBook()
    assert book.add(facts(1, at())) == ([], [])
    assert book.add(facts(2, at(hours=1))) == ([], [])


def test_totals_add_up_field_by_field() -> None:
    """Each field with its own."""
    assert added(ContractTotals(1, 2, 3, 4, 5), ContractTotals(10, 20, 30, 40, 50)) == ContractTotals(
        11, 22, 33, 44, 55
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from((0, 1, 1_800, 3_600, 90_000)),
            st.dictionaries(st.integers(1, 3), st.integers(1, 4)),
        )
    )
)
def test_hours_hold_every_action_exactly_once(blocks: list[tuple[int, dict[int, int]]]) -> None:
    """Folding into hours loses nothing and doubles nothing."""
    book, time, total = HourBook(), at(), 0
    rows: list[HourRow] = []
    for number, (wait, actors) in enumerate(blocks):
        time += wait
        rows += book.add(facts(number, time, {"a": actors}))[0]
        total += sum(actors.values())
    rows += book.add(facts(len(blocks), time + 3_600))[0]
    assert sum(count for row in rows for _, count in row.actors) == total
    assert [row.hour for row in rows] == sorted({row.hour for row in rows})
    assert all(list(row.actors) == sorted(row.actors) for row in rows)
