"""The real program as processes, in a folder with its two files: commands that end, a daemon that is ended.

anvil ◀── watcher run ──▶ receivers
            │ stderr: a JSON line for each run of a stage, which is what tests wait for
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any

from watcher import bootstrap
from watcher.core.preflight import Finding
from watcher.core.types import Address
from watcher.store.database import Store
from watcher.testing.receiver import SECRET

COMMAND = [sys.executable, "-m", "watcher"]
FILES = ["--program", "program.toml", "--config", "watcher.toml"]
SECONDS_PER_COMMAND = 60.0
SECONDS_PER_WAIT = 30.0
"""Bounds for the slowest machine; what is waited for usually takes one or two seconds."""

PROGRAM = """
schema = 1
id = "e2e"
provenance = {{ authority = "observer", source = "https://example.org/terms" }}
kpi = [{{ id = "three", metric = {{ kind = "live_apps" }}, at_least = 3 }}]
milestone = [{{ id = "first", any_of = ["three"] }}]
countdown = [{{ id = "tge", after = "first", duration = "1h", marks = ["3597s"] }}]

[chain]
id = {chain_id}
name = "anvil"
family = "ethereum"
finality = {{ depth = {depth} }}
count_from = {count_from}

[liveness]
unit = "transaction"
reach = "direct"
window = {{ days = 1, kind = "rolling" }}
min_actions = 4
min_actors = 3
"""

APP = """
[[app]]
id = "app{number}"
contract = [{{ address = "{address}", from_block = {from_block} }}]
"""

DEPLOYMENT = """
schema = 1
database = "{database}"

[schedule]
index = "1s"
evaluate = "1s"
deliver = "1s"

[[endpoint]]
id = "main"
url = "{endpoint}"
"""

CHANNEL = """
[[channel]]
id = "{channel}"
kind = "webhook"
url = "{url}"
secrets = [{{ env = "E2E_SECRET" }}]
allow_private_addresses = true
"""

DEPTH = 4
"""A block is final when so many blocks are on top of it."""

Line = Mapping[str, Any]
Payload = dict[str, Any]


def environment() -> dict[str, str]:
    """Give this process's environment without what others' watchers set, with the key of the receivers."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WATCHER_")}
    return {**kept, "E2E_SECRET": SECRET}


def wait_until(holds: Callable[[], bool], seconds: float = SECONDS_PER_WAIT) -> None:
    """Look again and again until it holds; TimeoutError where it never does."""
    pause = Event()
    for _ in range(int(seconds / 0.01)):
        if holds():
            return
        pause.wait(0.01)
    raise TimeoutError(f"{holds.__qualname__} did not hold within {seconds:g} s")


class Daemon:
    """A `watcher run` that was started; its log lines are read as they come."""

    def __init__(self, folder: Path, options: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "run", *FILES, *options],
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: list[Line] = []
        self._ended = False
        self._came = Condition()
        self._reader = Thread(target=self._read, name="daemon-log")
        self._reader.start()

    @property
    def lines(self) -> Sequence[Line]:
        """List the log lines so far; what is no JSON is a line with `text` alone."""
        with self._came:
            return tuple(self._lines)

    def wait_for(self, is_it: Callable[[Line], bool], after: int = 0) -> Line:
        """Wait for a log line, behind the first `after` ones, and give it; TimeoutError shows the last.

        Where the daemon has ended nothing more is waited for.
        """

        def found() -> list[Line]:
            return [line for line in self._lines[after:] if is_it(line)]

        with self._came:
            self._came.wait_for(lambda: found() or self._ended, SECONDS_PER_WAIT)
            lines = found()
            if not lines:
                raise TimeoutError(f"no such log line; the last were {self._lines[-5:]}")
            return lines[0]

    def wait_for_block(self, number: int) -> None:
        """Wait until the index stage has read up to a block."""
        self.wait_for(lambda line: line.get("stage") == "index" and (line.get("checkpoint") or 0) >= number)

    def wait_for_conclusion(self, number: int) -> None:
        """Wait until the evaluate stage has concluded up to a block."""
        self.wait_for(lambda line: line.get("stage") == "evaluate" and (line.get("concluded") or 0) >= number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end and give the exit code."""
        self.process.send_signal(number)
        return self.join()

    def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        self.join()

    def join(self) -> int:
        """Wait for the end and give the exit code."""
        code = self.process.wait(SECONDS_PER_WAIT)
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def _read(self) -> None:
        assert self.process.stderr is not None
        for text in self.process.stderr:
            line = json.loads(text) if text.startswith("{") else {"text": text}
            with self._came:
                self._lines.append(line)
                self._came.notify_all()
        with self._came:
            self._ended = True
            self._came.notify_all()


@dataclass(frozen=True)
class Installation:
    """A folder with a program and a deployment file, and the watcher that is run there."""

    folder: Path

    @property
    def database(self) -> Path:
        """Give where the database is unless the deployment file says otherwise."""
        return self.folder / "watcher.db"

    def write_program(
        self, apps: Sequence[Address], *, chain_id: int = 31_337, count_from: int = 1, from_block: int = 0
    ) -> None:
        """Write a program that counts these apps: three live ones reach the milestone.

        Their contracts count from a block on: state is read there, so they have to be deployed before it.
        """
        text = PROGRAM.format(chain_id=chain_id, depth=DEPTH, count_from=count_from)
        for number, address in enumerate(apps):
            text += APP.format(number=number, address=address, from_block=max(count_from, from_block))
        (self.folder / "program.toml").write_text(text, encoding="utf-8")

    def write_deployment(
        self,
        endpoint: str,
        channels: Mapping[str, str] | None = None,
        *,
        database: str = "sqlite:///watcher.db",
    ) -> None:
        """Write a deployment with one endpoint and a webhook channel for each id and URL."""
        text = DEPLOYMENT.format(endpoint=endpoint, database=database)
        for channel, url in (channels or {}).items():
            text += CHANNEL.format(channel=channel, url=url)
        (self.folder / "watcher.toml").write_text(text, encoding="utf-8")

    def watcher(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*COMMAND, *arguments, *FILES],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS_PER_COMMAND,
        )

    def say(self, *arguments: str) -> str:
        """Run a command that has to succeed and give what it printed."""
        run = self.watcher(*arguments)
        assert run.returncode == 0, f"{arguments}: {run.returncode}\n{run.stdout}\n{run.stderr}"
        return run.stdout.strip()

    def objects(self, *arguments: str) -> list[Payload]:
        """Run a command that has to succeed with --json and give its lines."""
        return [json.loads(line) for line in self.say(*arguments, "--json").splitlines()]

    @contextmanager
    def stages(self) -> Iterator[bootstrap.Stages]:
        """Put the same stages together in this process, as `sync` does in its own."""
        with bootstrap.stages(self._files()) as stages:
            yield stages

    def check(self) -> Sequence[Finding]:
        """Look at everything beforehand, in this process."""
        return bootstrap.check(self._files()).findings

    def _files(self) -> bootstrap.Files:
        return bootstrap.load(self.folder / "program.toml", self.folder / "watcher.toml", environment())

    @property
    def digest(self) -> str:
        """Read the digest of the ledger's last entry, past the command line."""
        store = Store.open(f"sqlite:///{self.database}", create=False)
        try:
            with store.reading() as tx:
                last = tx.ledger.last()
        finally:
            store.close()
        assert last is not None, "the ledger has no entry"
        return last[1]

    @contextmanager
    def daemon(self, *options: str) -> Iterator[Daemon]:
        """Start the daemon and wait until it runs; it is killed in the end unless it has ended."""
        daemon = Daemon(self.folder, options)
        try:
            daemon.wait_for(lambda line: line.get("event") == "started")
            yield daemon
        finally:
            if daemon.process.returncode is None:
                daemon.kill()
