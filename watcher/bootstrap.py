"""The composition root: from two files to stages that run, the only place that knows every class.

    program + deployment ─▶ validated whole ─▶ database ─▶ chain, announcer ─▶ Index, Evaluate, Deliver …

Nothing is written before both files, their secrets and the definition hash were found to be right.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import cast
from urllib.parse import urlsplit

from watcher import kinds
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.heads import HeadListener
from watcher.chain.proof import Proof
from watcher.chain.reader import JsonRpcSource
from watcher.channels import Channel
from watcher.channels._settings import ChannelSettings
from watcher.clock import Clock, SystemClock
from watcher.config.deployment import Deployment, load_deployment
from watcher.config.program import LoadedProgram, load_program
from watcher.core.claim import Claim
from watcher.core.definition import Definition
from watcher.core.types import BlockRange
from watcher.core.window import LogFilter
from watcher.errors import ChainError, ConfigurationError, StoreError
from watcher.kinded import Kinded
from watcher.scheduler import Daemon, Job
from watcher.signing import PrivateKey, private_key
from watcher.stages.announce import Announcer, Subscription
from watcher.stages.attesting import Folder
from watcher.stages.deliver import Deliver
from watcher.stages.endpoints import announce_troubles
from watcher.stages.evaluate import Evaluate
from watcher.stages.health import Expected, heartbeat, patience
from watcher.stages.identity import check_definition
from watcher.stages.index import Index, IndexResult
from watcher.stages.planning import Planner
from watcher.stages.preflight import Preflight, preflight
from watcher.stages.progress import Progress
from watcher.stages.recounting import Recounter, rest_on
from watcher.stages.runs import EVALUATE, FATAL, HEARTBEAT, INDEX, Runner
from watcher.stages.sync import keep_up
from watcher.stages.workplaces import ALONE, Workers
from watcher.store.database import Store

HEADS = "heads"
"""The job that listens for new heads; it ends when the daemon does."""


@dataclass(frozen=True, slots=True)
class Files:
    """The two files, read and validated with everything they refer to."""

    program: LoadedProgram
    deployment: Deployment

    @property
    def definition(self) -> Definition:
        """Give what every conclusion is a function of."""
        return self.program.definition


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of one process on one database, ready to run, and what they share.

    Once `stopping` is set, a stage that runs ends soon and nothing waits for an endpoint any more.
    """

    files: Files
    clock: Clock
    stopping: Event
    store: Store
    source: JsonRpcSource
    announcer: Announcer
    runner: Runner
    index: Index
    evaluate: Evaluate
    deliver: tuple[Deliver, ...]
    """The stage of each channel, in the order of the deployment file."""


def load(program: Path, config: Path, environment: Mapping[str, str] | None = None) -> Files:
    """Read and validate both files and their secrets; ConfigurationError lists what is wrong with both."""
    problems = []
    loaded: LoadedProgram | None = None
    deployment: Deployment | None = None
    try:
        loaded = load_program(program)
    except ConfigurationError as error:
        problems.append(str(error))
    try:
        deployment = load_deployment(config, environment)
    except ConfigurationError as error:
        problems.append(str(error))
    if loaded is None or deployment is None:
        raise ConfigurationError("\n".join(problems))
    return Files(loaded, deployment)


def signing_key(files: Files) -> PrivateKey:
    """Give the deployment's signing key; ConfigurationError where it names none."""
    key = files.deployment.signing_key
    if key is None:
        raise ConfigurationError(
            f"{files.deployment.path}: signing needs a key. Make one with `openssl rand -hex 32 > "
            'signing.key` and write signing_key = { file = "signing.key" }'
        )
    return private_key(key.get_secret_value())


@contextmanager
def reading(files: Files, *, create: bool = False) -> Iterator[Store]:
    """Open the database, for commands that run no stage; it is closed in the end.

    As it is: StoreError, with the remedy, where there is none. With `create` it is made, or migrated, where
    needed. DatabaseMismatch where it is another definition's.
    """
    with closing(Store.open(files.deployment.database.get_secret_value(), create=create)) as store:
        check_definition(files.definition, store)
        yield store


@contextmanager
def stages(
    files: Files,
    *,
    clock: Clock | None = None,
    stopping: Event | None = None,
    deliver_history: bool = False,
    progress: Callable[[int, int], None] | None = None,
    workers: Workers = ALONE,
) -> Iterator[Stages]:
    """Become the one writer of the database, made where there is none, and put the stages together.

    Everything is closed and the writer lock is freed in the end. `progress` hears of the last block read and
    the goal; without one, the log does now and then. WriterBusy names who writes already; nothing is written
    where the database is another definition's, and none is made where the endpoint serves another chain.
    `workers` read the history.
    """
    clock = clock or SystemClock()
    stopping = stopping or Event()
    channels = [_channel(table) for table in files.deployment.channels]
    with (
        closing(chain_source(files, clock, stopping)) as source,
        closing(_open_for_writing(files, clock, stopping)) as store,
    ):
        check_definition(files.definition, store)
        with store.writer_lock():
            announce = announcer(files, clock, deliver_history=deliver_history)
            stop = stopping.is_set
            index = Index(
                files.definition,
                source,
                store,
                clock,
                workplace=workers.workplace(files.definition, _endpoints(files.deployment)),
                by_logs=Planner(files.definition, source).by_logs,
                stopping=stop,
                progress=progress or Progress(clock),
            )
            with closing(index):
                yield Stages(
                    files,
                    clock,
                    stopping,
                    store,
                    source,
                    announce,
                    Runner(files.definition, store, clock, announce, stopping=stop),
                    index,
                    Evaluate(
                        files.definition,
                        store,
                        clock,
                        announce,
                        agree=files.deployment.agree,
                        admit=_admission(files, store),
                        stopping=stop,
                    ),
                    tuple(
                        Deliver(store, channel, clock, announce.notice, stopping=stop) for channel in channels
                    ),
                )


def _admission(files: Files, store: Store) -> Callable[[], object]:
    """Give what looks for new attestations before each run of evaluate."""
    folder = files.deployment.attestations
    return (lambda: None) if folder is None else Folder(files.definition, store, folder).run


def announcer(files: Files, clock: Clock, *, deliver_history: bool = False) -> Announcer:
    """Make what writes events for the deployment's channels."""
    return Announcer(
        files.definition,
        clock,
        [_subscription(channel) for channel in files.deployment.channels],
        operator=files.deployment.operator,
        deliver_history=deliver_history,
    )


@contextmanager
def recounting(
    definition: Definition,
    claim: Claim,
    endpoint: EndpointSettings,
    work: Path,
    *,
    proof: Proof,
    attestations: Sequence[tuple[str, str]] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Recounter]:
    """Put the stages together that recount a bundle through one endpoint, on a database in the folder `work`.

    What was read there before, of the same definition and host and in the same way, is not read again.
    `attestations` are the files that the recount rests on, name and text of each, as `watcher attest list
    --json` prints them.
    """
    clock, stopping = SystemClock(), Event()
    host = re.sub(r"\W+", "-", urlsplit(endpoint.url).netloc.rpartition("@")[2])
    name = f"{definition.hash[:12]}-{host}-{proof}.db"
    source = JsonRpcSource([endpoint], definition.chain.id, clock=clock, wait=stopping.wait, proof=proof)
    with (
        closing(source),
        closing(Store.open(f"sqlite:///{(work / name).absolute()}", create=True)) as store,
        store.writer_lock(),
    ):
        rest_on(definition, store, attestations)
        index = Index(
            definition,
            source,
            store,
            clock,
            by_logs=(lambda _blocks, _wanted: False)
            if proof is not Proof.NOTHING
            else Planner(definition, source).by_logs,
            progress=progress or Progress(clock),
        )
        evaluate = Evaluate(definition, store, clock, Announcer(definition, clock))
        with closing(index):
            yield Recounter(definition, claim, source=source, store=store, index=index, evaluate=evaluate)


def daemon(stages: Stages) -> Daemon:
    """Make the daemon that runs the stages on the deployment's schedule, and sooner where there is news.

    new head ─▶ index ─▶ blocks ─▶ evaluate ─▶ events ─▶ deliver
                  ▲                   │
                  └────── wants ──────┘
    """
    schedule = stages.files.deployment.schedule
    attempt, stop = stages.runner.attempt, stages.stopping.is_set
    websockets = _websockets(stages.files.deployment)
    listener = HeadListener(
        websockets,
        lambda: running.wake(INDEX),
        stages.stopping,
        poll_seconds=schedule.index.total_seconds(),
        clock=stages.clock,
    )

    def read(stage: str, work: Callable[[], IndexResult]) -> IndexResult | None:
        result = attempt(stage, work)
        if result is not None:
            if result.blocks or result.rewound or result.answered:
                running.wake(EVALUATE)
            listener.polled(result.head.number)
        announce_troubles(stages.source, stages.store, stages.runner)
        return result

    def evaluate() -> None:
        result = attempt(EVALUATE, stages.evaluate.run)
        if result is None:
            return
        if result.entries or result.notices:
            for stage in stages.deliver:
                running.wake(stage.name)
        if result.untried:
            running.wake(INDEX)

    jobs = [
        Job(INDEX, schedule.index, lambda: keep_up(stages.index, read, stop)),
        Job(EVALUATE, schedule.evaluate, evaluate),
        Job(HEARTBEAT, schedule.heartbeat, lambda: _heartbeat(stages), first_after=2 * schedule.index),
    ]
    if websockets:
        jobs.append(Job(HEADS, schedule.index, listener.run))
    jobs += [
        Job(stage.name, schedule.deliver, partial(attempt, stage.name, stage.run), brings_news=True)
        for stage in stages.deliver
    ]
    running = Daemon(jobs, stages.stopping, fatal=FATAL)
    return running


def expected(deployment: Deployment) -> Expected:
    """Say what health goes by under this deployment."""
    ceilings = [endpoint.calls_per_minute for endpoint in deployment.endpoints]
    slowest = min((ceiling for ceiling in ceilings if ceiling is not None), default=None)
    subscriptions = map(_subscription, deployment.channels)
    return Expected(
        channels=tuple(subscription.channel for subscription in subscriptions),
        patience_seconds=patience(int(deployment.schedule.index.total_seconds()), slowest),
    )


def _never(_blocks: BlockRange, _wanted: LogFilter | None) -> bool:
    """Read nothing by logs: they prove nothing of blocks that have none."""
    return False


def _heartbeat(stages: Stages) -> None:
    beat = partial(
        heartbeat,
        stages.files.definition,
        stages.store,
        stages.clock,
        stages.announcer,
        expected(stages.files.deployment),
    )
    stages.runner.attempt(HEARTBEAT, beat)


def chain_source(files: Files, clock: Clock, stopping: Event) -> JsonRpcSource:
    """Make the chain over the deployment's endpoints; nothing is asked yet."""
    endpoints = _endpoints(files.deployment)
    return JsonRpcSource(endpoints, files.definition.chain.id, clock=clock, wait=stopping.wait)


def check(files: Files) -> Preflight:
    """Look at everything that a run will rest on; nothing is sent or made."""
    return preflight(
        files.definition,
        endpoints=_endpoints(files.deployment),
        websockets=_websockets(files.deployment),
        database_url=files.deployment.database.get_secret_value(),
        channels=[_channel(table) for table in files.deployment.channels],
        clock=SystemClock(),
        wait=Event().wait,
    )


def _endpoints(deployment: Deployment) -> list[EndpointSettings]:
    return [
        EndpointSettings(endpoint.id, endpoint.url.get_secret_value(), endpoint.calls_per_minute)
        for endpoint in deployment.endpoints
    ]


def _websockets(deployment: Deployment) -> list[EndpointSettings]:
    return [
        EndpointSettings(endpoint.id, endpoint.websocket.get_secret_value())
        for endpoint in deployment.endpoints
        if endpoint.websocket is not None
    ]


def _open_for_writing(files: Files, clock: Clock, stopping: Event) -> Store:
    url = files.deployment.database.get_secret_value()
    try:
        return Store.open(url, create=False)
    except StoreError:
        # Before a database is made: a wrong chain leaves none behind. An endpoint that is down is no reason
        # against it: the index stage asks again, of a source that does not hold this against the endpoint.
        with closing(chain_source(files, clock, stopping)) as source, suppress(ChainError):
            source.identity()
        return Store.open(url, create=True)


def _channel(table: Kinded) -> Channel:
    channel: Channel = kinds.channel(table.kind).build(table.settings)
    return channel


def _subscription(table: Kinded) -> Subscription:
    settings = cast(ChannelSettings, table.settings)
    return Subscription(settings.id, settings.events, final_only=settings.finality == "final")
