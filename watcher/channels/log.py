"""Writes each event as one line of the watcher's own log: the channel that needs no receiver."""

import json

import structlog

from watcher.channels._settings import ChannelSettings
from watcher.core.delivery import Delivered, Message, Outcome


class Settings(ChannelSettings):
    """The keys of a `[[channel]]` table with `kind = "log"`."""


class LogChannel:
    """Tells whoever reads the log."""

    target_digest = "log"

    def __init__(self, settings: Settings) -> None:
        """Take over the channel's name."""
        self.id = settings.id
        self.critical = settings.critical
        self._log = structlog.get_logger("watcher.channels.log")

    def obstacle(self) -> str | None:
        """Say that nothing stands between the watcher and its own log."""
        return None

    def send(self, message: Message, attempt: int) -> Outcome:
        """Write one line: the event's type, its id, and what a receiver would get."""
        payload = json.loads(message.body)
        self._log.info(
            message.type,
            channel=self.id,
            event_id=message.id,
            attempt=attempt,
            timestamp=payload["timestamp"],
            data=payload["data"],
        )
        return Delivered("written to the log")


def build(settings: Settings) -> LogChannel:
    """Make the channel."""
    return LogChannel(settings)
