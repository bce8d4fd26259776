"""New heads over WebSocket, on a real chain: with polls an hour apart, everything still happens at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.processes import Daemon, Installation
from tests.e2e.relay import relay
from tests.e2e.story import Town, digest_of_a_clean_replay, installation, town
from watcher.testing.receiver import Receiver

STORY = {"milestone.reached", "countdown.started"}


@contextmanager
def listening(
    folder: Path, place: Town, port: int | None = None
) -> Iterator[tuple[Installation, Daemon, Receiver]]:
    """Run the daemon with the node's WebSocket, or one behind a port of this machine, and rare polls."""
    websocket = place.node.url.replace("http", "ws") if port is None else f"ws://127.0.0.1:{port}"
    with Receiver() as receiver:
        watcher = installation(folder, place, {"good": receiver.url})
        file = watcher.folder / "watcher.toml"
        text = file.read_text(encoding="utf-8").replace('"1s"', '"1h"')
        file.write_text(
            text.replace("[[endpoint]]", f'[[endpoint]]\nwebsocket = "{websocket}"'), encoding="utf-8"
        )
        with watcher.daemon("--deliver-history") as daemon:
            daemon.wait_for_block(place.first)
            yield watcher, daemon, receiver
            assert daemon.stop() == 0


def wait_for_the_story(receiver: Receiver) -> None:
    """Wait until everything was delivered that three apps going live bring."""
    receiver.wait_for(lambda all_: {each.type for each in all_} >= STORY)


def test_a_new_block_reaches_the_receiver_although_nobody_polls(tmp_path: Path) -> None:
    """Each stage wakes the next one: reading, concluding, and telling."""
    with town() as place, listening(tmp_path, place) as (watcher, daemon, receiver):
        last = place.go_live(0, 1, 2)
        receiver.wait_for(lambda all_: "milestone.observed" in {each.type for each in all_})
        place.pass_blocks()
        wait_for_the_story(receiver)
        daemon.wait_for_conclusion(last)
        assert watcher.digest == digest_of_a_clean_replay(tmp_path / "clean", place)


def test_what_came_while_the_connection_was_cut_is_read_when_it_is_back(tmp_path: Path) -> None:
    """Nothing is lost with a message: the log says that it is gone, and that it is back."""
    with (
        town() as place,
        relay(place.node.url) as line,
        listening(tmp_path, place, line.port) as (watcher, daemon, receiver),
    ):
        daemon.wait_for_block(place.pass_blocks(1))
        line.cut()
        lost = daemon.wait_for(lambda said: said.get("event", "").startswith("no new heads"))
        assert f"endpoint main (ws://127.0.0.1:{line.port})" in lost["error"]
        place.go_live(0, 1, 2)
        place.pass_blocks()
        line.mend()
        wait_for_the_story(receiver)
        daemon.wait_for_block(place.pass_blocks(1))
        daemon.wait_for(lambda said: said.get("event") == "new heads over WebSocket again")
        assert [said for said in daemon.lines if said.get("level") != "info"] == [lost]
        assert watcher.digest == digest_of_a_clean_replay(tmp_path / "clean", place)


def test_blocks_that_come_ten_a_second_are_read_in_windows(tmp_path: Path) -> None:
    """A wake-up for each of them would cost a provider's calls for nothing; all are read all the same."""
    with town("--block-time", "0.1") as place, listening(tmp_path, place) as (watcher, daemon, receiver):
        for app in (0, 1, 2):
            place.use(app)
        wait_for_the_story(receiver)
        daemon.wait_for_block(place.first + 50)
        _, *later = [each["blocks"] for each in daemon.lines if "checkpoint" in each]
        assert len(later) < sum(later)
        assert watcher.digest == digest_of_a_clean_replay(tmp_path / "clean", place)
