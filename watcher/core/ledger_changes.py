"""Two ledgers of one chain, under two definitions: which entries differ, and by which change of the program.

old entries, new entries ─▶ n-th of a type and subject against the n-th ─▶ same block, moved, only in one
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Entry = Mapping[str, Any]
"""A ledger entry, as `watcher ledger --json` prints it."""


class Standing(StrEnum):
    """How an entry differs."""

    ONLY_OLD = "only_old"
    ONLY_NEW = "only_new"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that differs: the n-th of its type and subject; `why` names changed tables of the program."""

    type: str
    subject: str
    ordinal: int
    old: Entry | None
    new: Entry | None
    why: tuple[str, ...]

    @property
    def standing(self) -> Standing:
        """Say how it differs."""
        if self.old is None:
            return Standing.ONLY_NEW
        return Standing.ONLY_OLD if self.new is None else Standing.MOVED

    def as_json(self) -> dict[str, Any]:
        """Give it for scripts; blocks are null where the ledger has no such entry."""
        return {
            "type": self.type,
            "subject": self.subject,
            "ordinal": self.ordinal,
            "standing": str(self.standing),
            "old": _place(self.old),
            "new": _place(self.new),
            "why": list(self.why),
        }


def ledger_changes(
    old: Iterable[Entry], new: Iterable[Entry], tables: Sequence[str], *, up_to: int
) -> list[Change]:
    """Compare two ledgers up to a block, inclusive, in the order of blocks.

    `tables` are the parts of the program that differ. Those that name an entry's subject are why it differs;
    where none does, all of them may be.
    """
    before, after = _numbered(old, up_to), _numbered(new, up_to)
    found = []
    for key in {**before, **after}:
        was, now = before.get(key), after.get(key)
        if was is not None and now is not None and was["block_hash"] == now["block_hash"]:
            continue
        kind, subject, ordinal = key
        near = tuple(table for table in tables if f" {subject} " in table)
        found.append(Change(kind, subject, ordinal, was, now, near or tuple(tables)))
    return sorted(found, key=_when)


def _numbered(entries: Iterable[Entry], up_to: int) -> dict[tuple[str, str, int], Entry]:
    counts: dict[tuple[str, str], int] = {}
    found = {}
    for entry in (each for each in entries if each["block_number"] <= up_to):
        key = entry["type"], entry["subject"]
        counts[key] = counts.get(key, 0) + 1
        found[*key, counts[key]] = entry
    return found


def _when(change: Change) -> tuple[int, str, str]:
    blocks = [entry["block_number"] for entry in (change.old, change.new) if entry is not None]
    return min(blocks), change.type, change.subject


def _place(entry: Entry | None) -> dict[str, Any] | None:
    kept = ("id", "block_number", "block_hash", "occurred_at")
    return None if entry is None else {key: entry[key] for key in kept}
