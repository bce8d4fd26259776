"""Every error the watcher raises on purpose, in one tree; each message names the thing and the remedy.

WatcherError                     exit code
├── UsageError ................. 2   a wrong argument, or two that do not go together
├── ConfigurationError ......... 2   a program or deployment file, an environment variable, a secret
├── AttestationRefused ......... 2   an attestation that does not count here, or comes too late
├── DatabaseMismatch ........... 2   the database belongs to another chain or definition
├── WriterBusy ................. 3   another process writes this database
├── StoreError ................. 3   the database cannot be read or written
│   └── WriterLost .............     the lock that made this process the one writer is gone: stop
├── ChainError ................. 3   an endpoint failed: a failed read, never a value
│   ├── EndpointUnavailable ....     time-out, refused connection, 5xx, 429: retried with backoff
│   ├── MalformedAnswer ........     nonsense, truncated JSON, HTML, a list that is short
│   ├── CallRefused ............     the node answered with an error that a retry does not change
│   └── HistoryMissing .........     the node no longer (or not yet) has what was asked for
├── WrongChain ................. 3   chain id or genesis differ from the program or the database: stop
├── ReorgBelowFinality ......... 3   a block the ledger relies on was replaced: stop, change nothing
└── CannotTell ................. 4   the question is a fair one, but what would answer it is not there (yet)
"""


class WatcherError(Exception):
    """Say what went wrong and what to do about it; `exit_code` is what a command returns for it."""

    exit_code = 3


class UsageError(WatcherError):
    """Refuse a command whose arguments cannot be followed."""

    exit_code = 2


class ConfigurationError(WatcherError):
    """Refuse a program or deployment, naming file, key, value and remedy."""

    exit_code = 2


class AttestationRefused(WatcherError):
    """Refuse an attestation; the message says why it does not count, and what would."""

    exit_code = 2


class DatabaseMismatch(WatcherError):
    """Refuse a database that was made for another chain or another definition."""

    exit_code = 2


class WriterBusy(WatcherError):
    """Refuse to write beside another writer; the message names who holds the lock."""


class StoreError(WatcherError):
    """Report a database that cannot be read or written; nothing was half-written."""


class WriterLost(StoreError):
    """Stop: the database ended the session that made this process its one writer; start it again."""


class ChainError(WatcherError):
    """Report a failed read: it stands for no value, and nothing may be concluded from it."""


class EndpointUnavailable(ChainError):
    """Report an endpoint that did not answer or asked for patience; a later try may succeed.

    `retry_after_seconds` is the endpoint's own wish, None where it named none.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        """Carry the message and the endpoint's wish for patience."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class MalformedAnswer(ChainError):
    """Report an answer that cannot be true or cannot be read."""


class CallRefused(ChainError):
    """Report a JSON-RPC error that asking again will not change."""


class HistoryMissing(ChainError):
    """Report history that this endpoint does not have: pruned, or above its head."""


class WrongChain(WatcherError):
    """Stop: the endpoint serves another chain than the program or the database."""


class ReorgBelowFinality(WatcherError):
    """Stop: a block that counted as final is no longer on the chain; nothing was changed."""


class CannotTell(WatcherError):
    """Decline a question that nothing stored answers (yet); the message says what is there."""

    exit_code = 4
