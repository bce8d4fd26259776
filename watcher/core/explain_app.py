"""Why one app is live or not: the rule, each criterion, the days, the contracts, what the ledger says.

Definition, State, ledger entries about it ─▶ Explanation
"""

from collections.abc import Mapping, Sequence
from typing import Any

from watcher.core.activity import DayCounts, span
from watcher.core.definition import App, Definition
from watcher.core.explanation import Explanation, at_most, history_lines, labelled
from watcher.core.roster import app_row, why_not
from watcher.core.sparks import spark_line
from watcher.core.state import State
from watcher.core.types import SECONDS_PER_DAY, AppId, BlockRef, LiveVerdict, iso_utc
from watcher.core.wording import COVERAGE, activity_words, rule_words

DAYS_SHOWN = 62
"""Two months fit on a line."""

_CONTRACTS_SHOWN = 8
_HOURS_PER_DAY = 24


def explain_app(
    definition: Definition, state: State, block: BlockRef, app_id: AppId, entries: Sequence[Mapping[str, Any]]
) -> Explanation:
    """Explain an app as of `block`, the state's last; `entries` are the ledger's about it, ascending."""
    app = definition.app(app_id)
    row = app_row(definition, state, app_id)
    days = _days(definition, block, state.windows[app_id].days())
    leaves_at = _leaves_at(definition, state, app_id)
    rule = rule_words(definition.liveness)
    disputed = _disputed(state, app_id)
    criteria = [
        f"{reason['criterion']:<16} {reason['verdict']:<8} {reason['detail']}" for reason in row["reasons"]
    ]
    numbers = activity_words(row["actions"], row["actions_gross"], row["actors"], row["active_days"])
    lines = [
        *labelled("rule", rule),
        *labelled("criteria", criteria),
        *labelled("window", [numbers, *_per_day(days)]),
        *labelled("missing", [why_not(row) or "nothing"]),
        *labelled("patience", [_patience(leaves_at)] if leaves_at is not None else []),
        *history_lines(entries),
        *labelled("contracts", _contract_lines(app, row["contracts"])),
        *labelled("disputed", at_most(_CONTRACTS_SHOWN, disputed)),
    ]
    data = {
        "title": app.title,
        **{key: value for key, value in row.items() if key != "id"},
        "rule": rule,
        "days": [{"day": _date(item.day), "actions": item.actions, "actors": item.actors} for item in days],
        "leaves_at": None if leaves_at is None else iso_utc(leaves_at),
        "found_by": [discovery.source for discovery in app.discoveries],
        "disputed": disputed,
        "entries": list(entries),
        "coverage": COVERAGE,
    }
    named = app_id if app.title == app_id else f"{app_id} ({app.title})"
    return Explanation("app", app_id, f"app {named} is {row['verdict']}", lines, data)


def _days(definition: Definition, block: BlockRef, active: Sequence[DayCounts]) -> list[DayCounts]:
    """Give every UTC day that the window touches, days without actions too."""
    first, last = span(definition.liveness.window, block.timestamp)
    known = {item.day: item for item in active}
    touched = range(first // _HOURS_PER_DAY, last // _HOURS_PER_DAY + 1)
    return [known.get(day) or DayCounts(day, 0, 0) for day in touched]


def _per_day(days: Sequence[DayCounts]) -> list[str]:
    shown = days[-DAYS_SHOWN:]
    most = max(item.actions for item in shown)
    of = f", the last {len(shown)} of {len(days)} days" if len(shown) < len(days) else ""
    bars = spark_line([item.actions for item in shown])
    return [f"{_date(shown[0].day)} {bars} {_date(shown[-1].day)}  at most {most:,} actions a day{of}"]


def _leaves_at(definition: Definition, state: State, app: AppId) -> int | None:
    status = state.apps[app]
    due = status.falls_due(definition.liveness.dormant_after_seconds)
    return due if status.verdict is LiveVerdict.LIVE else None


def _patience(leaves_at: int) -> str:
    return f"it stays LIVE until {iso_utc(leaves_at)}, and longer if it meets every criterion before that"


def _contract_lines(app: App, contracts: Sequence[Mapping[str, Any]]) -> list[str]:
    if not app.discoveries:
        return ["none: the program names no contract and no way to find one"]
    found_by = ", ".join(discovery.source for discovery in app.discoveries)
    return [
        f"{len(contracts)}, found by {found_by}. {COVERAGE}",
        *at_most(_CONTRACTS_SHOWN, [_contract_line(contract) for contract in contracts]),
    ]


def _contract_line(contract: Mapping[str, Any]) -> str:
    head = f"{contract['address']} {contract['role']:<6} since block {contract['since']}"
    if contract["kind"] is None:
        return f"{head}, does not count"
    runs = "runs" if contract["runnable"] else "cannot run"
    logic = ", ".join(
        f"{part['address']}{'' if part['code_hash'] else ' (no code)'}" for part in contract["logic"]
    )
    return f"{head}, {contract['kind']}, {runs}{f', logic at {logic}' if logic else ''}"


def _disputed(state: State, app: AppId) -> list[str]:
    """Tell which contracts the app claims too, but belong to another."""
    membership = state.sampler.membership
    lines = []
    for address, claim in membership.claims():
        owner = membership.owner(address)
        if claim.app == app and owner is not None and owner.app != app:
            why = "it lists it" if owner.listed and not claim.listed else "its claim is earlier"
            lines.append(f"{address} belongs to {owner.app}: {why}")
    return lines


def _date(day: int) -> str:
    return iso_utc(day * SECONDS_PER_DAY)[:10]
