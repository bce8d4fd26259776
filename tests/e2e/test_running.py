"""The daemon on a real chain with a real receiver: the whole story, being stopped, being the only one."""

import signal
from pathlib import Path

import pytest

from tests.e2e.story import digest_of_a_clean_replay, installation, town
from watcher.testing.receiver import Receiver

STORY = ["milestone.observed", "countdown.projected", "milestone.reached", "countdown.started"]


def test_three_apps_go_live_and_everything_promised_arrives_signed_and_in_order(tmp_path: Path) -> None:
    """Observed at once, reached at finality, a mark at its instant, elapsed at the deadline: each once.

    What is delivered is what the ledger says, and a replay writes the same ledger.
    """
    with town() as place, Receiver() as receiver:
        watcher = installation(tmp_path, place, {"good": receiver.url})
        with watcher.daemon("--deliver-history") as daemon:
            daemon.wait_for_block(place.first)
            reached = place.go_live(0, 1, 2)
            receiver.wait_for(lambda all_: "milestone.observed" in {each.type for each in all_})
            place.pass_blocks()
            receiver.wait_for(lambda all_: "countdown.started" in {each.type for each in all_})
            receiver.wait_for(lambda all_: "countdown.marked" in {each.type for each in all_})
            start = int(place.node.block(hex(reached))["timestamp"], 16)
            place.node.mine(start + 3_600)
            place.pass_blocks()
            receiver.wait_for(lambda all_: "countdown.elapsed" in {each.type for each in all_})
            assert daemon.stop() == 0
        assert all(request.taken for request in receiver.requests)
        entries = watcher.objects("ledger")
        assert watcher.say("ledger", "--digest") == watcher.digest
        clean = digest_of_a_clean_replay(tmp_path / "clean", place)

    assert len({message.id for message in receiver.messages}) == len(receiver.messages)
    types = [message.type for message in receiver.messages]
    assert [name for name in types if name in STORY] == STORY
    assert types.index("countdown.marked") < types.index("countdown.elapsed")
    told = {message.id: message.payload for message in receiver.messages}
    for entry in entries:
        payload = told[entry["id"]]
        assert payload is not None
        assert payload["type"] == entry["type"]
        assert {key: payload["data"][key] for key in entry if key != "type"} == {
            key: value for key, value in entry.items() if key != "type"
        }
    assert [entry["block_number"] for entry in entries if entry["type"] == "milestone.reached"] == [reached]
    assert entries[-1]["type"] == "countdown.elapsed"
    assert entries[-1]["digest"] == clean


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_daemon_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    """It was told to stop, so it ends with 0; what runs is finished, and another may write the database."""
    with town() as place:
        watcher = installation(tmp_path, place)
        with watcher.daemon() as daemon:
            daemon.wait_for_block(place.first)
            assert daemon.stop(number) == 0
            assert daemon.lines[-1]["event"] == "stopped"
            assert daemon.lines[-1]["abandoned"] == []
        with watcher.stages() as stages:
            stages.evaluate.run()


def test_a_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    """One process at a time runs the stages on a database; readers are not in its way."""
    with town() as place:
        watcher = installation(tmp_path, place)
        with watcher.daemon() as daemon:
            place.pass_blocks()
            daemon.wait_for_conclusion(place.first)
            second = watcher.watcher("run")
            assert second.returncode == 3
            assert f"is being written by pid {daemon.process.pid} on " in second.stderr
            assert watcher.say("status").startswith("OK")
            assert daemon.stop() == 0
