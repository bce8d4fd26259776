"""Grant files: the shipped example stays one that can be read."""

from fractions import Fraction
from pathlib import Path

import pytest

from watcher.config.grant import load_grant
from watcher.config.program import load_program
from watcher.core.grants import Performance
from watcher.core.vesting import Schedule
from watcher.errors import ConfigurationError
from watcher.shipped import shipped

SEASON = load_program(shipped("config", "programs", "season.toml")).definition
EXAMPLE = shipped("config", "grants", "example.toml")


def test_the_shipped_example_is_a_grant_of_the_shipped_season() -> None:
    """Performance by tranche and by KPI, and time: amounts in whole tokens that add up."""
    name, parts = load_grant(EXAMPLE, SEASON)
    assert name
    assert sum(part.amount for part in parts) == 4_000
    by_tranche, by_kpi, by_time = (part.waits_for for part in parts)
    assert by_tranche == Performance("tranche", "liquidity")
    assert by_kpi == Performance("kpi", "volume")
    assert isinstance(by_time, Schedule)
    assert by_time.unlocked(by_time.start + by_time.cliff) == Fraction(1_000)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("amount = 4_000", "amount = 4_000\nsalary = 1", ("salary", "example.toml")),
        ("amount = 4_000", "amount = 4000.5", ("amount", "4000.5")),
        ('kpi = "volume"', 'milestone = "volume"', ("part[1].milestone", "is no milestone of this program")),
        ('start = "2026-01-01T00:00:00Z"', 'start = "2026-01-01"', ("time.start", "is not an instant")),
    ],
)
def test_a_wrong_grant_names_file_key_and_value(
    old: str, new: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    """As good an error as a program's."""
    file = tmp_path / "example.toml"
    file.write_text(EXAMPLE.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refusal:
        load_grant(file, SEASON)
    assert [word for word in words if word not in str(refusal.value)] == [], str(refusal.value)


def test_a_grant_that_is_not_there_is_named(tmp_path: Path) -> None:
    """By its path."""
    with pytest.raises(ConfigurationError, match=r"nobody\.toml"):
        load_grant(tmp_path / "nobody.toml", SEASON)
