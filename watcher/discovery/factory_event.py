"""Discovery kind `factory_event`: the app's contracts are an address argument of an event of given factories.

This finds what factories create inside calls, where no receipt names the new contract. A log with the event's
first topic that does not have the event's form (topics, length, an address in the argument's place) is no
claim; nor is the zero address. Whether there is code at the address is not asked here but in liveness.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from watcher.abi import EventSignature, WordReader, address_in
from watcher.core.definition import Chain
from watcher.core.facts import Announcement
from watcher.core.types import Address, AppId
from watcher.core.window import BlockReceipts, Query
from watcher.fields import HexAddresses, Table, Text, refuse


class Settings(Table):
    """Which factories, which event, and which argument names the new contract."""

    factories: HexAddresses = Field(description="the contracts whose event it is")
    event: EventSignature = Field(description="the event that announces them")
    argument: Text = Field(description="the name of the event's argument that is the new contract")

    @model_validator(mode="after")
    def _names_an_address(self) -> Self:
        try:
            parameter = self.event.parameters[self.event.position(self.argument)]
        except ValueError as error:
            raise refuse(("argument",), str(error)) from None
        if parameter.type != "address":
            raise refuse(("argument",), f"has the type {parameter.type}: name one of the type address")
        return self


@dataclass(frozen=True, slots=True)
class FactoryEvent:
    """What the factories of one app announce."""

    app_id: AppId
    factories: frozenset[Address]
    reader: WordReader
    source: str

    def wants(self) -> Query:
        """Ask for the factories' logs."""
        return Query(log_addresses=self.factories)

    def read(self, block: BlockReceipts) -> Iterator[Announcement]:
        """Give the contracts that the factories announce in this block, in log order."""
        for receipt in block.receipts:
            for log in receipt.logs:
                if log.address in self.factories:
                    word = self.reader.read(log)
                    created = address_in(word) if word is not None else None
                    if created is not None:
                        yield Announcement(self.app_id, created, self.source, int(log.log_index, 16))


def build(settings: Settings, app_id: AppId, chain: Chain) -> FactoryEvent:  # noqa: ARG001  # one form for all kinds
    """Make the discovery of one app."""
    factories = ",".join(sorted(settings.factories))
    return FactoryEvent(
        app_id,
        frozenset(settings.factories),
        WordReader.of(settings.event, settings.argument),
        f"factory_event:{factories}:{settings.event}:{settings.argument}",
    )
