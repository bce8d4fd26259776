"""`grant`, and what `tranches` shows beside performance: time."""

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.test_tranches import TRANCHES
from tests.stages.world import definition
from watcher.core.definition import Definition

VESTING = """
[[vesting]]
id = "team"
amount = 100
kind = "linear"
start = "2023-11-01T00:00:00Z"
duration = "30d"
"""

GRANT = """
name = "Ann"
amount = 40

[[part]]
amount = 10
kpi = "two-live"

[[part]]
amount = 10
milestone = "first"

[[part]]
amount = 10
tranche = "late"

[[part]]
amount = 10
time = { kind = "step", start = "2023-11-01T00:00:00Z", duration = "30d", every = "10d" }
"""


@pytest.fixture
def program(request: pytest.FixtureRequest, folder: Path) -> Definition:
    """Write the world's program with tranches and a schedule, and a grant."""
    (folder / "ann.toml").write_text(GRANT, encoding="utf-8")
    return definition(folder, chain=getattr(request, "param", TRANCHES + VESTING))


@pytest.mark.usefixtures("watch")
def test_a_grant_says_what_is_vested_at_risk_and_next(watcher: Command, folder: Path) -> None:
    """As of the last concluded block, 2023-11-15."""
    said = watcher("grant", str(folder / "ann.toml"))
    assert said.code == 0
    assert said.out.splitlines()[0].startswith("Ann as of block 8")
    assert "vested     23.333333" in said.out
    assert "at risk    10, until what it waits for is reached" in said.out
    assert "next       6.666666 more by time, the next 3.333333 by 2023-11-21T00:00:00Z" in said.out
    (shown,) = watcher("grant", str(folder / "ann.toml"), "--json").objects
    assert (shown["vested"], shown["at_risk"]) == ("23.333333", "10")
    assert [part["vested"] for part in shown["parts"]] == ["10", "10", "0", "3.333333"]


@pytest.mark.usefixtures("watch")
def test_an_earlier_block_knows_less(watcher: Command, folder: Path) -> None:
    """Nothing was reached at block 2."""
    assert "at risk    30" in watcher("grant", str(folder / "ann.toml"), "--at", "2").out


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("amount = 40", "amount = 41", "amount = 41 is not what the parts add up to: write 40"),
        ('kpi = "two-live"', 'kpi = "two-life"', 'did you mean "two-live"?'),
        (
            'tranche = "late"',
            'tranche = "late"\nkpi = "two-live"',
            "exactly one of kpi, milestone, tranche, time",
        ),
        ('every = "10d"', 'every = "7d"', "does not divide the duration"),
        ('every = "10d"', 'every = "10d", cliff = "31d"', "is longer than the duration"),
        (', every = "10d"', "", 'is missing: kind = "step" needs it'),
        ('kind = "step"', 'kind = "linear"', 'is of no use with kind = "linear"'),
    ],
)
def test_a_wrong_grant_is_refused_with_the_remedy(
    watcher: Command, folder: Path, old: str, new: str, words: str
) -> None:
    """By file, key and value, like a program."""
    (folder / "ann.toml").write_text(GRANT.replace(old, new), encoding="utf-8")
    said = watcher("grant", str(folder / "ann.toml"))
    assert said.code == 2
    assert words in said.err


@pytest.mark.usefixtures("watch")
def test_tranches_stand_beside_time(watcher: Command, folder: Path) -> None:
    """As a table, as JSON, and as a picture."""
    said = watcher("tranches")
    assert ["date", "by", "performance", "by", "time"] in [line.split() for line in said.out.splitlines()]
    assert ["2023-12-01", "100"] in [line.split() for line in said.out.splitlines()]
    (shown,) = watcher("tranches", "--json").objects
    assert shown["against_time"][-1] == {
        "time": "2023-12-01T00:00:00Z",
        "by_performance": None,
        "by_time": "100",
    }
    known = [row["by_performance"] for row in shown["against_time"] if row["by_performance"] is not None]
    assert (known[0], known[-1]) == ("0", "150")
    for name, begins in (("out.svg", b"<svg "), ("out.png", b"\x89PNG")):
        assert watcher("tranches", "--picture", str(folder / name)).code == 0
        assert (folder / name).read_bytes().startswith(begins)


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize("program", [VESTING], indirect=True)
def test_time_is_shown_without_tranches_too(watcher: Command) -> None:
    """A program may describe what time unlocks, and nothing else."""
    said = watcher("tranches")
    assert said.out.startswith("this program has no [[tranche]]\n")
    assert ["2023-12-01", "100"] in [line.split() for line in said.out.splitlines()]


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out.gif", "name a .svg or a .png file"),
        ("no/out.svg", "cannot be written"),
        ("no/out.png", "cannot be written"),
    ],
)
def test_a_picture_that_cannot_be_drawn_says_why(
    watcher: Command, folder: Path, name: str, words: str
) -> None:
    """Before or after, but never half."""
    said = watcher("tranches", "--picture", str(folder / name))
    assert said.code == 2
    assert words in said.err


@pytest.mark.usefixtures("watch")
def test_without_pillow_a_png_is_refused_and_an_svg_is_drawn(
    watcher: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "PIL.Image", None)  # which makes Python find no such module
    said = watcher("tranches", "--picture", str(folder / "x.png"))
    assert said.code == 2
    assert 'a .png needs Pillow, `pip install "watcher[pictures]"`, or name a .svg' in said.err
    assert not (folder / "x.png").exists()
    assert watcher("tranches", "--picture", str(folder / "x.svg")).code == 0
