"""The metric `live_apps` counts live applications and leaves open what is unknown."""

from fractions import Fraction

from watcher.core.readings import Reading, View
from watcher.core.types import AppId, LiveVerdict
from watcher.metrics.live_apps import Settings, bounds, build


def _view(**apps: LiveVerdict) -> View:
    return View(0, {AppId(name): verdict for name, verdict in apps.items()})


def test_live_apps_are_counted() -> None:
    """With every verdict known, so is the reading."""
    view = _view(a=LiveVerdict.LIVE, b=LiveVerdict.NOT_LIVE, c=LiveVerdict.LIVE)
    assert build(Settings()).read(view) == Reading.exactly(2)


def test_an_unknown_app_widens_the_reading() -> None:
    """It may be live or not: the reading reaches from the live ones to live and unknown ones together."""
    view = _view(a=LiveVerdict.LIVE, b=LiveVerdict.UNKNOWN, c=LiveVerdict.UNKNOWN, d=LiveVerdict.NOT_LIVE)
    assert build(Settings()).read(view) == Reading(Fraction(1), Fraction(3))


def test_without_apps_it_reads_zero() -> None:
    """Nothing is live, for sure."""
    assert build(Settings()).read(_view()) == Reading.exactly(0)


def test_it_counts_whole_apps_within_their_number() -> None:
    """Progress is told app by app, and no reading lies outside of zero and all apps."""
    assert build(Settings()).integral
    assert bounds(Settings(), 10) == Reading(Fraction(0), Fraction(10))
