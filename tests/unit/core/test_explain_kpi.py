"""Explanations of KPIs: the rule, the reading, its days, what is missing, who counts, which facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import pytest

from tests.unit.core.explained import told
from tests.unit.core.givens import MIDNIGHT, address, app, at, definition, facts, fold, joins, kpi
from watcher.core.aggregates import Aggregate, Fold, Shape
from watcher.core.definition import Definition, Kpi
from watcher.core.explain_kpi import explain_kpi, missing
from watcher.core.explanation import Explanation
from watcher.core.facts import BlockFacts
from watcher.core.kpis import KpiStatus
from watcher.core.measures import Measure
from watcher.core.readings import Goal, Needs, Reading, View
from watcher.core.series_days import Days
from watcher.core.types import ActorId, Comparator, KpiId, Verdict, ViewCall, WindowSpec

POOL, VAULT, TOKEN = address(1), address(2), address(3)
K = KpiId("k")
TODAY = MIDNIGHT // 86_400
SUM = "sum over the last 2 x 24 hours and the running hour"
PAID = Measure("paid", frozenset({"0xfee"}), frozenset({TOKEN}), lambda _log: 0)


@dataclass(frozen=True, slots=True)
class Said:
    """Reads what the block says was paid, of the app that is asked about or of all."""

    shape: Shape = Shape.FLOW
    integral: bool = True
    needs: Needs = field(default=Needs(measures=(PAID,)))

    def read(self, view: View) -> Reading:
        """Give the block's amount."""
        amounts = view.amounts.get("paid", {})
        return Reading.exactly(amounts.get(view.app, 0) if view.app else sum(amounts.values()))


@dataclass(frozen=True, slots=True)
class CountApps:
    """How many apps meet an inner goal."""

    needs: Needs
    shape: Shape = Shape.LEVEL
    integral: bool = True

    def read(self, view: View) -> Reading:
        """Give the number of apps that do."""
        return Reading.exactly(sum(verdict is Verdict.MET for verdict in view.each.values()))


def window(fold: Fold, days: int = 2, *, full: bool = False, complete: bool = False) -> Aggregate:
    """Give an aggregate over a window."""
    return Aggregate(fold, WindowSpec(days, "complete_days" if complete else "rolling"), full=full)


def paid(number: int, time: int, amounts: Mapping[str, int]) -> BlockFacts[ActorId]:
    """Give a block in which so much was paid."""
    return replace(facts(number, time), measures={"paid": amounts})


def explained(program: Definition, *blocks: BlockFacts[ActorId], before: Days | None = None) -> Explanation:
    """Explain the KPI `k` after some blocks."""
    state, _ = fold(program, blocks)
    return explain_kpi(program, state, blocks[-1].block, K, [], before=before or [])


def over(metric: Said | CountApps, aggregate: Aggregate, bar: int) -> Kpi:
    """Give the KPI `k` over a metric and an aggregate."""
    return replace(kpi(bar=bar, metric=metric), aggregate=aggregate)


def test_a_kpi_says_which_apps_count_and_why_the_others_do_not() -> None:
    """The reading, the bar, what is missing and why, and a line for each app that is not live."""
    program = definition(app("a"), app("b"), app("c", known=False), kpis=[kpi(bar=3)])
    told_kpi = explained(
        program,
        facts(1, at(), announcements=[joins("a", POOL), joins("b", VAULT)]),
        facts(2, at(days=1), {"a": {1: 1}}),
    )
    assert told_kpi.headline == "KPI k is NOT_MET"
    assert told(told_kpi, "rule") == ["givens", "as of the block: at least 3"]
    assert told(told_kpi, "reading") == ["1 to 2: NOT_MET"]
    assert told(told_kpi, "missing") == [
        "2 more",
        "what the definition leaves open (1 to 2): the program finds no contract of c",
    ]
    assert told(told_kpi, "counting") == ["a"]
    assert [line.split()[:2] for line in told(told_kpi, "others")] == [["b", "NOT_LIVE"], ["c", "UNKNOWN"]]
    assert told(told_kpi, "facts")[1:] == ["each app's verdict: watcher explain APP"]
    assert told_kpi.data["bar"] == "3"
    assert told_kpi.data["apps"][0] == {"id": "a", "verdict": "LIVE", "counts": True, "why_not": ""}


def test_a_kpi_quotes_the_terms_and_says_when_no_app_counts() -> None:
    """The issuer's own words stand beside the numbers; on the first day there is no line of days."""
    quoted = replace(kpi(), quote="one app live")
    told_kpi = explained(definition(kpis=[quoted]), facts(1, at()))
    assert told(told_kpi, "quote") == ['"one app live" (https://example.org/terms)']
    assert told(told_kpi, "counting") == ["no app"]
    assert told(told_kpi, "missing") == ["1 more"]
    assert told(told_kpi, "days") == []


def test_earlier_days_are_drawn_with_what_they_lie_between() -> None:
    """The low end of each day, today's last; an open reading is said to be one."""
    before = [(TODAY - 2, Reading.exactly(4)), (TODAY - 1, Reading(Fraction(1), None))]
    told_kpi = explained(definition(kpis=[kpi()]), facts(1, at()), before=before)
    assert told(told_kpi, "days") == ["2024-10-02 █▂· 2024-10-04  0 to 4; 1 day open above"]
    assert told_kpi.data["days"][1] == {"day": "2024-10-03", "low": "1", "high": None}


def test_a_sum_shows_what_each_day_of_its_window_added_and_whose_logs() -> None:
    """What adds up is shown by day, beside the sum itself."""
    program = definition(kpis=[replace(over(Said(), window(Fold.SUM), 100), words="what was paid")])
    blocks = [
        paid(1, at(), {"": 5}),
        paid(2, at(days=1, hours=3), {"": 10}),
        paid(3, at(days=2, hours=1), {"": 2500}),
    ]
    told_kpi = explained(program, *blocks[:2])
    assert told(told_kpi, "rule") == ["what was paid", f"{SUM}: at least 100"]
    assert told(told_kpi, "reading") == ["15: NOT_MET"]
    assert told(told_kpi, "missing") == ["85 more"]
    assert told(told_kpi, "window") == ["2024-10-04 ▄█ 2024-10-05  5 to 10"]
    assert told(told_kpi, "facts") == [
        f"blocks 1 to 2 ({blocks[1].block.hash}), of them 2 hours from 2024-10-04T00:00:00Z on",
        f"logs 0xfee of {TOKEN}",
    ]
    met = explained(program, *blocks)
    assert told(met, "reading") == ["2,510: MET"]
    assert told(met, "missing") == ["nothing"]


def test_a_window_that_is_not_full_yet_is_what_is_missing() -> None:
    """However high it reads: it says from when on it can be met."""
    mean = window(Fold.MINIMUM, full=True)
    program = definition(kpis=[over(Said(Shape.BLOCK), mean, 3)])
    told_kpi = explained(program, paid(1, at(hours=1, minutes=1), {"": 7}), paid(2, at(hours=3), {"": 8}))
    assert told(told_kpi, "reading") == ["7: NOT_MET"]
    assert told(told_kpi, "missing") == [
        "a window that does not begin before block 1: from 2024-10-06T02:00:00Z on"
    ]


def test_days_in_a_row_are_counted_from_the_last_complete_one_back() -> None:
    """A day that misses the bar breaks the row."""
    row = window(Fold.CONSECUTIVE_DAYS, 3, complete=True)
    program = definition(kpis=[over(Said(), row, 5)])
    days = [(1, 9), (2, 1), (3, 6), (4, 0)]
    blocks = [paid(number, at(days=number), {"": amount}) for number, amount in days]
    told_kpi = explained(program, *blocks)
    assert told(told_kpi, "rule")[1].startswith("on each of the last 3 complete UTC days: at least 5")
    assert told(told_kpi, "missing") == ["4 more", "days in a row: 1 of 3"]
    assert told(told_kpi, "window") == ["2024-10-05 █▁▆ 2024-10-07  1 to 9"]


def test_a_metric_that_counts_apps_tells_each_apps_part() -> None:
    """Which app has what, against the inner bar; what is not kept over time is read anew."""
    inner = Goal("inner", Said(), window(Fold.SUM), Comparator.MORE_THAN, Fraction(5))
    counts = CountApps(Needs(each=inner))
    program = definition(app("a"), app("b"), kpis=[over(counts, Aggregate(), 2)])
    told_kpi = explained(program, paid(1, at(), {"a": 3, "b": 9}), paid(2, at(hours=2), {"a": 1}))
    assert told(told_kpi, "rule") == [
        "test_explain_kpi",
        "where of each app:",
        "test_explain_kpi",
        f"{SUM}: more than 5",
        "as of the block: at least 2",
    ]
    assert told(told_kpi, "counting") == ["b"]
    assert told(told_kpi, "others") == ["a                NOT_MET  4, more than 5"]
    assert told(told_kpi, "facts")[1:] == [f"logs 0xfee of {TOKEN}"]
    instant = Goal("inner", Said(Shape.LEVEL), Aggregate(), Comparator.AT_LEAST, Fraction(1))
    program = definition(app("a"), kpis=[over(CountApps(Needs(each=instant)), Aggregate(), 1)])
    assert told(explained(program, paid(1, at(), {"a": 3})), "others") == [
        "a                NOT_MET  0, at least 1"
    ]


def test_calls_actions_and_gaps_are_named_among_the_facts() -> None:
    """Whom a reading trusts, and what nobody can read."""
    needs = Needs(calls=(ViewCall(TOKEN, "0x18160ddd"),), activity=True)
    program = definition(kpis=[kpi(metric=Said(Shape.LEVEL, needs=needs))], gaps=[(2, 3)])
    told_kpi = explained(program, facts(1, at()), facts(4, at(hours=1)))
    assert told(told_kpi, "facts")[1:] == [
        f"what {TOKEN} answered to 0x18160ddd",
        "the actions that reached each app",
        "a declared gap lies behind: nobody knows what it held",
    ]


@pytest.mark.parametrize(
    ("comparator", "low", "high", "words"),
    [
        (Comparator.AT_LEAST, 3, 4, "2 more"),
        (Comparator.MORE_THAN, 5, 5, "more than 0 more"),
        (Comparator.AT_MOST, 7, 8, "3 less"),
        (Comparator.LESS_THAN, 5, 5, "more than 0 less"),
        (Comparator.LESS_THAN, 5, None, "an upper limit of what it reads"),
        (Comparator.AT_MOST, 5, None, "an upper limit of what it reads"),
        (Comparator.AT_LEAST, 6, 6, ""),
    ],
)
def test_what_a_kpi_lacks_is_the_way_to_being_met_for_certain(
    comparator: Comparator, low: int, high: int | None, words: str
) -> None:
    """Measured from the end of the reading that decides; nothing where only time is missing."""
    reading = Reading(Fraction(low), None if high is None else Fraction(high))
    assert missing(kpi(bar=5, comparator=comparator), KpiStatus(Verdict.NOT_MET, reading)) == words
    assert missing(kpi(bar=5, comparator=comparator), KpiStatus(Verdict.MET, reading)) == ""
