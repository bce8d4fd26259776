"""What `watcher forecast` says of each KPI, for people and for machines.

store ─▶ KPI's state and history ─▶ Met | TooShort | Outlook ─▶ Report
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from watcher.core.definition import Definition, Kpi
from watcher.core.explanation import labelled
from watcher.core.kpis import KpiStatus
from watcher.core.ledger import EntryType, decimal_text
from watcher.core.types import SECONDS_PER_DAY, KpiId, iso_utc
from watcher.core.wording import comparator_words, number_words, reading_words
from watcher.forecast.backtest import COVERAGE_PERCENT
from watcher.forecast.methods import load_methods
from watcher.forecast.outlook import Met, Outlook, TooShort, outlook
from watcher.forecast.series import Series, series
from watcher.stages.history import readings_by_day
from watcher.stages.lookback import AsOf
from watcher.store.database import Tx

_LARGE = 1_000


@dataclass(frozen=True, slots=True)
class Report:
    """One KPI: how it stands, what its history is, and when it may be met."""

    kpi: Kpi
    status: KpiStatus
    history: Series
    answer: Met | TooShort | Outlook

    @property
    def lines(self) -> list[str]:
        """Say it in a few lines."""
        kpi = self.kpi
        bar = f"{comparator_words(kpi.comparator)} {number_words(kpi.bar)}"
        history = [_history_words(self.history)] if self.history.values else []
        return [
            f"KPI {kpi.id}: {reading_words(self.status.reading)}, {bar}",
            *_answer_lines(self.answer),
            *labelled("history", history),
        ]

    def as_json(self) -> dict[str, Any]:
        """Give the form that `--json` prints; days are UTC days, None: not up to `horizon_end`."""
        reading, history = self.status.reading, self.history
        return {
            "kpi": self.kpi.id,
            "comparator": str(self.kpi.comparator),
            "bar": decimal_text(self.kpi.bar),
            "low": decimal_text(reading.low),
            "high": None if reading.high is None else decimal_text(reading.high),
            **_answer_json(self.answer),
            "history": {
                "days": len(history.values),
                "first": _date(history.first_day) if history.values else None,
                "last": _date(history.last_day) if history.values else None,
                "inexact_days": history.inexact,
            },
        }


def reports(definition: Definition, tx: Tx, as_of: AsOf, kpis: Sequence[KpiId]) -> list[Report]:
    """Report on some KPIs as of the last concluded block; ConfigurationError where the extra is missing."""
    days = list(readings_by_day(tx, as_of.number))
    told = []
    for kpi_id in kpis:
        kpi, status = definition.kpis[kpi_id], as_of.state.kpis[kpi_id]
        history = series(days, kpi_id, kpi.comparator)
        answer: Met | TooShort | Outlook
        if status.met:
            answer = _met_since(tx, kpi_id)
        else:
            answer = outlook(history, kpi, load_methods, full_from=_full_from(kpi, as_of))
        told.append(Report(kpi, status, history, answer))
    return told


def _full_from(kpi: Kpi, as_of: AsOf) -> int:
    """Give the day from which the KPI's window is full, where it needs that; else any day will do."""
    begin = as_of.state.meter.begin
    if begin is None or not kpi.goal.needs_full_window:
        return 0
    return kpi.aggregate.full_from(begin) // SECONDS_PER_DAY


def _met_since(tx: Tx, kpi: KpiId) -> Met:
    entry = tx.ledger.find(type=EntryType.KPI_MET, subject=kpi)[-1]
    return Met(entry["block_number"], entry["occurred_at"])


def _answer_lines(answer: Met | TooShort | Outlook) -> list[str]:
    match answer:
        case Met(block, since):
            return labelled("when", [f"it is met since block {block}, {since}"])
        case TooShort(days, needed):
            words = f"cannot tell: {days} days of history, and a back-test needs {needed} that are over"
            return labelled("when", [words])
        case Outlook():
            return [
                *labelled("when", [_dates_words(answer)]),
                *labelled("method", list(_method_words(answer))),
            ]
        case _:
            assert_never(answer)


def _dates_words(found: Outlook) -> str:
    end = _date(found.horizon_end)
    if found.earliest is None:
        return f"not up to {end}, which is as far as the history allows to look"
    if found.likely is None:
        return f"on {_date(found.earliest)} at the earliest, most likely after {end}"
    if found.earliest == found.latest:
        return f"on {_date(found.earliest)}"
    likely = f"most likely on {_date(found.likely)}"
    if found.latest is None:
        return f"on {_date(found.earliest)} at the earliest, {likely}, perhaps after {end}"
    return f"between {_date(found.earliest)} and {_date(found.latest)}, {likely}"


def _method_words(found: Outlook) -> Iterator[str]:
    error = f"mean absolute error {_number(found.mean_absolute_error)}"
    floor = "" if found.method == "naive" else f", where naive has {_number(found.naive_error)}"
    yield f"{found.method}, the best of its back-tests: {error}{floor}"
    yield (
        f"{found.origins} back-tests of up to {found.horizon} days; the range holds {COVERAGE_PERCENT} % of "
        "their errors"
    )


def _history_words(history: Series) -> str:
    days = f"{len(history.values)} days, {_date(history.first_day)} to {_date(history.last_day)}"
    if not history.inexact:
        return days
    return f"{days}; on {history.inexact} of them the reading was open, and the end that decides is taken"


def _answer_json(answer: Met | TooShort | Outlook) -> dict[str, Any]:
    match answer:
        case Met(block, since):
            return {"answer": "met", "since_block": block, "since": since}
        case TooShort(_, needed):
            return {"answer": "too_short", "needed_days": needed}
        case Outlook():
            return {
                "answer": "outlook",
                "earliest": _day(answer.earliest),
                "likely": _day(answer.likely),
                "latest": _day(answer.latest),
                "horizon_end": _date(answer.horizon_end),
                "method": answer.method,
                "mean_absolute_error": answer.mean_absolute_error,
                "naive_error": answer.naive_error,
                "back_tests": answer.origins,
                "horizon_days": answer.horizon,
                "coverage_percent": COVERAGE_PERCENT,
            }
        case _:
            assert_never(answer)


def _number(value: float) -> str:
    """Write an error in four digits or more, never with an exponent where it is large."""
    return f"{value:,.0f}" if value >= _LARGE else f"{value:.4g}"


def _day(day: int | None) -> str | None:
    return None if day is None else _date(day)


def _date(day: int) -> str:
    return iso_utc(day * SECONDS_PER_DAY)[:10]
