"""Restating: what was told under a program that was changed since, and is not so under the present one.

    old ledger, entries told ─▶ equal in the new ledger? ─▶ yes: nothing to say
                                                          └▶ no: ledger.restated, once

An entry is judged when the new ledger has concluded its block: until then it may still come.
"""

from typing import Any

from watcher.core.events import Notice, NoticeType
from watcher.stages.announce import Announcer, told
from watcher.store.database import Tx


def restate(tx: Tx, announcer: Announcer, concluded: int, now: int) -> int:
    """Tell what no longer stands of the replaced ledger up to the block concluded; return how many notices.

    Has to come after the new entries were appended and before the new state is saved: the state says up to
    which block this was done.
    """
    replaced = tx.adoptions.replaced()
    if replaced is None:
        return 0
    before = tx.state.concluded()
    notices = 0
    for old in tx.ledger.between(replaced, before.number if before else -1, concluded):
        present = tx.ledger.find(type=old["type"], subject=old["subject"])
        if any(entry["block_hash"] == old["block_hash"] for entry in present) or not _was_told(tx, old):
            continue
        other = min(present, key=lambda entry: entry["sequence"], default=None)
        notices += announcer.notice(tx, _notice(old, other, now)).new
    return notices


def _was_told(tx: Tx, old: dict[str, Any]) -> bool:
    names = [old["id"], *tx.ledger.twins(old["type"], old["subject"], old["block_hash"])]
    return any(told(tx, name, old["block_hash"]) for name in names)


def _notice(old: dict[str, Any], other: dict[str, Any] | None, now: int) -> Notice:
    kept = ("id", "type", "subject", "definition_hash", "block_number", "block_hash", "occurred_at")
    data = {
        "entry": {key: old[key] for key in kept},
        "standing": "absent" if other is None else "moved",
        "now": None if other is None else {key: other[key] for key in kept},
        "reason": "the program was changed: under the present definition this entry is not in the ledger",
    }
    key = f"{NoticeType.LEDGER_RESTATED}/{old['id']}/{old['block_hash']}"
    return Notice(NoticeType.LEDGER_RESTATED, old["subject"], key, now, data)
