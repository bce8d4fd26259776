"""The form of a program file: its tables as frozen models, each valid in itself.

What holds between tables (references, duplicates, bars that decide nothing) is checked in `checks`; what is
not part of the definition (titles, descriptions, names, the source's text) is marked `exclude`.
"""

from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from watcher.config.families import families, known_family
from watcher.config.markers import MarkerTable
from watcher.config.vesting import TimeLock
from watcher.core.types import SECONDS_PER_DAY, SECONDS_PER_HOUR
from watcher.discovery.curated import Contract
from watcher.fields import (
    Amount,
    Count,
    Days,
    HexAddresses,
    HexKey,
    Id,
    Instant,
    Positive,
    PositiveSeconds,
    Rows,
    Seconds,
    Table,
    Text,
    exactly_one,
    refuse,
    repeated,
    unique,
)
from watcher.kinded import Kinded, KindOf
from watcher.metrics._goals import Goal

_HUNDRED_PERCENT = 100


def _sampling_period(seconds: int) -> int:
    if seconds % SECONDS_PER_HOUR or (SECONDS_PER_DAY % seconds and seconds % SECONDS_PER_DAY):
        raise ValueError(
            'does not fit the day: write whole hours that divide a day ("6h") or whole days ("2d")'
        )
    return seconds


class Described(Table):
    """A table with words for people, which are no part of the definition."""

    title: str = Field("", exclude=True, description="its name for people")
    description: str = Field("", exclude=True, description="more words for people")


class Provenance(Table):
    """Whose programme this is, and where its words were taken from."""

    authority: Literal["issuer", "observer"] = Field(
        description='"issuer" or "observer": whether whoever runs the programme wrote this file'
    )
    source: str = Field(
        exclude=True, pattern=r"^https?://\S+$", description="the URL at which the programme's terms stand"
    )
    quotes: dict[str, str] = Field({}, exclude=True, description="the terms' own words, by KPI id")


class Finality(Table):
    """When a block counts as final."""

    tag: Literal["finalized", "safe"] | None = Field(
        None, description="blocks up to the one with this tag are final"
    )
    depth: Count | None = Field(None, description="blocks that lie so many below the head are final")

    @model_validator(mode="after")
    def _tag_or_depth(self) -> Self:
        exactly_one(self, ("tag", "depth"))
        return self


class Gap(Table):
    """Blocks that nobody can read, both ends included."""

    first: Count = Field(description="the first block of the gap")
    last: Count = Field(description="the last block of the gap")
    reason: Text = Field(description="why nobody can read it")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.last < self.first:
            raise refuse(("last",), f"ends before it begins: write {self.first} or more")
        return self


class Chain(Table):
    """The chain."""

    id: Positive = Field(description="the chain id, which each endpoint is asked for")
    name: str = Field("", exclude=True, description="its name for people")
    family: Annotated[str, AfterValidator(known_family)] = Field(
        description="which transactions are the system's own: a file name of config/chains",
        json_schema_extra=lambda schema: schema.update(enum=[*families()]),
    )
    finality: Finality = Field(
        description='when a block is final: { tag = "finalized" }, { tag = "safe" } or { depth = 64 }'
    )
    count_from: Count = Field(description="the first block that counts")
    state_every: Annotated[PositiveSeconds, AfterValidator(_sampling_period)] = Field(
        SECONDS_PER_DAY, description="how often code is sampled: hours that divide a day, or whole days"
    )
    gap: Rows[Gap] = Field((), description="history that nobody can read")


class Token(Table):
    """The token that the programme is about; amounts in whole tokens."""

    symbol: Text = Field(description="its ticker")
    decimals: Annotated[int, Field(ge=0, le=255)] = Field(description="digits behind the point")
    total_supply: Amount = Field(description="whole tokens")
    kpi_share: Amount | None = Field(None, description="percent of the supply that unlocks by KPI")
    unassigned: Amount = Field(
        Fraction(0), description="with tranches: whole tokens of that share that no tranche names"
    )

    @model_validator(mode="after")
    def _share_of_the_whole(self) -> Self:
        if self.kpi_share is not None and self.kpi_share > _HUNDRED_PERCENT:
            raise refuse(("kpi_share",), "is above 100 percent: write a percentage of the supply")
        return self


class Window(Table):
    """The span of time over which activity counts."""

    days: Days = Field(description="its length")
    kind: Literal["rolling", "complete_days"] = Field(
        description='"rolling": so many times 24 hours and the running one; "complete_days": whole UTC days'
    )


class Bars(Table):
    """Bars of the activity criteria."""

    min_actions: Positive | None = Field(None, description="counted actions in the window")
    min_actors: Positive | None = Field(None, description="distinct actors in the window")
    min_active_days: Positive | None = Field(None, description="UTC days of the window with a counted action")


class Exclusion(Table):
    """Actors whose actions do not count."""

    kind: Literal["listed", "deployers"] = Field(
        description='"listed": these accounts; "deployers": for each app, who created its contracts'
    )
    addresses: HexAddresses | None = Field(None, description='with "listed": the accounts')

    @model_validator(mode="after")
    def _listed_names_addresses(self) -> Self:
        if (self.kind == "listed") != (self.addresses is not None):
            raise ValueError(
                'does not go together: kind = "listed" needs addresses, kind = "deployers" takes none'
            )
        return self


class Liveness(Bars):
    """When an application is live."""

    unit: Literal["transaction", "action"] = Field(
        "transaction",
        description='"transaction": an action is a transaction, its actor the sender; '
        '"action": what one user authorised, found by markers',
    )
    marker: Rows[MarkerTable] = Field(
        (), description='with unit = "action": markers beside those of the chain\'s family'
    )
    reach: Literal["direct", "touched"] = Field(
        "direct", description='"direct": sent to a contract of the app; "touched": made one emit a log'
    )
    window: Window = Field(
        description='over which time: { days = 30, kind = "rolling" } or kind = "complete_days"'
    )
    max_actions_per_actor: Positive | None = Field(
        None, description="more than so many by one actor do not add to min_actions"
    )
    exclude: Rows[Exclusion] = Field((), description="actors that do not count")
    not_paused: bool = Field(
        default=False, description="no required contract may be paused, by its last Paused or Unpaused log"
    )
    attested: Annotated[Rows[Id], AfterValidator(unique)] = Field(
        (), description="claims that have to be attested of each app, such as core-loop"
    )
    leave_below: Bars = Field(default_factory=Bars, description="lower bars for an app that is live already")
    dormant_after: Seconds = Field(0, description="how long a live app may stay below without a break")

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.unit == "action" and self.reach == "direct":
            raise refuse(
                ("unit",),
                'needs reach = "touched" (no receipt says where an action was sent): write reach = "touched"',
            )
        if self.marker and self.unit != "action":
            raise refuse(("marker",), 'needs unit = "action": write it, or leave the markers out')
        # A rolling window of N days reaches into the N whole days before today, and into today.
        most = self.window.days + (self.window.kind == "rolling")
        if self.min_active_days is not None and self.min_active_days > most:
            raise refuse(
                ("min_active_days",), f"never holds: the window touches {most} days, write {most} or less"
            )
        for key in Bars.model_fields:
            bar, lower = getattr(self, key), getattr(self.leave_below, key)
            if lower is not None and (bar is None or lower > bar):
                wrong = f"without a {key}" if bar is None else f"above {key} = {bar}"
                raise refuse(("leave_below", key), f"is {wrong}: write less than that bar, or leave it out")
        if repeated(rule.kind for rule in self.exclude) is not None:
            raise refuse(("exclude",), "has two rules of one kind: write them as one")
        return self


class App(Described):
    """One application."""

    id: Id
    contract: Rows[Contract] = Field((), description="its contracts, where they are known")
    discover: Rows[Annotated[Kinded, KindOf("discovery", {"curated": "[[app.contract]]"})]] = Field(
        (), description="ways to find its contracts on the chain"
    )
    required: HexAddresses | None = Field(
        None, description="the contracts that must have code; default: all that count"
    )


class Kpi(Goal, Described):
    """A metric against a bar."""

    id: Id
    metric: Annotated[Kinded, KindOf("metrics")] = Field(
        description='what is measured: { kind = "live_apps" }'
    )


def _part_form(part: Any) -> str | None:  # noqa: ANN401  # whatever the file holds
    if isinstance(part, str):
        return "<id>"
    return "<condition>" if isinstance(part, dict | Condition) else None


# What pydantic puts between angle brackets is the form of a value; it is no key of the file.
Part = Annotated[
    Annotated[str, Tag("<id>")] | Annotated["Condition", Tag("<condition>")], Discriminator(_part_form)
]
"""A KPI's id, or a nested condition."""


class Condition(Table):
    """KPIs and conditions, of which any or all have to hold."""

    any_of: Rows[Part] | None = Field(
        None, min_length=1, description="one of these has to hold: KPI ids, or nested conditions"
    )
    all_of: Rows[Part] | None = Field(
        None, min_length=1, description="all of these have to hold: KPI ids, or nested conditions"
    )

    @property
    def parts(self) -> tuple["str | Condition", ...]:
        """Give what the condition is made of."""
        return self.any_of or self.all_of or ()

    @model_validator(mode="after")
    def _any_or_all(self) -> Self:
        exactly_one(self, ("any_of", "all_of"))
        if repeated(self.parts) is not None:
            raise ValueError("says one part twice: write it once")
        return self


class Milestone(Condition, Described):
    """A condition that latches."""

    id: Id


class Countdown(Described):
    """A clock that a milestone starts."""

    id: Id
    after: str = Field(description="the id of the milestone that starts it")
    duration: PositiveSeconds = Field(description="from the milestone's block to the deadline")
    marks: Annotated[Rows[PositiveSeconds], AfterValidator(unique)] = Field(
        (), description="remaining times at which a notice goes out; zero is implied"
    )
    on_regression: Literal["continue", "pause", "cancel"] = Field(
        "continue", description="what happens when the condition stops holding before the deadline"
    )
    rearm: bool = Field(default=False, description='with "cancel": start anew when the condition holds again')

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for place, mark in enumerate(self.marks):
            if mark >= self.duration:
                raise refuse(("marks", place), "is not shorter than the duration: write less")
        if self.rearm and self.on_regression != "cancel":
            raise refuse(("rearm",), 'needs on_regression = "cancel": write both, or leave it out')
        return self


class Partial(Table):
    """What a reading between two bounds unlocks, in a straight line."""

    lower: Amount = Field(description="the reading up to which only the minimum is unlocked")
    upper: Amount = Field(description="the reading from which all of it is unlocked")
    minimum: Amount = Field(Fraction(0), description="whole tokens that are unlocked in any case")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.upper <= self.lower:
            raise refuse(("upper",), "is not above lower: write more")
        return self


class Attestations(Table):
    """Whose word counts about what no RPC can tell."""

    signers: dict[Id, HexKey] = Field(
        min_length=1,
        description="who may attest: a name for people, and an ed25519 public key as 64 hex digits",
    )
    required: Positive = Field(1, description="how many of them have to say the same")

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if repeated(self.signers.values()) is not None:
            raise refuse(("signers",), "has one key under two names: write it once")
        if self.required > len(self.signers):
            raise refuse(("required",), f"never holds: there are {len(self.signers)} signers, write so many")
        return self


class Tranche(Described):
    """An amount that a KPI or milestone unlocks, once."""

    id: Id
    kpi: str | None = Field(None, description="the id of the KPI that unlocks it; this or milestone")
    milestone: str | None = Field(None, description="the id of the milestone that unlocks it; this or kpi")
    amount: Amount = Field(description="whole tokens")
    expiry: Instant | None = Field(None, description="when it is too late: after it nothing is unlocked")
    partial: Partial | None = Field(
        None, description="with kpi and expiry: how much its reading at the expiry unlocks"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        exactly_one(self, ("kpi", "milestone"))
        if self.amount == 0:
            raise refuse(("amount",), "is nothing: write what is unlocked")
        if self.partial is not None:
            if self.kpi is None or self.expiry is None:
                raise refuse(("partial",), "needs kpi and expiry: write both, or leave it out")
            if self.partial.minimum > self.amount:
                raise refuse(("partial", "minimum"), "is above the amount: write less")
        return self


class Vesting(TimeLock, Described):
    """An amount that time alone unlocks; shown beside the tranches, and no part of the definition."""

    id: Id
    amount: Amount = Field(description="whole tokens")


class ProgramFile(Described):
    """A program file."""

    schema_version: Literal[1] = Field(alias="schema", description="the version of meaning: 1")
    id: Id
    provenance: Provenance = Field(description="[provenance] with authority and source")
    chain: Chain = Field(description="[chain] with id, family, finality and count_from")
    token: Token | None = Field(None, description="the token")
    liveness: Liveness = Field(description="[liveness] with a window: when an app counts as live")
    attestations: Attestations | None = Field(
        None, description="[attestations] with signers: whose word counts about what no RPC can tell"
    )
    app: Rows[App] = Field((), description="the applications, at least one")
    kpi: Rows[Kpi] = Field((), description="what is measured, at least one")
    milestone: Rows[Milestone] = Field((), description="what is reached")
    countdown: Rows[Countdown] = Field((), description="what a milestone starts")
    tranche: Rows[Tranche] = Field((), description="what a KPI or milestone unlocks")
    vesting: Rows[Vesting] = Field((), exclude=True, description="what time alone unlocks, for comparison")
