"""Checks of KPIs: aggregates that mean something, apps that are there, bars that decide something."""

from collections.abc import Iterator

from watcher import kinds
from watcher.config.check_apps import is_open_rule
from watcher.config.problems import KeyPath, Problem, did_you_mean
from watcher.config.program_file import Kpi, ProgramFile
from watcher.core.aggregates import Fold
from watcher.core.kpis import compare
from watcher.core.readings import UNKNOWN
from watcher.core.types import Verdict

_SIGNERS = 'add [attestations] with signers = { name = "public key" }'


def kpi_problems(program: ProgramFile) -> Iterator[Problem]:
    """Give everything that is wrong with KPIs, each by itself and with the apps there are."""
    if program.liveness.attested and program.attestations is None:
        yield Problem(("liveness", "attested"), f"needs signers: {_SIGNERS}")
    for place, kpi in enumerate(program.kpi):
        at: KeyPath = ("kpi", place)
        metric = kinds.metric(kpi.metric.kind).build(kpi.metric.settings)
        unfit = kpi.unfit(metric)
        if unfit is not None:
            yield Problem((*at, "aggregate", "kind"), f"does not fit {kpi.metric.kind}: {unfit}")
        if metric.needs.attested and program.attestations is None:
            yield Problem((*at, "metric"), f"attested_value needs signers: {_SIGNERS}")
        yield from _apps(at, kpi, program)
        anybody = any(is_open_rule(app) for app in program.app)
        yield from _decided_bar(at, kpi, None if anybody else len(program.app))


def _apps(at: KeyPath, kpi: Kpi, program: ProgramFile) -> Iterator[Problem]:
    """Refuse apps that are not there, and metrics about apps where there are none."""
    apps = [app.id for app in program.app if not is_open_rule(app)]
    needs = kinds.metric(kpi.metric.kind).build(kpi.metric.settings).needs
    if not program.app and (needs.verdicts or needs.by_app or needs.each):
        yield Problem((*at, "metric"), f"{kpi.metric.kind} is about apps, and there is none: add an [[app]]")
        return
    settings = kpi.metric.settings
    inner = settings.metric.settings if needs.each is not None and hasattr(settings, "metric") else settings
    named = [("app", name) for name in [getattr(inner, "app", None)] if name is not None]
    named += [("recipients", name) for name in getattr(inner, "recipients", None) or ()]
    within: KeyPath = (*at, "metric") if inner is settings else (*at, "metric", "metric")
    for key, name in named:
        if name not in apps:
            yield Problem((*within, key), f'names "{name}", which is no app here: {did_you_mean(name, apps)}')


def _decided_bar(at: KeyPath, kpi: Kpi, app_count: int | None) -> Iterator[Problem]:
    """Refuse a bar that every possible reading is on the same side of."""
    bounds = kinds.metric(kpi.metric.kind).bounds(kpi.metric.settings, app_count)
    if kpi.aggregate.build().fold is Fold.SUM:
        bounds = UNKNOWN
    verdict = compare(bounds, kpi.comparator, kpi.bar)
    if verdict is not Verdict.UNKNOWN:
        end = "upwards" if bounds.high is None else f"to {bounds.high}"
        holds = "always" if verdict is Verdict.MET else "never"
        yield Problem(
            (*at, kpi.comparator),
            f"{holds} holds: {kpi.metric.kind} of this program reads from {bounds.low} {end}, "
            "write a bar inside that",
        )
