"""What the tests of the core are given: addresses, blocks, facts, samples and programs with plain defaults.

Times are written as days, hours, minutes and seconds after `MIDNIGHT`, so that the edges of hours and days
can be read off a test.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

from watcher.core.actions import Marker
from watcher.core.aggregates import Shape
from watcher.core.applications import Discovery
from watcher.core.definition import (
    AllOf,
    App,
    Bars,
    Chain,
    Countdown,
    Definition,
    Finality,
    Gap,
    Kpi,
    LivenessPolicy,
    Milestone,
    OnRegression,
    Provenance,
    SystemTransactions,
)
from watcher.core.facts import Activity, Announcement, BlockFacts, CodeKind, PauseLog, Sample
from watcher.core.ledger import Entry
from watcher.core.readings import Metric, Needs, Reading, View
from watcher.core.state import State
from watcher.core.step import Conclusions, step
from watcher.core.types import (
    ActorId,
    Address,
    AppId,
    BlockHash,
    BlockRef,
    Comparator,
    CountdownId,
    KpiId,
    LiveVerdict,
    MilestoneId,
    ViewCall,
    WindowSpec,
)
from watcher.core.window import BlockReceipts, Query

MIDNIGHT = 20_000 * 86_400
"""The start of a UTC day, 2024-10-04."""

Samples = Mapping[tuple[Address, int], Sample]


def at(days: int = 0, hours: int = 0, minutes: int = 0, seconds: int = 0) -> int:
    """Give an instant so long after `MIDNIGHT`, in Unix seconds."""
    return MIDNIGHT + ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def address(number: int) -> Address:
    """Give an address of 20 bytes that says its number."""
    return Address(f"0x{number:040x}")


def ref(number: int, timestamp: int) -> BlockRef:
    """Give a block whose hash says its number."""
    return BlockRef(number, BlockHash(f"0x{number:064x}"), BlockHash(f"0x{number - 1:064x}"), timestamp)


def facts(
    number: int,
    timestamp: int,
    activity: Mapping[str, Mapping[int, int]] | None = None,
    *,
    announcements: Iterable[Announcement] = (),
    pauses: Iterable[PauseLog] = (),
    code_changes: Iterable[Address] = (),
) -> BlockFacts[ActorId]:
    """Give one block's facts; `activity` maps each app to its actions per actor."""
    return BlockFacts(
        ref(number, timestamp),
        {
            AppId(app): Activity({ActorId(actor): count for actor, count in actors.items()})
            for app, actors in (activity or {}).items()
        },
        tuple(announcements),
        pauses=tuple(pauses),
        code_changes=tuple(code_changes),
    )


def joins(
    app: str,
    contract: Address,
    *,
    source: str | None = None,
    log_index: int = 0,
    listed: bool = False,
    role: str = "core",
) -> Announcement:
    """Announce a contract for an app."""
    place = -1 if listed else log_index
    return Announcement(AppId(app), contract, source or f"registry:{app}", place, listed=listed, role=role)


def leaves(app: str, contract: Address, *, source: str | None = None, log_index: int = 0) -> Announcement:
    """Remove a contract from an app."""
    return Announcement(AppId(app), contract, source or f"registry:{app}", log_index, removed=True)


def sample(
    contract: Address, number: int, *, runs: bool = True, beacon: Address | None = None, code: str = "c0de"
) -> Sample:
    """Give the state of a contract at a block."""
    kind = CodeKind.NONE if not runs else CodeKind.BEACON if beacon else CodeKind.PLAIN
    return Sample(contract, number, kind, f"0x{code}" if runs else None, runnable=runs, beacon=beacon)


class EverythingRuns(dict[tuple[Address, int], Sample]):
    """Samples of a chain on which every contract can run at every block."""

    def __missing__(self, key: tuple[Address, int]) -> Sample:
        """Give the sample of a contract that runs."""
        return sample(*key)


@dataclass(frozen=True, slots=True)
class Found:
    """A discovery method that is never asked: the tests say themselves what was announced."""

    source: str = "found"
    query: Query = field(default_factory=Query)

    def wants(self) -> Query:
        """Ask for what a test says, by default for nothing."""
        return self.query

    def read(self, block: BlockReceipts) -> Sequence[Announcement]:  # noqa: ARG002  # the protocol's form
        """Announce nothing."""
        return ()


@dataclass(frozen=True, slots=True)
class CountLive:
    """How many apps are live; an unknown one may be."""

    integral: ClassVar = True
    shape: ClassVar = Shape.LEVEL
    needs: ClassVar = Needs(verdicts=True)

    def read(self, view: View) -> Reading:
        """Give the reading as of the view's block."""
        live = sum(verdict is LiveVerdict.LIVE for verdict in view.apps.values())
        unknown = sum(verdict is LiveVerdict.UNKNOWN for verdict in view.apps.values())
        return Reading(Fraction(live), Fraction(live + unknown))


@dataclass(frozen=True, slots=True)
class ShareLive:
    """Which share of the apps is live; nobody knows how many more there are while one is unknown."""

    integral: ClassVar = False
    shape: ClassVar = Shape.LEVEL
    needs: ClassVar = Needs(verdicts=True)

    def read(self, view: View) -> Reading:
        """Give the reading as of the view's block."""
        verdicts = list(view.apps.values())
        low = Fraction(verdicts.count(LiveVerdict.LIVE), len(verdicts))
        return Reading(low, None if LiveVerdict.UNKNOWN in verdicts else low)


def app(name: str, *, known: bool = True, required: Iterable[Address] | None = None) -> App:
    """Give an app; one that is not `known` names no way to find its contracts."""
    discoveries: tuple[Discovery, ...] = (Found(f"found:{name}"),) if known else ()
    return App(AppId(name), name.title(), discoveries, None if required is None else frozenset(required))


def policy(
    *,
    days: int = 1,
    complete_days: bool = False,
    bars: Bars | None = None,
    leave_below: Bars | None = None,
    max_actions_per_actor: int | None = None,
    not_paused: bool = False,
    dormant_after: int = 0,
    touched: bool = False,
    excluded: Iterable[Address] = (),
    exclude_deployers: bool = False,
    markers: Iterable[Marker] | None = None,
) -> LivenessPolicy:
    """Give a liveness policy; by default one action within a rolling day keeps an app live."""
    return LivenessPolicy(
        window=WindowSpec(days, "complete_days" if complete_days else "rolling"),
        reach="touched" if touched else "direct",
        unit="transaction" if markers is None else "action",
        markers=tuple(markers or ()),
        bars=bars or Bars(min_actions=1),
        leave_below=leave_below or Bars(),
        max_actions_per_actor=max_actions_per_actor,
        excluded=frozenset(excluded),
        exclude_deployers=exclude_deployers,
        not_paused=not_paused,
        dormant_after_seconds=dormant_after,
    )


def kpi(
    name: str = "k",
    bar: Fraction | int = 1,
    comparator: Comparator = Comparator.AT_LEAST,
    metric: Metric | None = None,
) -> Kpi:
    """Give a KPI, by default over the number of live apps."""
    return Kpi(KpiId(name), metric or CountLive(), comparator, Fraction(bar))


def milestone(name: str = "m", condition: AllOf | None = None) -> Milestone:
    """Give a milestone, by default over the KPI `k`."""
    return Milestone(MilestoneId(name), name.title(), condition or AllOf((KpiId("k"),)))


def countdown(
    name: str = "c",
    duration: int = 7 * 86_400,
    on_regression: OnRegression = OnRegression.CONTINUE,
    *,
    rearm: bool = False,
    after: str = "m",
    marks: tuple[int, ...] = (0,),
) -> Countdown:
    """Give a countdown, by default of seven days after the milestone `m`."""
    return Countdown(CountdownId(name), MilestoneId(after), duration, marks, on_regression, rearm)


def definition(
    *apps: App,
    liveness: LivenessPolicy | None = None,
    kpis: Iterable[Kpi] = (),
    milestones: Iterable[Milestone] = (),
    countdowns: Iterable[Countdown] = (),
    gaps: Iterable[tuple[int, int]] = (),
    state_every: int = 86_400,
    system: SystemTransactions | None = None,
    open_rule: App | None = None,
) -> Definition:
    """Give a program over some apps, by default one app `a`."""
    return Definition(
        program_id="program",
        title="A program",
        schema=1,
        hash="d" * 64,
        provenance=Provenance("observer", "https://example.org/terms"),
        chain=Chain(
            id=31_337,
            family="ethereum",
            finality=Finality(tag="finalized"),
            count_from=1,
            state_every_seconds=state_every,
            gaps=tuple(Gap(first, last, "nobody kept it") for first, last in gaps),
            system=system or SystemTransactions(),
        ),
        liveness=liveness or policy(),
        apps={item.id: item for item in apps or (app("a"),)},
        kpis={item.id: item for item in kpis},
        milestones={item.id: item for item in milestones},
        countdowns={item.id: item for item in countdowns},
        open_rule=open_rule,
    )


class EverythingReverts(dict[tuple[ViewCall, int], bytes | None]):
    """Every view function reverts, whenever it is asked."""

    def __missing__(self, asked: tuple[ViewCall, int]) -> None:
        """Answer nothing."""
        del asked


def fold(
    program: Definition,
    blocks: Iterable[BlockFacts[ActorId]],
    samples: Samples | None = None,
    state: State | None = None,
    calls: Mapping[tuple[ViewCall, int], bytes | None] | None = None,
) -> tuple[State, list[Conclusions]]:
    """Conclude blocks one after the other; give the last state and what each block brought."""
    state = State.initial(program) if state is None else state
    known = EverythingRuns() if samples is None else samples
    conclusions = []
    for block in blocks:
        state, concluded = step(program, state, block, known, EverythingReverts() if calls is None else calls)
        conclusions.append(concluded)
    return state, conclusions


def told(conclusions: Iterable[Conclusions]) -> list[tuple[str, str, int]]:
    """Say of each entry its type, subject and block; the entry that opens the ledger is left out."""
    return [
        (str(entry.type), entry.subject, entry.block_number)
        for entry in entries(conclusions)
        if entry.type != "definition.adopted"
    ]


def entries(conclusions: Iterable[Conclusions]) -> list[Entry]:
    """Give all ledger entries in order."""
    return [entry for concluded in conclusions for entry in concluded.entries]
