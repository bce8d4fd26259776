"""When what the watcher depends on fails: it says so, goes on, and is well again by itself."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.e2e.gate import gate
from tests.e2e.processes import Installation, Line
from tests.e2e.story import digest_of_a_clean_replay, installation, town
from watcher.testing.receiver import Hang, Receiver


def test_a_dead_endpoint_is_told_and_survived(tmp_path: Path) -> None:
    """BLIND where the chain was never read, DEGRADED where it cannot be any more, OK as soon as it can."""
    with town() as place, gate(place.node.url) as endpoint:
        watcher = installation(tmp_path, place)
        watcher.write_deployment(endpoint.url)
        endpoint.open.set()
        place.pass_blocks()
        with watcher.stages():
            assert first_line(watcher).startswith("BLIND: the chain was never read; see that `watcher run`")
        with watcher.daemon() as daemon:
            daemon.wait_for_conclusion(place.first)
            assert first_line(watcher) == "OK"

            endpoint.open.clear()
            seen = len(daemon.lines)
            failed = daemon.wait_for(lambda line: line.get("stage") == "index" and not line["ok"], seen)
            assert f"endpoint main ({endpoint.url})" in failed["error"]
            assert "HTTP 503" in failed["error"]
            said = first_line(watcher)
            assert said.startswith("DEGRADED since ")
            assert failed["error"] in said
            assert "watcher check" in said

            reached = place.go_live(0, 1, 2)
            place.pass_blocks()
            endpoint.open.set()
            daemon.wait_for_conclusion(reached)
            assert first_line(watcher) == "OK"
            assert daemon.stop() == 0
        assert watcher.digest == digest_of_a_clean_replay(tmp_path / "clean", place)


def test_a_receiver_that_hangs_delays_no_other_and_loses_nothing(tmp_path: Path) -> None:
    """Its messages wait, visible; the other channel has all of its own, and can have them again.

    Nor does it keep the daemon from ending cleanly.
    """
    with town() as place, Receiver() as good, Receiver(otherwise=Hang()) as dead:
        watcher = installation(tmp_path, place, {"dead": dead.url, "good": good.url})
        with watcher.daemon() as daemon:
            daemon.wait_for_block(place.first)
            place.go_live(0, 1, 2)
            place.pass_blocks()
            dead.wait_for(lambda requests: len(requests) > 0)
            good.wait_for(lambda requests: "countdown.started" in {each.type for each in requests})
            told = {
                message.id for message in good.messages
            }  # before the list: more may come while it is made
            listed = watcher.objects("deliveries", "list", "--channel", "dead")
            waiting = {each["event_id"] for each in listed}
            assert told <= waiting
            assert "definition.adopted" not in {message.type for message in good.messages}, "it is history"
            assert {each["status"] for each in listed} == {"pending"}
            assert daemon.stop() == 0
            assert daemon.lines[-1]["abandoned"] == ["deliver:dead"]

        [again] = [each for each in good.messages if each.type == "milestone.reached"]
        watcher.say("deliveries", "replay", again.id)
        watcher.write_deployment(place.node.url, {"dead": good.url, "good": good.url})
        watcher.say("sync", "--only", "deliver")
        came = [each.body for each in good.messages if each.id == again.id]
        assert len(came) == 3
        assert set(came) == {again.body}
        assert waiting <= {each.id for each in good.messages}
        assert watcher.objects("deliveries", "list", "--status", "pending") == []


def test_a_locked_database_fails_a_stage_whole_and_the_daemon_goes_on(tmp_path: Path) -> None:
    """While somebody else holds the write lock stages fail and say why; then they do what was left."""
    with town() as place:
        watcher = installation(tmp_path, place)
        place.pass_blocks()
        with watcher.daemon() as daemon:
            daemon.wait_for_conclusion(place.first)
            with closing(sqlite3.connect(watcher.database, isolation_level=None)) as analyst:
                analyst.execute("BEGIN IMMEDIATE")
                before = counts(analyst)
                reached = place.go_live(0, 1, 2)
                place.pass_blocks()
                failed = daemon.wait_for(is_failure_of_a_stage)
                assert "watcher.db" in failed["error"]
                assert "lock" in failed["error"]
                assert counts(analyst) == before
                analyst.execute("ROLLBACK")
            daemon.wait_for_conclusion(reached)
            assert daemon.stop() == 0
        assert first_line(watcher) == "OK"
        assert watcher.digest == digest_of_a_clean_replay(tmp_path / "clean", place)


def is_failure_of_a_stage(line: Line) -> bool:
    """Tell whether a log line says that a stage's run failed."""
    return line.get("event") == "run" and not line["ok"]


def counts(connection: sqlite3.Connection) -> list[int]:
    """Count what the stages write."""
    tables = ("block", "ledger_entry", "event", "stage_run")
    return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]  # noqa: S608


def first_line(watcher: Installation) -> str:
    """Give the first line of `status`, whatever its exit code."""
    return watcher.watcher("status").stdout.splitlines()[0]
