"""The outbox: one event once, one delivery a channel, every attempt remembered, replay on demand."""

from datetime import datetime

import msgspec
import pytest

from tests.contract.store.givens import NOW, event, later
from watcher.store.channels import ChannelState
from watcher.store.database import Store, Tx
from watcher.store.outbox import Attempt, Delivery, DeliveryStatus

OK = Attempt(NOW, later(0.25), "delivered", 204, "", None)
BAD = Attempt(NOW, later(1), "failed", 503, "try later", 120.5)


def _mint(tx: Tx, name: str, *channels: str, countdown: str | None = None, at: datetime = NOW) -> None:
    assert tx.outbox.mint(f"key-{name}", event(name, countdown=countdown), channels, at)


def _sequences(tx: Tx, channel: str = "a") -> list[str]:
    return [delivery.event_id for delivery in tx.outbox.pending(channel)]


def test_an_event_is_minted_with_a_delivery_for_each_channel(store: Store) -> None:
    """The bytes are made once: compact JSON, UTF-8, the same for every channel and attempt."""
    with store.writing() as tx:
        assert tx.outbox.mint("key", event(countdown="tge"), ["a", "b"], NOW)
    with store.reading() as tx:
        [delivery] = tx.outbox.pending("b")
        minted = tx.outbox.event_by_key("key")
        assert tx.outbox.event_by_key("another") is None
    assert minted is not None
    assert minted.body == '{"type":"kpi.met","data":{"app":"café"}}'.encode()
    assert delivery == Delivery(
        sequence=2,
        event_id="event-1",
        event_type="kpi.met",
        channel="b",
        countdown="tge",
        occurred_at=event().occurred_at,
        created_at=NOW,
        body=minted.body,
        status=DeliveryStatus.PENDING,
        attempts=0,
        quick_failures=0,
        next_attempt_at=NOW,
        last_outcome=None,
    )


@pytest.mark.parametrize(("key", "event_id"), [("key", "another"), ("another", "event-1")])
def test_an_event_that_exists_is_not_minted_again(store: Store, key: str, event_id: str) -> None:
    """Neither under its key nor under its id: nothing changes, for no channel."""
    with store.writing() as tx:
        assert tx.outbox.mint("key", event(), ["a"], NOW)
        assert not tx.outbox.mint(key, event(event_id), ["a", "b"], later(1))
        assert len(tx.outbox.list()) == 1
        assert len(tx.outbox.events()) == 1


def test_an_event_nobody_asked_for_is_still_an_event(store: Store) -> None:
    """Its key is taken, so it is not announced late when a channel is added."""
    with store.writing() as tx:
        assert tx.outbox.mint("key", event(), [], NOW)
        assert tx.outbox.list() == []
        assert not tx.outbox.mint("key", event(), ["a"], NOW)


def test_pending_deliveries_come_in_the_order_of_their_events(store: Store) -> None:
    """All that wait, due or not; finished ones and other channels' are left out."""
    with store.writing() as tx:
        for name in ("one", "two", "three"):
            _mint(tx, name, "a", "b")
        second = tx.outbox.pending("a")[1]
        tx.outbox.record(second.sequence, BAD, DeliveryStatus.PENDING, later(60))
        assert _sequences(tx) == ["one", "two", "three"]
        tx.outbox.record(second.sequence, OK, DeliveryStatus.DELIVERED, later(60))
        assert _sequences(tx) == ["one", "three"]
        assert _sequences(tx, "b") == ["one", "two", "three"]


def test_every_attempt_is_remembered(store: Store) -> None:
    """What a receiver said is kept, cut to what fits on a screen; the delivery counts and shows the last."""
    long = Attempt(NOW, later(2), "failed", None, "x" * 2_000)
    with store.writing() as tx:
        _mint(tx, "one", "a", "b")
        delivery = tx.outbox.pending("a")[0]
        tx.outbox.record(delivery.sequence, BAD, DeliveryStatus.PENDING, later(60))
        tx.outbox.record(delivery.sequence, long, DeliveryStatus.PENDING, later(90), quick=True)
        tx.outbox.record(delivery.sequence, OK, DeliveryStatus.DELIVERED, later(90))
        shown = tx.outbox.show("one")
        assert tx.outbox.show("two") is None
    assert shown is not None
    first, second = shown.deliveries
    assert (first.status, first.attempts, first.quick_failures) == (DeliveryStatus.DELIVERED, 2, 1)
    assert (first.last_outcome, first.next_attempt_at) == ("delivered", later(90))
    assert shown.attempts[second.sequence] == ()
    bad, cut, good = shown.attempts[first.sequence]
    assert (bad, good) == (BAD, OK)
    assert cut.detail == "x" * 500


def test_a_newer_message_of_a_countdown_gives_the_waiting_ones_their_quick_tries_anew(store: Store) -> None:
    """Only of that countdown, only to the channels that get the newer one, and only where they wait."""
    with store.writing() as tx:
        for name, countdown in (("tge", "tge"), ("other", "other"), ("free", None)):
            _mint(tx, name, "a", "b", countdown=countdown)
        for channel in ("a", "b"):
            for delivery in tx.outbox.pending(channel):
                tx.outbox.record(delivery.sequence, BAD, DeliveryStatus.PENDING, later(60), quick=True)
        _mint(tx, "newer", "a", countdown="tge")
        assert [each.quick_failures for each in tx.outbox.pending("a")] == [0, 1, 1, 0]
        assert [each.quick_failures for each in tx.outbox.pending("b")] == [1, 1, 1]


def test_only_waiting_deliveries_are_superseded(store: Store) -> None:
    """What was delivered stays delivered."""
    with store.writing() as tx:
        for name in ("one", "two", "three"):
            _mint(tx, name, "a")
        one, two, three = tx.outbox.pending("a")
        tx.outbox.record(one.sequence, OK, DeliveryStatus.DELIVERED, NOW)
        tx.outbox.record(three.sequence, BAD, DeliveryStatus.PENDING, later(60))
        tx.outbox.supersede([one.sequence, two.sequence])
        by_event = {each.event_id: (each.status, each.next_attempt_at) for each in tx.outbox.list()}
    assert by_event == {
        "one": (DeliveryStatus.DELIVERED, NOW),
        "two": (DeliveryStatus.SUPERSEDED, NOW),
        "three": (DeliveryStatus.PENDING, later(60)),
    }


def test_deliveries_and_events_are_listed_newest_first(store: Store) -> None:
    """By channel, by status, by age, and no more than asked for."""
    with store.writing() as tx:
        _mint(tx, "old", "a", "b")
        _mint(tx, "new", "a", at=later(10))
        tx.outbox.record(tx.outbox.pending("b")[0].sequence, BAD, DeliveryStatus.DEAD, NOW)
        assert [(each.event_id, each.channel) for each in tx.outbox.list()] == [
            ("new", "a"),
            ("old", "b"),
            ("old", "a"),
        ]
        assert [each.event_id for each in tx.outbox.list(channel="a")] == ["new", "old"]
        assert [each.channel for each in tx.outbox.list(status=DeliveryStatus.DEAD)] == ["b"]
        assert len(tx.outbox.list(limit=1)) == 1
        assert [each.id for each in tx.outbox.events()] == ["new", "old"]
        assert [each.id for each in tx.outbox.events(since=later(10))] == ["new"]
        assert [each.id for each in tx.outbox.events(event_type="kpi.met", limit=1)] == ["new"]
        assert tx.outbox.events(event_type="kpi.unmet") == []


def test_dead_letters_are_replayed_with_a_fresh_schedule(store: Store) -> None:
    """Their attempts stay known, and the message is the same: id and bytes."""
    with store.writing() as tx:
        _mint(tx, "one", "a", "b")
        before = tx.outbox.pending("a")[0]
        for channel in ("a", "b"):
            sequence = tx.outbox.pending(channel)[0].sequence
            tx.outbox.record(sequence, BAD, DeliveryStatus.DEAD, NOW)
        assert tx.outbox.replay(later(99), channel="a") == 1
        assert tx.outbox.pending("b") == []
        [again] = tx.outbox.pending("a")
        assert (again.attempts, again.next_attempt_at, again.last_outcome) == (0, later(99), "failed")
        assert (again.event_id, again.body, again.sequence) == (before.event_id, before.body, before.sequence)
        shown = tx.outbox.show("one")
    assert shown is not None
    assert shown.attempts[before.sequence] == (BAD,)


def test_a_receiver_that_lost_messages_gets_them_again(store: Store) -> None:
    """Replay chooses by event, by age and by status; what waits already is not counted."""
    with store.writing() as tx:
        for second, name in enumerate(("one", "two", "three")):
            _mint(tx, name, "a", at=later(second))
            tx.outbox.record(tx.outbox.pending("a")[0].sequence, OK, DeliveryStatus.DELIVERED, NOW)
        done = (DeliveryStatus.DELIVERED, DeliveryStatus.DEAD)
        assert tx.outbox.replay(NOW) == 0
        assert tx.outbox.replay(NOW, event_id="one", statuses=done) == 1
        assert tx.outbox.replay(NOW, since=later(1), statuses=done) == 2
        assert tx.outbox.replay(NOW, since=later(1), statuses=done) == 0
        assert _sequences(tx) == ["one", "two", "three"]


def test_a_channel_is_off_until_its_url_changes_or_somebody_enables_it(store: Store) -> None:
    """The digest of the URL tells a new one; the URL itself is not kept."""
    with store.writing() as tx:
        assert tx.outbox.channel("a") is None
        tx.outbox.put_channel("a", "digest-1")
        assert tx.outbox.channel("a") == ChannelState("a", "digest-1")
        tx.outbox.disable("a", "410 Gone", NOW)
        tx.outbox.put_channel("a", "digest-1")
        assert tx.outbox.channel("a") == ChannelState("a", "digest-1", NOW, "410 Gone")
        tx.outbox.put_channel("a", "digest-2")
        assert tx.outbox.channel("a") == ChannelState("a", "digest-2")
        tx.outbox.disable("a", "410 Gone", NOW)
        tx.outbox.enable("a")
        tx.outbox.enable("unknown")
        assert tx.outbox.channel("a") == ChannelState("a", "digest-2")
        assert tx.outbox.channel("unknown") is None


def test_the_body_is_what_the_payload_says(store: Store) -> None:
    """A receiver decodes exactly the payload that the core made."""
    with store.writing() as tx:
        _mint(tx, "one", "a")
        [delivery] = tx.outbox.pending("a")
    assert msgspec.json.decode(delivery.body) == event("one").payload
