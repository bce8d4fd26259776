"""Vesting and grants: exact, and nothing that anything is concluded from."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.drawing import BOTTOM, FAINT, HEIGHT, TOP, draw, short, svg
from watcher.core.grants import Part, Performance, standing
from watcher.core.unlocks import Point, curve
from watcher.core.vesting import Schedule, unlocked_by

START, DAY = 1_700_000_000, 86_400

CLIFF = Schedule("cliff", Fraction(100), START, cliff=10)
LINEAR = Schedule("linear", Fraction(100), START, cliff=4, duration=10)
STEP = Schedule("step", Fraction(100), START, cliff=4, duration=10, every=2)


@pytest.mark.parametrize(
    ("schedule", "unlocked"),
    [
        (CLIFF, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 100]),
        (LINEAR, [0, 0, 0, 0, 40, 50, 60, 70, 80, 90, 100, 100]),
        (STEP, [0, 0, 0, 0, 40, 40, 60, 60, 80, 80, 100, 100]),
    ],
)
def test_a_schedule_unlocks_second_by_second(schedule: Schedule, unlocked: list[int]) -> None:
    """Nothing before the cliff, then what it held back at once; all of it at the end."""
    assert [schedule.unlocked(START - 1 + passed) for passed in range(1, 13)] == unlocked


_schedules = st.one_of(
    st.builds(Schedule, st.just("cliff"), st.just(Fraction(7)), st.just(START), st.integers(0, 5 * DAY)),
    st.builds(
        lambda parts, every, cliff, kind: Schedule(
            kind, Fraction(7), START, min(cliff, parts * every), parts * every, every if kind == "step" else 0
        ),
        st.integers(1, 9),
        st.integers(1, 3 * DAY),
        st.integers(0, 5 * DAY),
        st.sampled_from(("linear", "step")),
    ),
)


@given(_schedules, st.lists(st.integers(START - DAY, START + 30 * DAY), min_size=2))
def test_what_is_unlocked_never_grows_less(schedule: Schedule, instants: list[int]) -> None:
    """From nothing to all of it."""
    amounts = [schedule.unlocked(at) for at in sorted(instants)]
    assert amounts == sorted(amounts)
    assert schedule.unlocked(START - 1) == 0
    assert schedule.unlocked(schedule.end) == schedule.amount


@given(_schedules, st.integers(START - DAY, START + 30 * DAY))
def test_a_schedule_adds_up_second_by_second_parts(schedule: Schedule, at: int) -> None:
    """Counted part by part: each part is there once its own instant and the cliff are over."""
    whole = max(schedule.duration, 1)
    every = {"cliff": whole, "linear": 1, "step": schedule.every}[schedule.kind]
    parts = whole // every
    over = at >= schedule.start + schedule.cliff
    if schedule.kind == "cliff":
        there = parts if over else 0
    elif parts > 1000:
        there = min(max(at - schedule.start, 0), parts) if over else 0
    else:
        there = sum(over and at >= schedule.start + every * (place + 1) for place in range(parts))
    assert schedule.unlocked(at) == schedule.amount * there / parts


@given(_schedules, st.integers(START - DAY, START + 30 * DAY))
def test_the_next_instant_is_the_first_that_adds(schedule: Schedule, at: int) -> None:
    """Of steps and cliffs to the second, of a straight line a day later."""
    following = schedule.next_after(at)
    if following is None:
        assert schedule.unlocked(at) == schedule.amount
        return
    assert following > at
    assert schedule.unlocked(following) > schedule.unlocked(at)
    if schedule.kind != "linear":
        assert schedule.unlocked(following - 1) == schedule.unlocked(at)


def test_schedules_add_up() -> None:
    """Each by itself."""
    assert unlocked_by([CLIFF, LINEAR, STEP], START + 5) == 0 + 50 + 40
    assert unlocked_by([], START) == 0


def test_a_grant_stands_between_performance_and_time() -> None:
    """Vested, at risk and by time later are all of it; a tranche counts by its unlocked share."""
    parts = (
        Part(Fraction(100), Performance("kpi", "met")),
        Part(Fraction(100), Performance("kpi", "open")),
        Part(Fraction(100), Performance("tranche", "half")),
        Part(Fraction(100), STEP),
    )
    share = {"met": Fraction(1), "open": Fraction(0), "half": Fraction(1, 2)}
    stands = standing(parts, lambda waits_for: share[waits_for.id], START + 5)
    assert [stands.vested, stands.at_risk, stands.by_time_later] == [190, 150, 60]
    assert stands.next_at == START + 6
    assert stands.next_amount == 20
    over = standing(parts[3:], lambda _: Fraction(0), START + 10)
    assert over.vested == 100
    assert over.next_at is None
    assert over.next_amount == 0


def points(made: Sequence[Point]) -> list[tuple[int, int, int]]:
    """Give points as plain numbers, times in days since the start."""
    return [((each.at - START) // DAY, int(each.by_performance), int(each.by_time)) for each in made]


def test_a_curve_has_both_amounts_at_the_instants_that_matter() -> None:
    """Tranches as steps, schedules as they are, and whole spans in between."""
    team = Schedule("linear", Fraction(100), START, cliff=2 * DAY, duration=10 * DAY)
    made = curve([(START + 3 * DAY, Fraction(50))], {"team": team}, START + 5 * DAY, 400)
    assert (0, 0, 0) in points(made)
    assert (3, 50, 30) in points(made)
    assert (10, 50, 100) in points(made)
    assert [each.at for each in made] == sorted({each.at for each in made})


@given(st.lists(st.integers(0, 90), max_size=60), st.integers(0, 90))
def test_many_instants_are_thinned_out_but_never_the_present_one(days: list[int], now: int) -> None:
    """Whoever reads the table reads what performance has unlocked so far."""
    steps = [(START + day * DAY, Fraction(1)) for day in days]
    daily = Schedule("step", Fraction(90), START, duration=90 * DAY, every=DAY)
    few = curve(steps, {"daily": daily}, START + now * DAY, 20)
    assert len(few) <= 20
    assert [each.at for each in (few[0], few[-1])] == [START, START + 90 * DAY]
    (present,) = [each for each in few if each.at == START + now * DAY]
    assert present.by_performance == sum(day <= now for day in days)


def test_steps_of_time_are_drawn_upright() -> None:
    """Every step is an instant of its own, with the amounts before and after."""
    quarterly = Schedule("step", Fraction(100), START, duration=40 * DAY, every=10 * DAY)
    made = curve([], {"backers": quarterly}, START, 400)
    jumps = [
        ((each.at - START) // DAY, int(each.by_time)) for each in made if each.by_time != each.by_time_before
    ]
    assert jumps == [(10, 25), (20, 50), (30, 75), (40, 100)]
    line = draw(made, "MEGA", now=START).lines[-2]
    ups = [b for a, b in zip(line.points, line.points[1:], strict=False) if a[1] != b[1]]
    assert len(ups) == 4
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in zip(line.points, line.points[1:], strict=False))


def test_a_picture_has_steps_until_now_and_a_line_beyond() -> None:
    """Amounts at the left, dates beneath, both sums in words; nothing of a program can break out of it."""
    linear = Schedule("linear", Fraction(18), START, duration=18 * DAY)
    made = curve([(START, Fraction(0)), (START + 9 * DAY, Fraction(5))], {"team": linear}, START + 9 * DAY, 3)
    drawing = draw(made, "<M&M>", now=START + 9 * DAY)
    text = svg(drawing)
    assert text.startswith("<svg ")
    assert "unlocked by performance: 5 &lt;M&amp;M&gt; by 2023-11-23" in text
    assert "unlocked by time: 9 &lt;M&amp;M&gt; by 2023-11-23, 18 in the end" in text
    assert "2023-11-14" in text
    stairs, line = drawing.lines[-1], drawing.lines[-2]
    assert [right[1] <= left[1] for left, right in zip(stairs.points, stairs.points[1:], strict=False)]
    assert stairs.points[1] == (stairs.points[2][0], stairs.points[0][1])
    assert line.points[-1][0] > stairs.points[-1][0]


def test_a_picture_of_nothing_is_empty_but_drawn() -> None:
    """Before the first instant, and with no amount at all."""
    nothing = Point(START, Fraction(0), Fraction(0), Fraction(0))
    assert "by performance: 0 MEGA" in svg(draw([nothing], "MEGA", now=START - 1))


@given(st.fractions(min_value=Fraction(1, 1000), max_value=10**30))
def test_the_axis_has_round_amounts(top: Fraction) -> None:
    """From zero to the first at or above the highest amount."""
    made = draw([Point(START, Fraction(0), top, top)], "MEGA", now=START)
    downs = [line.points[0][1] for line in made.lines if line.colour == FAINT]
    assert 2 <= len(downs) <= 7
    assert downs[0] == HEIGHT - BOTTOM
    assert downs[-1] == TOP
    assert TOP <= made.lines[-2].points[-1][1] <= HEIGHT - BOTTOM


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0"), (12, "12"), (1_500, "1.5k"), (350_000_000, "350M"), (1_825_000_000, "1.82B")],
)
def test_an_amount_is_short_on_an_axis(amount: int, text: str) -> None:
    """Three digits and a letter."""
    assert short(Fraction(amount)) in (text, text.replace("1.82", "1.83"))
