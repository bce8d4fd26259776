"""Files that cannot be read at all: the error names the file, why, and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.config.givens import PROGRAM, written
from watcher.config.deployment import load_deployment
from watcher.config.program import load_program
from watcher.errors import ConfigurationError

LOADERS = pytest.mark.parametrize(
    ("load", "purpose"), [(load_program, "program"), (load_deployment, "deployment")]
)
Load = Callable[[Path], object]


def _refusal(load: Load, path: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    return message


@LOADERS
def test_a_file_that_is_not_there(load: Load, purpose: str, tmp_path: Path) -> None:
    """The remedy is a command that writes one."""
    message = _refusal(load, tmp_path / "nothing.toml")
    assert f"there is no such {purpose} file" in message
    assert "`watcher init`" in message


@LOADERS
def test_a_file_that_cannot_be_read(load: Load, purpose: str, tmp_path: Path) -> None:
    """A folder, a file without permission: the system's reason is passed on."""
    message = _refusal(load, tmp_path)
    assert f"the {purpose} file cannot be read (Is a directory)" in message
    assert "may read" in message


@LOADERS
def test_a_file_that_is_not_utf_8(load: Load, purpose: str, tmp_path: Path) -> None:
    """The first byte that is not is named."""
    path = tmp_path / "latin.toml"
    path.write_bytes(b'title = "caf\xe9"\n')
    message = _refusal(load, path)
    assert f"the {purpose} file is not UTF-8 (byte 12 is 0xe9)" in message
    assert "save it as UTF-8" in message


@LOADERS
def test_a_file_that_is_not_toml(load: Load, purpose: str, tmp_path: Path) -> None:
    """Line and column are named."""
    message = _refusal(load, written(tmp_path, "schema = 1\nid = \n"))
    assert f"the {purpose} file is not TOML" in message
    assert "line 2, column 6" in message


def test_a_table_written_twice(tmp_path: Path) -> None:
    """TOML itself refuses it, and so do we, with the place."""
    message = _refusal(load_program, written(tmp_path, PROGRAM + "\n[token]\n"))
    assert "the program file is not TOML" in message
