"""`app_actions` and `app_actors`: what apps' users do, and how many there are."""

from tests.unit.core.givens import address, at
from tests.unit.metrics.measuring import LEND, SWAP, Made, Told, lows, measured
from watcher.core.types import Verdict
from watcher.testing.fake_blocks import FakeTx, log, tx

ANN, BOB = address(0xA1), address(0xA2)
TOUCH = "0x" + "7" * 64


def use(contract: str, *users: str) -> list[FakeTx]:
    """Give a transaction of each user that makes the contract log."""
    return [tx(user, contract, logs=[log(contract, TOUCH)]) for user in users]


BLOCKS: list[Made] = [
    (at(), use(SWAP, ANN, ANN)),
    (at(hours=1), use(LEND, ANN)),
    (at(days=1), use(SWAP, BOB)),
    (at(days=2, hours=1), []),
]


def test_actions_of_all_apps_add_up_since_count_from() -> None:
    """Without an aggregate a flow is all of it."""
    assert lows(measured('metric = { kind = "app_actions" }\nat_least = 4', *BLOCKS)) == ["2", "3", "4", "4"]


def test_actions_of_one_app_in_a_window() -> None:
    """The window forgets, and other apps do not count."""
    told = measured(
        'metric = { kind = "app_actions", app = "swap" }\n'
        'aggregate = { kind = "sum", window = { days = 1, kind = "rolling" } }\nat_least = 3',
        *BLOCKS,
    )
    assert lows(told) == ["2", "2", "3", "0"]
    assert [each.verdict for each in told][2] is Verdict.MET


def test_an_actor_counts_once_however_many_apps_it_uses() -> None:
    """Of all apps together each actor is one; of each app by itself it is one there."""
    told = measured(
        'metric = { kind = "app_actors", window = { days = 1, kind = "rolling" } }\nat_least = 2', *BLOCKS
    )
    assert lows(told) == ["1", "1", "2", "0"]
    told = measured(
        'metric = { kind = "app_actors", app = "lend", window = { days = 1, kind = "rolling" } }\n'
        "at_least = 2",
        *BLOCKS,
    )
    assert lows(told) == ["0", "1", "1", "0"]


def test_an_app_without_addresses_may_have_any_number() -> None:
    """Its actions are not known to be none."""
    text = 'metric = { kind = "app_actions" }\nat_least = 100'
    assert measured(text, BLOCKS[0], known=False) == [Told("2", None, Verdict.UNKNOWN)]
    text = 'metric = { kind = "app_actions", app = "swap" }\nat_least = 100'
    assert measured(text, BLOCKS[0], known=False) == [Told("2", "2", Verdict.NOT_MET)]


def test_what_a_declared_gap_held_nobody_knows() -> None:
    """At least what was seen; a window behind the gap knows again."""
    blocks = [BLOCKS[0], (at(hours=1), use(SWAP, BOB)), (at(days=2, hours=2), use(SWAP, BOB))]
    text = 'metric = { kind = "app_actions" }\nat_least = 100'
    assert [each.high for each in measured(text, *blocks, gaps=[(2, 9)])] == ["2", None, None]
    text = 'metric = { kind = "app_actors", window = { days = 1, kind = "rolling" } }\nat_least = 100'
    assert [each.high for each in measured(text, *blocks, gaps=[(2, 9)])] == ["1", None, "1"]
