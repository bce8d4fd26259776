"""Rest after failures and the budget of calls."""

from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.chain.pace import MAX_AT_ONCE, MAX_REST_SECONDS, CallBudget, Crowd, rest_seconds


def test_rest_doubles_up_to_a_ceiling() -> None:
    """0.25, 0.5, 1, … seconds, and never more than the ceiling, however long it goes on."""
    assert [rest_seconds(n, lambda: 0.0) for n in (1, 2, 3, 6, 7, 10_000)] == [0.25, 0.5, 1, 8, 8, 8]


@given(st.integers(1, 50), st.floats(0, 1))
def test_jitter_takes_off_at_most_half(failures: int, jitter: float) -> None:
    """Watchers that failed together do not come back together, and none comes back at once."""
    longest = rest_seconds(failures, lambda: 0.0)
    assert longest / 2 <= rest_seconds(failures, lambda: jitter) <= longest <= MAX_REST_SECONDS


def test_a_budget_starts_with_a_burst_and_then_keeps_its_rate() -> None:
    """60 calls a minute: five at once, and from then on one a second."""
    budget = CallBudget(60)
    assert [budget.reserve(1, now=0.0) for _ in range(8)] == [0, 0, 0, 0, 0, 0, 1, 2]


def test_each_call_of_a_batch_is_billed() -> None:
    """A batch goes out when what went before is paid for, and the next one waits for all its calls."""
    budget = CallBudget(60)
    assert budget.reserve(15, now=0.0) == 0
    assert budget.reserve(1, now=0.0) == 10
    assert budget.reserve(1, now=11.0) == 0


def test_a_long_pause_earns_no_more_than_the_burst() -> None:
    """Otherwise the minute after an idle hour would see an hour's calls."""
    budget = CallBudget(60)
    assert budget.reserve(5, now=3_600.0) == 0
    assert budget.reserve(1, now=3_600.0) == 0
    assert budget.reserve(1, now=3_600.0) == 1


def test_a_crowd_doubles_until_it_fails_then_is_halved_and_grows_slowly() -> None:
    """Never below one, never above the ceiling; one more takes as many successes as are allowed at once."""
    crowd = Crowd()
    assert crowd.limit == 4
    for _ in range(12):
        crowd.grow()
    assert crowd.limit == 16
    for expected in (8, 4, 2, 1, 1):
        crowd.shrink()
        assert crowd.limit == expected
    crowd.grow()
    assert crowd.limit == 2
    crowd.grow()
    assert crowd.limit == 2
    for _ in range(2_000):
        crowd.grow()
    assert crowd.limit == MAX_AT_ONCE


def test_a_budget_learns_from_a_refusal_how_fast_it_may_be() -> None:
    """Half of what was answered in the second before it: that may hold the provider's burst."""
    budget = CallBudget(None)
    assert [budget.reserve(100, now=0.0) for _ in range(4)] == [0, 0, 0, 0]
    budget.answered(200, now=0.5)
    budget.refused(0.6, None)
    assert budget.rate == 100
    budget.answered(100, now=1.5)
    budget.refused(1.6, None)
    assert budget.rate == pytest.approx(75, rel=0.01)


def test_a_provider_that_counts_minutes_is_asked_by_the_minute() -> None:
    """A minute's calls went in a second, and it wants the rest of the minute waited for."""
    budget = CallBudget(None)
    budget.answered(300, now=1.0)
    budget.refused(1.0, 59.0)
    assert 2 < budget.rate < 3


def test_a_learnt_rate_creeps_up_and_never_over_the_ceiling() -> None:
    """It comes back to a little below where it was refused; more is tried after a long good run."""
    budget = CallBudget(60 * 200)
    budget.answered(100, now=0.0)
    budget.refused(0.1, None)
    assert budget.rate == 50
    now = 1.0
    for _ in range(250):
        budget.answered(round(budget.rate), now)
        now += 1.0
    assert budget.rate == pytest.approx(90)
    for _ in range(340):
        budget.answered(round(budget.rate), now)
        now += 1.0
    assert budget.rate == pytest.approx(90)
    for _ in range(1_000):
        budget.answered(round(budget.rate), now)
        now += 1.0
    assert budget.rate == 200


def test_an_endpoint_that_refuses_everything_teaches_no_rate() -> None:
    """Nothing was answered: nothing is known about how much would be."""
    budget = CallBudget(600)
    budget.refused(5.0, None)
    assert budget.rate == 10


def test_a_trickle_is_asked_of_every_endpoint() -> None:
    """However little was answered before a refusal, the rate does not go to nothing."""
    budget = CallBudget(None)
    budget.answered(1, now=0.0)
    budget.refused(0.5, 60.0)
    assert budget.rate == 1


def test_a_crowd_lets_in_as_many_as_it_allows() -> None:
    """The next one waits until there is room."""
    crowd = Crowd()
    for _ in range(4):
        crowd.shrink()
    entered = Event()

    def follow() -> None:
        with crowd.one():
            entered.set()

    follower = Thread(target=follow)
    with crowd.one():
        follower.start()
        assert not entered.wait(0.01)
    assert entered.wait(10)
    follower.join()
