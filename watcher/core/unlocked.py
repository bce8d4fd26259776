"""What is unlocked: every tranche as of one block, in the form that `watcher tranches --json` prints.

State, entries ─▶ one JSON object a tranche, and sums that add up to the share of the supply
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from watcher.core.definition import Definition
from watcher.core.ledger import decimal_text
from watcher.core.state import State
from watcher.core.types import iso_utc
from watcher.core.wording import number_words


def tranche_rows(
    definition: Definition, state: State, entries: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Give every tranche by id, with its entry's evidence where it is unlocked; amounts in whole tokens."""
    rows = []
    for name, tranche in definition.tranches.items():
        status = state.tranches.get(name)
        entry = entries.get(name) if status is not None and status.amount else None
        rows.append(
            {
                "id": name,
                "amount": decimal_text(tranche.amount),
                "waits_for": tranche.kpi or tranche.milestone,
                "expiry": None if tranche.expiry is None else iso_utc(tranche.expiry),
                "state": "locked" if status is None else "unlocked" if status.amount else "expired",
                "unlocked": None if status is None else decimal_text(status.amount),
                "block_number": None if status is None else status.block.number,
                "occurred_at": None if status is None else iso_utc(status.block.timestamp),
                "entry": entry["id"] if entry else None,
                "bundle_sha256": entry["evidence"]["bundle_sha256"] if entry else None,
            }
        )
    return rows


def tranche_sums(definition: Definition, state: State) -> dict[str, str]:
    """Give what is unlocked, locked, expired and unassigned: together the share that unlocks by KPI."""
    whole = definition.allocation
    if whole is None:
        return {}
    zero = Fraction(0)
    settled = {name: status.amount for name, status in state.tranches.items()}
    unlocked = sum(settled.values(), zero)
    locked = sum((each.amount for name, each in definition.tranches.items() if name not in settled), zero)
    parts = {
        "share": whole.share,
        "unlocked": unlocked,
        "locked": locked,
        "expired": whole.share - whole.unassigned - unlocked - locked,
        "unassigned": whole.unassigned,
    }
    return {"symbol": whole.symbol, **{name: decimal_text(amount) for name, amount in parts.items()}}


def sums_words(sums: Mapping[str, str]) -> str:
    """Tell people how the whole share stands."""
    amounts = {name: number_words(Fraction(amount)) for name, amount in sums.items() if name != "symbol"}
    return (
        "{unlocked} {symbol} unlocked, {locked} locked, {expired} expired, {unassigned} unassigned, "
        "{share} in all"
    ).format(symbol=sums["symbol"], **amounts)
