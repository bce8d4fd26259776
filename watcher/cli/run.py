"""Run the daemon: every stage on its schedule, until SIGTERM or SIGINT."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import structlog
import typer

from watcher import bootstrap, log
from watcher.cli._app import new_app
from watcher.cli._options import (
    CONFIG,
    PROGRAM,
    ClusterOption,
    ConfigOption,
    HistoryOption,
    ProgramOption,
    WorkersOption,
    chosen_workers,
)
from watcher.scheduler import Daemon, Ended
from watcher.stages.runs import EVALUATE, INDEX

app = new_app()

_log = structlog.get_logger("watcher.run")


@app.command()
def run(
    *,
    workers: WorkersOption = 1,
    cluster: ClusterOption = None,
    deliver_history: HistoryOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Run the daemon: every stage on its schedule, until SIGTERM or SIGINT.

    Ends with 0 when told to, and loudly when the chain or the database is another than it should be.
    """
    files = bootstrap.load(program, config)
    log.configure(sys.stderr)
    with bootstrap.stages(
        files, deliver_history=deliver_history, workers=chosen_workers(workers, cluster)
    ) as stages:
        _log.info(
            "started",
            program=files.definition.program_id,
            chain_id=files.definition.chain.id,
            definition=files.definition.hash,
            database=stages.store.name,
            stages=[INDEX, EVALUATE, *(stage.name for stage in stages.deliver)],
        )
        ended = _run(bootstrap.daemon(stages))
        _log.info("stopped", abandoned=list(ended.abandoned))
        if ended.abandoned:
            _leave(ended)
    if ended.error is not None:
        raise ended.error


def _run(daemon: Daemon) -> Ended:
    def stop(_number: int, _frame: FrameType | None) -> None:
        daemon.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        return daemon.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(ended: Ended) -> NoReturn:
    """End the process under threads that hang: the writer lock goes with it, and nothing is half-written."""
    if ended.error is not None:
        typer.echo(f"watcher: {ended.error}", err=True)
    sys.stderr.flush()
    os._exit(ended.error.exit_code if ended.error else 0)
