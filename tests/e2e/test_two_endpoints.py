"""Two endpoints: one that bars the watcher is told of and done without; two agree where that is asked for."""

from pathlib import Path

from tests.e2e.gate import gate
from tests.e2e.processes import Installation
from tests.e2e.story import Town, digest_of_a_clean_replay, installation, town
from watcher.testing.receiver import Receiver


def with_a_spare(watcher: Installation, url: str, agree: int = 1) -> None:
    """Add a second endpoint to the deployment, and say how many have to agree."""
    file = watcher.folder / "watcher.toml"
    text = file.read_text(encoding="utf-8").replace("schema = 1", f"schema = 1\nagree = {agree}", 1)
    file.write_text(f'{text}\n[[endpoint]]\nid = "spare"\nurl = "{url}"\n', encoding="utf-8")


def live(place: Town) -> int:
    """Let the milestone be reached and become final; give its block."""
    reached = place.go_live(0, 1, 2)
    place.pass_blocks()
    return reached


def test_an_endpoint_whose_quota_is_spent_is_told_of_and_done_without(tmp_path: Path) -> None:
    """One line in the log, one notice at once; the other endpoint is read, and the ledger is the same."""
    with town() as place, gate(place.node.url) as endpoint, Receiver() as good:
        endpoint.open.set()
        place.pass_blocks()
        watcher = installation(tmp_path, place)
        watcher.write_deployment(endpoint.url, {"good": good.url})
        with_a_spare(watcher, place.node.url)
        with watcher.daemon() as daemon:
            daemon.wait_for_conclusion(place.first)
            endpoint.status = 402
            endpoint.open.clear()
            daemon.wait_for_conclusion(live(place))
            good.wait_for(lambda requests: "watcher.degraded" in {each.type for each in requests})
            [notice] = [each for each in good.messages if each.type == "watcher.degraded"]
            assert f"endpoint main ({endpoint.url})" in notice.body.decode()
            assert "HTTP 402" in notice.body.decode()
            faults = [line for line in daemon.lines if line.get("event") == "endpoint fault"]
            assert [line["kind"] for line in faults] == ["HTTP 402"]
            assert daemon.stop() == 0
        assert watcher.digest == digest_of_a_clean_replay(tmp_path / "clean", place)


def test_the_ledger_waits_for_a_second_endpoint_before_a_milestone(tmp_path: Path) -> None:
    """Status says who does not show the block; when it does, the same ledger goes on."""
    with town() as place, gate(place.node.url) as endpoint:
        endpoint.open.set()
        place.pass_blocks()
        watcher = installation(tmp_path, place)
        watcher.write_deployment(place.node.url)
        with_a_spare(watcher, endpoint.url, agree=2)
        with watcher.daemon() as daemon:
            daemon.wait_for_conclusion(place.first)
            endpoint.open.clear()
            reached = live(place)
            daemon.wait_for(lambda line: "2 endpoints have to show" in str(line.get("stalled")))
            said = watcher.watcher("status").stdout
            assert f"2 endpoints have to show block {reached}" in said
            assert f"endpoint spare ({endpoint.url})" in said
            endpoint.open.set()
            daemon.wait_for_conclusion(reached)
            assert daemon.stop() == 0
        assert watcher.digest == digest_of_a_clean_replay(tmp_path / "clean", place)
