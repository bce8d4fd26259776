"""`tranches`: what is unlocked, and by which evidence."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.stages.world import definition
from watcher.core.definition import Definition

TRANCHES = """
[token]
symbol = "MEGA"
decimals = 0
total_supply = 1_000
kpi_share = "30"
unassigned = 100

[[tranche]]
id = "early"
kpi = "two-live"
amount = 150

[[tranche]]
id = "late"
kpi = "three-live"
amount = 50
"""


@pytest.fixture
def program(request: pytest.FixtureRequest, folder: Path) -> Definition:
    """Write the world's program, with tranches unless a test is about none."""
    return definition(folder, chain=getattr(request, "param", TRANCHES))


@pytest.mark.usefixtures("watch")
def test_every_tranche_is_listed_with_its_evidence(watcher: Command) -> None:
    """Unlocked since which block, and the sums add up to the share."""
    said = watcher("tranches")
    head, columns, early, late, sums = said.out.splitlines()
    assert said.code == 0
    assert head.startswith("as of block 8")
    assert columns.split()[:2] == ["tranche", "amount"]
    assert early.split()[:6] == ["early", "150", "two-live", "unlocked", "150", "3"]
    assert late.split() == ["late", "50", "three-live", "locked"]
    assert sums == "150 MEGA unlocked, 50 locked, 0 expired, 100 unassigned, 300 in all"
    (shown,) = watcher("tranches", "--json").objects
    (entry,) = [each for each in watcher("ledger", "--json").objects if each["type"] == "tranche.unlocked"]
    assert shown["tranches"][0]["entry"] == entry["id"]
    assert early.split()[-1] == shown["tranches"][0]["bundle_sha256"] == entry["evidence"]["bundle_sha256"]
    assert shown["sums"]["unlocked"] == "150"


@pytest.mark.usefixtures("watch")
def test_earlier_blocks_know_less(watcher: Command) -> None:
    """As of block 2 nothing was unlocked."""
    assert "0 MEGA unlocked, 200 locked" in watcher("tranches", "--at", "2").out


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize("program", [""], indirect=True)
def test_a_program_without_tranches_says_so(watcher: Command) -> None:
    """It is no error to ask."""
    said = watcher("tranches")
    assert (said.code, said.out) == (0, "this program has no [[tranche]]\n")


@pytest.mark.usefixtures("watch")
def test_a_tranche_is_explained(watcher: Command) -> None:
    """What it waits for and how that stands, what was unlocked, the whole share, and the evidence."""
    early = watcher("explain", "early").out
    assert early.startswith("tranche early of 150 MEGA is unlocked")
    for part in (
        "all of it unlocked at block 3",
        "KPI two-live, MET: reads 2, needs at least 2",
        "evidence ",
    ):
        assert part in early
    late = watcher("explain", "late").out
    assert "locked" in late.splitlines()[1]
    assert "KPI three-live, NOT_MET: reads 2, needs at least 3" in late
    assert "150 MEGA unlocked, 50 locked, 0 expired, 100 unassigned, 300 in all" in late
    (shown,) = watcher("explain", "early", "--json").objects
    assert (shown["kind"], shown["state"], shown["sums"]["unlocked"]) == ("tranche", "unlocked", "150")
