"""The suite that every alert channel passes, whatever it sends through."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from structlog.testing import capture_logs

from watcher import kinded, kinds
from watcher.channels import Channel
from watcher.core.delivery import Delivered, Message
from watcher.testing.receiver import SECRET, Receiver
from watcher.testing.recording_channel import RecordingChannel

PAYLOAD = {"type": "kpi.met", "timestamp": "2026-03-01T00:00:00Z", "data": {"subject": "ten-apps"}}
MESSAGE = Message("6a4e2c5e-0000-5000-8000-000000000001", "kpi.met", json.dumps(PAYLOAD).encode())


def log_channel(_: ExitStack) -> Channel:
    """Make a channel of kind `log`."""
    module = kinds.channel("log")
    channel: Channel = module.build(module.Settings(id="ops", critical=True))
    return channel


def webhook_channel(stack: ExitStack) -> Channel:
    """Make a channel of kind `webhook` with a receiver that takes everything."""
    receiver = stack.enter_context(Receiver())
    table = {"id": "ops", "critical": True, "url": receiver.url, "secrets": [SECRET]}
    module = kinds.channel("webhook")
    channel: Channel = module.build(
        module.Settings.model_validate({**table, "allow_private_addresses": True})
    )
    return channel


def recording_channel(_: ExitStack) -> Channel:
    """Make the channel that tests use."""
    return RecordingChannel("ops", critical=True)


CHANNELS: dict[str, Callable[[ExitStack], Channel]] = {
    "log": log_channel,
    "webhook": webhook_channel,
    "recording": recording_channel,
}


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> Iterator[Channel]:
    """Give a channel of each kind whose other end takes everything."""
    with ExitStack() as stack:
        yield CHANNELS[request.param](stack)


def test_a_channel_that_works_has_no_obstacle(channel: Channel) -> None:
    """What `check` asks without sending: nothing is known against it."""
    assert channel.obstacle() is None


def test_every_kind_passes_this_suite() -> None:
    """A new channel is one file, and one entry here."""
    assert set(kinded.known("channels")) <= set(CHANNELS)


def test_a_message_is_delivered(channel: Channel) -> None:
    """Where the other end takes a message, the outcome says so."""
    assert isinstance(channel.send(MESSAGE, 1), Delivered)


def test_a_message_may_be_sent_again(channel: Channel) -> None:
    """At least once: a repetition is a success like the first time."""
    assert isinstance(channel.send(MESSAGE, 1), Delivered)
    assert isinstance(channel.send(MESSAGE, 2), Delivered)


def test_a_channel_says_what_the_stage_must_know(channel: Channel) -> None:
    """Its name and whether it is critical come from its table, its digest is always the same."""
    assert channel.id == "ops"
    assert channel.critical
    assert channel.target_digest == channel.target_digest
    assert channel.target_digest


def test_nothing_secret_is_told(channel: Channel) -> None:
    """Neither the outcome nor the log shows a key, a path or a query."""
    with capture_logs() as lines:
        outcome = channel.send(MESSAGE, 1)
    told = f"{outcome} {lines} {channel.target_digest}"
    for secret in (SECRET, SECRET.removeprefix("whsec_"), "k3y-in-the-path", "t0ken-in-the-query"):
        assert secret not in told


def test_the_log_channel_writes_one_line_an_event() -> None:
    """The line has the event's type, its id and everything that a receiver would get."""
    with capture_logs() as lines, ExitStack() as stack:
        log_channel(stack).send(MESSAGE, 3)
    assert lines == [
        {
            "event": "kpi.met",
            "log_level": "info",
            "channel": "ops",
            "event_id": MESSAGE.id,
            "attempt": 3,
            "timestamp": "2026-03-01T00:00:00Z",
            "data": {"subject": "ten-apps"},
        }
    ]
