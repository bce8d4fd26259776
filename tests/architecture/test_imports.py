"""Who may import whom, and which library lives where."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.project import PACKAGE, ROOT, modules

HOMES = {
    "alembic": {"watcher.store"},
    "apscheduler": {"watcher.scheduler"},
    "coincurve": {"watcher.testing"},
    "eth": {"watcher.testing"},
    "eth_tester": {"watcher.testing"},
    "numpy": {"watcher.forecast"},
    "psycopg": {"watcher.store"},
    "rich": {"watcher.cli"},
    "sqlalchemy": {"watcher.store"},
    "sqlite3": {"watcher.store"},
    "sqlmodel": {"watcher.store"},
    "statsmodels": {"watcher.forecast"},
    "standardwebhooks": {"watcher.channels", "watcher.testing"},
    "threadpoolctl": {"watcher.forecast"},
    "typer": {"watcher.cli"},
    "web3": {"watcher.chain", "watcher.testing"},
}
"""Where each library lives: the demo runs without the dev extra, the daemon without the demo's."""

PURE = {"eth_typing", "pyroaring", "rfc8785", "watcher"}
"""What core may import beside the standard library."""

IO = {
    "http",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
    "urllib",
}
"""What of the standard library core must not import, since it asks the world (or chance) something."""


def imported(path: Path) -> Iterator[str]:
    """Give the top-level package of every import in the file, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


def dotted(path: Path) -> str:
    """Return the module's name."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_the_import_contracts_hold() -> None:
    """Top may import below, never sideways or up; every module has its layer."""
    command = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [command, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("library", sorted(HOMES))
def test_one_library_has_one_home(library: str) -> None:
    """A library is imported only where it lives, so that replacing it touches one place."""
    homes = HOMES[library]
    strays = [
        dotted(path)
        for path in modules()
        if library in imported(path)
        and not any(dotted(path) == home or dotted(path).startswith(f"{home}.") for home in homes)
    ]
    assert strays == [], f"{library} belongs to {sorted(homes)}"


def test_nothing_but_its_command_imports_the_forecast() -> None:
    """A forecast never feeds anything: whoever concludes, stores or sends cannot even see one."""
    users = [
        dotted(path)
        for path in modules()
        if "watcher.forecast" in path.read_text(encoding="utf-8") and PACKAGE / "forecast" not in path.parents
    ]
    assert users == ["watcher.cli.forecast"]


def test_core_imports_nothing_that_asks_the_world() -> None:
    """Conclusions are functions of values: no IO, no clock, no chance, no ORM."""
    for path in modules():
        if PACKAGE / "core" in path.parents:
            allowed = (sys.stdlib_module_names - IO) | PURE
            assert set(imported(path)) <= allowed, dotted(path)
