"""What may be said of an endpoint: its scheme and host. Keys live in the rest of its URL.

Nodes and gateways echo the request in their errors, so whatever they say passes through here before it
reaches a message, a log or a database.
"""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

MAX_QUOTED = 120
"""So many characters of a foreign text are quoted; enough to recognise an error page by."""

_MIN_PATH_KEY = 8
"""A shorter part of a path (`rpc`, `v2`, `mainnet`) is no key, and blanking it would garble every text."""


def public_name(url: str) -> str:
    """Give scheme and host of a URL, with the port where it names one, and nothing else of it."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


class Redactor:
    """Quotes foreign text without the secrets of one URL, on one line and cut to `MAX_QUOTED` characters."""

    def __init__(self, url: str) -> None:
        """Take in what must never be shown."""
        found = set(_secrets(url))
        self._secrets = sorted(found | {unquote(secret) for secret in found}, key=len, reverse=True)

    def quote(self, text: str | bytes) -> str:
        """Give `text` as it may be shown."""
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        for secret in self._secrets:
            shown = shown.replace(secret, "***")
        shown = " ".join(shown.split())
        return shown if len(shown) <= MAX_QUOTED else f"{shown[:MAX_QUOTED]}…"


def _secrets(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    yield url
    if parts.path.strip("/"):
        yield from (segment for segment in parts.path.split("/") if len(segment) >= _MIN_PATH_KEY)
    if parts.query:
        yield parts.query
        pairs = [pair.partition("=") for pair in parts.query.split("&")]
        yield from (value or name for name, _, value in pairs if value or name)
    yield from (part for part in (parts.username, parts.password) if part)
