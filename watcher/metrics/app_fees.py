"""Metric `app_fees`: fees of apps, of one or of all together, as the program defines a fee.

an event's argument, or transfers of a token to fee recipients ─▶ converted ─▶ what the block adds

What counts as a fee is written in the program, never assumed: `basis` names it for people and for the
definition. With a price feed, the last answer that the feed logged up to the block is its price; an answer
that is older than `max_age`, or not above zero, leaves what the block adds unknown.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from watcher.abi import EventSignature, WordReader
from watcher.core.aggregates import Shape
from watcher.core.measures import Measure
from watcher.core.readings import NOTHING, UNKNOWN, Needs, Reading, TokenUse, View
from watcher.core.types import Address
from watcher.core.window import Log
from watcher.fields import Amount, HexAddress, HexAddresses, Id, PositiveSeconds, Table, Text, refuse
from watcher.metrics._amounts import about, amount, measure_key, number_in, unsigned, whole
from watcher.metrics._tokens import received

ANSWER_UPDATED = "0x0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f"
"""topic0 of AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt), Chainlink."""

_ANSWER_TOPICS = 3


class Price(Table):
    """A price feed that logs its answers."""

    feed: HexAddress = Field(
        description="the contract that emits AnswerUpdated: the aggregator behind a proxy"
    )
    decimals: Annotated[int, Field(ge=0, le=255)] = Field(description="digits of an answer behind the point")
    max_age: PositiveSeconds = Field(description="how old an answer may be at the block")


class Settings(Table):
    """What counts as a fee, in which token, and how it is converted."""

    basis: Literal["user_paid", "protocol_revenue"] = Field(
        description='"user_paid": all that users pay; "protocol_revenue": what the protocol keeps of it'
    )
    event: EventSignature | None = Field(None, description="the event of the apps' contracts that says a fee")
    argument: Text | None = Field(None, description="with event: the name of the argument that is the fee")
    recipients: dict[Id, HexAddresses] | None = Field(
        None, description="without event: for each app, the accounts that its fees are transferred to"
    )
    token: HexAddress = Field(description="the token in which fees are paid")
    decimals: Annotated[int, Field(ge=0, le=255)] = Field(description="the token's digits behind the point")
    rate: Amount | None = Field(None, description="what one whole token is worth, fixed; default: 1")
    price: Price | None = Field(None, description="what one whole token is worth, by a price feed")
    app: Id | None = Field(None, description="the app; default: all of them")

    @model_validator(mode="after")
    def _one_source_one_rule(self) -> Self:
        if (self.event is None) == (self.recipients is None):
            raise ValueError("needs exactly one of event, recipients: write what a fee is")
        if self.event is not None:
            if self.argument is None:
                raise refuse(("argument",), "is missing: name the argument of the event that is the fee")
            unsigned(self.event, self.argument)
        elif self.argument is not None:
            raise refuse(("argument",), "needs an event: write both, or leave it out")
        if self.app is not None and self.recipients is not None and self.app not in self.recipients:
            raise refuse(
                ("recipients",), f'has none of "{self.app}", whose fees these are: list its accounts'
            )
        if self.rate is not None and self.price is not None:
            raise refuse(("price",), "does not go together with rate: write one rule of conversion")
        return self


@dataclass(frozen=True, slots=True)
class Feed:
    """A price by logs."""

    measure: Measure
    decimals: int
    max_age_seconds: int

    def price(self, view: View) -> Fraction | None:
        """Give the price as of the view's block; None where there is none that can be used."""
        said = view.latest.get(self.measure.key)
        if said is None or said[0] <= 0 or view.timestamp - said[1] > self.max_age_seconds:
            return None
        return whole(said[0], self.decimals)


@dataclass(frozen=True, slots=True)
class AppFees:
    """How much of fees a block adds; every one of `measures` goes by app."""

    token: Address
    measures: tuple[Measure, ...]
    decimals: int
    conversion: Fraction | Feed
    app: str | None
    integral: ClassVar = False
    shape: ClassVar = Shape.FLOW

    @property
    def needs(self) -> Needs:
        """Ask for the fees' logs, and the feed's."""
        feed = (self.conversion.measure,) if isinstance(self.conversion, Feed) else ()
        tokens = (TokenUse(self.token, self.decimals),)
        return Needs(measures=(*self.measures, *feed), by_app=True, tokens=tokens)

    def read(self, view: View) -> Reading:
        """Give what the block adds."""
        view = about(view, self.app)
        paid = sum(amount(view.amounts, each.key, view.app, by_app=True) for each in self.measures)
        price = self.conversion.price(view) if isinstance(self.conversion, Feed) else self.conversion
        if paid == 0:
            reading = NOTHING
        else:
            reading = UNKNOWN if price is None else Reading.exactly(whole(paid, self.decimals) * price)
        # Recipients are listed; whose contract emits an event depends on which contracts an app has.
        return reading if all(each.emitters for each in self.measures) else view.widened(reading)


def build(settings: Settings) -> AppFees:
    """Make the metric."""
    measures = [
        received(settings.token, recipients, app)
        for app, recipients in sorted((settings.recipients or {}).items())
    ]
    if settings.event is not None and settings.argument is not None:
        reader = WordReader.of(settings.event, settings.argument)

        def read(log: Log) -> int | None:
            return number_in(reader.read(log))

        key = measure_key("sum", settings.event, settings.argument, None)
        measures = [Measure(key, frozenset({reader.topic0}), None, read)]
    conversion: Fraction | Feed = Fraction(1) if settings.rate is None else settings.rate
    if settings.price is not None:
        price = settings.price
        conversion = Feed(_answers(price.feed), price.decimals, price.max_age)
    return AppFees(settings.token, tuple(measures), settings.decimals, conversion, settings.app)


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all."""
    return UNKNOWN


def _answers(feed: Address) -> Measure:
    def read(log: Log) -> int | None:
        answer = number_in(log.topics[1]) if len(log.topics) == _ANSWER_TOPICS else None
        # The answer is signed; below zero it is as useless as zero.
        return None if answer is None else (0 if answer >> 255 else answer)

    return Measure(
        measure_key("answers", feed), frozenset({ANSWER_UPDATED}), frozenset({feed}), read, latest=True
    )
