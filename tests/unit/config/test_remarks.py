"""Remarks: valid programs of which a reader may miss something."""

from pathlib import Path

import pytest

from tests.unit.config.givens import PROGRAM, edited, written
from watcher.config.program import load_program
from watcher.config.remarks import remarks
from watcher.shipped import shipped

QUIET = edited(PROGRAM, "min_actions = 100", "min_actions = 100\nmin_actors = 5")


@pytest.mark.parametrize(
    ("old", "new", "remark"),
    [
        ("min_actors = 5", "", "a single sender can make an app live"),
        ("min_actions = 100\nmin_actors = 5", "", "asks for no activity"),
        ('after = "first"', 'after = "first"\non_regression = "pause"', 'on_regression = "pause": whoever'),
        ('id = "showdown"', 'id = "showdown"\n[[app]]\nid = "silent"', "1 of 3 apps name no contract"),
        (QUIET[QUIET.index("[[milestone]]") :], "", "has no milestone"),
    ],
)
def test_what_may_be_missed_is_remarked(old: str, new: str, remark: str, tmp_path: Path) -> None:
    """One sentence says what follows from it."""
    [found] = remarks(load_program(written(tmp_path, edited(QUIET, old, new))).definition)
    assert remark in found


def test_a_cap_on_each_actor_counts_as_much_as_a_number_of_actors(tmp_path: Path) -> None:
    """Either keeps a single sender from making an app live."""
    text = edited(PROGRAM, "min_actions = 100", "min_actions = 100\nmax_actions_per_actor = 10")
    assert remarks(load_program(written(tmp_path, text)).definition) == []


def test_the_devnet_program_has_nothing_to_remark() -> None:
    """It is the example to start from."""
    assert remarks(load_program(shipped("config", "programs", "devnet.toml")).definition) == []
