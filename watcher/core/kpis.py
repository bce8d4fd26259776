"""KPIs: a reading against its bar, and conditions over KPIs.

Reading ─▶ compare ─▶ MET, NOT_MET, UNKNOWN ─▶ condition (all_of, any_of, nested)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

from watcher.core.definition import AllOf, AnyOf, Condition
from watcher.core.readings import Reading
from watcher.core.types import Comparator, KpiId, Verdict, all_of, any_of


@dataclass(frozen=True, slots=True)
class KpiStatus:
    """A KPI's standing; `met` holds from the first MET block to the first later NOT_MET one."""

    verdict: Verdict
    reading: Reading
    met: bool = False


def compare(reading: Reading, comparator: Comparator, bar: Fraction) -> Verdict:
    """Compare exactly: decided when the whole interval lies on one side of the bar, else UNKNOWN."""
    low, high = reading.low, reading.high
    match comparator:
        case Comparator.AT_LEAST:
            return _decide(surely=low >= bar, never=high is not None and high < bar)
        case Comparator.MORE_THAN:
            return _decide(surely=low > bar, never=high is not None and high <= bar)
        case Comparator.AT_MOST:
            return _decide(surely=high is not None and high <= bar, never=low > bar)
        case Comparator.LESS_THAN:
            return _decide(surely=high is not None and high < bar, never=low >= bar)
        case _:
            assert_never(comparator)


def _decide(*, surely: bool, never: bool) -> Verdict:
    if surely:
        return Verdict.MET
    return Verdict.NOT_MET if never else Verdict.UNKNOWN


def condition_verdict(condition: Condition, kpis: Mapping[KpiId, Verdict]) -> Verdict:
    """Give the verdict of a nested condition."""
    match condition:
        case AllOf(parts):
            return all_of([condition_verdict(part, kpis) for part in parts])
        case AnyOf(parts):
            return any_of([condition_verdict(part, kpis) for part in parts])
        case _:
            return kpis[condition]


def condition_kpis(condition: Condition) -> list[KpiId]:
    """List the KPIs a condition rests on, in the order of the program, each once."""
    if isinstance(condition, AllOf | AnyOf):
        found = [kpi for part in condition.parts for kpi in condition_kpis(part)]
        return list(dict.fromkeys(found))
    return [condition]


def condition_json(condition: Condition) -> object:
    """Give a condition in the form of the program file."""
    match condition:
        case AllOf(parts):
            return {"all_of": [condition_json(part) for part in parts]}
        case AnyOf(parts):
            return {"any_of": [condition_json(part) for part in parts]}
        case _:
            return condition
