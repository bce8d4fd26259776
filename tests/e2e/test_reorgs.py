"""Reorgs above finality, while the daemon runs and while it does not: what was observed is taken back."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.databases import everything
from tests.e2e.processes import DEPTH, Installation
from tests.e2e.story import Town, digest_of_a_clean_replay, installation, town
from watcher.testing.receiver import Received, Receiver


def test_an_observation_that_a_reorg_takes_away_is_retracted_while_it_runs(tmp_path: Path) -> None:
    """It was told at once, and so is that it no longer holds: the retraction carries the observation's id."""
    with town() as place, Receiver() as receiver:
        watcher = installation(tmp_path, place, {"good": receiver.url})
        with watcher.daemon("--deliver-history") as daemon:
            place.go_live(0, 1, 2)
            receiver.wait_for(having("milestone.observed", 1))
            assert told(receiver.messages, "milestone.retracted") == []
            place.node.reorg(1)
            receiver.wait_for(having("milestone.retracted", 1))
            assert daemon.stop() == 0

    [observed] = told(receiver.messages, "milestone.observed")
    [retracted] = told(receiver.messages, "milestone.retracted")
    assert retracted["observation"] == observed["id"]
    assert retracted["block_hash"] == observed["block_hash"]


def test_an_observation_that_a_reorg_takes_away_is_retracted_across_a_restart(tmp_path: Path) -> None:
    """Observed, stopped, reorganised, started: the new process retracts what the old one had told.

    What then comes and stays is observed anew, and reached: each observation has its one outcome.
    """
    with town() as place, Receiver() as receiver:
        watcher = installation(tmp_path, place, {"good": receiver.url})
        with watcher.daemon("--deliver-history") as daemon:
            place.go_live(0, 1, 2)
            place.pass_blocks(1)
            receiver.wait_for(having("milestone.observed", 1))
            assert daemon.stop() == 0
        assert told(receiver.messages, "milestone.retracted") == []
        place.node.reorg(2)
        place.pass_blocks(1)
        with watcher.daemon("--deliver-history") as daemon:
            receiver.wait_for(having("milestone.retracted", 1))
            place.go_live(2)
            receiver.wait_for(having("milestone.observed", 2))
            place.pass_blocks()
            receiver.wait_for(having("milestone.reached", 1))
            assert daemon.stop() == 0
        assert watcher.digest == digest_of_a_clean_replay(tmp_path / "clean", place)

    first, second = told(receiver.messages, "milestone.observed")
    [retracted] = told(receiver.messages, "milestone.retracted")
    assert retracted["observation"] == first["id"]
    assert retracted["block_hash"] == first["block_hash"]
    [reached] = told(receiver.messages, "milestone.reached")
    assert reached["block_hash"] == second["block_hash"] != first["block_hash"]


def test_a_reorg_below_finality_stops_the_daemon_until_somebody_goes_back(tmp_path: Path) -> None:
    """It says which block, and what to do, and ends with 3, each time; what was read and concluded stays.

    After `database rewind` the daemon goes on: the old ledger is kept, that it broke is told once, and the
    new one is that of a clean replay.
    """
    with town() as place, Receiver() as receiver:
        watcher = installation(tmp_path, place, {"good": receiver.url})
        with watcher.daemon("--deliver-history") as daemon:
            place.go_live(0, 1, 2)
            head = place.pass_blocks(6)
            daemon.wait_for_conclusion(head - DEPTH)
            receiver.wait_for(having("milestone.reached", 1))
            place.node.reorg(6)
            place.pass_blocks(1)
            assert daemon.join() == 3
            said = "".join(line.get("text", "") for line in daemon.lines)
        assert f"block {head - DEPTH} was final as " in said
        before, broken = dump(watcher), watcher.digest
        again = watcher.watcher("run")
        assert again.returncode == 3
        assert f"block {head - DEPTH} was final as " in again.stderr
        assert dump(watcher) == before

        found = re.search(r"watcher database rewind --to (\d+)", again.stderr)
        assert found is not None
        watcher.say("database", "rewind", "--to", found[1])
        with watcher.daemon() as daemon:
            daemon.wait_for_conclusion(place.pass_blocks() - DEPTH)
            receiver.wait_for(having("ledger.broken", 1))
            assert daemon.stop() == 0
        assert watcher.digest == digest_of_a_clean_replay(tmp_path / "clean", place)

    [told_once] = told(receiver.messages, "ledger.broken")
    assert told_once["closed_digest"] == broken


def test_reorgs_of_any_depth_leave_the_ledger_of_a_clean_replay(tmp_path: Path) -> None:
    """One, seven and sixty-four blocks, each while it runs and while it is stopped; then it becomes final.

    Each observation that was told has one outcome.
    """
    with town() as place, Receiver() as receiver:
        watcher = installation(tmp_path, place, {"good": receiver.url})
        program = watcher.folder / "program.toml"
        program.write_text(
            deep := program.read_text("utf-8").replace(f"depth = {DEPTH}", "depth = 70"), "utf-8"
        )
        place.pass_blocks(70)
        observed = 0
        for depth in (1, 7, 64):
            with watcher.daemon("--deliver-history") as daemon:
                live_for(place, depth)
                observed += 1
                receiver.wait_for(having("milestone.observed", observed))
                place.node.reorg(depth)
                receiver.wait_for(having("milestone.retracted", observed))
                live_for(place, depth)
                observed += 1
                receiver.wait_for(having("milestone.observed", observed))
                assert daemon.stop() == 0
            place.node.reorg(depth)
            with watcher.daemon("--deliver-history") as daemon:
                receiver.wait_for(having("milestone.retracted", observed))
                assert daemon.stop() == 0
        with watcher.daemon("--deliver-history") as daemon:
            live_for(place, 1)
            place.pass_blocks(70)
            receiver.wait_for(having("milestone.reached", 1))
            assert daemon.stop() == 0
        clean = installation(tmp_path / "clean", place)
        (clean.folder / "program.toml").write_text(deep, "utf-8")
        clean.say("sync")
        assert watcher.digest == clean.digest

    outcomes = told(receiver.messages, "milestone.retracted"), told(receiver.messages, "milestone.reached")
    [reached] = outcomes[1]
    retracted = [each["observation"] for each in outcomes[0]]
    assert len(retracted) == len(set(retracted)) == observed
    left = [each for each in told(receiver.messages, "milestone.observed") if each["id"] not in retracted]
    assert {each["block_hash"] for each in left} <= {reached["block_hash"]}


def live_for(place: Town, depth: int) -> None:
    """Let three apps be live since a block that has so many, less one, on top of it."""
    place.go_live(0, 1, 2)
    if depth > 1:
        place.pass_blocks(depth - 1)


def dump(watcher: Installation) -> dict[str, list[str]]:
    """Give all rows but those of runs, deliveries and marks, which go on by the wall clock."""
    rows = everything(f"sqlite:///{watcher.database}")
    rows["event"] = [row for row in rows["event"] if "countdown.marked" not in row]
    return {name: found for name, found in rows.items() if name not in {"stage_run", "attempt", "delivery"}}


def having(kind: str, count: int) -> Callable[[Sequence[Received]], bool]:
    """Say what to wait for: so many messages of a type."""
    return lambda requests: len(told(requests, kind)) >= count


def told(messages: Sequence[Received], kind: str) -> list[dict[str, object]]:
    """Give the data of the messages of a type, in the order of their first arrival, each once."""
    found = {each.id: each.payload["data"] for each in messages if each.payload and each.type == kind}
    return list(found.values())
