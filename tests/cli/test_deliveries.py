"""`deliveries`: what was sent to whom, what came of it, and sending it again."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import Command
from tests.stages.world import START, Watch
from watcher.core.events import Event
from watcher.store.outbox import Attempt, Delivery, DeliveryStatus

NOW = datetime.fromtimestamp(START, UTC)


def deliveries(watch: Watch) -> list[Delivery]:
    """Give every delivery, the oldest first."""
    with watch.store.reading() as tx:
        return list(tx.outbox.list())[::-1]


def finish(watch: Watch, delivery: Delivery, status: DeliveryStatus, code: int) -> None:
    """Let an attempt end a delivery."""
    attempt = Attempt(NOW, NOW + timedelta(seconds=1), "failed", code, "no room", 30.0)
    with watch.store.writing() as tx:
        tx.outbox.record(delivery.sequence, attempt, status, NOW)


@pytest.fixture
def dead(watch: Watch) -> Delivery:
    """Give a dead letter; the delivery after it went through."""
    first, second, *_ = deliveries(watch)
    finish(watch, first, DeliveryStatus.DEAD, 500)
    finish(watch, second, DeliveryStatus.DELIVERED, 200)
    return deliveries(watch)[0]


def switch_off(watch: Watch) -> None:
    """Disable the channel, as an answer 410 does."""
    with watch.store.writing() as tx:
        tx.outbox.put_channel("ops", "digest")
        tx.outbox.disable("ops", "it answered 410", NOW)


def test_deliveries_are_listed_newest_first_and_by_status(
    watcher: Command, watch: Watch, dead: Delivery
) -> None:
    """Each with its event, its channel and how it stands."""
    everything = watcher("deliveries", "list", "--json").objects
    assert [each["sequence"] for each in everything] == [each.sequence for each in deliveries(watch)[::-1]]
    [listed] = watcher("deliveries", "list", "--status", "dead", "--json").objects
    assert (listed["event_id"], listed["attempts"], listed["next_attempt_at"]) == (dead.event_id, 1, None)
    said = watcher("deliveries", "list", "--channel", "ops", "--limit", "2")
    assert len(said.out.splitlines()) == 3
    assert said.out.splitlines()[1].split()[3:5] == ["ops", "pending"]


@pytest.mark.usefixtures("watch")
def test_an_unknown_channel_is_refused_with_those_there_are(watcher: Command) -> None:
    """A typing error does not look like an empty outbox."""
    for command in (["list"], ["replay"]):
        said = watcher("deliveries", *command, "--channel", "obs")
        assert said.code == 2
        assert '"obs" is no channel of the deployment file: there is ops' in said.err


def test_an_event_is_shown_with_its_payload_and_every_attempt(
    watcher: Command, watch: Watch, dead: Delivery
) -> None:
    """What receivers get, byte for byte, and what they said."""
    said = watcher("deliveries", "show", dead.event_id)
    assert "ops: dead\n  2023-11-14T22:13:20Z failed 500, asks for 30 s: no room\n" in said.out
    [shown] = watcher("deliveries", "show", dead.event_id, "--json").objects
    assert shown["payload"] == json.loads(dead.body)
    assert shown["deliveries"][0]["history"][0]["status_code"] == 500
    waiting = deliveries(watch)[-1]
    assert (
        "ops: pending, next attempt 2023-11-14T22:13:20Z"
        in watcher("deliveries", "show", waiting.event_id).out
    )


@pytest.mark.usefixtures("watch")
def test_an_unknown_event_is_refused_with_where_ids_are_found(watcher: Command) -> None:
    """Replaying nothing would look like success."""
    for command in ("show", "replay"):
        said = watcher("deliveries", command, "nothing")
        assert said.code == 2
        assert "`watcher deliveries list` shows the ids" in said.err


def test_an_event_that_nobody_asked_for_says_so(watcher: Command, watch: Watch) -> None:
    """No channel is another answer than a lost message."""
    event = Event("nobody", "watcher.heartbeat", START, {"type": "watcher.heartbeat"})
    with watch.store.writing() as tx:
        tx.outbox.mint("nobody", event, [], NOW)
    assert "no channel asked for it when it was written" in watcher("deliveries", "show", "nobody").out


def test_replay_sends_dead_letters_again_and_says_who_will(
    watcher: Command, watch: Watch, dead: Delivery
) -> None:
    """They wait, due now, with a fresh schedule; what was delivered stays delivered."""
    said = watcher("deliveries", "replay")
    assert said.code == 0
    assert said.out.splitlines()[0] == "1 delivery waits to be sent again"
    assert "watcher sync --only deliver" in said.out
    again, delivered, *_ = deliveries(watch)
    assert (again.sequence, again.status, again.attempts) == (dead.sequence, DeliveryStatus.PENDING, 0)
    assert delivered.status is DeliveryStatus.DELIVERED


def test_replay_of_one_event_repeats_it_even_if_it_was_delivered(
    watcher: Command, watch: Watch, dead: Delivery
) -> None:
    """Whoever names an event wants it again; a status narrows it."""
    delivered = deliveries(watch)[1]
    assert dead.event_id != delivered.event_id
    assert watcher("deliveries", "replay", delivered.event_id, "--status", "dead").code == 1
    [done] = watcher("deliveries", "replay", delivered.event_id, "--json").objects
    assert done == {"replayed": 1, "enabled": False}
    assert deliveries(watch)[1].status is DeliveryStatus.PENDING


def test_replay_takes_events_written_since_a_day_or_instant(watcher: Command, dead: Delivery) -> None:
    """Wall-clock time, as an outage has it; a block number is no such time."""
    assert dead.status is DeliveryStatus.DEAD
    assert watcher("deliveries", "replay", "--since", "2023-11-15").code == 1
    assert watcher("deliveries", "replay", "--since", "12").code == 2
    assert watcher("deliveries", "replay", "--since", "2023-11-14").code == 0


def test_replay_of_a_channel_enables_it(watcher: Command, watch: Watch) -> None:
    """A disabled channel is named in every answer until somebody switches it on."""
    switch_off(watch)
    hint = "channel ops is disabled since 2023-11-14T22:13:20Z (it answered 410): "
    assert hint in watcher("deliveries", "list").out
    assert hint in watcher("deliveries", "replay").out
    said = watcher("deliveries", "replay", "--channel", "ops")
    assert said.code == 0
    assert "channel ops is enabled again" in said.out
    assert hint not in watcher("deliveries", "list").out


def test_replay_needs_no_writer_lock(watcher: Command, watch: Watch, dead: Delivery) -> None:
    """It works beside the daemon."""
    with watch.store.writer_lock():
        assert watcher("deliveries", "replay", dead.event_id).code == 0
