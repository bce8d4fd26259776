"""The markers that close actions, as program files and chain families write them.

[[liveness.marker]], [[marker]] of config/chains/<family>.toml ─▶ MarkerTable ─▶ core Marker
"""

from typing import Self

from pydantic import Field, model_validator

from watcher.abi import EventSignature, WordReader
from watcher.core.actions import Marker
from watcher.fields import HexAddresses, Table, Text, refuse


class MarkerTable(Table):
    """An event by which a listed contract says that it has carried out what a user authorised."""

    event: EventSignature = Field(description="the event")
    emitters: HexAddresses = Field(description="the contracts whose event is believed")
    actor: Text | None = Field(
        None, description="the event's argument that is the account; default: the emitter is the account"
    )
    success: Text | None = Field(None, description="the event's argument that is true where it succeeded")
    error: Text | None = Field(None, description="the event's argument that is not zero where it failed")
    fails: bool = Field(default=False, description="the event says that it failed")
    opens: bool = Field(default=False, description="the event closes nothing: a bundle's actions begin here")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for key, type_ in (("actor", "address"), ("success", "bool"), ("error", None)):
            name = getattr(self, key)
            if name is None:
                continue
            try:
                parameter = self.event.parameters[self.event.position(name)]
            except ValueError as error:
                raise refuse((key,), str(error)) from None
            if type_ is not None and parameter.type != type_:
                raise refuse((key,), f"has the type {parameter.type}: name one of the type {type_}")
        said = [key for key in ("success", "error", "fails", "opens") if getattr(self, key)]
        if len(said) > 1:
            raise refuse((said[1],), f"does not go with {said[0]}: write one of the two")
        if self.opens and self.actor is not None:
            raise refuse(("actor",), "is of no use where a bundle opens: leave it out")
        return self

    def built(self) -> Marker:
        """Give the marker that extraction looks for."""

        def reader(name: str | None) -> WordReader | None:
            return None if name is None else WordReader.of(self.event, name)

        return Marker(
            topic0=self.event.topic0,
            emitters=frozenset(self.emitters),
            form=reader(self.actor or self.success or self.error),
            actor=reader(self.actor),
            success=reader(self.success),
            error=reader(self.error),
            fails=self.fails,
            opens=self.opens,
        )
