"""What must stand nowhere in the project."""

import re

import pytest

from tests.architecture.project import ROOT, texts

HOLES = (
    "TO" + "DO",
    "FIX" + "ME",
    "XX" + "X",
    "pragma: no" + " cover",
    "mark.sk" + "ip",
    "xfa" + "il(",
    "NotImplemented" + "Error",
)
HOSTS = ("py" + "pi.org", "python" + "hosted", "npm" + "js.org", "npm" + "js.com", "crates" + ".io")
PATHS = ("/wo" + "rk/", "/ro" + "ot/", str(ROOT))


@pytest.mark.parametrize("hole", HOLES)
def test_nothing_is_left_for_later(hole: str) -> None:
    """What is there is finished; what is not finished is not there."""
    assert [str(path) for path, text in texts() if path.suffix == ".py" and hole in text] == []


@pytest.mark.parametrize("host", HOSTS)
def test_no_package_registry_is_named(host: str) -> None:
    """Where packages come from is the business of whoever installs them."""
    assert [str(path) for path, text in texts() if host in text] == []


@pytest.mark.parametrize("place", PATHS)
def test_no_path_of_one_machine_is_named(place: str) -> None:
    """The project works wherever it is put."""
    assert [str(path) for path, text in texts() if place in text] == []


def test_the_locks_name_no_index() -> None:
    """A lock says what and with which hashes, not from where."""
    for path, text in texts():
        if path.name.startswith("requirements"):
            assert not re.search(
                r"^\s*(-i|-f|--index|--extra-index|--find-links|--trusted-host)|://", text, re.MULTILINE
            )
