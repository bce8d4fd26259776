"""Modules are small enough to read in one go, and named after what they do."""

import statistics

from tests.architecture.project import ROOT, files, modules

VAGUE = {"base", "common", "helper", "helpers", "manager", "misc", "service", "util", "utils"}


def lines() -> dict[str, int]:
    """Return the number of lines of each module that has more than a docstring in it."""
    counted = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()
    }
    return {name: count for name, count in counted.items() if count > 1}


def test_no_module_is_longer_than_400_lines() -> None:
    """Past 400 lines a module is split."""
    assert {name: count for name, count in lines().items() if count > 400} == {}


def test_half_of_the_modules_are_shorter_than_100_lines() -> None:
    """A newcomer opens one file and sees the whole of one thing."""
    assert statistics.median(lines().values()) < 100


def test_no_name_says_nothing() -> None:
    """A file or folder is named after what it does."""
    named = {part.lower() for path in files() for part in path.relative_to(ROOT).with_suffix("").parts}
    assert named & VAGUE == set()
