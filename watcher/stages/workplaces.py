"""Where windows are read other than here: in processes of this machine, or on a Dask cluster.

    Workplace ─▶ concurrent.futures.Executor ─▶ JobReader ─▶ WindowRows

Both run the same reader on the same jobs. A worker gets the definition and the endpoints with their keys: it
has to be a machine that may know them.
"""

import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from multiprocessing.process import BaseProcess
from threading import Thread

from watcher.chain.endpoint import EndpointSettings
from watcher.chain.reader import JsonRpcSource
from watcher.core.definition import Definition
from watcher.errors import ConfigurationError, EndpointUnavailable
from watcher.stages.read_window import Job, JobReader, WindowRows
from watcher.stages.readahead import Workplace

WINDOWS_A_WORKER = 2
"""Windows under way for each worker: one that is read, one that waits, so that nobody is idle."""

CLUSTER_SECONDS = 10
"""How long a scheduler may take to answer."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Who reads the history: so many processes of this machine, or the workers of a Dask cluster."""

    processes: int = 1
    cluster: str | None = None

    def workplace(self, definition: Definition, endpoints: Sequence[EndpointSettings]) -> Workplace | None:
        """Give where they read; None: in the process that asks."""
        if self.cluster is not None:
            return on_cluster(definition, endpoints, self.cluster)
        return in_processes(definition, endpoints, self.processes) if self.processes > 1 else None


ALONE = Workers()


def in_processes(definition: Definition, endpoints: Sequence[EndpointSettings], workers: int) -> Workplace:
    """Read in so many processes of this machine; they share each endpoint's ceiling of calls."""
    return Workplace(
        lambda: ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
        ),
        _Elsewhere.of(definition, endpoints, workers),
        WINDOWS_A_WORKER * workers,
    )


def on_cluster(definition: Definition, endpoints: Sequence[EndpointSettings], scheduler: str) -> Workplace:
    """Read on the workers of a Dask cluster, which need the same release of the watcher.

    They are counted now: workers that join later help, but the endpoints' ceilings of calls are shared among
    those of now. ConfigurationError where `distributed` is not installed, EndpointUnavailable where the
    scheduler does not answer or has no workers.
    """
    try:
        from distributed import Client  # noqa: PLC0415  # an extra, and slow to import
    except ImportError:
        raise ConfigurationError(
            "--cluster needs the extra `cluster`: pip install 'watcher[cluster]'"
        ) from None
    try:
        client = Client(  # type: ignore[no-untyped-call]
            scheduler, timeout=CLUSTER_SECONDS, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise EndpointUnavailable(
            f"no Dask scheduler answers at {scheduler} ({error}): is it running?"
        ) from None
    workers = sum(client.nthreads().values())  # type: ignore[no-untyped-call]
    if not workers:
        raise EndpointUnavailable(
            f"the cluster at {scheduler} has no workers: start `dask worker {scheduler}`"
        )
    return Workplace(
        client.get_executor, _Elsewhere.of(definition, endpoints, workers), WINDOWS_A_WORKER * workers
    )


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Reads windows in another process, which keeps its reader from one job to the next."""

    setup: bytes = field(repr=False)

    @classmethod
    def of(cls, definition: Definition, endpoints: Sequence[EndpointSettings], workers: int) -> "_Elsewhere":
        """Pack what a worker needs; each gets its share of every endpoint's ceiling."""
        shares = [
            replace(each, calls_per_minute=max(1, each.calls_per_minute // workers))
            if each.calls_per_minute
            else each
            for each in endpoints
        ]
        return cls(pickle.dumps((definition, shares)))

    def __call__(self, job: Job) -> WindowRows:
        """Read one window."""
        return _reader(self.setup)(job)


@lru_cache(maxsize=1)
def _reader(setup: bytes) -> JobReader:
    definition, endpoints = pickle.loads(setup)  # noqa: S301  # made by the process that gives this one work
    return JobReader(definition, JsonRpcSource(endpoints, definition.chain.id))


def _begin() -> None:
    """Prepare a worker process: Ctrl-C is its parent's affair, and it does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()


def _end_with(parent: BaseProcess | None, leave: Callable[[int], object] = os._exit) -> None:
    if parent is not None:
        parent.join()
        leave(1)
