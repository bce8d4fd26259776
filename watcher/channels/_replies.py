"""What an HTTP reply means for a delivery: the one place where status codes become outcomes.

Shared by every channel that speaks HTTP. The text of an outcome is stored and shown, so a reply's own words
are cut, made printable, and freed of whatever the receiver repeats of the URL or of a secret.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from watcher.core.delivery import Delivered, Failed, Gone, Outcome

READ_BYTES = 4_096
"""How much of a reply is read; the rest is left unread and the connection closed."""

_SHOWN_CHARACTERS = 300
_MASK = "[hidden]"
_SHORTEST_HIDDEN = 8
_THROTTLES = frozenset({429, 502, 504})
"""The Standard Webhooks specification asks to slow down after these."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A receiver's answer: its status, its `Retry-After` as it stands, and the beginning of its body."""

    status: int
    retry_after: str | None = None
    body: bytes = b""


def outcome_of(reply: Reply, now: datetime, hidden: Iterable[str]) -> Outcome:
    """Judge a reply: 2xx delivered, 410 gone, all else failed; a redirect is not followed.

    `hidden` are the texts (a URL's path and query, secrets) that must not be repeated.
    """
    detail = _status_line(reply.status)
    if 200 <= reply.status <= 299:  # noqa: PLR2004  # the success class of RFC 9110
        return Delivered(detail, reply.status)
    if 300 <= reply.status <= 399:  # noqa: PLR2004  # the redirection class of RFC 9110
        detail += "; redirects are not followed: set the channel's url to where it leads"
    words = _excerpt(reply.body, hidden)
    if words:
        detail += f": {words}"
    if reply.status == HTTPStatus.GONE:
        return Gone(detail)
    return Failed(
        detail,
        reply.status,
        retry_after_seconds=_seconds(reply.retry_after, now),
        throttled=reply.status in _THROTTLES,
    )


def _status_line(status: int) -> str:
    """Name a status in our words, not in the receiver's."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    """Read `Retry-After`: whole seconds or an HTTP date; None where it is absent or nonsense."""
    text = (retry_after or "").strip()
    if re.fullmatch("[0-9]{1,9}", text):
        return float(text)
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return max(0.0, (instant - now).total_seconds())


def _excerpt(body: bytes, hidden: Iterable[str]) -> str:
    """Give the first words of a body for people's eyes, on one line.

    Each word of a hidden text is masked by itself: receivers repeat paths escaped, cut or piecewise.
    """
    pieces = {piece for text in hidden for piece in re.split("[^A-Za-z0-9_-]+", text)}
    masked = sorted((piece for piece in pieces if len(piece) >= _SHORTEST_HIDDEN), key=len, reverse=True)
    text = body.decode("utf-8", errors="replace")
    if len(body) >= READ_BYTES and masked:
        text = text[: -len(masked[0])]
    for piece in masked:
        text = text.replace(piece, _MASK)
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}…"
