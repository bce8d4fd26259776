"""A milestone's evidence for people: the stored bundle, retold line by line.

bundle (canonical JSON, stored with the entry) ─▶ lines
"""

from collections.abc import Iterator, Mapping
from typing import Any

from watcher.core.explanation import labelled
from watcher.core.ledger import canonical
from watcher.core.types import Comparator
from watcher.core.wording import activity_words, comparator_words


def evidence_lines(bundle: Mapping[str, Any], sha256: str) -> list[str]:
    """Tell what a milestone's bundle holds; `sha256` is its name."""
    block, finality = bundle["block"], bundle["finality"]
    kind = finality.get("tag") or f"depth {finality['depth']}"
    return [
        *labelled("milestone", [f"{bundle['milestone']} of program {bundle['program_id']}"]),
        *labelled("block", [f"{block['number']} {block['hash']}, {block['time']} ({kind})"]),
        *labelled("chain", [str(bundle["chain_id"])]),
        *labelled("definition", [f"{bundle['definition_hash']}, schema {bundle['schema']}"]),
        *labelled("condition", [canonical(bundle["condition"]).decode()]),
        *labelled("KPIs", [_kpi(kpi) for kpi in bundle["kpis"]]),
        *labelled("apps", [line for app in bundle["apps"] for line in _app(app)]),
        *labelled("sha256", [sha256]),
    ]


def _kpi(kpi: Mapping[str, Any]) -> str:
    high = "unbounded" if kpi["high"] is None else kpi["high"]
    read = kpi["low"] if kpi["low"] == high else f"{kpi['low']} to {high}"
    bar = f"{comparator_words(Comparator(kpi['comparator']))} {kpi['bar']}"
    return f"{kpi['id']}: {kpi['verdict']}, {read}, {bar}"


def _app(app: Mapping[str, Any]) -> Iterator[str]:
    numbers = activity_words(app["actions"], app["actions_gross"], app["actors"], app["active_days"])
    yield f"{app['id']}: {app['verdict']}, {numbers}"
    for contract in app["contracts"]:
        runs = "runs" if contract["runnable"] else "cannot run"
        logic = "".join(f", logic {part['address']} {part['code_hash']}" for part in contract["logic"])
        yield f"  {contract['address']} {contract['kind']}, {runs}, code {contract['code_hash']}{logic}"
