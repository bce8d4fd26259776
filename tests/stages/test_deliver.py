"""The deliver stage on a real database: what is sent when, what is recorded, and what a crash leaves."""

from datetime import timedelta
from itertools import count
from threading import Event as Signal

import pytest
from pydantic import SecretStr

from tests.databases import killed_everywhere
from watcher.channels import Channel
from watcher.channels.webhook import Settings, build
from watcher.core.delivery import Delivered, Failed, Gone, Message
from watcher.core.events import Event, Notice, NoticeType
from watcher.errors import StoreError
from watcher.stages.deliver import Deliver, DeliverResult, deliver_all
from watcher.store.database import Store, Tx
from watcher.store.outbox import Delivery, DeliveryStatus
from watcher.testing.manual_clock import ManualClock
from watcher.testing.receiver import SECRET, Answer, Receiver
from watcher.testing.recording_channel import RecordingChannel

NO = Failed("500 Internal Server Error: no", 500)


class Desk:
    """Writes messages into a store and delivers them, at one clock."""

    def __init__(self, store: Store) -> None:
        """Start with an empty outbox."""
        self.store = store
        self.clock = ManualClock()
        self.notices: list[Notice] = []
        self._numbers = count(1)

    def write(self, event_type: str = "kpi.met", countdown: str | None = None, to: str = "recording") -> str:
        """Write an event for a channel; give its id."""
        number = next(self._numbers)
        event = Event(f"id-{number}", event_type, 0, {"type": event_type, "number": number}, countdown)
        with self.store.writing() as tx:
            assert tx.outbox.mint(f"key-{number}", event, [to], self.clock.now())
        return event.id

    def stage(self, channel: Channel, **changes: object) -> Deliver:
        """Make the stage for one channel, in the middle of chance; a new one is a restarted process."""
        options = {"chance": lambda: 0.5, **changes}
        return Deliver(self.store, channel, self.clock, self.announce, **options)  # type: ignore[arg-type]

    def run(self, channel: Channel, **changes: object) -> DeliverResult:
        """Run the stage once."""
        return self.stage(channel, **changes).run()

    def announce(self, tx: Tx, notice: Notice) -> None:
        """Write a notice for the channel `others`, once a key."""
        number = next(self._numbers)
        event = Event(f"id-{number}", str(notice.type), notice.occurred_at, dict(notice.data))
        if tx.outbox.mint(notice.key, event, ["others"], self.clock.now()):
            self.notices.append(notice)

    def deliveries(self, channel: str = "recording") -> list[Delivery]:
        """List a channel's deliveries, oldest first."""
        with self.store.reading() as tx:
            return list(reversed(tx.outbox.list(channel)))

    def statuses(self, channel: str = "recording") -> list[str]:
        """List the standing of a channel's deliveries, oldest first."""
        return [str(delivery.status) for delivery in self.deliveries(channel)]


@pytest.fixture
def desk(store: Store) -> Desk:
    """Give a desk on a fresh database."""
    return Desk(store)


def ids(channel: RecordingChannel) -> list[str]:
    """List the ids of all that was sent."""
    return [message.id for message, _ in channel.attempts]


def test_what_waits_is_sent_in_order_and_recorded(desk: Desk) -> None:
    """Each message goes out once, with the stored bytes, and is not sent again."""
    written = [desk.write(), desk.write("countdown.started", "tge"), desk.write("countdown.marked", "tge")]
    channel = RecordingChannel()
    result = desk.run(channel)
    assert result == DeliverResult("recording", attempts=3, delivered=3)
    assert ids(channel) == written
    assert channel.attempts[0] == (Message("id-1", "kpi.met", b'{"type":"kpi.met","number":1}'), 1)
    assert desk.statuses() == ["delivered"] * 3
    assert desk.run(channel) == DeliverResult("recording")
    with desk.store.reading() as tx:
        history = tx.outbox.show("id-1")
    assert history is not None
    ((attempt,),) = history.attempts.values()
    assert (attempt.outcome, attempt.detail, attempt.status_code) == ("delivered", "recorded", None)
    assert attempt.started_at == attempt.finished_at == desk.clock.now()


def test_an_empty_outbox_is_nothing_to_do(desk: Desk) -> None:
    """The stage runs every second, most often for nothing."""
    assert desk.run(RecordingChannel()) == DeliverResult("recording")


def test_a_channel_gets_only_its_own_messages(desk: Desk) -> None:
    """Each delivery belongs to one channel."""
    desk.write(to="other")
    channel = RecordingChannel()
    desk.run(channel)
    assert channel.attempts == []


def test_a_failed_message_goes_out_again_when_its_time_has_come(desk: Desk) -> None:
    """The schedule outlives the process: a new stage goes on where the last one stood."""
    desk.write()
    channel = RecordingChannel(script=[NO, NO])
    assert desk.run(channel) == DeliverResult("recording", attempts=1, waiting=1)
    (delivery,) = desk.deliveries()
    assert delivery.next_attempt_at == desk.clock.now() + timedelta(seconds=5)
    assert (delivery.attempts, delivery.last_outcome) == (1, "failed")
    assert desk.run(channel).attempts == 0
    desk.clock.advance(timedelta(seconds=5))
    assert desk.run(channel).attempts == 1
    desk.clock.advance(timedelta(minutes=4))
    assert desk.run(channel).attempts == 0
    desk.clock.advance(timedelta(minutes=1))
    assert desk.run(channel).delivered == 1
    assert [attempt for _, attempt in channel.attempts] == [1, 2, 3]
    assert len(set(ids(channel))) == 1


def test_after_ten_failures_a_message_is_a_dead_letter_that_can_be_replayed(desk: Desk) -> None:
    """It is kept, not sent any more, and goes out under the same id when an operator says so."""
    desk.write()
    channel = RecordingChannel(otherwise=NO)
    results = []
    for _ in range(20):
        results.append(desk.run(channel))
        desk.clock.advance(timedelta(hours=24))
    assert len(channel.attempts) == 10
    assert sum(result.dead for result in results) == 1
    assert desk.statuses() == ["dead"]
    with desk.store.writing() as tx:
        assert tx.outbox.replay(desk.clock.now()) == 1
    channel.otherwise = Delivered("recorded")
    desk.run(channel)
    assert desk.statuses() == ["delivered"]
    assert set(ids(channel)) == {"id-1"}


def test_a_410_switches_the_channel_off_and_tells_the_others_once(desk: Desk) -> None:
    """Its messages wait, the notice says why, and nothing more is sent."""
    desk.write()
    desk.write()
    channel = RecordingChannel(otherwise=Gone("410 Gone: bye"))
    result = desk.run(channel)
    assert result == DeliverResult("recording", attempts=1, waiting=2, disabled=True)
    assert desk.run(channel) == DeliverResult("recording", disabled=True)
    assert len(channel.attempts) == 1
    assert desk.statuses() == ["pending", "pending"]
    (notice,) = desk.notices
    assert (notice.type, notice.subject) == (NoticeType.ENDPOINT_DISABLED, "recording")
    assert notice.data == {"reason": "410 Gone: bye"}
    assert notice.occurred_at == int(desk.clock.now().timestamp())
    assert desk.statuses("others") == ["pending"]


def test_a_changed_url_switches_the_channel_on_again(desk: Desk) -> None:
    """The database knows the URL by its digest; what waited goes to the new one."""
    desk.write()
    channel = RecordingChannel(script=[Gone("410 Gone")])
    desk.run(channel)
    channel.target_digest = "1" * 64
    assert desk.run(channel).delivered == 1
    with desk.store.reading() as tx:
        known = tx.outbox.channel("recording")
    assert known is not None
    assert (known.url_digest, known.disabled_at) == ("1" * 64, None)


def test_an_operator_switches_the_channel_on_again(desk: Desk) -> None:
    """So does `deliveries replay --channel`."""
    desk.write()
    channel = RecordingChannel(script=[Gone("410 Gone")])
    desk.run(channel)
    with desk.store.writing() as tx:
        tx.outbox.enable("recording")
    assert desk.run(channel).delivered == 1


def test_a_critical_channel_is_never_switched_off(desk: Desk) -> None:
    """Its 410 is retried on the schedule."""
    desk.write()
    channel = RecordingChannel(script=[Gone("410 Gone")], critical=True)
    assert not desk.run(channel).disabled
    desk.clock.advance(timedelta(seconds=5))
    assert desk.run(channel).delivered == 1
    assert desk.notices == []


def test_an_older_message_of_a_countdown_goes_first_and_quick_failures_let_the_newer_pass(desk: Desk) -> None:
    """Three quick failures do not use up the schedule; then the newer message goes."""
    started = desk.write("countdown.started", "tge")
    channel = RecordingChannel(otherwise=NO)
    desk.run(channel)
    desk.clock.advance(timedelta(seconds=5))
    desk.run(channel)
    elapsed = desk.write("countdown.elapsed", "tge")
    for _ in range(3):
        assert desk.run(channel).attempts >= 1
        desk.clock.advance(timedelta(seconds=5))
    assert ids(channel) == [started] * 5 + [elapsed]
    older, newer = desk.deliveries()
    assert (older.attempts, older.quick_failures) == (2, 3)
    assert (newer.attempts, newer.quick_failures) == (1, 0)


def test_every_newer_message_gives_an_older_one_its_quick_attempts_again(desk: Desk) -> None:
    """Having been passed once is not having been passed for ever."""
    started = desk.write("countdown.started", "tge")
    paused = desk.write("countdown.paused", "tge")
    channel = RecordingChannel(otherwise=NO)
    for _ in range(3):
        desk.run(channel)
        desk.clock.advance(timedelta(seconds=5))
    assert ids(channel) == [started] * 3 + [paused]
    desk.write("countdown.resumed", "tge")
    desk.run(channel)
    assert ids(channel)[4:] == [started]


def test_nothing_goes_before_a_cancellation(desk: Desk) -> None:
    """However often it fails, until it is a dead letter."""
    desk.write("countdown.cancelled", "tge")
    desk.write("countdown.started", "tge")
    channel = RecordingChannel(otherwise=NO)
    while desk.statuses()[0] == "pending":
        assert set(ids(channel)) <= {"id-1"}
        desk.run(channel)
        desk.clock.advance(timedelta(hours=24))
    assert desk.statuses()[0] == "dead"
    assert len(ids(channel)) - ids(channel).count("id-2") == 13


def test_a_mark_that_something_newer_replaced_is_not_sent(desk: Desk) -> None:
    """It is counted and kept, and shows as superseded."""
    desk.write("countdown.marked", "tge")
    desk.write("countdown.marked", "tge")
    newest = desk.write("countdown.elapsed", "tge")
    channel = RecordingChannel()
    assert desk.run(channel) == DeliverResult("recording", attempts=1, delivered=1, superseded=2)
    assert ids(channel) == [newest]
    assert desk.statuses() == ["superseded", "superseded", "delivered"]


def test_a_message_written_while_an_older_one_is_being_sent_does_not_pass_it(desk: Desk) -> None:
    """Evaluate writes at any moment: the older one is tried again at once, not in five minutes."""
    started = desk.write("countdown.started", "tge")
    written: list[str] = []

    def write_meanwhile(_: Message) -> None:
        if not written:
            written.append(desk.write("countdown.elapsed", "tge"))

    channel = RecordingChannel(script=[NO], before=write_meanwhile)
    desk.run(channel)
    assert ids(channel) == [started, started, *written]
    assert desk.statuses() == ["delivered", "delivered"]


def test_no_transaction_is_open_while_a_message_is_sent(desk: Desk) -> None:
    """A receiver that takes its time holds up no stage: others write meanwhile."""
    desk.write()

    def write_meanwhile(_: Message) -> None:
        desk.write(to="other")

    assert desk.run(RecordingChannel(before=write_meanwhile)).delivered == 1


@pytest.mark.parametrize("outcome", [Failed("slow", timed_out=True), Failed("429", 429, throttled=True)])
def test_a_receiver_that_asks_for_patience_ends_the_run(desk: Desk, outcome: Failed) -> None:
    """A hundred messages are not thrown at a receiver that just said to wait."""
    desk.write()
    desk.write()
    channel = RecordingChannel(script=[outcome])
    assert desk.run(channel) == DeliverResult("recording", attempts=1, waiting=2)
    assert ids(channel) == ["id-1"]
    assert desk.run(channel).delivered == 1
    assert ids(channel) == ["id-1", "id-2"]


def test_a_run_ends_at_its_bound_and_says_so(desk: Desk) -> None:
    """Catching up after a long outage does not keep a stage from ending."""
    for _ in range(3):
        desk.write()
    channel = RecordingChannel()
    result = desk.run(channel, sends=2)
    assert result == DeliverResult("recording", attempts=2, delivered=2, waiting=1, unfinished=True)
    assert desk.run(channel, sends=2) == DeliverResult("recording", attempts=1, delivered=1)


def test_a_run_ends_soon_when_the_program_stops(desk: Desk) -> None:
    """The message that is being sent is still recorded; the next one waits for the next start."""
    desk.write()
    desk.write()
    channel = RecordingChannel()
    result = desk.run(channel, stopping=lambda: bool(channel.attempts))
    assert result == DeliverResult("recording", attempts=1, delivered=1, waiting=1, unfinished=True)


def test_one_slow_endpoint_does_not_delay_another(desk: Desk) -> None:
    """The slow one answers only after the quick one has everything: side by side, or never."""
    quick_has_all = Signal()
    for _ in range(3):
        desk.write(to="slow")
        desk.write(to="quick")
    waited: list[bool] = []
    slow = RecordingChannel("slow", before=lambda _: waited.append(quick_has_all.wait(timeout=10)))
    quick_messages = count(1)

    def notice_the_last(_: Message) -> None:
        if next(quick_messages) == 3:
            quick_has_all.set()

    quick = RecordingChannel("quick", before=notice_the_last)
    results = deliver_all([desk.stage(slow), desk.stage(quick)])
    assert [(result.channel, result.delivered) for result in results] == [("slow", 3), ("quick", 3)]
    assert waited == [True, True, True]


def test_without_channels_there_is_nothing_to_run(desk: Desk) -> None:
    """A deployment needs no channel."""
    desk.write(to="nobody")
    assert deliver_all([]) == []


def test_an_error_of_one_channel_does_not_keep_the_others_from_theirs(desk: Desk) -> None:
    """All run to their end before the error is raised, and what was recorded stays."""
    desk.write(to="broken")
    desk.write(to="works")

    def fail(_: Message) -> None:
        raise StoreError("the disk is full")

    broken, works = RecordingChannel("broken", before=fail), RecordingChannel("works")
    with pytest.raises(StoreError, match="the disk is full"):
        deliver_all([desk.stage(broken), desk.stage(works)])
    assert desk.statuses("works") == ["delivered"]
    assert desk.statuses("broken") == ["pending"]


def test_a_kill_at_any_write_loses_nothing_and_doubles_only_under_the_same_id(desk: Desk) -> None:
    """At least once: what was sent and not recorded is sent again, the same id and bytes; nothing else is."""
    numbers = count(1)

    def prepare() -> RecordingChannel:
        channel = RecordingChannel(f"ops-{next(numbers)}", script=[NO])
        desk.write("countdown.marked", "tge", to=channel.id)
        desk.write("countdown.started", "tge", to=channel.id)
        desk.write(to=channel.id)
        return channel

    channels = [prepare()]
    for _ in killed_everywhere(lambda: desk.run(channels[-1])):
        _finish(desk, channels[-1], killed=True)
        channels.append(prepare())
    _finish(desk, channels[-1], killed=False)
    assert len(channels) > 10


def _finish(desk: Desk, channel: RecordingChannel, *, killed: bool) -> None:
    """Restart after a kill, and look at what came of the three messages."""
    while any(delivery.status is DeliveryStatus.PENDING for delivery in desk.deliveries(channel.id)):
        desk.clock.advance(timedelta(seconds=5))
        desk.run(channel)
    mark, started, unordered = desk.deliveries(channel.id)
    assert [mark.status, started.status, unordered.status] == ["superseded", "delivered", "delivered"]
    taken = [message.id for message in channel.taken]
    assert set(taken) == {started.event_id, unordered.event_id}
    assert len(taken) <= 2 + killed
    bodies = {(message.id, message.body) for message, _ in channel.attempts}
    assert bodies == {(delivery.event_id, delivery.body) for delivery in (started, unordered)}


def test_a_kill_while_a_channel_is_switched_off_leaves_all_of_it_or_nothing(desk: Desk) -> None:
    """The switch, the attempt and the notice stand in one transaction."""
    numbers = count(1)

    def prepare() -> RecordingChannel:
        channel = RecordingChannel(f"ops-{next(numbers)}", otherwise=Gone("410 Gone"))
        desk.write(to=channel.id)
        return channel

    channels = [prepare()]
    for _ in killed_everywhere(lambda: desk.run(channels[-1])):
        channel = channels[-1]
        with desk.store.reading() as tx:
            known = tx.outbox.channel(channel.id)
            told = [
                each for each in tx.outbox.events("endpoint.disabled") if channel.id in each.key.split("/")
            ]
        is_off = known is not None and known.disabled_at is not None
        assert len(told) == is_off
        assert desk.run(channel).disabled
        with desk.store.reading() as tx:
            events = tx.outbox.events("endpoint.disabled")
        assert len([each for each in events if channel.id in each.key.split("/")]) == 1
        channels.append(prepare())


def test_a_real_receiver_gets_the_same_signed_bytes_until_it_takes_them(desk: Desk) -> None:
    """Stage, channel and wire together: a failure, then success, under one id."""
    desk.write(to="ops")
    with Receiver([Answer(503, {"Retry-After": "8"})]) as receiver:
        channel = build(
            Settings(
                id="ops",
                url=SecretStr(receiver.url),
                secrets=(SecretStr(SECRET),),
                allow_private_addresses=True,
            )
        )
        desk.run(channel)
        (waiting,) = desk.deliveries("ops")
        assert waiting.next_attempt_at == desk.clock.now() + timedelta(seconds=8)
        desk.clock.advance(timedelta(seconds=8))
        desk.run(channel)
        first, second = receiver.requests
    assert (first.id, first.body) == (second.id, second.body) == ("id-1", waiting.body)
    assert (first.taken, second.taken) == (False, True)
    assert desk.statuses("ops") == ["delivered"]
