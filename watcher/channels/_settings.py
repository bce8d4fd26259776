"""The keys that every `[[channel]]` table of the deployment file has."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from watcher.core.events import EVENT_TYPES, wanted
from watcher.fields import Id, Rows, Table


def _selecting(pattern: str) -> str:
    """Refuse a pattern that selects nothing: it would silence a channel without a word."""
    if not any(wanted(event_type, (pattern,), final_only=False) for event_type in EVENT_TYPES):
        raise ValueError(f"matches no event type: the types are {', '.join(EVENT_TYPES)}")
    return pattern


class ChannelSettings(Table):
    """What to send; a channel's own `Settings` add where to and how."""

    id: Id = Field(description="names the channel in `deliveries`, logs and health")
    events: Rows[Annotated[str, AfterValidator(_selecting)]] = Field(
        default=("*",),
        min_length=1,
        description="which event types it gets, as shell patterns such as `milestone.*`",
    )
    finality: Literal["provisional", "final"] = Field(
        default="provisional",
        description="`final`: ledger entries only; `provisional`: notices too",
    )
    critical: bool = Field(
        default=False, description="never switched off, not even by a receiver that answers 410 Gone"
    )

    @model_validator(mode="after")
    def _gets_something(self) -> Self:
        """Refuse a channel that would stay silent for ever."""
        final_only = self.finality == "final"
        if not any(wanted(event_type, self.events, final_only=final_only) for event_type in EVENT_TYPES):
            raise ValueError(
                'would never get anything: finality = "final" selects ledger entries only, and none matches '
                'its events; write finality = "provisional" or other events'
            )
        return self
