"""What every metric has to hold, found by `watcher.kinds`: a new metric is tested by being there.

The settings of each are those that a shipped program shows.
"""

import tomllib
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher import kinded, kinds
from watcher.core.measures import GAS, TOGETHER
from watcher.core.readings import Metric, Reading, View
from watcher.core.types import AppId, LiveVerdict, Verdict
from watcher.shipped import shipped

KINDS = kinded.known("metrics")


def _examples() -> dict[str, dict[str, Any]]:
    found = {}
    for path in shipped("config", "programs").glob("*.toml"):
        for kpi in tomllib.loads(path.read_text(encoding="utf-8"))["kpi"]:
            settings = dict(kpi["metric"])
            found[settings.pop("kind")] = settings
    return found


EXAMPLES = _examples()
_ids = st.sampled_from([AppId(name) for name in ("a", "b", "c", "d", "e")])
_verdicts = st.dictionaries(_ids, st.sampled_from(LiveVerdict))


def test_shipped_programs_show_every_metric() -> None:
    """What a program can say is shown by example, and the tests below run on these examples."""
    assert sorted(EXAMPLES) == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@given(apps=_verdicts, timestamp=st.integers(0, 2**33))
def test_a_reading_is_determined_by_the_view(
    kind: str, apps: dict[AppId, LiveVerdict], timestamp: int
) -> None:
    """Metrics of the same settings read the same of the same apps in any order; whole if integral."""
    module = kinds.metric(kind)
    examples = module.Settings.model_validate(EXAMPLES[kind])
    one, two = module.build(examples), module.build(examples)
    reading = one.read(View(timestamp, apps))
    assert (
        reading == two.read(View(timestamp, dict(reversed(apps.items())))) == one.read(View(timestamp, apps))
    )
    if reading is None:  # a property of blocks that this one does not have
        return
    assert reading.high is None or reading.low <= reading.high
    assert not one.integral or (
        reading.low.denominator == 1 and (reading.high is None or reading.high.denominator == 1)
    )


@pytest.mark.parametrize("kind", KINDS)
@given(apps=_verdicts, settled=st.data())
def test_unknown_apps_only_widen_a_reading(
    kind: str, apps: dict[AppId, LiveVerdict], settled: st.DataObject
) -> None:
    """However an unknown app turns out, the reading is then inside of what it was while unknown."""
    module = kinds.metric(kind)
    examples = module.Settings.model_validate(EXAMPLES[kind])
    metric = module.build(examples)
    wide = metric.read(View(0, apps))
    outcomes = st.sampled_from([LiveVerdict.LIVE, LiveVerdict.NOT_LIVE])
    known = {
        app: settled.draw(outcomes) if verdict is LiveVerdict.UNKNOWN else verdict
        for app, verdict in apps.items()
    }
    narrow, bounds = metric.read(View(0, known)), module.bounds(examples, len(apps))
    if wide is None or narrow is None:
        assert wide is narrow
        return
    for inner, outer in ((narrow, wide), (wide, bounds)):
        assert outer.low <= inner.low
        assert outer.high is None or (inner.high is not None and inner.high <= outer.high)


_amounts = st.integers(-(2**256), 2**256)
_counts = st.integers(0, 2**64)


@st.composite
def _views(draw: st.DrawFn, metric: Metric) -> View:
    """Give a view in which anything that a metric can ask for may be there, and may be anything."""
    needs, apps = metric.needs, draw(_verdicts)
    keys = [measure.key for measure in needs.measures] + [GAS]
    by_app = st.dictionaries(st.sampled_from([TOGETHER, *apps]), st.integers(0, 2**256))
    answers = st.none() | st.binary(max_size=96)
    return View(
        draw(st.integers(0, 2**33)),
        apps,
        amounts={key: draw(by_app) for key in keys},
        totals={key: {TOGETHER: draw(_amounts)} for key in keys},
        latest={key: (draw(st.integers(0, 2**255)), draw(st.integers(0, 2**33))) for key in keys},
        whole=draw(st.booleans()),
        interval=draw(st.none() | _counts),
        actions={app: draw(_counts) for app in apps},
        actors={
            window: {app: Reading.exactly(draw(_counts)) for app in [TOGETHER, *apps]}
            for window in needs.actors
        },
        calls={call: draw(answers) for call in needs.calls},
        each={app: draw(st.sampled_from(Verdict)) for app in apps},
        attested={subject: Fraction(draw(_counts), 3) for subject in needs.attested},
    )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(drawn=st.data())
def test_no_metric_reads_below_zero_whatever_the_chain_says(kind: str, drawn: st.DataObject) -> None:
    """More burnt than minted, answers that are none: unknown at worst, and within the bounds it has."""
    module = kinds.metric(kind)
    examples = module.Settings.model_validate(EXAMPLES[kind])
    metric = module.build(examples)
    view = drawn.draw(_views(metric))
    reading = metric.read(view)
    if reading is None:
        return
    bounds = module.bounds(examples, len(view.apps))
    assert 0 <= bounds.low <= reading.low
    assert reading.high is None or reading.low <= reading.high
    assert bounds.high is None or (reading.high is not None and reading.high <= bounds.high)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(drawn=st.data(), unknown=st.frozensets(_ids))
def test_apps_without_addresses_only_widen_a_reading(
    kind: str, drawn: st.DataObject, unknown: frozenset[AppId]
) -> None:
    """Whatever they would add, the reading of those that are known is inside."""
    module = kinds.metric(kind)
    metric = module.build(module.Settings.model_validate(EXAMPLES[kind]))
    view = drawn.draw(_views(metric))
    known, wide = metric.read(view), metric.read(replace(view, unknown=unknown))
    assert (known is None) == (wide is None)
    if known is None or wide is None:
        return
    assert wide.low <= known.low
    assert wide.high is None or (known.high is not None and known.high <= wide.high)
