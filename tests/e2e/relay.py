"""A relay between the watcher and a node: passes bytes on until a test cuts it, as a network does.

with relay(host_and_port) as line:
    line.cut()      every connection breaks, and new ones break at once
    line.mend()     new ones pass again
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Lock, Thread
from urllib.parse import urlsplit

_CHUNK = 65_536


class Relay(ThreadingTCPServer):
    """Listens on a port of this machine; each connection gets one of its own to the node."""

    daemon_threads = False

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        parts = urlsplit(url)
        self.target = (str(parts.hostname), int(parts.port or 0))
        self.is_cut = False
        self._open: set[socket.socket] = set()
        self._lock = Lock()

    @property
    def port(self) -> int:
        """Give the port it listens on."""
        return int(self.server_address[1])

    def cut(self) -> None:
        """Break every connection, and each new one until `mend`."""
        with self._lock:
            self.is_cut = True
            for end in self._open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let new connections pass."""
        self.is_cut = False

    def register(self, *ends: socket.socket) -> bool:
        """Remember what a cut has to break; False where it is cut already."""
        with self._lock:
            self._open.update(ends)
            return not self.is_cut

    def forget(self, *ends: socket.socket) -> None:
        """Forget what is closed."""
        with self._lock:
            self._open.difference_update(ends)


class _Line(BaseRequestHandler):
    """One connection: a thread each way until one side ends it."""

    server: Relay

    def handle(self) -> None:
        """Pass bytes both ways."""
        with socket.create_connection(self.server.target) as node:
            ends = (self.request, node)
            if self.server.register(*ends):
                back = Thread(target=_pass_on, args=(node, self.request), name="relay-back")
                back.start()
                _pass_on(self.request, node)
                back.join()
            self.server.forget(*ends)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay(url: str) -> Iterator[Relay]:
    """Pass on what comes to the host and port of a URL; everything is closed in the end."""
    with Relay(url) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), name="relay")
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            server.cut()
            thread.join()
