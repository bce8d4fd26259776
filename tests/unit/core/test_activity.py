"""Windows of activity: their edges to the second, exact counts, forks and restoration."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import at
from watcher.core.activity import ActivityWindow, Counts, DayCounts, Tally, hour_of, span
from watcher.core.types import ActorId, WindowSpec

ROLLING = WindowSpec(2, "rolling")
COMPLETE = WindowSpec(2, "complete_days")

Act = tuple[int, int, int]
"""When, who, how often."""


def window_of(spec: WindowSpec, *acts: Act, cap: int | None = None, now: int | None = None) -> ActivityWindow:
    """Make a window that saw these acts and was then rolled to `now`."""
    window = ActivityWindow(spec, cap)
    for time, actor, count in acts:
        window.roll(time)
        window.add({ActorId(actor): count})
    if now is not None:
        window.roll(now)
    return window


def day(days: int) -> int:
    """Give a day's number, counted from 1970, by its distance to `MIDNIGHT`."""
    return at(days) // 86_400


# The edges


@pytest.mark.parametrize(
    ("spec", "now", "first", "last"),
    [
        (ROLLING, at(5, 7, 59, 59), at(3, 7), at(5, 7)),
        (ROLLING, at(5, 8), at(3, 8), at(5, 8)),
        (ROLLING, at(5), at(3), at(5)),
        (COMPLETE, at(5), at(3), at(4, 23)),
        (COMPLETE, at(5, 23, 59, 59), at(3), at(4, 23)),
        (COMPLETE, at(6) - 1, at(3), at(4, 23)),
    ],
)
def test_a_window_spans_whole_hours(spec: WindowSpec, now: int, first: int, last: int) -> None:
    """Rolling: N x 24 hours before the present hour, and that hour. Complete days: N of them before today."""
    assert span(spec, now) == (hour_of(first), hour_of(last))


@pytest.mark.parametrize(
    ("act", "now", "seen"),
    [
        (at(1, 10), at(3, 10, 59, 59), True),
        (at(1, 10), at(3, 11), False),
        (at(1, 10, 59, 59), at(3, 10, 59, 59), True),
        (at(1, 10, 59, 59), at(3, 11), False),
        (at(1), at(3), True),
        (at(1) - 1, at(3), False),
        (at(1), at(1), True),
    ],
)
def test_an_action_counts_at_once_in_a_rolling_window_until_its_hour_leaves(
    act: int, now: int, *, seen: bool
) -> None:
    """Never less than N x 24 hours, and less than an hour more."""
    assert window_of(ROLLING, (act, 1, 1), now=now).counts().actions == seen


@pytest.mark.parametrize(
    ("act", "now", "seen"),
    [
        (at(1, 10), at(1, 23, 59, 59), False),
        (at(1, 10), at(2), True),
        (at(1, 23), at(2), True),
        (at(1), at(3, 23, 59, 59), True),
        (at(1, 23, 59, 59), at(4) - 1, True),
        (at(1, 23, 59, 59), at(4), False),
        (at(1), at(90), False),
    ],
)
def test_an_action_counts_in_complete_days_from_the_next_midnight_on(
    act: int, now: int, *, seen: bool
) -> None:
    """Today never counts; the N days before it do, all of them."""
    assert window_of(COMPLETE, (act, 1, 1), now=now).counts().actions == seen


def test_a_day_enters_complete_days_once() -> None:
    """Its last hour is the edge of two windows: it is counted at one midnight and not again at the next."""
    window = window_of(COMPLETE, (at(1, 0), 1, 1), (at(1, 23), 1, 1), now=at(2))
    assert window.counts() == Counts(2, 2, 1, 1)
    window.roll(at(3))
    assert window.counts() == Counts(2, 2, 1, 1)
    window.roll(at(4))
    assert window.counts() == Counts(0, 0, 0, 0)


@pytest.mark.parametrize("spec", [ROLLING, COMPLETE])
def test_before_the_first_block_there_is_nothing(spec: WindowSpec) -> None:
    """Zero, not a gap."""
    window = ActivityWindow(spec, None)
    assert window.counts() == Counts(0, 0, 0, 0)
    assert window.days() == []


def test_rolling_within_the_hour_moves_nothing() -> None:
    """A window moves at the first block of an hour and at no other."""
    window = window_of(ROLLING, (at(1, 10), 1, 3))
    before = window.counts()
    for minutes in (0, 0, 1, 59):
        window.roll(at(1, 10, minutes))
        assert window.counts() == before


# What is counted


def test_gross_counts_all_and_net_at_most_so_many_an_actor() -> None:
    """The cap holds for the whole window, over blocks, hours and days."""
    acts = [(at(1), 1, 2), (at(1), 1, 2), (at(1, 1), 1, 1), (at(2), 2, 2), (at(2), 3, 4)]
    assert window_of(ROLLING, *acts, cap=3).counts() == Counts(3 + 2 + 3, 11, 3, 2)
    assert window_of(ROLLING, *acts, cap=None).counts() == Counts(11, 11, 3, 2)


def test_what_the_cap_held_back_counts_when_older_actions_leave() -> None:
    """Net is counted over what the window holds now."""
    acts = [(at(1, 0), 1, 3), (at(1, 5), 1, 2)]
    assert window_of(ROLLING, *acts, cap=2, now=at(3, 0)).counts() == Counts(2, 5, 1, 1)
    assert window_of(ROLLING, *acts, cap=2, now=at(3, 1)).counts() == Counts(2, 2, 1, 1)
    assert window_of(ROLLING, *acts, cap=2, now=at(3, 6)).counts() == Counts(0, 0, 0, 0)


def test_an_actor_who_comes_back_is_one_actor() -> None:
    """Distinct actors of the window, not a sum over days."""
    acts = [(at(1), 1, 1), (at(1, 5), 2, 1), (at(2), 1, 1)]
    assert window_of(ROLLING, *acts).counts().actors == 2
    assert window_of(ROLLING, *acts, now=at(3, 6)).counts().actors == 1


def test_an_active_day_is_a_day_of_the_window_with_a_counted_action() -> None:
    """A rolling window of two days touches three calendar days."""
    acts = [(at(1, 12), 1, 1), (at(2, 12), 1, 1), (at(3, 12), 1, 1)]
    assert window_of(ROLLING, *acts).counts().active_days == 3
    assert window_of(ROLLING, *acts, now=at(3, 13)).counts().active_days == 2
    assert window_of(COMPLETE, *acts).counts().active_days == 2


def test_days_are_given_in_order_with_their_own_actors() -> None:
    """An actor counts once a day, and on each of their days; hours outside the window are left out."""
    acts = [(at(1, 9), 9, 1), (at(1, 12), 1, 2), (at(1, 13), 1, 1), (at(2), 2, 1), (at(3, 10), 1, 5)]
    assert window_of(ROLLING, *acts).days() == [
        DayCounts(day(1), 3, 1),
        DayCounts(day(2), 1, 1),
        DayCounts(day(3), 5, 1),
    ]
    assert window_of(COMPLETE, *acts).days() == [DayCounts(day(1), 4, 2), DayCounts(day(2), 1, 1)]


def test_counts_say_whether_they_are_complete() -> None:
    """A window does not know of gaps; who asks does."""
    assert ActivityWindow(ROLLING, None).counts(complete=False) == Counts(0, 0, 0, 0, complete=False)


# Forks


def test_a_tally_and_its_fork() -> None:
    """A fork reads what it does not have from below, and a zero of its own hides what is there."""
    below = Tally()
    below.set(1, 5)
    below.set(2, 6)
    fork = below.fork()
    fork.set(1, 0)
    fork.set(3, 7)
    assert [fork.get(actor) for actor in (1, 2, 3, 4)] == [0, 6, 7, 0]
    assert sorted(fork.items()) == [(2, 6), (3, 7)]
    assert sorted(below.items()) == [(1, 5), (2, 6)]
    assert [below.get(actor) for actor in (1, 3)] == [5, 0]


def test_a_tally_forgets_who_has_nothing_left() -> None:
    """A year of windows holds no more than the actors of one."""
    tally = Tally()
    tally.set(1, 5)
    tally.set(1, 0)
    tally.set(2, 0)
    assert list(tally.items()) == []
    assert tally._own == {}


# Against a recount

ACTS = st.lists(
    st.tuples(
        st.sampled_from((0, 1, 1_800, 3_599, 3_600, 3_601, 7_200, 86_399, 86_400, 90_000, 172_800, 259_200)),
        st.dictionaries(st.integers(1, 4), st.integers(1, 3), max_size=3),
    ),
    max_size=12,
)

WINDOWS = st.builds(WindowSpec, st.integers(1, 2), st.sampled_from(("rolling", "complete_days")))


def recounted(spec: WindowSpec, cap: int | None, acts: Sequence[Act], now: int) -> Counts:
    """Count from the list of acts, in seconds."""
    if spec.kind == "rolling":
        first, past = now - now % 3_600 - spec.days * 86_400, now + 1
    else:
        past = now - now % 86_400
        first = past - spec.days * 86_400
    per_actor: Counter[int] = Counter()
    days = set()
    for time, actor, count in acts:
        if first <= time < past:
            per_actor[actor] += count
            days.add(time // 86_400)
    net = sum(count if cap is None else min(count, cap) for count in per_actor.values())
    return Counts(net, sum(per_actor.values()), len(per_actor), len(days))


@given(WINDOWS, st.none() | st.integers(1, 3), st.integers(0, 86_399), ACTS, st.sets(st.integers(0, 11)))
def test_counts_are_exact_whatever_comes(
    spec: WindowSpec,
    cap: int | None,
    start: int,
    acts: list[tuple[int, dict[ActorId, int]]],
    forked: set[int],
) -> None:
    """A window, its forks, and one rebuilt from stored hours all agree with a recount, at every block."""
    window = ActivityWindow(spec, cap)
    now, seen = at() + start, list[Act]()
    for place, (wait, actors) in enumerate(acts):
        if place in forked:
            fork = window.fork()
            for later in (1, 3_600, 200_000):
                fork.roll(now + later)
                fork.add({ActorId(1): 5, ActorId(9): 1})
        twin = window.fork().fork() if place in forked else restored(spec, cap, seen, now)
        now += wait
        twin.roll(now)
        twin.add(actors)
        seen += [(now, actor, count) for actor, count in actors.items()]
        window.roll(now)
        window.add(actors)
        expected = recounted(spec, cap, seen, now)
        assert window.counts() == expected
        assert sum(item.actions for item in window.days()) == expected.actions_gross
        assert len(window.days()) == expected.active_days
        assert twin.counts() == expected
        assert twin.days() == window.days()


def restored(spec: WindowSpec, cap: int | None, seen: Sequence[Act], now: int) -> ActivityWindow:
    """Rebuild a window from hours, as they are stored: ascending, none that has left the window."""
    first, _ = span(spec, now)
    hours: dict[int, Counter[int]] = {}
    for time, actor, count in seen:
        if hour_of(time) >= first:
            hours.setdefault(hour_of(time), Counter())[actor] += count
    window = ActivityWindow(spec, cap)
    for hour in sorted(hours):
        window.restore(hour, hours[hour].items())
    window.roll(now)
    return window
