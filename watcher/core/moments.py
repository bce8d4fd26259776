"""Moments: what people write behind `--at`, a block or a time.

"12345"                 ─▶ AtBlock
"2026-04-23"            ─▶ AtTime, the last second of that UTC day
"2026-04-23T10:00:00Z"  ─▶ AtTime, that instant
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from watcher.core.types import SECONDS_PER_DAY
from watcher.errors import UsageError

_BLOCK = re.compile(r"[0-9]+(_[0-9]+)*", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(_DAY.pattern + r"[T ].+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AtBlock:
    """After the whole block of this number."""

    number: int


@dataclass(frozen=True, slots=True)
class AtTime:
    """After the last block whose timestamp (Unix seconds) is not greater than `last`.

    `first` is where the time that was written begins: the start of a day, or the instant itself.
    """

    first: int
    last: int


Moment = AtBlock | AtTime


def parse_moment(text: str) -> Moment:
    """Read a block number, a UTC day or an instant; one without an offset is UTC. UsageError otherwise."""
    if _BLOCK.fullmatch(text):
        return AtBlock(int(text))
    is_day = _DAY.fullmatch(text)
    first = _instant(text) if is_day or _INSTANT.fullmatch(text) else None
    if first is None:
        raise UsageError(
            f'"{text}" is neither a block nor a time: write a block number, a day as in 2026-04-23 '
            "(its last block is taken) or an instant as in 2026-04-23T10:00:00Z"
        )
    return AtTime(first, first + SECONDS_PER_DAY - 1 if is_day else first)


def _instant(text: str) -> int | None:
    try:
        written = datetime.fromisoformat(text)
        return math.floor((written if written.tzinfo else written.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
