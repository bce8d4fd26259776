"""Where windows are read: who is chosen, what a worker is given, and what it does when it begins.

That workers elsewhere store what one process stores is tested with real ones in tests/e2e/test_workers.py.
"""

import multiprocessing
import signal
import sys
from pathlib import Path

import pytest
from distributed import LocalCluster

from tests.faults.scripted_node import CHAIN_ID, scripted_node
from tests.stages.world import definition
from watcher.chain.endpoint import EndpointSettings
from watcher.core.definition import Definition
from watcher.core.types import BlockRange
from watcher.errors import ConfigurationError, EndpointUnavailable
from watcher.stages import workplaces
from watcher.stages.read_window import Job
from watcher.stages.workplaces import ALONE, Workers, in_processes, on_cluster


@pytest.fixture
def program(tmp_path: Path) -> Definition:
    """Give the world's program."""
    assert CHAIN_ID == 31_337
    return definition(tmp_path)


def test_one_process_needs_no_workplace(program: Definition) -> None:
    """The process that asks reads for itself; with more, windows are under way for each."""
    assert ALONE.workplace(program, []) is None
    several = Workers(3).workplace(program, [])
    assert several is not None
    assert several.ahead == 6


def test_a_worker_reads_with_what_it_is_given(program: Definition) -> None:
    """Definition and endpoints travel as bytes; nothing of them shows in a text about the worker."""
    with scripted_node(20) as node:
        settings = [
            EndpointSettings("made-up", f"{node.url}/a-secret-key", calls_per_minute=600_000),
            EndpointSettings("free", node.url),
        ]
        read = in_processes(program, settings, 2).read
        assert read(Job(BlockRange(1, 5))).blocks == BlockRange(1, 5)
        assert "a-secret-key" not in repr(read)


def test_a_cluster_without_workers_is_named() -> None:
    """The operator learns what to start."""
    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as cluster:  # type: ignore[no-untyped-call]
        address = cluster.scheduler_address
        with pytest.raises(EndpointUnavailable, match=f"the cluster at {address} has no workers"):
            Workers(cluster=address).workplace(None, [])  # type: ignore[arg-type]


def test_a_cluster_needs_its_extra(program: Definition, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'watcher\[cluster\]'"):
        on_cluster(program, [], "tcp://127.0.0.1:1")


def test_a_cluster_that_is_not_there_is_named(program: Definition, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is one whose address makes no sense."""
    monkeypatch.setattr(workplaces, "CLUSTER_SECONDS", 0.3)
    with pytest.raises(EndpointUnavailable, match="no Dask scheduler answers at tcp://127"):
        on_cluster(program, [], "tcp://127.0.0.1:1")


def test_a_worker_leaves_the_keyboard_to_its_parent_and_ends_with_it() -> None:
    """Ctrl-C reaches the whole group; and a parent that was killed leaves no orphan."""
    before = signal.getsignal(signal.SIGINT)
    try:
        workplaces._begin()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    parent = multiprocessing.get_context("spawn").Process(target=int)
    parent.start()
    left: list[int] = []
    workplaces._end_with(parent, left.append)
    assert left == [1]
    workplaces._end_with(None, left.append)
    assert left == [1]
