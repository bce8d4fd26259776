"""Receivers that hang, drip, lie or lead elsewhere: every one of them becomes an outcome, in time."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from watcher.channels._addresses import IpAddress
from watcher.channels._exchange import Route
from watcher.channels._http import Target, post
from watcher.core.delivery import Delivered, Failed, Outcome
from watcher.testing.receiver import Answer, Behaviour, Drip, Hang, Raw, Receiver

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HERE = ipaddress.ip_address("127.0.0.1")
NOBODY_LISTENS = ipaddress.ip_address("127.0.0.2")
TLS = Path(__file__).parent / "tls"

SHORT = 2.0
"""Seconds that an attempt may take where a receiver is meant to exceed them."""


def here(_host: str, _port: int) -> Sequence[IpAddress]:
    """Resolve every name to this machine."""
    return [HERE]


def send(url: str, route: Route) -> Outcome:
    """Post a small message."""
    return post(Target.parse(url), {"webhook-id": "1"}, b"{}", now=NOW, route=route)


def send_to(receiver: Receiver, timeout_seconds: float = 30.0) -> Outcome:
    """Post to a receiver on this machine."""
    return send(receiver.url, Route(allow_private_addresses=True, timeout_seconds=timeout_seconds))


def all_attempts_end() -> None:
    """Wait for the threads of the attempts."""
    for thread in threading.enumerate():
        if thread.name.startswith("delivery to"):
            thread.join(timeout=30)
            assert not thread.is_alive()


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    """Whatever a receiver does, the thread of the attempt ends with it."""
    yield
    all_attempts_end()


@pytest.mark.parametrize(
    "behaviour", [Hang(), Drip(), Drip(b"HTTP/1.1 500 No\r\n\r\n" + b"x" * 100_000), Drip(b"H")]
)
def test_a_receiver_that_hangs_or_drips_is_left_in_time(behaviour: Behaviour) -> None:
    """The limit holds for the whole attempt, not for each byte, and the connection is cut."""
    with Receiver(otherwise=behaviour) as receiver:
        outcome = send_to(receiver, SHORT)
        all_attempts_end()
    late = (
        f"did not answer within {SHORT:g} seconds",
        "cannot be reached in time",
    )  # the latter: a busy machine
    assert outcome in [Failed(f"127.0.0.1 {words}", timed_out=True) for words in late]


def test_a_receiver_that_took_a_message_may_drip_as_it_likes() -> None:
    """With the status 2xx all is said; nobody waits for the body."""
    with Receiver(otherwise=Drip(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)) as receiver:
        assert send_to(receiver) == Delivered("200 OK", 200)


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\r\n\r\n",
        b"\x00\xff" * 100,
        b"HTTP/9.9 abc\r\n\r\n",
        b"HTTP/1.1 99999 What\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x-filler: y\r\n" * 1_000,
        b"HTTP/1.1 200 " + b"O" * 100_000,
    ],
)
def test_a_receiver_that_answers_garbage_has_failed(data: bytes) -> None:
    """What is not HTTP is no success, and what it said is not repeated."""
    with Receiver(otherwise=Raw(data)) as receiver:
        assert send_to(receiver) == Failed("127.0.0.1 did not answer in HTTP")


def test_a_receiver_that_hangs_up_has_failed() -> None:
    """No answer is no success."""
    with Receiver(otherwise=Raw(b"")) as receiver:
        assert send_to(receiver) == Failed("127.0.0.1 closed the connection without an answer")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 500 No\r\ncontent-length: 1000\r\n\r\ntoo short",
        b"HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 500 No\r\ncontent-length: -7\r\n\r\n",
        b"HTTP/1.1 500 No\r\n: nameless\r\nbroken header\r\n\r\nlost",
    ],
)
def test_a_body_that_breaks_off_does_not_hide_the_status(data: bytes) -> None:
    """The status came; the words are a courtesy."""
    with Receiver(otherwise=Raw(data)) as receiver:
        outcome = send_to(receiver)
    assert isinstance(outcome, Failed)
    assert outcome.status_code == 500


def test_a_huge_body_is_read_only_at_its_beginning() -> None:
    """What is read and stored of a reply is small, whatever is sent and however long it takes."""
    beginning = b"HTTP/1.1 500 No\r\ncontent-length: 5000000\r\n\r\n" + b"x" * 10_000
    with Receiver(otherwise=Raw(beginning, hold=True)) as receiver:
        outcome = send_to(receiver)
    assert isinstance(outcome, Failed)
    assert outcome.status_code == 500
    assert len(outcome.detail) < 400


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """Nobody decides for the operator where signed messages go."""
    with Receiver() as elsewhere, Receiver(otherwise=Answer(status, {"Location": elsewhere.url})) as receiver:
        outcome = send_to(receiver)
        assert isinstance(outcome, Failed)
        assert outcome.status_code == status
        assert elsewhere.requests == ()
        assert len(receiver.requests) == 1


def test_a_receiver_that_is_down_has_failed() -> None:
    """A refused connection is retried like any other failure."""
    with Receiver() as receiver:
        url = receiver.url
    outcome = send(url, Route(allow_private_addresses=True))
    assert outcome == Failed("127.0.0.1 cannot be reached: Connection refused")


def test_an_error_page_that_repeats_the_url_reveals_no_key() -> None:
    """Outcomes are stored and shown."""
    with Receiver(otherwise=Raw(b"")) as receiver:
        receiver.otherwise = Answer(404, body=f"no such page: {receiver.url}".encode())
        outcome = send_to(receiver)
    assert "k3y-in-the-path" not in outcome.detail
    assert "t0ken-in-the-query" not in outcome.detail


def test_a_private_address_is_refused_and_never_connected_to() -> None:
    """The remedy names the key of the deployment file."""
    with Receiver() as receiver:
        outcome = send(receiver.url, Route())
        assert receiver.requests == ()
    assert outcome == Failed(
        "127.0.0.1 is at 127.0.0.1, a loopback address: set allow_private_addresses = true if that is meant"
    )


@pytest.mark.parametrize("host", ["[::ffff:127.0.0.1]", "localhost", "[::1]"])
def test_no_spelling_of_an_address_is_a_way_around(host: str) -> None:
    """The judgement is about where a name leads, not about how it looks."""
    with Receiver() as receiver:
        outcome = send(f"http://{host}:{receiver.port}/", Route())
        assert receiver.requests == ()
    assert isinstance(outcome, Failed)
    assert "a loopback address" in outcome.detail


def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    """The name is looked at once, and the connection goes to the address that was judged (DNS rebinding)."""
    lookups: list[str] = []

    def rebinding(host: str, _port: int) -> Sequence[IpAddress]:
        lookups.append(host)
        return [HERE if len(lookups) == 1 else NOBODY_LISTENS]

    with Receiver() as receiver:
        route = Route(allow_private_addresses=True, resolving=rebinding)
        outcome = send(f"http://receiver.test:{receiver.port}/", route)
        (request,) = receiver.requests
    assert isinstance(outcome, Failed)
    assert lookups == ["receiver.test"]
    assert request.headers["host"] == f"receiver.test:{receiver.port}"


def test_a_mistake_of_ours_is_no_outcome() -> None:
    """An error that no receiver causes fails the stage, where it is seen."""

    def broken(_host: str, _port: int) -> Sequence[IpAddress]:
        raise KeyError("a mistake")

    with pytest.raises(KeyError, match="a mistake"):
        send("http://receiver.test/", Route(resolving=broken))


def test_a_dead_address_leaves_the_turn_to_the_next() -> None:
    """Names often have an address that this machine cannot reach."""
    with Receiver() as receiver:
        route = Route(allow_private_addresses=True, resolving=lambda _host, _port: [NOBODY_LISTENS, HERE])
        outcome = send(f"http://receiver.test:{receiver.port}/", route)
    assert isinstance(outcome, Failed)
    assert outcome.status_code == 401


def test_a_name_that_is_unknown_has_failed() -> None:
    """It may be known at the next attempt."""

    def unknown(_host: str, _port: int) -> Sequence[IpAddress]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    outcome = send("http://receiver.test/", Route(resolving=unknown))
    assert outcome == Failed("receiver.test has no address: Name or service not known")


def test_a_name_without_an_address_has_failed() -> None:
    """A name may exist and lead nowhere."""
    outcome = send("http://receiver.test/", Route(resolving=lambda _host, _port: []))
    assert outcome == Failed("receiver.test cannot be reached: has no address")


def test_a_resolver_that_times_out_asks_for_patience() -> None:
    """The system's own limits count as time-outs like ours."""

    def slow(_host: str, _port: int) -> Sequence[IpAddress]:
        raise TimeoutError

    outcome = send("http://receiver.test/", Route(resolving=slow))
    assert outcome == Failed("receiver.test cannot be reached in time", timed_out=True)


def test_a_resolver_that_hangs_does_not_hold_the_delivery() -> None:
    """And when it answers at last, nothing is sent any more: the attempt was recorded as failed."""
    answers = threading.Event()

    def slow(_host: str, _port: int) -> Sequence[IpAddress]:
        answers.wait()
        return [HERE]

    with Receiver() as receiver:
        route = Route(allow_private_addresses=True, timeout_seconds=SHORT, resolving=slow)
        outcome = send(f"http://receiver.test:{receiver.port}/", route)
        assert isinstance(outcome, Failed)
        assert outcome.timed_out
        answers.set()
        all_attempts_end()
        assert receiver.requests == ()


@pytest.fixture
def server_tls() -> ssl.SSLContext:
    """Give the receiver's side: a certificate for receiver.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "receiver.pem")
    return context


@pytest.fixture
def trusted_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine's trust store be the authority that signed the receiver's certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "authority.pem"))


@pytest.mark.usefixtures("trusted_authority")
def test_tls_is_checked_against_the_name_though_the_address_was_chosen(server_tls: ssl.SSLContext) -> None:
    """Connecting to a judged address costs nothing of TLS: the name is sent and verified."""
    names: list[str | None] = []
    server_tls.sni_callback = lambda _socket, name, _context: names.append(name)
    with Receiver(tls=server_tls) as receiver:
        route = Route(allow_private_addresses=True, resolving=here)
        outcome = send(f"https://receiver.test:{receiver.port}/", route)
    assert isinstance(outcome, Failed)
    assert outcome.status_code == 401
    assert names == ["receiver.test"]


@pytest.mark.usefixtures("trusted_authority")
def test_a_certificate_for_another_name_is_refused(server_tls: ssl.SSLContext) -> None:
    """Whoever answers must be who was meant."""
    with Receiver(tls=server_tls) as receiver:
        route = Route(allow_private_addresses=True, resolving=here)
        outcome = send(f"https://other.test:{receiver.port}/", route)
        assert receiver.requests == ()
    assert isinstance(outcome, Failed)
    assert outcome.detail.startswith(
        "other.test showed a certificate that is not accepted: Hostname mismatch"
    )


def test_a_certificate_that_nobody_vouches_for_is_refused(server_tls: ssl.SSLContext) -> None:
    """Without a trusted authority nothing is sent."""
    with Receiver(tls=server_tls) as receiver:
        route = Route(allow_private_addresses=True, resolving=here)
        outcome = send(f"https://receiver.test:{receiver.port}/", route)
        assert receiver.requests == ()
    assert isinstance(outcome, Failed)
    assert outcome.detail.startswith("receiver.test showed a certificate that is not accepted: ")


def test_a_receiver_that_does_not_speak_tls_is_refused() -> None:
    """HTTPS is never given up for HTTP."""
    with Receiver() as receiver:
        route = Route(allow_private_addresses=True, resolving=here)
        outcome = send(f"https://receiver.test:{receiver.port}/", route)
        assert receiver.requests == ()
    assert isinstance(outcome, Failed)
    assert outcome.detail.startswith("receiver.test ")


def test_a_receiver_that_hangs_in_the_handshake_is_left_in_time() -> None:
    """The limit covers TLS too."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        route = Route(allow_private_addresses=True, timeout_seconds=SHORT, resolving=here)
        outcome = send(f"https://receiver.test:{silent.getsockname()[1]}/", route)
    assert isinstance(outcome, Failed)
    assert outcome.timed_out
