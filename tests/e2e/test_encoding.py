"""The command line on a terminal that lacks most characters."""

import os
import subprocess
import sys
from pathlib import Path


def test_what_the_terminal_cannot_show_is_a_question_mark(tmp_path: Path) -> None:
    """Output never ends in a traceback because of a character."""
    folder = tmp_path / "Ωmega"
    run = subprocess.run(
        [sys.executable, "-m", "watcher", "init", str(folder)],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert b"?mega" in run.stdout
    assert (folder / "program.toml").is_file()
