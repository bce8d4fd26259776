"""`apps_where`: how many apps meet a bar of their own."""

from tests.unit.core.givens import address, at
from tests.unit.metrics.measuring import LEND, SWAP, Told, lows, measured
from watcher.core.types import Verdict
from watcher.testing.fake_blocks import FakeTx, log, tx


def use(contract: str, times: int) -> list[FakeTx]:
    """Give so many transactions of so many users."""
    return [
        tx(address(0xA0 + number), contract, logs=[log(contract, "0x" + "7" * 64)]) for number in range(times)
    ]


def test_apps_that_meet_the_inner_bar_are_counted() -> None:
    """Each by itself; one that no block concerns keeps its standing within the hour."""
    text = """
        metric = { kind = "apps_where", metric = { kind = "app_actions" }, at_least = 3 }
        at_least = 2
    """
    told = measured(
        text,
        (at(), use(SWAP, 3)),
        (at(minutes=1), use(LEND, 2)),
        (at(minutes=2), use(LEND, 1)),
        (at(days=3), []),
    )
    assert lows(told) == ["1", "1", "2", "2"]
    assert [each.verdict for each in told][1:3] == [Verdict.NOT_MET, Verdict.MET]


def test_a_streak_needs_every_day_and_breaks_on_one() -> None:
    """Consecutive days are complete UTC days, judged at the first block of a later one."""
    text = """
        at_least = 1
        [metric]
        kind = "apps_where"
        metric = { kind = "app_actions" }
        aggregate = { kind = "consecutive_days", days = 2 }
        more_than = 1
    """
    days = [use(SWAP, 2), use(SWAP, 2), use(SWAP, 1), use(SWAP, 3), [], []]
    told = measured(text, *((at(days=number, hours=1), made) for number, made in enumerate(days)))
    assert lows(told) == ["0", "0", "1", "0", "0", "0"]


def test_an_app_without_addresses_may_meet_it() -> None:
    """So the count is an interval."""
    text = """
        metric = { kind = "apps_where", metric = { kind = "app_actions" }, at_least = 1 }
        at_least = 2
    """
    assert measured(text, (at(), use(SWAP, 1)), known=False) == [Told("1", "2", Verdict.UNKNOWN)]


def test_a_mean_of_single_apps_crosses_by_time_alone() -> None:
    """Inside as outside, the first block at which it holds decides, whatever is in that block."""
    text = """
        at_least = 1
        [metric]
        kind = "apps_where"
        metric = { kind = "app_actors", window = { days = 5, kind = "rolling" } }
        aggregate = { kind = "time_weighted_mean", window = { days = 1, kind = "rolling" } }
        at_least = "0.5"
    """
    told = measured(
        text, (at(), []), (at(days=2), use(SWAP, 1)), (at(days=2, hours=12, minutes=30), []), (at(days=3), [])
    )
    assert lows(told) == ["0", "0", "1", "1"]


def test_two_bars_over_one_quantity_take_it_in_once() -> None:
    """What both ask for is the same series; each has its own verdict."""
    text = """
        metric = { kind = "apps_where", metric = { kind = "app_actions" }, less_than = 3 }
        at_least = 1
    """
    assert lows(measured(text, (at(), use(SWAP, 3)), (at(hours=1), use(LEND, 3)))) == ["1", "0"]
