"""A webhook receiver that behaves well, or as badly as told: a real server on this machine.

    channel ─▶ HTTP ─▶ Receiver: verify ─▶ behave as scripted ─▶ remember

Tests and the demo use it in place of the bot or pager at the other end. Signatures are verified by the
library that receivers are told to use, against the machine's own time.
"""

import json
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Condition, Event, Thread
from typing import Any, Self, assert_never

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_d2F0Y2hlciB0ZXN0aW5nIHJlY2VpdmVyIGtleQ=="  # noqa: S105  # for receivers on this machine only
"""The key that messages have to be signed with where a test names none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Reply like an HTTP server; the default takes the message."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Hang:
    """Take the request and say nothing until the receiver closes."""


@dataclass(frozen=True, slots=True)
class Drip:
    """Send these bytes over and over, one at a time, as long as the other side listens."""

    data: bytes = b"HTTP/1.1 200 OK\r\nx-drip: "


@dataclass(frozen=True, slots=True)
class Raw:
    """Send these bytes, whatever they are, and close; with `hold`, keep the connection open instead."""

    data: bytes
    hold: bool = False


Behaviour = Answer | Hang | Drip | Raw


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived; `payload` is None, and the rest may be anything, unless it is `verified`."""

    id: str
    body: bytes
    headers: Mapping[str, str]
    path: str
    verified: bool
    taken: bool
    """It was verified and answered 2xx: the sender may count it as delivered."""
    payload: Mapping[str, Any] | None

    @property
    def type(self) -> str:
        """Name the event's type, empty where nothing was verified."""
        return str(self.payload["type"]) if self.payload is not None else ""


class Receiver:
    """Listens on a port of 127.0.0.1 from `with` on; requests are answered side by side.

    `script` is how the first requests are treated, `otherwise` all that follow; what would be taken but has a
    signature that does not fit is answered 401. `tls` makes it HTTPS; `on_message` is called for each message
    taken.
    """

    def __init__(
        self,
        script: Iterable[Behaviour] = (),
        *,
        otherwise: Behaviour | None = None,
        secret: str = SECRET,
        tls: ssl.SSLContext | None = None,
        on_message: Callable[[Received], None] = lambda _: None,
    ) -> None:
        """Bind the port; nothing is answered before `with`."""
        self.otherwise = otherwise or Answer()
        self.secret = secret
        self._script = deque(script)
        self._on_message = on_message
        self._requests: list[Received] = []
        self._arrived = Condition()
        self._closing = Event()
        self._scheme = "https" if tls else "http"
        self._server = _Server(self, tls)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="receiver")

    @property
    def port(self) -> int:
        """Give the port it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Give where to post; the path is of the kind that holds a key."""
        return f"{self._scheme}://127.0.0.1:{self.port}/hook/k3y-in-the-path?token=t0ken-in-the-query"

    @property
    def requests(self) -> Sequence[Received]:
        """List every request so far in the order of arrival, whatever became of it."""
        with self._arrived:
            return tuple(self._requests)

    @property
    def messages(self) -> Sequence[Received]:
        """List the messages taken so far; one that came twice stands here twice."""
        return tuple(request for request in self.requests if request.taken)

    def wait_for(
        self, enough: Callable[[Sequence[Received]], bool], timeout_seconds: float = 30.0
    ) -> Sequence[Received]:
        """Wait until the requests so far are enough and give them; TimeoutError says what came instead."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: enough(self._requests), timeout_seconds):
                came = [(request.type, request.taken) for request in self._requests]
                raise TimeoutError(f"the receiver waited {timeout_seconds:g} s, and got only {came}")
            return tuple(self._requests)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Behaviour:
        """Judge and remember one request, and say how to treat it."""
        payload = self._verify(headers, body)
        with self._arrived:
            behaviour = self._script.popleft() if self._script else self.otherwise
            accepts = isinstance(behaviour, Answer) and 200 <= behaviour.status <= 299  # noqa: PLR2004
            if accepts and payload is None:
                behaviour = Answer(401, body=b"the signature does not fit")
            received = Received(
                headers.get("webhook-id", ""),
                body,
                headers,
                path,
                verified=payload is not None,
                taken=payload is not None and accepts,
                payload=payload,
            )
            self._requests.append(received)
            self._arrived.notify_all()
        if received.taken:
            self._on_message(received)
        return behaviour

    def pause(self, seconds: float | None) -> bool:
        """Wait so long, or for ever; True as soon as the receiver closes."""
        return self._closing.wait(seconds)

    def _verify(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any] | None:
        try:
            Webhook(self.secret).verify(body, dict(headers), json_parse=False)
        except WebhookVerificationError:
            return None
        payload: Mapping[str, Any] = json.loads(body)
        return payload


class _Server(ThreadingTCPServer):
    """Accepts connections, with TLS where asked, and ends every request with the receiver."""

    request_queue_size = 128

    def __init__(self, receiver: Receiver, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receiver = receiver
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a sender that hangs up, or refuses our certificate, is what tests ask for."""


class _Handler(BaseHTTPRequestHandler):
    """One request: hands it to the receiver, and behaves as told."""

    timeout = 5.0
    server: _Server

    def do_POST(self) -> None:
        """Answer a message."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        behaviour = self.server.receiver.take(self.path, headers, body)
        with suppress(OSError):
            self._behave(behaviour)

    def _behave(self, behaviour: Behaviour) -> None:
        match behaviour:
            case Answer(status, headers, body):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            case Hang():
                self.server.receiver.pause(None)
            case Drip(data):
                while True:
                    for place in range(len(data)):
                        self.wfile.write(data[place : place + 1])
                        if self.server.receiver.pause(0.01):
                            return
            case Raw(data, hold):
                self.wfile.write(data)
                if hold:
                    self.server.receiver.pause(None)
            case _:
                assert_never(behaviour)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Stay silent: the receiver remembers what came."""
