"""The command line as a whole: its list, its version, how it says what went wrong, how fast it starts."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

from watcher import __version__, cli
from watcher.cli import app
from watcher.errors import ConfigurationError, WatcherError, WriterBusy

HEAVY = {
    "alembic",
    "apscheduler",
    "eth_abi",
    "msgspec",
    "pydantic",
    "sqlalchemy",
    "structlog",
    "urllib3",
    "web3",
}


def test_help_lists_every_command_by_the_first_line_of_its_module() -> None:
    """Whoever adds a file adds a command."""
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    files = {path.stem.replace("_", "-") for path in Path(cli.__path__[0]).glob("[!_]*.py")}
    listed = {
        line.split()[0] for line in result.stdout.partition("Commands:")[2].splitlines() if line.strip()
    }
    assert files <= listed
    assert "sync        Index, evaluate and deliver once, up to a block, then exit." in result.stdout


def test_help_imports_nothing_that_takes_long() -> None:
    """It starts in well under a second: no database, no chain, no validation."""
    script = f"""
import sys
from watcher.cli import app
try:
    app(["--help"])
except SystemExit:
    pass
sys.exit(", ".join(sorted(set(sys.modules) & {HEAVY!r})) or 0)
"""
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_the_version_is_printed() -> None:
    """The package's own."""
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"watcher {__version__}\n")


def test_python_runs_the_package() -> None:
    """`python -m watcher` is the same program."""
    command = [sys.executable, "-m", "watcher", "--version"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stdout) == (0, f"watcher {__version__}\n")


@pytest.mark.parametrize("arguments", [["sinc"], ["sync", "--tp", "5"], ["sync", "--only", "indx"]])
def test_wrong_use_ends_with_2(arguments: list[str]) -> None:
    """The message says what is possible."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "sync" in result.stderr


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """Add a command `fail` that raises what is put into the list."""
    errors: list[Exception] = []
    module = ModuleType("watcher.cli.fail")
    own = typer.Typer()

    @own.command()
    @app.command("fail")
    def fail() -> None:
        raise errors.pop()

    monkeypatch.setattr(module, "app", own, raising=False)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    yield errors
    app.registered_commands.pop()


@pytest.mark.parametrize(
    ("error", "code"), [(ConfigurationError("program.toml: no"), 2), (WriterBusy("pid 7 writes"), 3)]
)
def test_an_error_is_its_message_and_its_exit_code(
    failing: list[Exception], error: WatcherError, code: int
) -> None:
    """No traceback: the message names the thing and the remedy."""
    failing.append(error)
    result = CliRunner().invoke(app, ["fail"])
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", f"watcher: {error}\n")


def test_what_nobody_foresaw_is_said_in_one_line(failing: list[Exception]) -> None:
    """With the way to the traceback, for a report."""
    failing.append(ZeroDivisionError("division by zero"))
    result = CliRunner().invoke(app, ["fail"])
    assert result.exit_code == 3
    assert result.stderr == (
        "watcher: unforeseen ZeroDivisionError: division by zero. This is a fault of the watcher; "
        "WATCHER_DEBUG=1 shows where, for a report\n"
    )


def test_debugging_shows_the_traceback(failing: list[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own."""
    monkeypatch.setenv("WATCHER_DEBUG", "1")
    failing.append(ZeroDivisionError("division by zero"))
    result = CliRunner().invoke(app, ["fail"])
    assert isinstance(result.exception, ZeroDivisionError)
