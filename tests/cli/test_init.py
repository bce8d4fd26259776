"""`init`: a pair of files to start from."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from watcher.cli import app
from watcher.config.deployment import load_deployment
from watcher.config.program import load_program
from watcher.shipped import shipped


def test_it_writes_two_commented_files_that_are_valid_as_they_are(tmp_path: Path) -> None:
    """Who changes nothing has a program of his own for a local chain; the next step is named."""
    folder = tmp_path / "new" / "place"
    result = CliRunner().invoke(app, ["init", str(folder)])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].endswith(f"cd {folder} && watcher check")
    program = load_program(folder / "program.toml")
    shown = load_program(shipped("config", "programs", "devnet.toml"))
    assert program.definition.program_id == "my-program"
    assert program.definition.apps == shown.definition.apps
    assert [endpoint.id for endpoint in load_deployment(folder / "watcher.toml", {}).endpoints] == ["main"]
    for name in ("program.toml", "watcher.toml"):
        text = (folder / name).read_text(encoding="utf-8")
        assert text.startswith("# A ")
        assert "#:schema" not in text


def test_it_writes_where_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both files have the names that every command looks for."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["init"])
    assert result.stdout.splitlines()[-1].endswith("then watcher check")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["program.toml", "watcher.toml"]


def test_it_overwrites_nothing(tmp_path: Path) -> None:
    """One of the two is enough to stop it, and then the other is not written either."""
    (tmp_path / "watcher.toml").write_text("mine", encoding="utf-8")
    result = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert result.exit_code == 2
    assert "watcher.toml exists: nothing was written" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["watcher.toml"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file in the way is said to be in the way."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = CliRunner().invoke(app, ["init", str(tmp_path / "file" / "folder")])
    assert result.exit_code == 2
    assert "cannot be written (Not a directory)" in result.stderr
