"""Webhooks as a receiver sees them: headers, signatures, bytes."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from watcher.channels._exchange import Route
from watcher.channels.webhook import Settings, WebhookChannel
from watcher.clock import Clock, SystemClock
from watcher.core.delivery import Delivered, Failed, Gone, Message, Outcome
from watcher.testing.manual_clock import ManualClock
from watcher.testing.receiver import SECRET, Answer, Received, Receiver

BODY = '{"type":"kpi.met","timestamp":"2026-03-01T00:00:00Z","data":{"title":"zehn Apps — já"}}'.encode()
MESSAGE = Message("6a4e2c5e-0000-5000-8000-000000000001", "kpi.met", BODY)
OTHER_SECRET = "whsec_" + base64.b64encode(b"another key, for the rotation").decode()


def channel_to(
    receiver: Receiver, *secrets: str, clock: Clock | None = None, allow: bool = True
) -> WebhookChannel:
    """Make a channel that posts to a receiver on this machine."""
    settings = Settings(
        id="ops",
        url=SecretStr(receiver.url),
        secrets=tuple(map(SecretStr, secrets or (SECRET,))),
        allow_private_addresses=allow,
    )
    return WebhookChannel(settings, clock or SystemClock(), Route(allow_private_addresses=allow))


def test_the_specifications_own_example_is_signed_alike() -> None:
    """The signature is the one that every Standard Webhooks library expects."""
    signature = Webhook("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        '{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_verifies_what_it_gets_and_gets_the_stored_bytes() -> None:
    """The body is made once, signed and sent as it is; the id is the event's."""
    with Receiver() as receiver:
        assert channel_to(receiver).send(MESSAGE, 1) == Delivered("204 No Content", 204)
        (request,) = receiver.requests
    assert request.verified
    assert request.body == BODY
    assert request.id == MESSAGE.id
    assert request.path == "/hook/k3y-in-the-path?token=t0ken-in-the-query"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "watcher"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_each_attempt_is_signed_anew_under_the_same_id() -> None:
    """A retry an hour later would not verify with the first attempt's timestamp."""
    clock = ManualClock(SystemClock().now())
    with Receiver() as receiver:
        channel = channel_to(receiver, clock=clock)
        channel.send(MESSAGE, 1)
        clock.advance(timedelta(seconds=61.5))
        channel.send(MESSAGE, 2)
        first, second = receiver.requests
    assert first.id == second.id
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) in {61, 62}
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert second.verified


def test_the_timestamp_is_whole_unix_seconds() -> None:
    """Verifiers parse an integer."""
    clock = ManualClock(datetime(2026, 3, 1, 0, 0, 0, 999_999, tzinfo=UTC))
    with Receiver() as receiver:
        channel_to(receiver, clock=clock).send(MESSAGE, 1)
        assert receiver.requests[0].headers["webhook-timestamp"] == "1772323200"


@pytest.mark.parametrize("known", [SECRET, OTHER_SECRET])
def test_while_rotating_either_secret_verifies(known: str) -> None:
    """With two secrets there are two signatures, so the receiver may change over at any moment."""
    with Receiver(secret=known) as receiver:
        channel_to(receiver, OTHER_SECRET, SECRET).send(MESSAGE, 1)
        (request,) = receiver.requests
    assert request.taken
    assert len(request.headers["webhook-signature"].split(" ")) == 2


def test_a_message_signed_with_another_secret_is_not_taken() -> None:
    """The receiver of the tests is as strict as a real one."""
    with Receiver(secret=OTHER_SECRET) as receiver:
        outcome = channel_to(receiver).send(MESSAGE, 1)
        (request,) = receiver.requests
    assert outcome == Failed("401 Unauthorized: the signature does not fit", 401)
    assert not request.verified
    assert not request.taken
    assert request.type == ""


def test_a_changed_byte_breaks_the_signature() -> None:
    """Nobody in between can change a message."""
    with Receiver() as receiver:
        channel_to(receiver).send(MESSAGE, 1)
        request: Received = receiver.requests[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY.replace(b"zehn", b"zwei"), dict(request.headers))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200, body=b"ok"), Delivered("200 OK", 200)),
        (Answer(410), Gone("410 Gone")),
        (Answer(500, body=b"oops"), Failed("500 Internal Server Error: oops", 500)),
        (
            Answer(429, {"Retry-After": "90"}),
            Failed("429 Too Many Requests", 429, retry_after_seconds=90.0, throttled=True),
        ),
    ],
)
def test_a_reply_becomes_an_outcome(answer: Answer, outcome: Outcome) -> None:
    """Status, `Retry-After` and a few words come through the wire; the rest is tested without one."""
    with Receiver(otherwise=answer) as receiver:
        assert channel_to(receiver).send(MESSAGE, 1) == outcome


def test_a_receiver_waits_for_what_was_announced_to_it() -> None:
    """Those who wait for messages are told what came instead of hanging."""
    with Receiver([Answer(500)]) as receiver:
        channel = channel_to(receiver)
        channel.send(MESSAGE, 1)
        channel.send(MESSAGE, 2)
        seen = receiver.wait_for(lambda requests: any(request.taken for request in requests))
        assert [request.taken for request in seen] == [False, True]
        assert [message.type for message in receiver.messages] == ["kpi.met"]
        with pytest.raises(TimeoutError, match=r"got only \[\('kpi.met', False\), \('kpi.met', True\)\]"):
            receiver.wait_for(lambda requests: len(requests) > 2, timeout_seconds=0.01)
