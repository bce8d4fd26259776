"""Tranches: unlocked once, in full or in part, and never past what the programme gives."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import (
    address,
    app,
    at,
    definition,
    entries,
    facts,
    fold,
    joins,
    kpi,
    milestone,
    policy,
    ref,
    told,
)
from watcher.core.aggregates import Aggregate, Fold, Shape
from watcher.core.definition import Definition
from watcher.core.explain_tranche import explain_tranche
from watcher.core.readings import UNKNOWN, Needs, Reading, View
from watcher.core.state import from_json, to_json
from watcher.core.step import deadlines
from watcher.core.tranches import Allocation, Partial, Standing, Tranche, TrancheStatus, settle
from watcher.core.types import KpiId, MilestoneId, TrancheId, Verdict, WindowSpec
from watcher.core.unlocked import tranche_rows, tranche_sums

K, M = KpiId("k"), MilestoneId("m")
CORE = address(1)
BLOCK = ref(9, at(days=3))


def tranche(name: str = "t", **changes: object) -> Tranche:
    """Give a tranche of 100, by default of the KPI `k`."""
    given: dict[str, object] = {"kpi": K, **changes}
    return Tranche(TrancheId(name), Fraction(100), **given)  # type: ignore[arg-type]


def program(*tranches: Tranche) -> Definition:
    """Give a program whose KPI `k` holds while app `a` is live, and its tranches; 50 are unassigned."""
    base = definition(app("a"), kpis=[kpi(bar=1)], milestones=[milestone()], liveness=policy())
    share = sum((each.amount for each in tranches), Fraction(50))
    fields = {name: getattr(base, name) for name in base.__slots__}
    return Definition(
        **{
            **fields,
            "tranches": {each.id: each for each in tranches},
            "allocation": Allocation("MEGA", 2, share, Fraction(50)),
        }
    )


LIVE_THEN_NOT = [
    facts(1, at(), announcements=[joins("a", CORE)]),
    facts(2, at(hours=1), {"a": {1: 1}}),
    facts(3, at(days=3)),
    facts(4, at(days=4), {"a": {1: 1}}),
]


def test_a_tranche_unlocks_at_the_first_block_at_which_its_kpi_holds_and_never_locks_again() -> None:
    """The KPI is lost and met again; neither changes what is unlocked."""
    state, conclusions = fold(program(tranche(), tranche("u", kpi=None, milestone=M)), LIVE_THEN_NOT)
    story = told(conclusions)
    assert [each for each in story if each[0].startswith("tranche")] == [
        ("tranche.unlocked", "t", 2),
        ("tranche.unlocked", "u", 2),
    ]
    assert ("kpi.unmet", "k", 3) in story
    assert [each[0] for each in story if each[2] == 2] == [
        *("app.went_live", "kpi.met", "milestone.reached", "tranche.unlocked", "tranche.unlocked")
    ]
    assert state.tranches[TrancheId("t")] == TrancheStatus(LIVE_THEN_NOT[1].block, Fraction(100))


def test_an_entry_says_how_the_whole_share_stands() -> None:
    """With all tranches of its block."""
    _, conclusions = fold(program(tranche(), tranche("later", expiry=at(days=1), kpi=K)), LIVE_THEN_NOT[:2])
    both = [entry for entry in entries(conclusions) if entry.type == "tranche.unlocked"]
    assert [entry.body["evidence"]["summary"] for entry in both] == 2 * [
        {
            "amount": "100",
            "of": "100",
            "kpi": "k",
            "milestone": None,
            "sums": {"share": "250", "unlocked": "200", "locked": "0", "expired": "0", "unassigned": "50"},
        }
    ]


def test_what_expired_is_told_alike_by_who_looked_in_between_and_who_did_not() -> None:
    """An expiry has no entry of its own: the sums of the next one must not say when it was noticed."""
    expires = program(tranche("a"), tranche("z", kpi=None, milestone=MilestoneId("n"), expiry=at(minutes=30)))
    joined, live = LIVE_THEN_NOT[:2]
    on_time, empty = facts(1, at(minutes=30)), facts(2, at(minutes=31))
    first = replace(joined, block=ref(0, at()))
    last = replace(live, block=ref(3, at(hours=1)))
    _, looked = fold(expires, [first, on_time, empty, last])
    _, leapt = fold(expires, [first, on_time, last])
    assert [entry.body for entry in entries(looked)] == [entry.body for entry in entries(leapt)]
    (unlocked,) = [entry for entry in entries(leapt) if entry.type == "tranche.unlocked"]
    assert unlocked.body["evidence"]["summary"]["sums"]["expired"] == "100"


def test_after_its_expiry_nothing_is_unlocked() -> None:
    """At the instant itself it still is; a tranche that came too late is settled without an entry."""
    late = program(tranche(expiry=at(minutes=59)))
    state, conclusions = fold(late, LIVE_THEN_NOT)
    assert not [each for each in told(conclusions) if each[0].startswith("tranche")]
    assert tranche_rows(late, state, {})[0]["state"] == "expired"
    assert tranche_sums(late, state) == {
        "symbol": "MEGA",
        "share": "150",
        "unlocked": "0",
        "locked": "0",
        "expired": "100",
        "unassigned": "50",
    }
    in_time = program(tranche(expiry=at(hours=1)))
    _, conclusions = fold(in_time, LIVE_THEN_NOT)
    assert ("tranche.unlocked", "t", 2) in told(conclusions)


def test_an_expiry_is_a_deadline_until_it_is_past() -> None:
    """So that the first block at or after it is looked at, whatever is in it."""
    due = program(tranche(expiry=at(hours=5), partial=Partial(Fraction(0), Fraction(2))))
    state, _ = fold(due, LIVE_THEN_NOT[:2])
    assert at(hours=5) in deadlines(due, state)
    state, conclusions = fold(due, [facts(3, at(hours=5))], state=state)
    assert at(hours=5) not in deadlines(due, state)
    assert ("tranche.unlocked", "t", 3) in told(conclusions)
    assert state.tranches[TrancheId("t")].amount == 50


def standing(reading: Reading) -> Standing:
    """Give a KPI's reading."""
    return Standing({K: Verdict.UNKNOWN}, {K: reading}, {})


@given(
    st.fractions(0, 20, max_denominator=7),
    st.integers(0, 9),
    st.integers(10, 20),
    st.integers(0, 100),
)
def test_a_part_is_a_straight_line_between_its_bounds(
    reading: Fraction, lower: int, upper: int, minimum: int
) -> None:
    """Never less than the minimum, never more than all, cut to the token's digits."""
    made = tranche(expiry=1, partial=Partial(Fraction(lower), Fraction(upper), Fraction(minimum)))
    settled = settle(made, BLOCK, standing(Reading.exactly(reading)), 2)
    assert settled is not None
    if reading <= lower:
        expected = Fraction(minimum)
    elif reading >= upper:
        expected = Fraction(100)
    else:
        expected = minimum + (100 - minimum) * (reading - lower) / (upper - lower)
    assert 0 <= expected - settled.amount < Fraction(1, 100)
    assert (settled.amount * 100).denominator == 1


@pytest.mark.parametrize(
    ("reading", "amount"),
    [
        (UNKNOWN, None),
        (Reading(Fraction(1), Fraction(3)), None),
        (Reading(Fraction(11), None), Fraction(100)),
        (Reading(Fraction(0), Fraction(1)), Fraction(10)),
    ],
)
def test_a_part_that_is_open_stays_locked(reading: Reading, amount: Fraction | None) -> None:
    """A reading that is not known decides only where both its ends unlock the same."""
    made = tranche(expiry=1, partial=Partial(Fraction(1), Fraction(11), Fraction(10)))
    settled = settle(made, BLOCK, standing(reading), 0)
    assert (settled and settled.amount) == amount


@dataclass(frozen=True, slots=True)
class OpenAtFirst:
    """Two at most until noon, two from then on."""

    integral: ClassVar = True
    shape: ClassVar = Shape.LEVEL
    needs: ClassVar = Needs()

    def read(self, view: View) -> Reading:
        """Give the reading as of the view's block."""
        return Reading(Fraction(0 if view.timestamp < at(hours=12) else 2), Fraction(2))


def test_a_part_that_closes_with_time_is_cut_at_the_beginning_of_an_hour() -> None:
    """Who looked at an empty block in between cuts the same: a mean over time closes between blocks."""
    mean = replace(
        kpi(bar=1, metric=OpenAtFirst()),
        aggregate=Aggregate(Fold.TIME_WEIGHTED_MEAN, WindowSpec(1, "rolling")),
    )
    made = program(tranche(expiry=at(hours=12), partial=Partial(Fraction(0), Fraction(19, 20))))
    made = replace(made, kpis={K: mean})
    hours = [facts(1, at()), *(facts(2 * hour, at(hours=hour)) for hour in range(12, 25))]
    # At 23:54 the window holds 24.9 hours, 11.9 of them with two: 0.956.
    looked = sorted([*hours, facts(47, at(hours=23, minutes=54))], key=lambda each: each.block.number)
    state, _ = fold(made, looked)
    assert state.tranches == fold(made, hours)[0].tranches
    assert state.tranches[TrancheId("t")] == TrancheStatus(ref(48, at(hours=24)), Fraction(100))


def test_before_its_expiry_a_part_waits() -> None:
    """Even where the reading would unlock all of it."""
    made = tranche(expiry=BLOCK.timestamp + 1, partial=Partial(Fraction(1), Fraction(2)))
    assert settle(made, BLOCK, standing(Reading.exactly(9)), 0) is None


def test_what_is_unlocked_survives_a_restart() -> None:
    """As part of the stored state; a state of an older release has none."""
    made = program(tranche())
    state, _ = fold(made, LIVE_THEN_NOT[:2])
    stored = to_json(state)
    assert from_json(made, stored).tranches == state.tranches == state.fork().tranches
    del stored["tranches"], stored["meter"]
    assert from_json(made, stored).tranches == {}


def test_rows_name_the_evidence() -> None:
    """Locked ones have none yet; a program without tranches has neither rows nor sums."""
    made = program(tranche(), tranche("u", kpi=None, milestone=M, expiry=at(days=9)))
    state, conclusions = fold(made, LIVE_THEN_NOT[:1])
    assert [row["state"] for row in tranche_rows(made, state, {})] == ["locked", "locked"]
    state, conclusions = fold(made, LIVE_THEN_NOT[1:2], state=state)
    (entry, _) = [each for each in entries(conclusions) if each.type == "tranche.unlocked"]
    row, other = tranche_rows(made, state, {"t": entry.as_json()})
    assert (row["state"], row["entry"], row["bundle_sha256"]) == (
        "unlocked",
        entry.id,
        entry.body["evidence"]["bundle_sha256"],
    )
    assert (row["waits_for"], other["waits_for"], other["entry"]) == ("k", "m", None)
    assert str(other["expiry"]).endswith("T00:00:00Z")
    assert tranche_sums(definition(), state) == {}


@pytest.mark.parametrize(
    ("made", "told_lines"),
    [
        (tranche(expiry=at(minutes=59)), ["nothing was unlocked by its expiry", "expires at"]),
        (tranche(kpi=None, milestone=M), ["all of it unlocked", "milestone m, reached"]),
        (
            tranche(expiry=at(hours=1), partial=Partial(Fraction(0), Fraction(2))),
            ["50 of it unlocked at block 2", "0 at 0 or below, all of it at 2 or above"],
        ),
    ],
)
def test_a_tranche_is_explained_by_its_rule(made: Tranche, told_lines: list[str]) -> None:
    """Expired, by milestone, in part: what was settled, and by which rule."""
    given_program = program(made)
    state, _ = fold(given_program, LIVE_THEN_NOT)
    lines = explain_tranche(given_program, state, made.id, []).lines
    assert [part for part in told_lines if not any(part in line for line in lines)] == []


def test_a_milestone_that_is_open_is_waited_for() -> None:
    """It says so."""
    made = program(tranche(kpi=None, milestone=M))
    state, _ = fold(made, LIVE_THEN_NOT[:1])
    lines = explain_tranche(made, state, TrancheId("t"), []).lines
    assert any("milestone m, not reached" in line for line in lines)
