"""What tests of commands stand on: two files, a database that a FakeChain filled, and `watcher` itself."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.stages.world import APPS, START, Watch, definition, open_for_business, use
from watcher.cli import app
from watcher.core.definition import Definition
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain
from watcher.testing.receiver import SECRET

DEPLOYMENT = """
schema = 1
database = "sqlite:///watcher.db"

[[endpoint]]
id = "main"
url = "http://127.0.0.1:9"

[[channel]]
id = "ops"
kind = "webhook"
url = "http://127.0.0.1:9/hook"
secrets = [{ env = "OPS_SECRET" }]
allow_private_addresses = true
"""


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said where."""

    code: int
    out: str
    err: str
    bytes: bytes

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Read stdout as one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Command = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with both files."""
    (tmp_path / "watcher.toml").write_text(DEPLOYMENT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def watcher(folder: Path) -> Command:
    """Give the command line, on the files of the folder."""
    environment = {
        "WATCHER_PROGRAM": str(folder / "world.toml"),
        "WATCHER_CONFIG": str(folder / "watcher.toml"),
        "OPS_SECRET": SECRET,
    }

    def run(*arguments: str) -> Said:
        result = CliRunner().invoke(app, arguments, env=environment)
        return Said(result.exit_code, result.stdout, result.stderr, result.stdout_bytes)

    return run


@pytest.fixture
def program(folder: Path) -> Definition:
    """Write the world's program and give what it means."""
    return definition(folder)


@pytest.fixture
def store(folder: Path, program: Definition) -> Iterator[Store]:  # noqa: ARG001  # the program is there first
    """Give the folder's database, empty."""
    opened = Store.open(f"sqlite:///{folder / 'watcher.db'}", create=True)
    yield opened
    opened.close()


@pytest.fixture
def watch(store: Store, program: Definition) -> Watch:
    """Give a watcher that saw two apps go live: the milestone is reached at block 3, block 8 is final."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1, 2, 3))
    chain.block(*use(APPS[1], 0, 1, 2, 3, 3))
    chain.empty_blocks(8, every=3_600)
    watching = Watch(program, chain, store)
    watching.sync()
    return watching
