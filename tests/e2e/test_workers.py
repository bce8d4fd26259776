"""Reading the history with several workers: the same rows as alone, whatever becomes of the workers."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, wait
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import LocalCluster

from tests.faults.scripted_node import CHAIN_ID, ScriptedNode, scripted_node
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.reader import JsonRpcSource
from watcher.clock import SystemClock
from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.core.facts import BlockFacts
from watcher.core.types import ActorId
from watcher.errors import EndpointUnavailable
from watcher.stages.cutting import Sizes
from watcher.stages.index import Index
from watcher.stages.readahead import Workplace
from watcher.stages.workplaces import in_processes, on_cluster
from watcher.store.database import Store

PROGRAM = f"""schema = 1
id = "workers"
provenance = {{ authority = "observer", source = "https://example.org" }}
kpi = [{{ id = "live", metric = {{ kind = "live_apps" }}, at_least = 1 }}]
milestone = [{{ id = "first", any_of = ["live"] }}]
[liveness]
unit = "transaction"
reach = "direct"
window = {{ days = 1, kind = "rolling" }}
min_actions = 1
[chain]
id = {CHAIN_ID}
name = "made up"
family = "ethereum"
finality = {{ depth = 1 }}
count_from = 1
[[app]]
id = "app"
contract = [{{ address = "0x{"aa" * 20}" }}]
"""
WORKERS = 2
SIZES = Sizes(final=20)


@pytest.fixture
def program(tmp_path: Path) -> Definition:
    """Give a program about the one contract that the made-up chain calls."""
    file = tmp_path / "program.toml"
    file.write_text(PROGRAM, encoding="utf-8")
    return load_program(file).definition


@pytest.fixture
def node() -> Iterator[ScriptedNode]:
    """Give a chain of 200 blocks."""
    with scripted_node(200) as served:
        yield served


@pytest.fixture
def endpoints(node: ScriptedNode) -> list[EndpointSettings]:
    """Give its endpoint."""
    return [EndpointSettings("made-up", node.url, calls_per_minute=600_000)]


def rows(
    program: Definition,
    endpoints: list[EndpointSettings],
    folder: Path,
    workplace: Workplace | None,
    progress: Callable[[int, int], None] = lambda _done, _goal: None,
) -> list[BlockFacts[ActorId]]:
    """Read the chain into a fresh database and give what was stored."""
    folder.mkdir()
    source = JsonRpcSource(endpoints, CHAIN_ID)
    with closing(source), closing(Store.open(f"sqlite:///{folder / 'db'}", create=True)) as store:
        index = Index(
            program, source, store, SystemClock(), workplace=workplace, sizes=SIZES, progress=progress
        )
        with closing(index):
            assert index.run("final").behind == 1
        with store.reading() as tx:
            return list(tx.facts.blocks(-1, 1_000, 1_000))


def test_several_processes_store_what_one_does(
    program: Definition, endpoints: list[EndpointSettings], tmp_path: Path
) -> None:
    """Workers read, one writer commits in order."""
    alone = rows(program, endpoints, tmp_path / "alone", None)
    assert sum(not row.empty for row in alone) == 198
    together = in_processes(program, endpoints, WORKERS)
    assert rows(program, endpoints, tmp_path / "together", together) == alone


def test_a_worker_that_dies_costs_only_its_window(
    program: Definition, endpoints: list[EndpointSettings], tmp_path: Path
) -> None:
    """It is read again by new workers, and nothing is lost or doubled."""
    alone = rows(program, endpoints, tmp_path / "alone", None)
    workplace = in_processes(program, endpoints, WORKERS)
    started: list[Executor] = []

    def start() -> Executor:
        started.append(workplace.start())
        return started[-1]

    def kill_one(done: int, _goal: int) -> None:
        if done == SIZES.final:
            with suppress(BrokenExecutor):
                wait([started[0].submit(_die)])

    dying = replace(workplace, start=start)
    assert rows(program, endpoints, tmp_path / "dying", dying, kill_one) == alone
    assert len(started) == 2


def test_workers_that_die_again_and_again_end_the_run(
    program: Definition, endpoints: list[EndpointSettings], tmp_path: Path
) -> None:
    """Something is wrong with the machine then: the operator is told."""
    workplace = in_processes(program, endpoints, 1)

    def start() -> Executor:
        executor = workplace.start()
        executor.submit(_die)
        return executor

    with pytest.raises(EndpointUnavailable, match="workers died 3 times while block 1 was read"):
        rows(program, endpoints, tmp_path / "dying", replace(workplace, start=start))


def test_a_cluster_stores_what_one_process_does(
    program: Definition, endpoints: list[EndpointSettings], tmp_path: Path
) -> None:
    """The same jobs on the workers of a Dask cluster."""
    alone = rows(program, endpoints, tmp_path / "alone", None)
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=WORKERS,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        local_directory=str(tmp_path),
    ) as cluster:
        workplace = on_cluster(program, endpoints, cluster.scheduler_address)
        assert workplace.ahead == 2 * WORKERS
        assert rows(program, endpoints, tmp_path / "together", workplace) == alone


def test_a_scheduler_that_is_not_there_is_named(
    program: Definition, endpoints: list[EndpointSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator learns which address was tried."""
    monkeypatch.setattr("watcher.stages.workplaces.CLUSTER_SECONDS", 0.3)
    with pytest.raises(EndpointUnavailable, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1 "):
        on_cluster(program, endpoints, "tcp://127.0.0.1:1")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
