"""One POST to one receiver, for every channel that speaks HTTP: where to, how, and what came of it.

Target, Route ─▶ _exchange: the wire ─▶ Reply ─▶ _replies: what it means ─▶ Outcome
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from watcher.channels._exchange import Exchange, Request, Route
from watcher.channels._replies import outcome_of
from watcher.core.delivery import Failed, Outcome

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post. Only `host` may be shown: path and query often hold a key."""

    secure: bool
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str) -> "Target":
        """Take a URL apart; ValueError goes on from its key, says what is wrong and does not repeat it."""
        if not (url.isascii() and url.isprintable()) or " " in url:
            raise ValueError("has blanks or letters beyond ASCII: write them percent-encoded")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("has a host or port that cannot be: write https://host:port/path") from None
        default_port = _DEFAULT_PORTS.get(parts.scheme)
        if default_port is None or not parts.hostname:
            raise ValueError("does not have the form https://host/path: write it in full")
        if parts.username is not None:
            raise ValueError("holds a user name or password: leave them out, messages are signed")
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        return cls(parts.scheme == "https", parts.hostname, port or default_port, path)


def post(
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    hidden: Sequence[str] = (),
    route: Route,
) -> Outcome:
    """Send one request and judge the reply: whatever the receiver does, an outcome comes back in time.

    `now` is what a date in `Retry-After` is compared with; `hidden` are texts, beside the target's path, that
    no outcome may repeat.
    """
    request = Request(target.secure, target.host, target.port, target.path, headers, body)
    result = Exchange(request, route).result()
    if isinstance(result, Failed):
        return result
    return outcome_of(result, now, (target.path, *hidden))
