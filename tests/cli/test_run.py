"""`run`: the daemon in this process, on a real endpoint, until a signal or a fatal error ends it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import DEPLOYMENT, Command
from tests.log_state import logging_kept
from tests.stages.world import START
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_server import serve
from watcher.testing.receiver import SECRET, Hang, Received, Receiver

EVERY_SECOND = '[schedule]\nindex = "1s"\nevaluate = "1s"\nheartbeat = "1s"\n'


@pytest.fixture
def devnet() -> Devnet:
    """Make a chain of ten blocks."""
    chain = Devnet(START)
    chain.mine_empty(10)
    return chain


@contextmanager
def deployed(folder: Path, devnet: Devnet, receiver: Receiver) -> Iterator[None]:
    """Serve a chain, and write a deployment file that names it and the receiver."""
    text = DEPLOYMENT.replace("[[endpoint]]", f"{EVERY_SECOND}\n[[endpoint]]")
    with serve(devnet) as url, receiver, logging_kept():
        text = text.replace("http://127.0.0.1:9/hook", receiver.url).replace("http://127.0.0.1:9", url)
        (folder / "watcher.toml").write_text(text, encoding="utf-8")
        yield


def events(text: str) -> list[str]:
    """Give what was logged beside the runs of stages."""
    return [event for line in text.splitlines() if (event := json.loads(line)["event"]) != "run"]


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_every_stage_until_a_signal_comes(
    watcher: Command, folder: Path, devnet: Devnet, number: signal.Signals
) -> None:
    """Exit 0; the signals mean again what they meant before."""
    before = signal.getsignal(number)
    receiver = Receiver(on_message=on("watcher.heartbeat", lambda: os.kill(os.getpid(), number)))
    with deployed(folder, devnet, receiver):
        said = watcher("run", "--deliver-history")
        assert said.code == 0
        assert signal.getsignal(number) is before
        assert events(said.err) == ["started", "way of reading", "stopped"]
        stages = {json.loads(line).get("stage") for line in said.err.splitlines()}
        assert stages >= {"index", "evaluate", "deliver:ops", "heartbeat"}


@pytest.mark.usefixtures("program")
def test_a_chain_that_is_another_one_ends_it_loudly(watcher: Command, folder: Path, devnet: Devnet) -> None:
    """Exit 3 with the reason, and channels are told before it ends."""
    with deployed(folder, devnet, Receiver()):
        assert watcher("sync").code == 0
    told = Receiver()
    with deployed(folder, Devnet(START + 1), told):
        said = watcher("run")
    assert said.code == 3
    assert "another chain of the same id" in said.err.splitlines()[-1]
    assert [message.type for message in told.messages] == ["watcher.degraded"]


@pytest.mark.usefixtures("program")
def test_a_receiver_that_hangs_does_not_keep_it_from_ending(folder: Path, devnet: Devnet) -> None:
    """It waits for a while and then leaves: the message is sent again, for it was never recorded as sent."""
    receiver = Receiver(otherwise=Hang())
    files = ["--program", str(folder / "world.toml"), "--config", str(folder / "watcher.toml")]
    command = [sys.executable, "-m", "watcher", "run", *files]
    with deployed(folder, devnet, receiver):
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OPS_SECRET": SECRET}
        )
        receiver.wait_for(lambda requests: len(requests) > 0)
        process.terminate()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    last = json.loads(said.splitlines()[-1])
    assert (last["event"], last["abandoned"]) == ("stopped", ["deliver:ops"])


def on(event_type: str, act: Callable[[], None]) -> Callable[[Received], None]:
    """Act when the first message of a type was taken."""
    acted: list[str] = []

    def watch(received: Received) -> None:
        if received.type == event_type and not acted:
            acted.append(received.id)
            act()

    return watch
