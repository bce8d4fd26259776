"""The seeded fault simulator: a watcher lives through whatever can go wrong, and its ledger is the same.

A seed decides everything. `make simulate SEEDS=20000` runs more of them, and longer ones.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.faults.simulator import checks, running
from tests.faults.simulator.story import Story
from tests.log_state import logging_kept
from watcher.store.state import Observation

pytestmark = pytest.mark.no_cover
"""What is covered here is covered by other tests; measuring it would take longer than running it."""

SEEDS = 200
AT_ONCE = 20
BLOCKS = 24
"""So few that a seed takes half a second; `make simulate` lives longer."""
ROOT = Path(__file__).resolve().parents[2]
BUSY = 5
"""A seed in which much happens."""
REGRESSIONS = Path(__file__).parent / "simulator" / "regressions.txt"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with logging_kept():
        yield


def regressions() -> list[tuple[int, int, str]]:
    """Give the seeds that failed once, with their numbers of blocks and the kind of program."""
    lines = REGRESSIONS.read_text(encoding="utf-8").splitlines()
    parts = [line.split(maxsplit=3) for line in lines if line and not line.startswith("#")]
    return [(int(seed), int(blocks), program) for seed, blocks, program, _ in parts]


def simulate(*arguments: str) -> None:
    """Run seeds in a process of their own, as `make simulate` does: what fails there fails here."""
    command = [sys.executable, "-m", "tests.faults.simulator", "--jobs", "1", "--seeds", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_whatever_happens_the_ledger_is_that_of_a_clean_replay(first: int) -> None:
    """The checks of tests/faults/simulator/checks.py hold after every seed."""
    simulate(f"{first}:{first + AT_ONCE}", "--blocks", str(BLOCKS))


@pytest.mark.postgres
def test_a_watcher_on_postgresql_writes_what_a_clean_replay_on_sqlite_does() -> None:
    """The same seeds, lived through on the other database."""
    simulate(f"0:{AT_ONCE // 2}", "--blocks", str(BLOCKS), "--postgres")


@pytest.mark.parametrize(("seed", "blocks", "program"), regressions())
def test_what_failed_once_does_not_fail_again(seed: int, blocks: int, program: str) -> None:
    """Each of these seeds found a fault."""
    plain = {"plain": ["--plain"], "full": []}[program]
    simulate(f"{seed}:{seed + 1}", "--blocks", str(blocks), *plain)


def test_a_seed_decides_everything() -> None:
    """A seed that failed fails again, so that its fault can be found."""
    assert running.run(7) == running.run(7)


def test_new_heads_wake_the_watcher_between_its_polls() -> None:
    """Some of them: others are told of twice, or never."""
    log = running.run(BUSY).log
    assert log.wake_ups > 0


@dataclass(frozen=True)
class Flaw:
    """Something that a watcher could do wrong, and what the checks say of it."""

    do: Callable[[Story], object]
    said: str


def _lose_a_row(story: Story) -> None:
    with story.store.writing() as tx:
        rows = tx.facts.blocks(-1, story.truth.final, 1_000)
        number = next(row.block.number for row in rows if row.activity)
        tx.facts._connection.exec_driver_sql("DELETE FROM block WHERE number = ?", (number,))


def _lose_an_entry(story: Story) -> None:
    with story.store.writing() as tx:
        tx.facts._connection.exec_driver_sql("DELETE FROM ledger_entry WHERE sequence > 1")


def _leave_an_observation_open(story: Story) -> None:
    milestone = next(iter(story.definition.milestones))
    with story.store.writing() as tx:
        tx.state.add_observation(Observation("left", milestone, 1, story.truth.facts[1].block.hash, "open"))


def _lose_a_message(story: Story) -> None:
    kept = [each for each in story.receiver.taken if each.type != "definition.adopted"]
    story.receiver.taken[:] = kept


def _misremember_the_chain(story: Story) -> None:
    facts = story.truth.facts
    busy = max(range(len(facts)), key=lambda place: len(facts[place].announcements))
    del facts[busy]


def _misremember_what_was_paid(story: Story) -> None:
    blocks = story.truth.chain._blocks
    blocks[:] = [replace(block, receipts=()) for block in blocks]


def _keep_a_trouble_quiet(story: Story) -> None:
    story.outages.add(("index", "2023-11-14T22:13:20Z"))


def _keep_a_standstill_quiet(story: Story) -> None:
    story.stalls.add(7)


@pytest.mark.parametrize(
    "flaw",
    [
        Flaw(_lose_a_row, "facts and a clean reading's"),
        Flaw(_lose_an_entry, "ledger and clean replay"),
        Flaw(_leave_an_observation_open, "has no outcome"),
        Flaw(_lose_a_message, "definition.adopted simulated came under 0 ids"),
        Flaw(_misremember_the_chain, "the oracle's"),
        Flaw(_misremember_what_was_paid, "the recount of measures"),
        Flaw(_keep_a_trouble_quiet, "nobody was told that index fails"),
        Flaw(_keep_a_standstill_quiet, "nobody was told that the ledger stood still before block 7"),
    ],
    ids=lambda flaw: flaw.do.__name__.strip("_"),
)
def test_the_checks_can_fail(flaw: Flaw) -> None:
    """A check that never says no proves nothing."""
    with running.story(BUSY) as (story, clean):
        flaw.do(story)
        assert any(flaw.said in finding for finding in checks.findings(story, clean))
