"""One HTTP exchange inside one limit of time, with an address that was judged first.

    name ─▶ addresses ─▶ refused, or connected ─▶ TLS ─▶ request ─▶ status and a little body

It runs on a thread of its own, and its caller waits no longer than the limit: neither a slow resolver nor a
receiver that drips a byte a second can hold it. It is http.client on a socket that is made here: so the
connection goes to a chosen address while the certificate is still checked against the name, and no library
writes the URL to a log.
"""

import contextlib
import http.client
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

from watcher.channels._addresses import IpAddress, Resolve, permitted, refusal, resolve
from watcher.channels._replies import READ_BYTES, Reply
from watcher.core.delivery import Failed

_CONNECT_SECONDS = 5.0
"""For one address, so that a dead one leaves time for the next."""

_WHAT_RECEIVERS_CAUSE = (OSError, http.client.HTTPException, ValueError)
"""What the standard library raises for what a receiver, its name or the network does."""


@dataclass(frozen=True, slots=True)
class Request:
    """A POST; `path` includes the query."""

    secure: bool
    host: str
    port: int
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Route:
    """How a receiver is reached; `timeout_seconds` covers all of it, from the first look at the name.

    15 s is the lower end of what the Standard Webhooks specification recommends.
    """

    allow_private_addresses: bool = False
    timeout_seconds: float = 15.0
    resolving: Resolve = resolve


class Exchange:
    """One attempt: a thread that talks, and a caller that leaves when the time is up."""

    def __init__(self, request: Request, route: Route) -> None:
        self._request = request
        self._route = route
        self._results: SimpleQueue[Reply | Failed | Exception] = SimpleQueue()
        self._socket: socket.socket | None = None
        self._abandoned = False

    def result(self) -> Reply | Failed:
        """Talk to the receiver; what is neither its reply nor its failure is our mistake and is raised."""
        Thread(target=self._talk, name=f"delivery to {self._request.host}", daemon=True).start()
        try:
            result = self._results.get(timeout=self._route.timeout_seconds)
        except Empty:
            self._abandon()
            return self._too_slow()
        if isinstance(result, Exception):
            raise result
        return result

    def _abandon(self) -> None:
        """Cut the connection, which ends the thread at its next read or write."""
        self._abandoned = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _too_slow(self) -> Failed:
        limit = f"{self._route.timeout_seconds:g} seconds"
        return Failed(f"{self._request.host} did not answer within {limit}", timed_out=True)

    def _talk(self) -> None:
        try:
            self._results.put(self._attempt())
        except TimeoutError:
            self._results.put(Failed(f"{self._request.host} cannot be reached in time", timed_out=True))
        except _WHAT_RECEIVERS_CAUSE as error:
            self._results.put(Failed(f"{self._request.host} {_cause(error)}"))
        except Exception as error:  # noqa: BLE001  # carried to the caller's thread and raised there
            self._results.put(error)
        finally:
            if self._socket is not None:
                self._socket.close()

    def _attempt(self) -> Reply | Failed:
        request = self._request
        addresses = self._route.resolving(request.host, request.port)
        allowed = permitted(addresses, allow_private=self._route.allow_private_addresses)
        if addresses and not allowed:
            return Failed(_forbidden(request.host, addresses))
        self._socket = self._connected(allowed)
        if request.secure:
            self._socket = self._secured(self._socket)
        if self._abandoned:
            return self._too_slow()
        kind_of_connection = http.client.HTTPSConnection if request.secure else http.client.HTTPConnection
        connection = kind_of_connection(request.host, request.port)
        connection.sock = self._socket
        connection.request("POST", request.path, request.body, dict(request.headers))
        with contextlib.closing(connection.getresponse()) as response:
            return Reply(response.status, response.getheader("Retry-After"), _beginning(response))

    def _connected(self, addresses: Sequence[IpAddress]) -> socket.socket:
        """Connect to the first address that answers; the name is not looked at again."""
        error = OSError("has no address")
        for address in addresses:
            try:
                plain = socket.create_connection((str(address), self._request.port), timeout=_CONNECT_SECONDS)
            except OSError as failure:
                error = failure
            else:
                plain.settimeout(self._route.timeout_seconds)
                return plain
        raise error

    def _secured(self, plain: socket.socket) -> socket.socket:
        """Shake hands, with the machine's trust store and the name, not the address, on the certificate."""
        tls = ssl.create_default_context().wrap_socket(
            plain, server_hostname=self._request.host, do_handshake_on_connect=False
        )
        self._socket = tls
        tls.do_handshake()
        return tls


def obstacle(host: str, port: int, route: Route) -> str | None:
    """Say why a host will not be connected to, as far as its name tells; None: nothing is known against it.

    The name is looked up, and nobody is connected to.
    """
    try:
        addresses = route.resolving(host, port)
    except OSError as error:
        return f"{host} {_cause(error)}"
    if permitted(addresses, allow_private=route.allow_private_addresses):
        return None
    return _forbidden(host, addresses) if addresses else f"{host} has no address"


def _forbidden(host: str, addresses: Sequence[IpAddress]) -> str:
    where = f"{addresses[0]}, a {refusal(addresses[0])} address"
    return f"{host} is at {where}: set allow_private_addresses = true if that is meant"


def _beginning(response: http.client.HTTPResponse) -> bytes:
    """Read what may explain a failure; who took a message has said all there is to say."""
    if 200 <= response.status <= 299:  # noqa: PLR2004  # the success class of RFC 9110
        return b""
    with contextlib.suppress(*_WHAT_RECEIVERS_CAUSE):
        return response.read(READ_BYTES)
    return b""


def _cause(error: Exception) -> str:
    """Say what went wrong in our words: a library's might repeat what the receiver sent."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"showed a certificate that is not accepted: {error.verify_message}"
        case ssl.SSLError():
            return f"does not speak TLS as expected: {error.reason or 'connection closed'}"
        case socket.gaierror():
            return f"has no address: {error.strerror}"
        case http.client.RemoteDisconnected():
            return "closed the connection without an answer"
        case OSError():
            return f"cannot be reached: {error.strerror or error}"
        case _:
            return "did not answer in HTTP"
