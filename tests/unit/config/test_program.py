"""Loading a valid program: what the file says is what the definition holds."""

from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import pytest

from tests.unit.config.givens import PROGRAM, RICH, edited, written
from watcher.config.program import load_program
from watcher.core.definition import AllOf, AnyOf, Bars, Countdown, Finality, Gap, OnRegression, Provenance
from watcher.core.facts import Announcement
from watcher.core.ledger import sha256_hex
from watcher.core.types import (
    Address,
    AppId,
    BlockHash,
    Comparator,
    CountdownId,
    KpiId,
    MilestoneId,
    WindowSpec,
)
from watcher.core.window import BlockReceipts
from watcher.shipped import shipped


def test_chain_and_policy_say_what_the_file_says(tmp_path: Path) -> None:
    """Durations are seconds, gaps ascend, the family's system transactions are looked up."""
    definition = load_program(written(tmp_path, RICH)).definition
    chain, policy = definition.chain, definition.liveness
    assert (chain.id, chain.family, chain.finality, chain.count_from) == (
        4326,
        "megaeth",
        Finality(depth=0),
        0,
    )
    assert chain.state_every_seconds == 6 * 3600
    assert chain.gaps == (Gap(100, 200, "lost too"), Gap(300, 400, "lost"))
    assert "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001" in chain.system.senders
    assert policy.window == WindowSpec(7, "complete_days")
    assert (policy.reach, policy.max_actions_per_actor, policy.not_paused) == ("touched", 1000, True)
    assert (policy.bars, policy.leave_below) == (Bars(100, 5, 3), Bars(80, None, 2))
    assert policy.excluded == {"0x00000000000000000000000000000000000000ee"}
    assert policy.exclude_deployers
    assert policy.dormant_after_seconds == 36 * 3600
    assert definition.provenance == Provenance("issuer", "https://example.org/terms")


def test_apps_carry_their_discoveries(tmp_path: Path) -> None:
    """Each names its source; without contracts and discoveries an app is unknown."""
    definition = load_program(written(tmp_path, RICH)).definition
    game = definition.apps[AppId("game")]
    assert [found.source for found in game.discoveries] == [
        "curated:game",
        f"deployer:0x{'d1':0>40},0x{'d2':0>40}",
        f"registry:0x{'b1':0>40}:game",
    ]
    assert game.required == frozenset({Address(f"0x{'a1':0>40}")})
    at_ten = BlockReceipts(10, BlockHash("0x00"), ())
    assert [type(item) for item in game.discoveries[0].read(at_ten)] == [Announcement]
    assert definition.apps[AppId("silent")].discoveries == ()


def test_kpis_milestones_and_countdowns_say_what_the_file_says(tmp_path: Path) -> None:
    """Amounts are exact, conditions nest, marks descend to zero."""
    definition = load_program(written(tmp_path, RICH)).definition
    live, few = definition.kpis[KpiId("live")], definition.kpis[KpiId("few")]
    assert (live.comparator, live.bar, live.quote) == (Comparator.AT_LEAST, Fraction(1), "at least 1 app")
    assert (few.comparator, few.bar) == (Comparator.LESS_THAN, Fraction(3, 2))
    second = definition.milestones[MilestoneId("m2")]
    assert second.title == "Second"
    assert second.condition == AllOf((KpiId("few"), KpiId("live"), AnyOf((KpiId("few"), KpiId("live")))))
    assert definition.milestones[MilestoneId("m1")].condition == AnyOf((KpiId("live"),))
    assert definition.countdowns == {
        "c": Countdown(
            CountdownId("c"),
            MilestoneId("m2"),
            604_800,
            (259_200, 3_600, 1_800, 0),
            OnRegression.CANCEL,
            rearm=True,
        )
    }


def test_what_is_not_said_has_its_default(tmp_path: Path) -> None:
    """Titles fall back to ids; only T-0 is marked where no marks are given."""
    path = written(tmp_path, edited(PROGRAM, 'marks = ["1d", "1h"]', ""))
    definition = load_program(path).definition
    assert (definition.title, definition.apps[AppId("showdown")].title) == ("tge", "showdown")
    assert definition.chain.state_every_seconds == 86_400
    assert (definition.liveness.reach, definition.liveness.bars) == ("direct", Bars(min_actions=100))
    assert definition.liveness.leave_below == Bars()
    [countdown] = definition.countdowns.values()
    assert (countdown.marks_seconds, countdown.on_regression, countdown.rearm) == (
        (0,),
        OnRegression.CONTINUE,
        False,
    )


def test_a_milestone_is_not_needed(tmp_path: Path) -> None:
    """A KPI alone is already a fact worth a ledger; so is one that no milestone uses."""
    definition = load_program(written(tmp_path, PROGRAM[: PROGRAM.index("[[milestone]]")])).definition
    assert not definition.milestones


def test_tables_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    """Evidence lists them: equal definitions have to give equal bytes."""
    definition = load_program(written(tmp_path, RICH)).definition
    assert list(definition.apps) == ["game", "silent"]
    assert list(definition.kpis) == ["few", "live"]
    assert list(definition.milestones) == ["m1", "m2"]


def test_the_file_hash_is_over_all_bytes(tmp_path: Path) -> None:
    """A comment changes the file hash and leaves the definition hash alone."""
    path = written(tmp_path, PROGRAM)
    loaded = load_program(str(path))
    assert loaded.file_hash == sha256(PROGRAM.encode()).hexdigest()
    assert loaded.path == path
    assert loaded.definition.hash == sha256_hex(loaded.canonical)
    commented = load_program(written(tmp_path, "# a comment\n" + PROGRAM, "other.toml"))
    assert commented.file_hash != loaded.file_hash
    assert commented.definition.hash == loaded.definition.hash


@pytest.mark.parametrize("name", [path.name for path in shipped("config", "programs").glob("*.toml")])
def test_shipped_programs_are_valid(name: str) -> None:
    """What `watcher init` writes and what the documentation points to loads."""
    assert load_program(shipped("config", "programs", name)).definition.kpis


def test_the_megaeth_program_lists_the_ten_credited_apps() -> None:
    """Those without known addresses are listed with none: unknown, not dead."""
    definition = load_program(shipped("config", "programs", "megaeth.toml")).definition
    assert (definition.chain.id, definition.chain.family) == (4326, "megaeth")
    assert definition.provenance.authority == "observer"
    unknown = {app.id for app in definition.apps.values() if not app.discoveries}
    assert unknown == {"ubitel", "stomp", "hitone", "nectar-ai", "brix"}
    assert len(definition.apps) == 10
    assert definition.countdowns[CountdownId("tge")].duration_seconds == 7 * 86_400


def test_the_megaeth_program_holds_the_whole_programme() -> None:
    """Three triggers, and 39 tranches of 1,825 million that leave the rest of 53.3 percent unassigned."""
    definition = load_program(shipped("config", "programs", "megaeth.toml")).definition
    trigger = definition.milestones[MilestoneId("first-trigger")].condition
    assert isinstance(trigger, AnyOf)
    assert len(trigger.parts) == 3
    assert len(definition.tranches) == 39
    assert sum(tranche.amount for tranche in definition.tranches.values()) == 1_825_000_000
    assert definition.allocation is not None
    assert definition.allocation.share == 5_330_000_000
    assert definition.allocation.unassigned == 3_505_000_000
