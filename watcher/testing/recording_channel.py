"""A channel that remembers what it was given and answers as scripted, for tests of what uses channels."""

from collections import deque
from collections.abc import Callable, Iterable

from watcher.core.delivery import Delivered, Message, Outcome


class RecordingChannel:
    """Says the outcomes of `script` in turn, then `otherwise` for ever.

    `before` runs at each attempt before anything is recorded, in the thread that sends.
    """

    def __init__(
        self,
        channel_id: str = "recording",
        script: Iterable[Outcome] = (),
        *,
        otherwise: Outcome | None = None,
        critical: bool = False,
        before: Callable[[Message], None] = lambda _: None,
    ) -> None:
        """Start without any message."""
        self.id = channel_id
        self.critical = critical
        self.target_digest = "0" * 64
        self.otherwise = otherwise or Delivered("recorded")
        self.attempts: list[tuple[Message, int]] = []
        """Each message with the number of its attempt, in the order of sending."""
        self.taken: list[Message] = []
        """The messages whose outcome was Delivered."""
        self._script = deque(script)
        self._before = before

    def obstacle(self) -> str | None:
        """Say that nothing stands in the way."""
        return None

    def send(self, message: Message, attempt: int) -> Outcome:
        """Record the message and give the next outcome."""
        self._before(message)
        self.attempts.append((message, attempt))
        outcome = self._script.popleft() if self._script else self.otherwise
        if isinstance(outcome, Delivered):
            self.taken.append(message)
        return outcome
