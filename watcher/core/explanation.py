"""An explanation: why one thing of the program is what it is, for people and for machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

_LABEL_WIDTH = 11
_HISTORY = 4
_DIGITS = 12

Entries = Sequence[Mapping[str, Any]]
"""Ledger entries, ascending, as `Entry.as_json` gives them."""

Subject = Literal["app", "kpi", "milestone", "countdown", "tranche"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One explanation: `headline` and `lines` fit on a screen, `data` says all of it as plain JSON values."""

    kind: Subject
    id: str
    headline: str
    lines: Sequence[str]
    data: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Give the form that `watcher explain --json` prints."""
        return {"kind": self.kind, "id": self.id, **self.data}


def labelled(label: str, texts: Sequence[str]) -> list[str]:
    """Give lines with a label ahead of the first, the others in line with it."""
    labels = [label, *([""] * (len(texts) - 1))]
    return [f"{left:<{_LABEL_WIDTH}}{text}" for left, text in zip(labels, texts, strict=False)]


def at_most(count: int, texts: Sequence[str]) -> list[str]:
    """Keep the first so many lines and say how many were left out."""
    left_out = len(texts) - count
    return [*texts[:count], f"… and {left_out} more (--json gives all)"] if left_out > 0 else list(texts)


def history_lines(entries: Entries) -> list[str]:
    """Tell ledger entries about one subject, the newest first."""
    told = [
        f"{entry['type']} at block {entry['block_number']}, {entry['occurred_at']} (no. {entry['sequence']}, "
        f"evidence {entry['evidence']['bundle_sha256'][:_DIGITS]})"
        for entry in reversed(entries)
    ]
    return labelled("ledger", at_most(_HISTORY, told) if told else ["no entry about it"])
