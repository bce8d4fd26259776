"""Alert channels, one a file: each sends one event and says what came of it.

A module here is a `kind` of the deployment file; it holds `Settings` and `build(settings) -> Channel`. Names
that begin with `_` are what several channels share.
"""

from typing import Protocol

from watcher.core.delivery import Message, Outcome


class Channel(Protocol):
    """Where messages go: one table `[[channel]]` of the deployment file."""

    @property
    def id(self) -> str:
        """Name the channel as the deployment file does."""
        ...

    @property
    def critical(self) -> bool:
        """Tell whether it must never be disabled, whatever its receiver says."""
        ...

    @property
    def target_digest(self) -> str:
        """Name where it sends by a SHA-256 that reveals nothing: a change enables a disabled channel."""
        ...

    def obstacle(self) -> str | None:
        """Say why a message could not be sent now, as far as can be told without sending; None: it might.

        No text shows a path, a query or a secret.
        """
        ...

    def send(self, message: Message, attempt: int) -> Outcome:
        """Try once (the n-th time, from 1) and say what came of it; whatever a receiver does, do not raise.

        At least once: a receiver may get one message again, always with the same id and the same bytes.
        """
        ...
