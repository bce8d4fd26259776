"""`sync`: one catch-up over a real endpoint, how far it goes, and what its exit code says."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.log_state import logging_kept
from tests.stages.world import START
from watcher.store.database import Store
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_server import serve
from watcher.testing.receiver import SECRET, Receiver


@pytest.fixture
def devnet() -> Devnet:
    """Make a chain of ten blocks."""
    chain = Devnet(START)
    chain.mine_empty(10)
    return chain


@pytest.fixture
def sync(watcher: Command, program: object, folder: Path, devnet: Devnet) -> Iterator[Command]:  # noqa: ARG001
    """Give `watcher sync` on that chain, with a receiver that takes everything."""
    file = folder / "watcher.toml"
    text = file.read_text(encoding="utf-8")
    with serve(devnet) as url, Receiver() as receiver, logging_kept():
        text = text.replace("http://127.0.0.1:9/hook", receiver.url).replace("http://127.0.0.1:9", url)
        file.write_text(text, encoding="utf-8")

        def run(*arguments: str) -> Any:  # noqa: ANN401  # what the command line said
            return watcher("sync", *arguments)

        yield run


def stages(text: str) -> set[str]:
    """Give the stages that logged a run."""
    return {str(json.loads(line).get("stage")) for line in text.splitlines() if line.startswith("{")}


def ledger(folder: Path) -> list[str]:
    """Give the types of the ledger's entries."""
    store = Store.open(f"sqlite:///{folder / 'watcher.db'}", create=False)
    with store.reading() as tx:
        types = [entry["type"] for entry in tx.ledger.entries()]
    store.close()
    return types


def test_it_reads_to_the_final_block_and_concludes(sync: Command, folder: Path) -> None:
    """One line says how far; the log has a line for each run of a stage."""
    said = sync()
    assert (said.code, said.out) == (0, "read to block 7, concluded to 7 (final 7, head 10)\n")
    assert stages(said.err) == {"index", "evaluate", "deliver:ops"}
    assert ledger(folder) == ["definition.adopted"]


def test_it_reads_to_the_head_when_told_to(sync: Command) -> None:
    """Conclusions stay with what is final."""
    assert sync("--to", "head").out == "read to block 10, concluded to 7 (final 7, head 10)\n"


def test_it_reads_to_a_block(sync: Command) -> None:
    """And no further, whatever is there."""
    assert sync("--to", "5").out == "read to block 5, concluded to 5 (final 7, head 10)\n"


def test_a_block_that_is_not_there_yet_is_not_reached(sync: Command) -> None:
    """Everything that is there was read; the exit code says no."""
    said = sync("--to", "50")
    assert (said.code, said.out) == (1, "read to block 10, concluded to 7 (final 7, head 10)\n")
    assert said.err.endswith("watcher: block 50 is not there yet: the head is 10\n")


@pytest.mark.parametrize("to", ["latest", "-1", "0x5", "1.5"])
def test_a_goal_that_is_none_is_wrong_use(sync: Command, folder: Path, to: str) -> None:
    """Before anything is made."""
    said = sync(f"--to={to}")
    assert (said.code, said.err) == (2, f"watcher: --to {to}: write final, head or a block number\n")
    assert not (folder / "watcher.db").exists()


def test_scripts_get_the_picture_of_status(sync: Command) -> None:
    """One object with the same names."""
    said = sync("--json")
    [figures] = said.objects
    assert (figures["health"], figures["checkpoint"]["number"], figures["concluded"]) == ("OK", 7, 7)


def test_one_stage_can_be_run_alone(sync: Command, folder: Path) -> None:
    """The stages share nothing but the database, so they may run one after the other, in any process."""
    said = sync("--only", "index")
    assert (stages(said.err), ledger(folder)) == ({"index"}, [])
    assert stages(sync("--only", "evaluate").err) == {"evaluate"}
    sync("--only", "index")
    assert stages(sync("--only", "evaluate").err) == {"evaluate"}
    assert ledger(folder) == ["definition.adopted"]
    assert stages(sync("--only", "deliver", "--deliver-history").err) == {"deliver:ops"}


def test_a_ledger_that_stands_still_is_a_failure(sync: Command, folder: Path, devnet: Devnet) -> None:
    """Whoever waits for the ledger must not take it for complete."""
    devnet.prune(9)
    said = sync()
    assert said.code == 3
    assert "watcher: the ledger stands still: " in said.err
    assert ledger(folder) == []


@pytest.mark.usefixtures("program")
def test_an_endpoint_that_is_down_is_named(watcher: Command, folder: Path) -> None:
    """The outside world failed: exit 3; the failed run is on record."""
    with logging_kept():
        said = watcher("sync")
    assert said.code == 3
    assert "watcher: endpoint main (http://127.0.0.1:9), eth_chainId: connection refused" in said.err
    store = Store.open(f"sqlite:///{folder / 'watcher.db'}", create=False)
    with store.reading() as tx:
        run = tx.runs.last("index")
    store.close()
    assert run is not None
    assert not run.ok


def test_mistakes_in_both_files_are_listed_together(sync: Command, folder: Path) -> None:
    """Whoever corrects them needs one look, not two."""
    for name in ("world.toml", "watcher.toml"):
        (folder / name).write_text("schema = 1\nextra = 2\n", encoding="utf-8")
    said = sync()
    assert said.code == 2
    assert "world.toml: " in said.err
    assert "watcher.toml: " in said.err
    assert not (folder / "watcher.db").exists()


@pytest.mark.usefixtures("sync")
def test_on_a_terminal_it_shows_a_bar_and_no_log(folder: Path) -> None:
    """People see how far it is; the answer on stdout is the same."""
    master, terminal = os.openpty()
    files = ["--program", str(folder / "world.toml"), "--config", str(folder / "watcher.toml")]
    command = [sys.executable, "-m", "watcher", "sync", *files]
    environment = {**os.environ, "OPS_SECRET": SECRET, "TERM": "xterm", "COLUMNS": "100"}
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=terminal, env=environment, check=False, timeout=60
    )
    shown = os.read(master, 1 << 16).decode()
    os.close(terminal)
    os.close(master)
    assert (result.returncode, result.stdout) == (0, b"read to block 7, concluded to 7 (final 7, head 10)\n")
    assert "block" in shown
    assert "{" not in shown
