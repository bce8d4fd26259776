"""Metering: what every KPI's metric reads as of a block, and has read over time.

    block facts, conclusions about apps ─▶ View ─▶ metric ─▶ series ─▶ Reading ─▶ verdict

The meter is a part of the step's state. It only ever covers concluded blocks; the hours that are over are
stored beside it, so that the state stays small.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from watcher.core.activity import ActivityWindow
from watcher.core.aggregates import Fold, Shape
from watcher.core.definition import Definition
from watcher.core.facts import BlockFacts
from watcher.core.kpis import compare
from watcher.core.measures import TOGETHER
from watcher.core.readings import NOTHING, Goal, Needs, Reading, View
from watcher.core.series import Series, SeriesHour
from watcher.core.types import ActorId, AppId, Comparator, KpiId, Verdict, ViewCall, WindowSpec

_FLOORS = frozenset({Comparator.AT_LEAST, Comparator.MORE_THAN})


class SeriesId(NamedTuple):
    """Which series: what is measured, and of which app; the app is empty where it does not go by app."""

    series: str
    app: str


Measured = tuple[Reading, Verdict]


@dataclass(slots=True)
class Meter:
    """What was measured so far. `whole` is False once a declared gap lies behind.

    `each` is how every app stands against an inner bar; what is missing there is worked out anew.
    """

    needs: Needs
    series: dict[SeriesId, Series] = field(default_factory=dict)
    totals: dict[str, dict[str, int]] = field(default_factory=dict)
    latest: dict[str, tuple[int, int]] = field(default_factory=dict)
    calls: dict[ViewCall, bytes | None] = field(default_factory=dict)
    actors: dict[WindowSpec, dict[AppId, ActivityWindow]] = field(default_factory=dict)
    each: dict[tuple[str, Comparator, Fraction], dict[AppId, Verdict]] = field(default_factory=dict)
    whole: bool = True
    begin: int | None = None
    """The time of the block `count_from`."""

    @classmethod
    def initial(cls, definition: Definition) -> "Meter":
        """Measure nothing yet."""
        needs = needs_of(definition)
        return cls(needs, actors={spec: {} for spec in needs.actors})

    def fork(self) -> "Meter":
        """Copy; while the copy is used this one must not change."""
        return Meter(
            self.needs,
            {name: each.fork() for name, each in self.series.items()},
            {key: dict(amounts) for key, amounts in self.totals.items()},
            dict(self.latest),
            dict(self.calls),
            {spec: {app: one.fork() for app, one in each.items()} for spec, each in self.actors.items()},
            {bar: dict(verdicts) for bar, verdicts in self.each.items()},
            self.whole,
            self.begin,
        )

    def take(self, facts: BlockFacts[ActorId]) -> None:
        """Add up what the next block says."""
        if facts.measures:
            latest = {each.key for each in self.needs.measures if each.latest}
            for key, amounts in facts.measures.items():
                if key in latest:
                    self.latest[key] = (amounts[TOGETHER], facts.block.timestamp)
                    continue
                totals = self.totals.setdefault(key, {})
                for app, amount in amounts.items():
                    totals[app] = totals.get(app, 0) + amount
        if self.actors:
            for app, activity in facts.activity.items():
                self.act(facts.block.timestamp, app, activity.actors, self.actors)

    def act(
        self, timestamp: int, app: AppId, actors: Mapping[ActorId, int], specs: Iterable[WindowSpec]
    ) -> None:
        """Count actions of one app in some windows of distinct actors; times never go back."""
        for spec in specs:
            windows = self.actors[spec]
            for name in (app, AppId(TOGETHER)):
                window = windows.get(name)
                if window is None:
                    window = windows[name] = ActivityWindow(spec, None)
                window.roll(timestamp)
                window.add(actors)

    def lose(self, timestamp: int) -> None:
        """Note a declared gap that ends before a block of this time."""
        self.whole = False
        self.latest = {}
        for each in self.series.values():
            each.lose(timestamp)

    def roll(self, timestamp: int) -> None:
        """Move to the first block of an hour."""
        self.each = {}
        for each in self.series.values():
            each.roll(timestamp)
        for windows in self.actors.values():
            for window in windows.values():
                window.roll(timestamp)

    def measure(self, definition: Definition, view: View, dirty: Iterable[AppId]) -> dict[KpiId, Measured]:
        """Give each KPI's reading and verdict as of the view's block.

        `dirty` are the apps that the block says something about: those whose part may have changed within
        the hour. What several KPIs measure is read once.
        """
        if self.begin is None:
            self.begin = view.timestamp
        observed: set[SeriesId] = set()
        read: dict[tuple[str, Comparator], Reading] = {}
        found: dict[KpiId, Measured] = {}
        for kpi in definition.kpis.values():
            goal = kpi.goal
            reading = read.get((goal.series, goal.comparator))
            if reading is None:
                each = goal.metric.needs.each
                seen = view
                if each is not None:
                    seen = replace(view, each=self._each(each, view, dirty, observed))
                reading = read[goal.series, goal.comparator] = self._reading(goal, seen, observed)
            found[kpi.id] = reading, self._verdict(goal, AppId(TOGETHER), reading)
        return found

    def standing(self, goal: Goal, view: View) -> Measured:
        """Give how the view's app stands by what was measured so far; nothing is taken in."""
        app = view.app or AppId(TOGETHER)
        known = SeriesId(goal.series, app) in self.series
        reading = self._folded(goal, app) if known else goal.metric.read(view) or NOTHING
        return reading, self._verdict(goal, app, reading)

    def instants(self, definition: Definition) -> Iterator[int]:
        """Give the instants of the running hour at which a verdict changes by time alone."""
        for kpi in definition.kpis.values():
            goals = (kpi.goal, kpi.metric.needs.each)
            for goal in (each for each in goals if each and each.aggregate.fold is Fold.TIME_WEIGHTED_MEAN):
                for name, held in self.series.items():
                    if name.series == goal.series:
                        instant = held.crossing(partial(self._verdict, goal, AppId(name.app)))
                        if instant is not None:
                            yield instant

    def distinct(self, complete: Callable[[WindowSpec], bool]) -> dict[WindowSpec, dict[str, Reading]]:
        """Count the distinct actors in each window, by app and together; `complete`: no gap lies in it."""
        return {
            spec: {
                app: Reading.exactly(actors) if complete(spec) else Reading(Fraction(actors), None)
                for app, window in windows.items()
                for actors in (window.counts().actors,)
            }
            for spec, windows in self.actors.items()
        }

    def take_closed(self) -> dict[SeriesId, dict[int, SeriesHour]]:
        """Give the hours that were closed since the last call."""
        closed = {name: each.take_closed() for name, each in self.series.items()}
        return {name: hours for name, hours in closed.items() if hours}

    def _each(
        self, goal: Goal, view: View, dirty: Iterable[AppId], observed: set[SeriesId]
    ) -> dict[AppId, Verdict]:
        """Measure every app against an inner bar, those again that may stand otherwise than before."""
        verdicts = self.each.setdefault((goal.series, goal.comparator, goal.bar), {})
        moves = goal.aggregate.fold is Fold.TIME_WEIGHTED_MEAN
        for app in view.apps if moves else {*dirty, *(view.apps.keys() - verdicts.keys())}:
            reading = self._reading(goal, replace(view, app=app), observed)
            verdicts[app] = self._verdict(goal, app, reading)
        return verdicts

    def _reading(self, goal: Goal, view: View, observed: set[SeriesId]) -> Reading:
        """Read a metric; one that is folded over time is taken in once a block, whoever asks."""
        metric, aggregate = goal.metric, goal.aggregate
        name = SeriesId(goal.series, view.app or TOGETHER)
        held = self.series.get(name)
        if name not in observed:
            reading = metric.read(view)
            if reading is not None:
                if aggregate.fold is Fold.INSTANT and metric.shape is Shape.LEVEL:
                    return reading
                if held is None:
                    begin = view.timestamp if self.begin is None else self.begin
                    held = self.series[name] = Series(metric.shape, aggregate, begin)
                held.observe(view.timestamp, reading)
            observed.add(name)
        return NOTHING if held is None else self._folded(goal, AppId(name.app))

    def _folded(self, goal: Goal, app: AppId) -> Reading:
        held = self.series[SeriesId(goal.series, app)]
        return held.read(worst_is_most=goal.comparator not in _FLOORS)

    def _verdict(self, goal: Goal, app: AppId, reading: Reading) -> Verdict:
        """Compare a reading with its bar; what needs a full window and has none is NOT_MET."""
        if goal.needs_full_window:
            held = self.series.get(SeriesId(goal.series, app))
            if held is None or not held.full():
                return Verdict.NOT_MET
        return compare(reading, goal.comparator, goal.bar)


def needs_of(definition: Definition) -> Needs:
    """Give what all of a program's metrics need together, each measure, call and window once."""
    each = [kpi.metric.needs for kpi in definition.kpis.values()]
    each += [need.each.metric.needs for need in each if need.each is not None]
    return Needs(
        measures=tuple({item.key: item for need in each for item in need.measures}.values()),
        calls=tuple(sorted({item for need in each for item in need.calls})),
        tokens=tuple(dict.fromkeys(item for need in each for item in need.tokens)),
        actors=tuple(dict.fromkeys(item for need in each for item in need.actors)),
        attested=tuple(sorted({item for need in each for item in need.attested})),
        every_block=any(need.every_block for need in each),
        verdicts=any(need.verdicts for need in each),
        activity=any(need.activity for need in each),
    )
