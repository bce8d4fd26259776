"""Standing: how one app stands as of the state's block, gathered from the state and judged by the policy.

    State ─▶ AppFacts ─▶ Judgement

The step, the evidence and `watcher apps` all ask here, so that they can never disagree.
"""

from fractions import Fraction

from watcher.core.activity import hour_of, span
from watcher.core.attestations import VALUE
from watcher.core.definition import Definition
from watcher.core.liveness import AppFacts, Judgement, judge
from watcher.core.readings import View
from watcher.core.state import State
from watcher.core.types import Address, AppId, LiveVerdict, WindowSpec


def judgement_of(definition: Definition, state: State, app: AppId) -> Judgement:
    """Judge one app as of the state's block; a live app by the lower bars that keep it live."""
    return judge(definition.liveness, facts_of(definition, state, app), live=state.apps[app].live)


def facts_of(definition: Definition, state: State, app: AppId) -> AppFacts:
    """Gather what is known about one app as of the state's block; a block has to be concluded already."""
    settings = definition.app(app)
    required: list[Address] | None = None
    if settings.discoveries:
        members = state.sampler.membership.counted(app)
        narrowed = settings.required
        required = members if narrowed is None else [address for address in members if address in narrowed]
    complete = window_complete(state, definition.liveness.window)
    counts = state.windows[app].counts(complete=complete)
    unheard = None if state.pauses_lost else False
    pauses = {address: state.pauses.get(address, unheard) for address in required or ()}
    attested = ((claim, state.attested.get((app, claim))) for claim in definition.liveness.attested)
    claims = {claim: value for claim, value in attested if value is not None}
    return AppFacts(required, state.sampler.samples, pauses, counts, claims)


def shown(definition: Definition, state: State) -> list[AppId]:
    """Give the apps that are worth a word each, by id: those that are listed, and of others the live ones.

    There may be very many others; one that is NOT_LIVE changes no reading.
    """
    listed = definition.apps
    return sorted(
        app
        for app, status in state.apps.items()
        if app in listed or status.verdict is not LiveVerdict.NOT_LIVE
    )


def window_complete(state: State, window: WindowSpec) -> bool:
    """Tell whether no declared gap lies in a window as of the state's block."""
    if not state.gaps or state.block is None:
        return True
    first, last = span(window, state.block.timestamp)
    return not any(hour_of(before) <= last and hour_of(after) >= first for before, after in state.gaps)


def view_of(definition: Definition, state: State, timestamp: int) -> View:
    """Give what metrics may look at as of a block the state has taken in, without what it says itself."""
    meter = state.meter
    return View(
        timestamp=timestamp,
        apps=state.verdicts,
        unknown=frozenset(app for app, each in definition.apps.items() if not each.discoveries),
        totals=meter.totals,
        latest=meter.latest,
        whole=meter.whole,
        actors=meter.distinct(lambda window: window_complete(state, window)),
        calls=meter.calls,
        attested={
            subject: Fraction(value) for (subject, claim), value in state.attested.items() if claim == VALUE
        },
    )
