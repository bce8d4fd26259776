"""Telling of endpoints in trouble: one that is left alone or fails for long is announced, and its return.

    source.troubles() ─▶ compare with what is recorded ─▶ degraded at once, recovered when it is back

An endpoint is recorded like a stage, under its public name, so a restart knows what was announced.
"""

from contextlib import suppress

from watcher.chain.source import ChainSource
from watcher.errors import StoreError
from watcher.stages.runs import Runner
from watcher.store.database import Store

PREFIX = "endpoint "
"""How the public names of endpoints begin, and no stage's does."""


def announce_troubles(source: ChainSource, store: Store, runner: Runner) -> None:
    """Announce each endpoint that came into trouble or out of it since the last call; asks no endpoint."""
    troubles = {trouble.endpoint: trouble for trouble in source.troubles()}
    # A database that cannot be read is the stages' to report.
    with suppress(StoreError):
        with store.reading() as tx:
            known = set(tx.runs.failing(PREFIX))
        for name in troubles.keys() - known:
            runner.note(name, troubles[name].since, troubles[name].what)
        for name in known - troubles.keys():
            runner.note(name, None, None)
