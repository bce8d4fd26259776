"""What a provider's refusal says would have worked: so many blocks, so many logs, or this very range.

    words of a refusal ─▶ hint_of ─▶ Hint ─▶ the width of the next eth_getLogs

Pure. Providers say it in prose, each in its own; a number that cannot be told to mean blocks or logs (bytes,
seconds) says nothing.
"""

import re
from dataclasses import dataclass

from watcher.core.types import BlockRange

_NUMBER = r"(0x[0-9a-f]{1,16}|\d[\d,]{0,19}(?:\.\d{1,3})?k?)\b"
_LIMIT = re.compile(
    r"(?:max\w*|limit\w*|up to|at most|over|exceeds?|more than|greater than|smaller than|cap of|distance)\b"
    rf"[^\d\[\]]{{0,60}}?\b{_NUMBER}(?:\s*>\s*{_NUMBER})?\s*([a-z]*)",
    re.IGNORECASE,
)
_RANGE = re.compile(
    rf"\[\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\]|retry with the range {_NUMBER}-{_NUMBER}", re.IGNORECASE
)
_FROM = re.compile(rf"'from': '?{_NUMBER}", re.IGNORECASE)
_TO = re.compile(rf"'to': '?{_NUMBER}", re.IGNORECASE)
_LOGS = re.compile(r"\b(?:logs?|results)\b", re.IGNORECASE)
_NEITHER = re.compile(r"(?:[kmg]?i?b|bytes|m?s|sec\w*|min\w*|requests?|calls?)$", re.IGNORECASE)
_THOUSAND = 1_000


@dataclass(frozen=True, slots=True)
class Hint:
    """What would have worked, as far as the refusal says; all of it inclusive.

    `blocks` is the most blocks at once. Whether a provider's "range of 1000" lets 1,001 blocks pass differs;
    it is taken as 1,000, which all of them accept. `logs` is the most logs in one answer, `suggested` a range
    that the provider has counted for us.
    """

    blocks: int | None = None
    logs: int | None = None
    suggested: BlockRange | None = None


def hint_of(text: str) -> Hint:
    """Read the words of a refusal, its `data` included; an empty Hint where they say nothing."""
    blocks = logs = None
    about_logs = _LOGS.search(text) is not None
    for number, more, unit in _LIMIT.findall(text):
        value = _value(more or number)
        if not value or _NEITHER.match(unit):
            continue
        if unit.lower().startswith(("block", "range")) or not about_logs:
            blocks = blocks or value
        else:
            logs = logs or value
    return Hint(blocks, logs, _suggested(text))


def _suggested(text: str) -> BlockRange | None:
    found = _RANGE.search(text)
    ends = [end for end in found.groups() if end] if found else _FROM.findall(text) + _TO.findall(text)
    if len(ends) != len(("first", "last")):
        return None
    first, last = map(_value, ends)
    return BlockRange(first, last) if first <= last else None


def _value(number: str) -> int:
    """Read "0x3e8", "1,000", "1000" and "1k" alike."""
    text = number.replace(",", "").lower()
    if text.startswith("0x"):
        return int(text, 16)
    return int(float(text[:-1]) * _THOUSAND) if text.endswith("k") else int(float(text))
