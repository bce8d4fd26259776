"""A grant file: one person's allocation. It is read, and kept nowhere.

file ─▶ document ─▶ tables ─▶ core Part …
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from watcher.config.document import read_document
from watcher.config.problems import Problem, did_you_mean
from watcher.config.vesting import TimeLock
from watcher.core.definition import Definition
from watcher.core.grants import Part, Performance
from watcher.core.ledger import decimal_text
from watcher.fields import Amount, Rows, Table, exactly_one

_KINDS = ("kpi", "milestone", "tranche")


class PartTable(Table):
    """A part of the grant, and what unlocks it."""

    amount: Amount = Field(description="whole tokens")
    kpi: str | None = Field(None, description="the id of the KPI that unlocks it, the first time it is met")
    milestone: str | None = Field(None, description="the id of the milestone that unlocks it")
    tranche: str | None = Field(None, description="the id of the tranche with whose share it is unlocked")
    time: TimeLock | None = Field(None, description="when time alone unlocks it, as in [[vesting]]")

    @model_validator(mode="after")
    def _waits_for_one_thing(self) -> Self:
        exactly_one(self, (*_KINDS, "time"))
        return self

    def part(self) -> Part:
        """Give it as the core has it."""
        if self.time is not None:
            return Part(self.amount, self.time.schedule(self.amount))
        kind = exactly_one(self, _KINDS)
        return Part(self.amount, Performance(kind, getattr(self, kind)))


class GrantFile(Table):
    """A grant file."""

    name: str = Field("", description="whose it is, for people")
    amount: Amount = Field(description="whole tokens in all: what the parts add up to")
    part: Annotated[Rows[PartTable], Field(min_length=1)] = Field(description="what it is made of")


def load_grant(path: Path, definition: Definition) -> tuple[str, tuple[Part, ...]]:
    """Read a grant of a program: whose it is, and its parts.

    ConfigurationError lists every problem with file, key, value and remedy.
    """
    document = read_document(path, purpose="grant")
    grant = document.validate(GrantFile)
    problems = list(_problems(grant, definition))
    if problems:
        raise document.refusal(problems)
    return grant.name, tuple(table.part() for table in grant.part)


def _problems(grant: GrantFile, definition: Definition) -> Iterator[Problem]:
    known: dict[str, list[str]] = {
        "kpi": list(definition.kpis),
        "milestone": list(definition.milestones),
        "tranche": list(definition.tranches),
    }
    for place, table in enumerate(grant.part):
        for kind in _KINDS:
            name = getattr(table, kind)
            if name is not None and name not in known[kind]:
                remedy = did_you_mean(name, known[kind])
                yield Problem(("part", place, kind), f"is no {kind} of this program: {remedy}")
    given = sum((table.amount for table in grant.part), Fraction(0))
    if given != grant.amount:
        yield Problem(
            ("amount",), f"is not what the parts add up to: write {decimal_text(given)}, or correct a part"
        )
