"""What the architecture tests look at: the files of the project, as git sees them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "watcher"


@cache
def files() -> tuple[Path, ...]:
    """Return every file of the project that git tracks or would track, absolute, in order."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file()))


def modules() -> tuple[Path, ...]:
    """Return the modules of the package."""
    return tuple(path for path in files() if path.suffix == ".py" and PACKAGE in path.parents)


def texts() -> tuple[tuple[Path, str], ...]:
    """Return every text file of the project with what is in it."""
    found = []
    for path in files():
        try:
            found.append((path.relative_to(ROOT), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return tuple(found)
