"""Metric `token_supply`: a token's supply, rebuilt from its mint and burn logs.

Transfer from and to the zero address ─▶ what was minted less what was burnt ─▶ whole tokens

No archive node is needed, and no view function is believed. Logs that cannot be true (more burnt than there
was, more than 256 bits hold) leave the supply unknown: such a token rebases, or had a supply before
`count_from` that `initial` does not name.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import Field

from watcher.core.aggregates import Shape
from watcher.core.measures import Measure
from watcher.core.readings import UNKNOWN, Needs, Reading, TokenUse, View
from watcher.core.types import Address
from watcher.fields import Amount, HexAddress, HexAddresses, Table
from watcher.metrics._amounts import amount, whole
from watcher.metrics._tokens import LARGEST, minted


class Settings(Table):
    """Which token, and what of it does not circulate."""

    token: HexAddress = Field(description="the token's contract")
    decimals: Annotated[int, Field(ge=0, le=255)] = Field(description="digits behind the point")
    initial: Amount = Field(Fraction(0), description="whole tokens that there were before count_from")
    exclude: HexAddresses | None = Field(
        None, description="holders whose balances do not count: treasury, escrow"
    )


@dataclass(frozen=True, slots=True)
class TokenSupply:
    """Whole tokens that there are after the block."""

    token: Address
    measure: Measure
    decimals: int
    initial: Fraction
    all_of_it: bool
    integral: ClassVar = False
    shape: ClassVar = Shape.LEVEL

    @property
    def needs(self) -> Needs:
        """Ask for the token's transfers."""
        use = TokenUse(self.token, self.decimals, self.measure.key if self.all_of_it else None, self.initial)
        return Needs(measures=(self.measure,), tokens=(use,))

    def read(self, view: View) -> Reading:
        """Give the reading as of the view's block."""
        return balance(view, self.measure, self.decimals, self.initial)


def balance(view: View, measure: Measure, decimals: int, initial: Fraction) -> Reading:
    """Give what was there and came, less what went; unknown where logs cannot be true."""
    moved = amount(view.totals, measure.key, None, by_app=False)
    there = initial + whole(moved, decimals)
    possible = 0 <= there <= whole(LARGEST, decimals)
    return Reading.exactly(there) if view.whole and possible else UNKNOWN


def build(settings: Settings) -> TokenSupply:
    """Make the metric."""
    measure = minted(settings.token, settings.exclude or ())
    return TokenSupply(settings.token, measure, settings.decimals, settings.initial, not settings.exclude)


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all."""
    return UNKNOWN
