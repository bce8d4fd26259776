"""Plans: which way a range is read in, and why."""

import pytest

from tests.unit.core.givens import Found, address, app, definition, policy
from watcher.core.costs import Backfill
from watcher.core.definition import App, Definition
from watcher.core.plan import Plan, choose, demands
from watcher.core.tracked import Tracked
from watcher.core.types import AppId
from watcher.core.window import Query

DEPLOYER = App(AppId("d"), "D", (Found(query=Query(creators=frozenset({address(1)}))),))


def costing(calls: int) -> Backfill:
    """Give the cost of a way."""
    return Backfill(1_000, 0, calls, 0, 0)


@pytest.mark.parametrize(
    ("receipts", "logs", "expected"),
    [(2_592_000, 31_234, True), (1_004, 1_005, False), (1_004, 1_004, False)],
)
def test_the_way_with_fewer_billed_calls_is_taken(receipts: int, logs: int, expected: bool) -> None:  # noqa: FBT001
    """Where both cost the same, every block is read."""
    plan = choose(costing(receipts), costing(logs))
    assert plan.by_logs is expected
    assert (plan.calls, plan.calls_other_way) == ((logs, receipts) if expected else (receipts, logs))
    assert plan.why.startswith("by logs: " if expected else "by receipts: ")
    assert f"{receipts:,} billed calls" in plan.why
    assert f"{logs:,} billed calls" in plan.why


def test_where_there_is_one_way_its_reason_is_told() -> None:
    """And what it costs."""
    assert choose(costing(1_004), None, "there are no logs") == Plan(
        by_logs=False,
        calls=1_004,
        calls_other_way=None,
        why="by receipts: the receipts of every block take about 1,004 billed calls; there are no logs",
    )


@pytest.mark.parametrize(
    ("program", "keys"),
    [
        (definition(liveness=policy(touched=True)), []),
        (definition(), ['reach = "direct"']),
        (
            definition(liveness=policy(touched=True, exclude_deployers=True)),
            ['exclude = [{ kind = "deployers" }]'],
        ),
        (definition(app("a"), DEPLOYER, liveness=policy(touched=True)), ['kind = "deployer" of app d']),
        (definition(DEPLOYER), ['reach = "direct"', 'kind = "deployer" of app d']),
    ],
)
def test_each_key_that_only_receipts_satisfy_is_named(program: Definition, keys: list[str]) -> None:
    """The same rule that keeps the extraction from a filter of logs."""
    found = list(demands(program))
    assert len(found) == len(keys)
    assert all(key in demand for key, demand in zip(keys, found, strict=True))
    assert (Tracked(program).log_filter() is None) == bool(keys)
