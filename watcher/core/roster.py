"""The roster: each app as of one block, in the form that `watcher apps --json` prints.

State ─▶ judgement, counts, contracts ─▶ one JSON object an app
"""

from typing import Any

from watcher.core.applications import is_open
from watcher.core.definition import Definition
from watcher.core.standing import judgement_of
from watcher.core.state import State
from watcher.core.types import AppId


def roster(definition: Definition, state: State) -> list[dict[str, Any]]:
    """Give every app by id, as of the state's block; a block has to be concluded already.

    Of the kind `open`, those that have an action in the window or are live.
    """
    return [app_row(definition, state, app) for app in sorted(state.apps)]


def unused(state: State) -> int:
    """Count the accounts that created what nobody used within the window; none of them has a row.

    Those all of whose contracts belong to other apps are none of them.
    """
    return sum(is_open(app) and app not in state.apps for app in state.sampler.membership.apps())


def app_row(definition: Definition, state: State, app: AppId) -> dict[str, Any]:
    """Give one app: verdict, counts of its window, a reason per criterion, its contracts."""
    counts = state.windows[app].counts()
    judgement = judgement_of(definition, state, app)
    return {
        "id": app,
        "verdict": str(state.apps[app].verdict),
        "deployed": str(judgement.deployed),
        "active": str(judgement.active),
        "actions": counts.actions,
        "actions_gross": counts.actions_gross,
        "actors": counts.actors,
        "active_days": counts.active_days,
        "reasons": [
            {"criterion": reason.criterion, "verdict": str(reason.verdict), "detail": reason.detail}
            for reason in judgement.reasons
        ],
        "contracts": contracts(state, app),
    }


def contracts(state: State, app: AppId) -> list[dict[str, Any]]:
    """Give an app's contracts by address, with what code stands there; null where its role does not count.

    `since` is the block at which the contract joined, `found_by` the discovery that says so.
    """
    listed = []
    for address, claim in sorted(state.sampler.membership.members(app).items()):
        sample = state.sampler.samples.get(address) if claim.counts else None
        listed.append(
            {
                "address": address,
                "role": claim.role,
                "since": claim.block_number,
                "found_by": claim.source,
                "kind": sample and str(sample.kind),
                "runnable": sample and sample.runnable,
                "code_hash": sample and sample.code_hash,
                "logic": [
                    {"address": part.address, "code_hash": part.code_hash}
                    for part in (sample.logic if sample else ())
                ],
            }
        )
    return listed


def why_not(row: dict[str, Any]) -> str:
    """Say in one line what keeps an app of the roster from being live; empty where nothing does.

    An app may be LIVE with criteria that are not met, while it is given time to come back.
    """
    failing = [reason for reason in row["reasons"] if reason["verdict"] != "MET"]
    return "; ".join(f"{reason['criterion']}: {reason['detail']}" for reason in failing)
