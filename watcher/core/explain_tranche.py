"""Why a tranche is locked or unlocked.

Definition, State, its ledger entry ─▶ Explanation
"""

from watcher.core.definition import Definition
from watcher.core.explanation import Entries, Explanation, history_lines, labelled
from watcher.core.state import State
from watcher.core.tranches import Tranche, TrancheStatus
from watcher.core.types import TrancheId, iso_utc
from watcher.core.unlocked import sums_words, tranche_rows, tranche_sums
from watcher.core.wording import comparator_words, number_words, reading_words


def explain_tranche(
    definition: Definition, state: State, tranche_id: TrancheId, entries: Entries
) -> Explanation:
    """Explain a tranche: what it waits for and how that stands, what was unlocked, and the whole share."""
    tranche, status = definition.tranches[tranche_id], state.tranches.get(tranche_id)
    (row,) = [
        row
        for row in tranche_rows(definition, state, {entry["subject"]: entry for entry in entries})
        if row["id"] == tranche_id
    ]
    sums = tranche_sums(definition, state)
    lines = [
        *labelled("state", [_state(tranche, status)]),
        *labelled("rule", _rule(tranche)),
        *labelled("waits for", [_waits_for(definition, state, tranche)]),
        *labelled("all", [sums_words(sums)]),
        *history_lines(entries),
    ]
    headline = f"tranche {tranche_id} of {number_words(tranche.amount)} {sums['symbol']} is {row['state']}"
    return Explanation(
        "tranche", tranche_id, headline, lines, {**row, "sums": sums, "entries": list(entries)}
    )


def _state(tranche: Tranche, status: TrancheStatus | None) -> str:
    if status is None:
        return "locked"
    at = f"at block {status.block.number}, {iso_utc(status.block.timestamp)}"
    if not status.amount:
        return f"nothing was unlocked by its expiry, settled {at}"
    part = "all of it" if status.amount == tranche.amount else f"{number_words(status.amount)} of it"
    return f"{part} unlocked {at}, for ever"


def _rule(tranche: Tranche) -> list[str]:
    rule = ["unlocked once, at the first final block at which what it waits for holds"]
    if tranche.expiry is not None:
        rule.append(f"expires at {iso_utc(tranche.expiry)}")
    if tranche.partial is not None:
        part = tranche.partial
        when, least = iso_utc(tranche.expiry or 0), number_words(part.minimum)
        lower, upper = number_words(part.lower), number_words(part.upper)
        rule = [
            f"settled at {when} by the KPI's reading",
            f"{least} at {lower} or below, all of it at {upper} or above",
        ]
    return rule


def _waits_for(definition: Definition, state: State, tranche: Tranche) -> str:
    if tranche.milestone is not None:
        reached = state.milestones.get(tranche.milestone)
        return f"milestone {tranche.milestone}, {'reached' if reached else 'not reached'}"
    assert tranche.kpi is not None  # noqa: S101  # it waits for one of both
    kpi, status = definition.kpis[tranche.kpi], state.kpis[tranche.kpi]
    return (
        f"KPI {kpi.id}, {status.verdict}: reads {reading_words(status.reading)}, "
        f"needs {comparator_words(kpi.comparator)} {number_words(kpi.bar)}"
    )
