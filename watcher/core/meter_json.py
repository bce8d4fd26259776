"""The meter as plain JSON values, and back: the small part of it, and each hour that is over.

Meter ─▶ to_json ─▶ stored with the state        SeriesHour ─▶ hour_json ─▶ a row of its own
"""

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from watcher.core.aggregates import Aggregate, Shape
from watcher.core.definition import Definition
from watcher.core.ledger import decimal_text
from watcher.core.metering import Meter, SeriesId
from watcher.core.readings import Reading
from watcher.core.series import Series, SeriesHour
from watcher.core.types import Address, AppId, ViewCall


def to_json(meter: Meter) -> dict[str, Any]:
    """Give what the meter keeps in mind beside closed hours and the windows of distinct actors."""
    return {
        "begin": meter.begin,
        "whole": meter.whole,
        "totals": {
            key: {app: str(amount) for app, amount in amounts.items()}
            for key, amounts in meter.totals.items()
        },
        "latest": {key: [str(value), time] for key, (value, time) in meter.latest.items()},
        "calls": [
            [call.address, call.data, None if answer is None else answer.hex()]
            for call, answer in sorted(meter.calls.items())
        ],
        "series": [
            [*name, _reading(held.value), held.running()[1], hour_json(held.running()[2])]
            for name, held in sorted(meter.series.items())
        ],
    }


def from_json(definition: Definition, data: Mapping[str, Any]) -> Meter:
    """Rebuild a meter from `to_json`; closed hours and windows of distinct actors are restored afterwards."""
    meter = Meter.initial(definition)
    meter.begin, meter.whole = data["begin"], data["whole"]
    meter.totals = {
        key: {app: int(amount) for app, amount in amounts.items()} for key, amounts in data["totals"].items()
    }
    meter.latest = {key: (int(value), time) for key, (value, time) in data["latest"].items()}
    meter.calls = {
        ViewCall(Address(address), call): None if answer is None else bytes.fromhex(answer)
        for address, call, answer in data["calls"]
    }
    forms = _forms(definition)
    for key, app, value, last, now in data["series"]:
        shape, aggregate = forms[key]
        held = Series(shape, aggregate, data["begin"])
        held.resume(last, hour_from_json(now), _from_reading(value))
        meter.series[SeriesId(key, AppId(app))] = held
    return meter


def hour_json(hour: SeriesHour) -> list[Any]:
    """Give one hour of a series, by position."""
    return [
        _reading(hour.total),
        None if hour.least is None else _reading(hour.least),
        None if hour.most is None else _reading(hour.most),
        hour.blocks,
        _reading(hour.close),
        [[*_reading(value), count] for value, count in hour.points.items()],
        hour.whole,
    ]


def hour_from_json(data: list[Any]) -> SeriesHour:
    """Rebuild an hour from `hour_json`."""
    total, least, most, blocks, close, points, whole = data
    return SeriesHour(
        _from_reading(total),
        None if least is None else _from_reading(least),
        None if most is None else _from_reading(most),
        blocks,
        _from_reading(close),
        Counter({_from_reading([low, high]): count for low, high, count in points}),
        whole,
    )


def _forms(definition: Definition) -> dict[str, tuple[Shape, Aggregate]]:
    """Give the shape and aggregate of each series by its name."""
    goals = [kpi.goal for kpi in definition.kpis.values()]
    goals += [goal.metric.needs.each for goal in goals if goal.metric.needs.each is not None]
    return {goal.series: (goal.metric.shape, goal.aggregate) for goal in goals}


def _reading(reading: Reading) -> list[str | None]:
    return [decimal_text(reading.low), None if reading.high is None else decimal_text(reading.high)]


def _from_reading(data: list[str | None]) -> Reading:
    low, high = data
    return Reading(Fraction(low or 0), None if high is None else Fraction(high))
