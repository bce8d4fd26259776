"""Metric `token_held_by`: what given accounts hold of a token, rebuilt from its Transfer logs.

Transfer to and from the holders ─▶ their balance together ─▶ whole tokens, or percent of the supply
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from watcher.core.aggregates import Shape
from watcher.core.measures import Measure
from watcher.core.readings import NOTHING, UNKNOWN, Needs, Reading, TokenUse, View
from watcher.core.types import Address
from watcher.fields import Amount, HexAddress, HexAddresses, Table, refuse
from watcher.metrics._tokens import held, minted
from watcher.metrics.token_supply import balance

_HUNDRED = Fraction(100)


class Settings(Table):
    """Which token, whose balances, and whether as a share."""

    token: HexAddress = Field(description="the token's contract")
    decimals: Annotated[int, Field(ge=0, le=255)] = Field(description="digits behind the point")
    holders: HexAddresses = Field(description="the accounts whose balances are added up")
    initial: Amount = Field(Fraction(0), description="whole tokens that they held before count_from")
    percent_of_supply: bool = Field(default=False, description="read percent of the supply, not whole tokens")
    initial_supply: Amount = Field(
        Fraction(0), description="with percent_of_supply: whole tokens that there were before count_from"
    )
    exclude: HexAddresses | None = Field(
        None, description="with percent_of_supply: holders whose balances are no part of the supply"
    )

    @model_validator(mode="after")
    def _share_of_a_supply(self) -> Self:
        if not self.percent_of_supply:
            for key in ("initial_supply", "exclude"):
                if getattr(self, key):
                    raise refuse((key,), "needs percent_of_supply = true: write both, or leave it out")
        return self


@dataclass(frozen=True, slots=True)
class TokenHeldBy:
    """What the holders have after the block."""

    token: Address
    holders: Measure
    supply: Measure | None
    decimals: int
    initial: Fraction
    initial_supply: Fraction
    integral: ClassVar = False
    shape: ClassVar = Shape.LEVEL

    @property
    def needs(self) -> Needs:
        """Ask for the token's transfers."""
        measures = (self.holders,) if self.supply is None else (self.holders, self.supply)
        return Needs(measures=measures, tokens=(TokenUse(self.token, self.decimals),))

    def read(self, view: View) -> Reading:
        """Give the reading as of the view's block; a share of no supply is zero."""
        theirs = balance(view, self.holders, self.decimals, self.initial)
        if self.supply is None:
            return theirs
        all_of_it = balance(view, self.supply, self.decimals, self.initial_supply)
        if theirs.high is None or all_of_it.high is None:
            return UNKNOWN
        return theirs.times(_HUNDRED / all_of_it.low) if all_of_it.low else NOTHING


def build(settings: Settings) -> TokenHeldBy:
    """Make the metric."""
    return TokenHeldBy(
        settings.token,
        held(settings.token, settings.holders),
        minted(settings.token, settings.exclude or ()) if settings.percent_of_supply else None,
        settings.decimals,
        settings.initial,
        settings.initial_supply,
    )


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all."""
    return UNKNOWN
