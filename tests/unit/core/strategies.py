"""Random programs, small enough that everything happens within a few blocks.

Bars are a few actions, windows a day or two, countdowns hours or weeks. `stories` draws chains for them.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from hypothesis import strategies as st

from tests.unit.core.givens import (
    CountLive,
    Found,
    ShareLive,
    address,
    app,
    countdown,
    definition,
    kpi,
    policy,
)
from watcher.core.definition import (
    AllOf,
    AnyOf,
    App,
    AttestationPolicy,
    Bars,
    Condition,
    Countdown,
    Definition,
    Kpi,
    LivenessPolicy,
    Milestone,
    OnRegression,
)
from watcher.core.types import AppId, Comparator, KpiId, MilestoneId
from watcher.core.window import Query
from watcher.metrics.attested_value import AttestedValue

HOUR, DAY = 3_600, 86_400

APPS = ("b", "a", "é", "Z")
"""Not in the order of their UTF-8 bytes, which is Z, a, b, é."""

CONTRACTS = tuple(address(number) for number in range(1, 5))
"""The contracts that any app may claim, and may require."""

SIGNERS = ("ann", "bob", "eve")
CLAIMS = ("core-loop", "public-front-end")
STAGE = AttestedValue("stage")


def _maybe(values: st.SearchStrategy[int]) -> st.SearchStrategy[int | None]:
    return st.none() | values


def mostly(times: int) -> st.SearchStrategy[bool]:
    """Draw True but for one of so many times."""
    return st.sampled_from((True,) * (times - 1) + (False,))


@st.composite
def policies(draw: st.DrawFn) -> LivenessPolicy:
    """Draw a liveness policy whose bars a few actions reach."""
    bars = Bars(
        draw(_maybe(st.integers(1, 3))), draw(_maybe(st.integers(1, 2))), draw(_maybe(st.integers(1, 2)))
    )

    def below(bar: int | None) -> int | None:
        return None if bar is None else draw(_maybe(st.integers(0, bar)))

    return policy(
        days=draw(st.integers(1, 2)),
        complete_days=draw(st.booleans()),
        bars=bars,
        leave_below=Bars(below(bars.min_actions), below(bars.min_actors), below(bars.min_active_days)),
        max_actions_per_actor=draw(st.sampled_from((None, None, 1, 2))),
        not_paused=draw(st.booleans()),
        dormant_after=draw(st.sampled_from((0, 0, 1, HOUR, 5 * HOUR + 7, DAY, 3 * DAY))),
    )


@st.composite
def apps(draw: st.DrawFn, name: str) -> App:
    """Draw an app: most are known, some require only part of their contracts."""
    required = draw(st.sampled_from((None, None, None, CONTRACTS[:1], CONTRACTS[1:3])))
    return app(name, known=draw(mostly(8)), required=required)


@st.composite
def kpis(draw: st.DrawFn, name: str, *, rising: bool = False, counting: bool = False) -> Kpi:
    """Draw a KPI over the live apps; a `rising` one is never hurt by one app more.

    A `counting` one asks for a number, not for a share.
    """
    comparators = (Comparator.AT_LEAST, Comparator.MORE_THAN)
    comparator = draw(st.sampled_from(comparators if rising else (*comparators, *Comparator)))
    if counting or draw(st.booleans()):
        return kpi(name, draw(st.sampled_from((1, 1, 0, 2))), comparator, CountLive())
    return kpi(
        name, draw(st.sampled_from((Fraction(1, 3), Fraction(1, 2), Fraction(1)))), comparator, ShareLive()
    )


def conditions(names: Sequence[str]) -> st.SearchStrategy[Condition]:
    """Draw conditions over KPIs, nested."""
    leaves: st.SearchStrategy[Condition] = st.sampled_from([KpiId(name) for name in names])
    return st.recursive(leaves, _groups, max_leaves=4)


def _groups(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[AllOf | AnyOf]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return several.map(AllOf) | several.map(AnyOf)


@st.composite
def countdowns(draw: st.DrawFn, name: str, milestones: Sequence[str]) -> Countdown:
    """Draw a countdown of hours or days with any policy."""
    return countdown(
        name,
        draw(st.sampled_from((1, 7 * HOUR + 1, DAY, 3 * DAY, 7 * DAY, 30 * DAY))),
        draw(st.sampled_from((OnRegression.PAUSE, OnRegression.CANCEL, OnRegression.CONTINUE))),
        rearm=draw(st.booleans()),
        after=draw(st.sampled_from(milestones)),
    )


@st.composite
def attesting(draw: st.DrawFn, *, rising: bool = False, anybody: bool = False) -> Definition:
    """Draw a program that asks for claims about each app, and for a number, by one to three signers.

    Some ask for little else, so that what is said decides.
    """
    given = draw(programs(rising=rising, anybody=anybody))
    bars = given.liveness.bars if anybody or draw(st.booleans()) else Bars()
    signers = SIGNERS[: draw(st.sampled_from((2, 3, 1)))]
    number = kpi(
        "n", draw(st.sampled_from((Fraction(1), Fraction(3, 2)))), draw(st.sampled_from(Comparator)), STAGE
    )
    return replace(
        given,
        liveness=replace(given.liveness, bars=bars, attested=CLAIMS[: draw(st.integers(1, 2))]),
        attestations=AttestationPolicy(frozenset(signers), min(draw(st.sampled_from((2, 1))), len(signers))),
        kpis={**given.kpis, number.id: number},
        milestones={
            name: replace(each, condition=draw(_groups(conditions([*given.kpis, number.id]))))
            for name, each in given.milestones.items()
        },
    )


@st.composite
def programs(draw: st.DrawFn, *, rising: bool = False, anybody: bool = False) -> Definition:
    """Draw a program: up to four apps and three each of KPIs, milestones and countdowns.

    Where `anybody` may have an app its policy asks for activity, as such programs have to.
    """
    names = APPS[: draw(st.sampled_from((1, 2, 2, 3, 4)))]
    kpi_names = ["k2", "k1"][: draw(st.integers(1, 2))]
    milestone_names = ["m2", "m1"][: draw(st.integers(1, 2))]
    countdown_names = ["c2", "c3", "c1"][: draw(st.integers(0, 3))]
    return definition(
        *(draw(apps(name)) for name in names),
        liveness=draw(policies().filter(lambda each: each.bars != Bars()) if anybody else policies()),
        kpis=[draw(kpis(name, rising=rising, counting=anybody)) for name in kpi_names],
        milestones=[
            Milestone(MilestoneId(name), name, draw(_groups(conditions(kpi_names))))
            for name in milestone_names
        ],
        countdowns=[draw(countdowns(name, milestone_names)) for name in countdown_names],
        state_every=draw(st.sampled_from((DAY, HOUR, 6 * HOUR, 2 * DAY))),
        open_rule=App(AppId("o"), "O", (Found("open", Query(every_creation=True)),)) if anybody else None,
    )
