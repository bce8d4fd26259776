"""Which of two ways a range of blocks is read in: the one that takes fewer billed calls.

    by receipts: receipts of every block             any program
    by logs:     eth_getLogs, and receipts of the    programs whose facts logs determine
                 blocks that its answers name

    demands(definition), cost of either way ─▶ Plan

Both ways give the same facts (tests/stages/test_reading_by_logs.py): a plan changes no conclusion.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from watcher.core.costs import Backfill
from watcher.core.definition import Definition
from watcher.core.wording import counted


@dataclass(frozen=True, slots=True)
class Plan:
    """The way to read in, what it costs in billed calls, and why, in one sentence.

    `calls_other_way` is None where there is no other way.
    """

    by_logs: bool
    calls: int
    calls_other_way: int | None
    why: str


def demands(definition: Definition) -> Iterator[str]:
    """Name the keys of a program that only receipts satisfy; none: logs determine its facts.

    The same rule as `Tracked.log_filter`: tests/unit/core/test_plan.py.
    """
    if definition.liveness.reach != "touched":
        yield f'reach = "{definition.liveness.reach}", which counts calls that emit nothing'
    if definition.liveness.exclude_deployers:
        yield 'exclude = [{ kind = "deployers" }], which needs to know who created what'
    for app in definition.apps.values():
        if any(found.wants().creators for found in app.discoveries):
            yield f'discover kind = "deployer" of app {app.id}, which needs every creation'
    if definition.open_rule is not None:
        yield f'discover kind = "open" of app {definition.open_rule.id}, which needs every creation'


def choose(receipts: Backfill, logs: Backfill | None, obstacle: str = "") -> Plan:
    """Choose the cheaper way; an `obstacle` says why it is receipts all the same.

    `logs` None: there is no other way, and an obstacle.
    """
    every = f"the receipts of every block take about {counted(receipts.calls, 'billed call')}"
    if logs is None:
        return Plan(
            by_logs=False, calls=receipts.calls, calls_other_way=None, why=f"by receipts: {every}; {obstacle}"
        )
    named = f"the blocks that logs name take about {counted(logs.calls, 'billed call')}"
    if logs.calls < receipts.calls and not obstacle:
        return Plan(
            by_logs=True,
            calls=logs.calls,
            calls_other_way=receipts.calls,
            why=f"by logs: {named}, {every}",
        )
    return Plan(
        by_logs=False,
        calls=receipts.calls,
        calls_other_way=logs.calls,
        why=f"by receipts: {every}, {named}{obstacle and f'; {obstacle}'}",
    )
