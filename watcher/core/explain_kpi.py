"""Why a KPI is what it is: the rule, the reading, its days, what is missing, the apps, the facts behind it.

Definition, State, readings by day, ledger entries about it ─▶ Explanation
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from watcher.core.aggregates import Fold
from watcher.core.definition import Definition, Kpi
from watcher.core.evidence import kpi_json, reading_json
from watcher.core.explanation import Entries, Explanation, at_most, history_lines, labelled
from watcher.core.kpis import KpiStatus, compare
from watcher.core.measures import TOGETHER
from watcher.core.metering import SeriesId
from watcher.core.readings import Goal, Reading
from watcher.core.roster import app_row, why_not
from watcher.core.series import Series
from watcher.core.series_days import Days, days_of
from watcher.core.sparks import spark_line
from watcher.core.standing import shown, view_of
from watcher.core.state import State
from watcher.core.types import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    BlockRef,
    Comparator,
    KpiId,
    LiveVerdict,
    Verdict,
    iso_utc,
)
from watcher.core.wording import aggregate_words, comparator_words, counted, number_words, reading_words

DAYS_SHOWN = 62
"""Two months fit on a line."""

_APPS_SHOWN = 6
_LOGS_SHOWN = 3
_UPWARDS = frozenset({Comparator.AT_LEAST, Comparator.MORE_THAN})


def explain_kpi(
    definition: Definition, state: State, block: BlockRef, kpi_id: KpiId, entries: Entries, *, before: Days
) -> Explanation:
    """Explain a KPI as of `block`, the state's last; `before` is what it read at the ends of earlier days."""
    kpi, status = definition.kpis[kpi_id], state.kpis[kpi_id]
    goal = kpi.goal
    held = state.meter.series.get(SeriesId(goal.series, TOGETHER))
    parts = [] if held is None else days_of(held, worst_is_most=kpi.comparator not in _UPWARDS)
    readings = [*before, (block.timestamp // SECONDS_PER_DAY, status.reading)]
    lacks = _lacks(definition, kpi, status, held)
    rule, facts = _rule(goal), list(_facts(definition, state, block, kpi, held))
    apps = list(_apps(definition, state, block, goal))
    counting = [app["id"] for app in apps if app["counts"]]
    others = [f"{app['id']:<16} {app['verdict']:<8} {app['why_not']}" for app in apps if not app["counts"]]
    lines = [
        *labelled("rule", rule),
        *labelled("quote", [f'"{kpi.quote}" ({definition.provenance.source})'] if kpi.quote else []),
        *labelled("reading", [f"{reading_words(status.reading)}: {status.verdict}"]),
        *labelled("missing", lacks or ["nothing"]),
        *labelled("window", _day_lines(parts)),
        *labelled("days", _day_lines(readings)),
        *labelled("counting", [", ".join(counting) or "no app"] if apps else []),
        *labelled("others", at_most(_APPS_SHOWN, others)),
        *labelled("facts", facts),
        *history_lines(entries),
    ]
    data = {
        **kpi_json(kpi, status),
        "rule": rule,
        "metric": _kind(goal),
        "aggregate": aggregate_words(goal.aggregate),
        "met": status.met,
        "missing": "; ".join(lacks),
        "quote": kpi.quote,
        "window": [_day_json(*day) for day in parts],
        "days": [_day_json(*day) for day in readings],
        "apps": apps,
        "facts": facts,
        "entries": list(entries),
    }
    return Explanation("kpi", kpi_id, f"KPI {kpi_id} is {status.verdict}", lines, data)


def missing(kpi: Kpi, status: KpiStatus) -> str:
    """Say by how much a reading misses its bar for certain; empty where the KPI is met."""
    if status.verdict is Verdict.MET:
        return ""
    low, high = status.reading.low, status.reading.high
    upwards = kpi.comparator in _UPWARDS
    if not upwards and high is None:
        return "an upper limit of what it reads"
    gap = kpi.bar - low if upwards or high is None else high - kpi.bar
    if gap < 0:
        return ""
    beyond = "more than " if kpi.comparator in (Comparator.MORE_THAN, Comparator.LESS_THAN) else ""
    return f"{beyond}{number_words(gap)} {'more' if upwards else 'less'}"


def _lacks(definition: Definition, kpi: Kpi, status: KpiStatus, held: Series | None) -> list[str]:
    if status.verdict is Verdict.MET:
        return []
    lacks = [words for words in [missing(kpi, status)] if words]
    goal = kpi.goal
    if goal.needs_full_window and held is not None and not held.full():
        begin, _, _ = held.running()
        full_from = iso_utc(goal.aggregate.full_from(begin))
        lacks.append(
            f"a window that does not begin before block {definition.chain.count_from}: from {full_from} on"
        )
    if goal.aggregate.fold is Fold.CONSECUTIVE_DAYS and held is not None:
        lacks.append(_streak_words(goal, held))
    if status.reading.low != status.reading.high:
        lacks += _open_words(definition, status.reading)
    return lacks


def _streak_words(goal: Goal, held: Series) -> str:
    """Say how many days without a break have met the bar, up to the last complete one."""
    upwards = goal.comparator in _UPWARDS
    complete = [value for day, value in days_of(held, worst_is_most=not upwards) if day in _over(held)]
    streak = 0
    while streak < len(complete) and _meets(goal, complete[-1 - streak]):
        streak += 1
    wanted = goal.aggregate.window.days if goal.aggregate.window else 0
    return f"days in a row: {streak} of {wanted}"


def _over(held: Series) -> range:
    """Give the complete days of a series' window."""
    _, last, _ = held.running()
    return held.aggregate.days(last)


def _meets(goal: Goal, value: Reading) -> bool:
    return compare(value, goal.comparator, goal.bar) is Verdict.MET


def _open_words(definition: Definition, reading: Reading) -> list[str]:
    unknown = sorted(app.id for app in definition.apps.values() if not app.discoveries)
    why = f": the program finds no contract of {', '.join(unknown)}" if unknown else ""
    return [f"what the definition leaves open ({reading_words(reading)}){why}"]


def _rule(goal: Goal) -> list[str]:
    """Say what is measured, how it is folded, and the bar; of a metric over apps what an app has to meet."""
    each = goal.metric.needs.each
    inner = ["where of each app:", *(f"  {line}" for line in _rule(each))] if each else []
    return [goal.words or _kind(goal), *inner, f"{aggregate_words(goal.aggregate)}: {_bar(goal)}"]


def _bar(goal: Goal) -> str:
    return f"{comparator_words(goal.comparator)} {number_words(goal.bar)}"


def _kind(goal: Goal) -> str:
    """Name a metric by its kind, which is the name of its module (see `watcher.kinds`)."""
    return type(goal.metric).__module__.rpartition(".")[2]


def _apps(definition: Definition, state: State, block: BlockRef, goal: Goal) -> Iterator[dict[str, Any]]:
    """Give each app's part in a metric that counts apps; none where it does not."""
    each = goal.metric.needs.each
    if each is not None:
        view = view_of(definition, state, block.timestamp)
        for app in shown(definition, state):
            reading, verdict = state.meter.standing(each, replace(view, app=app))
            met = verdict is Verdict.MET
            yield {
                "id": app,
                "verdict": str(verdict),
                "counts": met,
                "why_not": "" if met else f"{reading_words(reading)}, {_bar(each)}",
            }
    elif goal.metric.needs.verdicts:
        for app in shown(definition, state):
            row = app_row(definition, state, app)
            counts = row["verdict"] == LiveVerdict.LIVE
            yield {"id": app, "verdict": row["verdict"], "counts": counts, "why_not": why_not(row)}


def _facts(
    definition: Definition, state: State, block: BlockRef, kpi: Kpi, held: Series | None
) -> Iterator[str]:
    """Say what a reading rests on: blocks, hours, logs and who emitted them, calls, the apps' verdicts."""
    first = definition.chain.count_from
    hours = {} if held is None else held.window_hours()
    since = f", of them {counted(len(hours), 'hour')} from {_hour(min(hours))} on" if hours else ""
    yield f"blocks {first} to {block.number} ({block.hash}){since}"
    needs = [kpi.metric.needs, *([kpi.metric.needs.each.metric.needs] if kpi.metric.needs.each else [])]
    logs = [
        f"logs {' or '.join(sorted(measure.topics)) or 'of any topic'} of "
        f"{'each app' if measure.emitters is None else ', '.join(sorted(measure.emitters))}"
        for need in needs
        for measure in need.measures
    ]
    yield from at_most(_LOGS_SHOWN, logs)
    calls = [f"what {call.address} answered to {call.data[:10]}" for need in needs for call in need.calls]
    yield from at_most(_LOGS_SHOWN, calls)
    if any(need.activity or need.actors for need in needs):
        yield "the actions that reached each app"
    if any(need.verdicts for need in needs):
        yield "each app's verdict: watcher explain APP"
    if not state.meter.whole:
        yield "a declared gap lies behind: nobody knows what it held"


def _day_lines(days: Sequence[tuple[int, Reading]]) -> list[str]:
    """Draw days as a spark line of the low ends, with what they lie between; nothing for a day alone."""
    shown = days[-DAYS_SHOWN:]
    if len(shown) < 2:  # noqa: PLR2004  # a day alone is no line
        return []
    lows = [reading.low for _, reading in shown]
    open_days = sum(reading.low != reading.high for _, reading in shown)
    still_open = f"; {counted(open_days, 'day')} open above" if open_days else ""
    between = f"{number_words(min(lows))} to {number_words(max(lows))}"
    return [f"{_date(shown[0][0])} {spark_line(lows)} {_date(shown[-1][0])}  {between}{still_open}"]


def _day_json(day: int, reading: Reading) -> dict[str, str | None]:
    return {"day": _date(day), **reading_json(reading)}


def _date(day: int) -> str:
    return iso_utc(day * SECONDS_PER_DAY)[:10]


def _hour(hour: int) -> str:
    return iso_utc(hour * SECONDS_PER_HOUR)
