"""What a program means, in plain values: the definition that every conclusion is a function of.

`watcher.config.program` reads and validates the file and makes this; nothing below knows TOML.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from watcher.core.actions import Marker
from watcher.core.aggregates import INSTANT, Aggregate
from watcher.core.applications import Discovery
from watcher.core.readings import Goal, Metric
from watcher.core.tranches import Allocation, Tranche
from watcher.core.types import (
    SECONDS_PER_DAY,
    Address,
    AppId,
    Comparator,
    CountdownId,
    KpiId,
    MilestoneId,
    TrancheId,
    WindowSpec,
)


@dataclass(frozen=True, slots=True)
class Finality:
    """When a block counts as final: a tag of the node, or a depth below its head; exactly one is set."""

    tag: Literal["finalized", "safe"] | None = None
    depth: int | None = None

    def as_json(self) -> dict[str, object]:
        """Give the form that entries and evidence carry, the same as in the program file."""
        return {"tag": self.tag} if self.tag else {"depth": self.depth}


@dataclass(frozen=True, slots=True)
class Gap:
    """Blocks from `first` to `last`, both inclusive, that the definition declares unreadable."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class SystemTransactions:
    """Which transactions are the chain's own, for one family: by sender, or by transaction type.

    And which contracts: those that are listed, and what `creators` create in upgrades.
    """

    senders: frozenset[Address] = frozenset()
    types: frozenset[str] = frozenset()
    """Types as on the wire, `0x…` lowercase."""
    creators: frozenset[Address] = frozenset()
    contracts: frozenset[Address] = frozenset()

    def created(self, creator: Address, type_: str, contract: Address) -> bool:
        """Tell whether a contract that a transaction of some type created is the chain's own."""
        return (
            contract in self.contracts
            or creator in self.creators
            or creator in self.senders
            or type_ in self.types
        )


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain a program is about."""

    id: int
    family: str
    finality: Finality
    count_from: int
    state_every_seconds: int = SECONDS_PER_DAY
    gaps: tuple[Gap, ...] = ()
    """Ascending, not overlapping, not touching."""
    system: SystemTransactions = SystemTransactions()

    def next_block(self, number: int) -> int:
        """Give the first readable block after `number`: the next one, or the one behind a declared gap."""
        for gap in self.gaps:
            if gap.first <= number + 1 <= gap.last:
                return gap.last + 1
        return number + 1


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of the activity criteria; None means that the policy does not ask."""

    min_actions: int | None = None
    min_actors: int | None = None
    min_active_days: int | None = None


@dataclass(frozen=True, slots=True)
class LivenessPolicy:
    """When an application is live."""

    window: WindowSpec
    unit: Literal["transaction", "action"] = "transaction"
    markers: tuple[Marker, ...] = ()
    """What closes actions; empty unless the unit is an action."""
    reach: Literal["direct", "touched"] = "direct"
    bars: Bars = Bars()
    leave_below: Bars = Bars()
    """Lower bars for an app that is live already; None falls back to the bar itself."""
    max_actions_per_actor: int | None = None
    excluded: frozenset[Address] = frozenset()
    exclude_deployers: bool = False
    not_paused: bool = False
    attested: tuple[str, ...] = ()
    """Claims that have to be attested of each app, ascending."""
    dormant_after_seconds: int = 0


@dataclass(frozen=True, slots=True)
class App:
    """One application and how its contracts are found.

    Without a discovery method its contracts are unknown, and so is everything about it.
    """

    id: AppId
    title: str
    discoveries: tuple[Discovery, ...] = ()
    required: frozenset[Address] | None = None
    """The contracts that must have code; None: all that belong to it and count."""

    @property
    def open(self) -> bool:
        """Tell whether this is the rule for all accounts that create contracts, and not one app."""
        return any(found.wants().every_creation for found in self.discoveries)


@dataclass(frozen=True, slots=True)
class Kpi:
    """A metric, a comparator and a bar, with the issuer's words for it where the program quotes them."""

    id: KpiId
    metric: Metric
    comparator: Comparator
    bar: Fraction
    quote: str = ""
    aggregate: Aggregate = INSTANT
    series: str = ""
    """Names what is measured, metric and aggregate: KPIs that measure the same share it. Empty: the id."""
    words: str = ""
    """What is measured, for people."""

    @property
    def goal(self) -> Goal:
        """Give what is measured, with its bar."""
        return Goal(
            self.series or self.id, self.metric, self.aggregate, self.comparator, self.bar, self.words
        )


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when one part holds."""

    parts: tuple["Condition", ...]


Condition = KpiId | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Milestone:
    """A condition that latches at the first block at which it holds."""

    id: MilestoneId
    title: str
    condition: AllOf | AnyOf


class OnRegression(StrEnum):
    """What a running countdown does when its milestone's condition stops holding."""

    CONTINUE = "continue"
    PAUSE = "pause"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Countdown:
    """A clock that a reached milestone starts."""

    id: CountdownId
    after: MilestoneId
    duration_seconds: int
    marks_seconds: tuple[int, ...] = ()
    """Remaining seconds at which a notice goes out, descending, 0 (T-0) always the last."""
    on_regression: OnRegression = OnRegression.CONTINUE
    rearm: bool = False


@dataclass(frozen=True, slots=True)
class AttestationPolicy:
    """Whose word counts: public keys, as hex; and how many of them have to say the same."""

    signers: frozenset[str]
    required: int = 1


@dataclass(frozen=True, slots=True)
class Provenance:
    """Whose programme this is and where its words were taken from."""

    authority: Literal["issuer", "observer"]
    source: str


@dataclass(frozen=True, slots=True)
class Definition:
    """One validated program; `hash` is the definition hash, `schema` names the semantics."""

    program_id: str
    title: str
    schema: int
    hash: str
    provenance: Provenance
    chain: Chain
    liveness: LivenessPolicy
    apps: Mapping[AppId, App]
    kpis: Mapping[KpiId, Kpi]
    milestones: Mapping[MilestoneId, Milestone]
    countdowns: Mapping[CountdownId, Countdown] = field(default_factory=dict)
    tranches: Mapping[TrancheId, Tranche] = field(default_factory=dict)
    attestations: AttestationPolicy | None = None
    """Whose attestations count; None: nobody's."""
    allocation: Allocation | None = None
    """What the tranches are parts of; None where there are none."""
    open_rule: App | None = None
    """By which every account that creates contracts is an app too; `apps` holds those that are listed."""
    canonical: str = field(default="", repr=False)
    """The canonical program, of which `hash` is the SHA-256."""

    @property
    def discoveries(self) -> list[Discovery]:
        """Give every way in which this program finds contracts."""
        rules = [*self.apps.values(), *([self.open_rule] if self.open_rule else [])]
        return [discovery for app in rules for discovery in app.discoveries]

    def app(self, app: AppId) -> App:
        """Give a listed app, or one that the open rule found; KeyError where it can be neither."""
        if self.open_rule is None or app in self.apps:
            return self.apps[app]
        return App(app, app, self.open_rule.discoveries)
