"""What every metric has to hold, found by `watcher.kinds`: a new metric is tested by being there.

The settings of each are those that a shipped program shows.
"""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher import kinded, kinds
from watcher.core.readings import View
from watcher.core.types import AppId, LiveVerdict
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
    settings = module.Settings.model_validate(EXAMPLES[kind])
    one, two = module.build(settings), module.build(settings)
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
    settings = module.Settings.model_validate(EXAMPLES[kind])
    metric = module.build(settings)
    wide = metric.read(View(0, apps))
    outcomes = st.sampled_from([LiveVerdict.LIVE, LiveVerdict.NOT_LIVE])
    known = {
        app: settled.draw(outcomes) if verdict is LiveVerdict.UNKNOWN else verdict
        for app, verdict in apps.items()
    }
    narrow, bounds = metric.read(View(0, known)), module.bounds(settings, len(apps))
    if wide is None or narrow is None:
        assert wide is narrow
        return
    for inner, outer in ((narrow, wide), (wide, bounds)):
        assert outer.low <= inner.low
        assert outer.high is None or (inner.high is not None and inner.high <= outer.high)
