"""What is installed is what is in the tree."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.project import ROOT, files
from watcher.shipped import shipped

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pinned(lock: str) -> dict[str, str]:
    """Return the packages of a lock with their versions."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", text, re.MULTILINE))


def names(requirements: list[str]) -> set[str]:
    """Return the packages that requirements name."""
    return {re.split(r"[\[<>=!~ ;]", requirement, maxsplit=1)[0] for requirement in requirements}


def test_the_locks_hold_every_declared_dependency() -> None:
    """Changing pyproject.toml means running `make lock`."""
    extras = PROJECT["optional-dependencies"]
    runtime = names(PROJECT["dependencies"]) | names(extras["demo"])
    assert runtime <= pinned("requirements.txt").keys()
    assert runtime | names(extras["dev"]) <= pinned("requirements-dev.txt").keys()


def test_the_locks_agree() -> None:
    """What is developed on is what is run."""
    assert pinned("requirements.txt").items() <= pinned("requirements-dev.txt").items()


def test_no_lock_replaces_urllib3() -> None:
    """Niquests installs itself as the module urllib3 and slows everything."""
    assert "niquests" not in pinned("requirements-dev.txt")


def test_shipped_data_is_found_in_a_checkout() -> None:
    """The data folders lie beside the package."""
    assert shipped("contracts_abi") == ROOT / "contracts_abi"
    assert shipped("contracts_abi", "AppRegistry.json").is_file()


def test_an_installed_wheel_carries_its_data(tmp_path: Path) -> None:
    """A wheel needs no checkout and no working directory."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheel = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run([*pip, *wheel], check=True, cwd=tmp_path)
    target = tmp_path / "site"
    install = ["install", "--no-deps", "--no-index", "--no-compile", "--target", str(target)]
    subprocess.run([*pip, *install, *map(str, tmp_path.glob("*.whl"))], check=True, cwd=tmp_path)
    ask = (
        f"import sys; sys.path.insert(0, {str(target)!r}); "
        "from watcher.shipped import shipped; print(shipped())"
    )
    command = [sys.executable, "-I", "-c", ask]
    answer = subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, text=True).stdout
    data = Path(answer.strip())
    assert data.is_relative_to(target)
    sources = [path for path in files() if path.relative_to(ROOT).parts[0] in {"config", "contracts_abi"}]
    assert sources
    for path in sources:
        assert (data / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
