"""The form of a milestone's bundle, published as a JSON Schema for whoever reads one with other tools.

    watcher.core.evidence ─▶ bundle ─▶ described here ─▶ config/schema/bundle.schema.json

Nothing here makes or reads a bundle; tests/stages/test_bundle_form.py holds it to real ones. Later releases
may add keys: readers pass over those that they do not know.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Digits = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+|/[0-9]+)?$")]
"""An exact number: a decimal, or a fraction where no decimal is exact."""
Hash = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
Address = Annotated[str, Field(pattern="^0x[0-9a-f]{40}$")]
Count = Annotated[int, Field(ge=0)]
Verdict = Literal["MET", "NOT_MET", "UNKNOWN"]


class _Part(BaseModel):
    """A part of a bundle."""

    model_config = ConfigDict(strict=True, extra="allow")


class Block(_Part):
    """The block at which the milestone was reached."""

    number: Count
    hash: Hash
    time: str = Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$", description="UTC")


class ByTag(_Part):
    """The program takes a block for final that carries this tag."""

    tag: Literal["finalized", "safe"]


class ByDepth(_Part):
    """The program takes a block for final that lies so far below the head."""

    depth: Count


class AnyOf(_Part):
    """Holds where one of these does."""

    any_of: list["str | AllOf | AnyOf"] = Field(description="ids of KPIs, and conditions")


class AllOf(_Part):
    """Holds where all of these do."""

    all_of: list["str | AllOf | AnyOf"] = Field(description="ids of KPIs, and conditions")


class Kpi(_Part):
    """What a KPI of the condition read, against which bar."""

    id: str
    verdict: Verdict
    low: Digits = Field(description="the least that the reading can be")
    high: Digits | None = Field(description="the most that it can be; null: unbounded")
    comparator: Literal["at_least", "more_than", "at_most", "less_than"]
    bar: Digits


class Logic(_Part):
    """A contract behind a proxy."""

    address: Address
    code_hash: Hash | None


class Contract(_Part):
    """A contract of an app that counts, as it was last looked at."""

    address: Address
    kind: str = Field(description="what stands there: plain code, or a kind of proxy")
    runnable: bool
    code_hash: Hash | None = Field(description="keccak-256 of the code there; null: there is none")
    logic: list[Logic]


class Day(_Part):
    """What was counted of an app on a UTC day of its window."""

    day: str = Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    actions: Count
    actors: Count


class App(_Part):
    """An app as of the block."""

    id: str
    verdict: Literal["LIVE", "NOT_LIVE", "UNKNOWN"]
    deployed: Verdict
    active: Verdict
    criteria: dict[str, Verdict] = Field(description="each criterion of the liveness policy")
    actions: Count = Field(description="in the window, net of what max_actions_per_actor cuts")
    actions_gross: Count
    actors: Count
    active_days: Count
    contracts: list[Contract]
    days: list[Day]


class Bundle(_Part):
    """A milestone's bundle: what was counted, as of the block at which its condition first held."""

    chain_id: Count
    program_id: str
    definition_hash: str = Field(pattern="^[0-9a-f]{64}$")
    schema_version: Count = Field(alias="schema", description="the semantics that the program names")
    block: Block
    summary: dict[str, object] = Field(description="what travels in the ledger entry")
    milestone: str
    condition: AnyOf | AllOf
    finality: ByTag | ByDepth
    kpis: list[Kpi]
    apps: list[App]
