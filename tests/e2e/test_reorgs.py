"""Reorgs above finality, while the daemon runs and while it does not: what was observed is taken back."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tests.e2e.story import digest_of_a_clean_replay, installation, town
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


def test_a_reorg_below_finality_stops_the_daemon_and_changes_nothing(tmp_path: Path) -> None:
    """What the ledger stands on was replaced: it says which block, and what to do, and ends with 3."""
    with town() as place:
        watcher = installation(tmp_path, place)
        with watcher.daemon() as daemon:
            head = place.pass_blocks(6)
            daemon.wait_for_conclusion(head - 4)
            before = watcher.digest
            place.node.reorg(6)
            place.pass_blocks(1)
            assert daemon.join() == 3
            said = "".join(line.get("text", "") for line in daemon.lines)
        assert f"block {head - 4} was final as " in said
        assert "watcher database rewind --to" in said
        assert watcher.digest == before
        assert watcher.watcher("sync").returncode == 3


def having(kind: str, count: int) -> Callable[[Sequence[Received]], bool]:
    """Say what to wait for: so many messages of a type."""
    return lambda requests: len(told(requests, kind)) >= count


def told(messages: Sequence[Received], kind: str) -> list[dict[str, object]]:
    """Give the data of the messages of a type, in the order of their first arrival, each once."""
    found = {each.id: each.payload["data"] for each in messages if each.payload and each.type == kind}
    return list(found.values())
