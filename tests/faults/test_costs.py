"""What `check` says that a backfill costs, held against what the index stage is billed for."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from tests.faults.logging_node import LoggingNode, logging_node
from tests.faults.scripted_node import Waiting
from tests.stages.world import APPS, START, definition, fresh_store
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.reader import JsonRpcSource
from watcher.core.definition import Definition
from watcher.stages.announce import Announcer
from watcher.stages.backfill import BackfillPlan
from watcher.stages.evaluate import Evaluate
from watcher.stages.index import Index
from watcher.stages.planning import LONG, Planner
from watcher.stages.preflight import Preflight, preflight
from watcher.stages.sync import catch_up

BLOCKS = LONG + 2_000
USED = dict.fromkeys(range(97, BLOCKS, 97), 2)
"""Blocks, one of a hundred, in which an app is used: by so many logs."""


def program(folder: Path, reach: Literal["direct", "touched"]) -> Definition:
    """Give a program over two listed apps."""
    made = definition(folder)
    apps = {name: app for name, app in made.apps.items() if name != "gamma"}
    return replace(made, liveness=replace(made.liveness, reach=reach), apps=apps)


def checked(made: Definition, node: LoggingNode, folder: Path) -> Preflight:
    """Look at everything."""
    waiting = Waiting()
    return preflight(
        made,
        endpoints=[EndpointSettings("main", node.node.url)],
        websockets=[],
        database_url=f"sqlite:///{folder / 'none.db'}",
        channels=[],
        clock=waiting.clock,
        wait=waiting,
    )


def told(made: Definition, node: LoggingNode, folder: Path) -> BackfillPlan:
    """Give what a check says that the backfill takes."""
    found = checked(made, node, folder).backfill
    assert found is not None
    return found


def billed(made: Definition, node: LoggingNode, folder: Path) -> int:
    """Read and conclude everything final, and count the calls."""
    waiting = Waiting()
    source = JsonRpcSource(
        [EndpointSettings("main", node.node.url)], made.chain.id, clock=waiting.clock, wait=waiting
    )
    with fresh_store(folder / "run") as store:
        index = Index(made, source, store, waiting.clock, by_logs=Planner(made, source).by_logs)
        announcer = Announcer(made, waiting.clock, [], operator="tests")
        done = catch_up(index, Evaluate(made, store, waiting.clock, announcer), "final")
        source.close()
        assert done.evaluate.concluded == done.index.final
    [traffic] = source.traffic.values()
    return traffic.calls


def used_chain(node: LoggingNode) -> None:
    """Let the app of the program emit what the node's own would, over more than three days."""
    for number, logs in USED.items():
        node.use(number, logs, address=APPS[0])
    for number, (header, _) in enumerate(node.node.blocks):
        header["timestamp"] = hex(START + 30 * number)


@pytest.mark.parametrize(
    ("reach", "most_blocks", "by_logs"),
    [("direct", 10**9, False), ("touched", 10**9, True), ("touched", 500, True), ("touched", 10, True)],
)
def test_a_backfill_is_billed_for_no_more_than_a_fifth_above_what_check_said(
    tmp_path: Path,
    reach: Literal["direct", "touched"],
    most_blocks: int,
    by_logs: bool,  # noqa: FBT001
) -> None:
    """Either way, and whatever ranges the provider takes; the other way's figure is told too."""
    made = program(tmp_path, reach)
    with logging_node(BLOCKS, {}) as node:
        used_chain(node)
        node.most_blocks = most_blocks
        said = told(made, node, tmp_path)
        calls = billed(made, node, tmp_path)
    assert said.plan.by_logs is by_logs
    assert said.cost.calls == said.plan.calls
    assert (said.plan.calls_other_way is None) == (reach == "direct")
    assert said.cost.calls / 2 < calls <= 1.2 * said.cost.calls


def test_an_endpoint_without_logs_leaves_one_way(tmp_path: Path) -> None:
    """And the check says why."""
    with logging_node(40, {}) as node:
        del node.node.methods["eth_getLogs"]
        said = told(program(tmp_path, "touched"), node, tmp_path)
    assert (said.plan.by_logs, said.plan.calls_other_way) == (False, None)
    assert said.plan.why.endswith("there are no logs from block 1 on")


def test_a_short_history_is_read_by_receipts_with_both_figures_told(tmp_path: Path) -> None:
    """It is not worth a sample, and the planner takes none."""
    with logging_node(40, {}) as node:
        made = program(tmp_path, "touched")
        said = told(made, node, tmp_path)
        calls = billed(made, node, tmp_path)
    assert not said.plan.by_logs
    assert said.plan.why.endswith("so few (36 blocks) are read by receipts without a sample")
    assert calls <= 1.2 * said.cost.calls
    assert said.plan.calls_other_way is not None
