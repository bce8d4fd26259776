"""The watcher in the demo: the stages that the daemon schedules, run whenever the story pauses.

files ─▶ bootstrap ─▶ index, evaluate, deliver ─▶ receiver;    a second database ─▶ the same ledger?
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from watcher import bootstrap
from watcher.core.ledger import EntryType
from watcher.core.moments import AtBlock
from watcher.core.roster import roster
from watcher.errors import CannotTell
from watcher.stages.deliver import deliver_all
from watcher.stages.lookback import as_of
from watcher.stages.sync import catch_up
from watcher.testing.demo.files import DEPLOYMENT, MILESTONE, PROGRAM, REPLAY
from watcher.testing.receiver import Received, Receiver

Rows = Sequence[Mapping[str, Any]]
"""Apps in the form of `watcher apps --json`, or entries in that of `watcher ledger --json`."""


class Watch:
    """One watcher, at work on the local chain."""

    def __init__(self, stages: bootstrap.Stages, receiver: Receiver) -> None:
        """Take the stages as `bootstrap` made them, and the receiver that their messages go to."""
        self._stages = stages
        self._receiver = receiver
        self._seen = 0

    def look(self) -> Sequence[Received]:
        """Read, conclude and deliver everything that is new; give the requests that the receiver got."""
        run = self._stages.runner.run
        catch_up(self._stages.index, self._stages.evaluate, "head", run=run)
        deliver_all(self._stages.deliver, run)
        requests = self._receiver.requests
        new, self._seen = requests[self._seen :], len(requests)
        return new

    def apps(self, block_number: int | None = None) -> Rows:
        """Give every app as of a block, as `watcher apps` does; None: the last concluded one.

        Empty where the watcher has not come that far.
        """
        definition = self._stages.files.definition
        moment = None if block_number is None else AtBlock(block_number)
        with self._stages.store.reading() as tx, suppress(CannotTell):
            return roster(definition, as_of(definition, tx, moment).state)
        return ()

    def entries(self) -> Rows:
        """Give the ledger."""
        return _entries(self._stages)

    def evidence(self) -> bytes:
        """Give the bundle that the reached milestone rests on; empty while it is not reached."""
        with self._stages.store.reading() as tx:
            reached = tx.ledger.find(type=EntryType.MILESTONE_REACHED, subject=MILESTONE)
            return (reached and tx.ledger.bundle(reached[0]["evidence"]["bundle_sha256"])) or b""


def load(folder: Path) -> bootstrap.Files:
    """Load the demo's files, whatever the environment says for other watchers."""
    return bootstrap.load(folder / PROGRAM, folder / DEPLOYMENT, {})


def replay(folder: Path) -> Rows:
    """Read the whole chain into a fresh database, in one go, and give the ledger that comes out."""
    with bootstrap.stages(bootstrap.load(folder / PROGRAM, folder / REPLAY, {})) as stages:
        catch_up(stages.index, stages.evaluate, run=stages.runner.run)
        return _entries(stages)


def _entries(stages: bootstrap.Stages) -> Rows:
    with stages.store.reading() as tx:
        return list(tx.ledger.entries())
