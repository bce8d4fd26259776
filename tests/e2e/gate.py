"""A gate before a node: open, it hands requests on; shut, it answers like a proxy without any node left."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import urllib3


class Gate(ThreadingHTTPServer):
    """Serves on a free port of 127.0.0.1, for as long as `gate` lasts."""

    def __init__(self, node: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node = node
        self.pool = urllib3.PoolManager(maxsize=32)
        self.open = Event()
        self.status = 503
        """What it answers with when shut."""

    @property
    def url(self) -> str:
        """Give where it is reached."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """An answer goes out in one piece, or each would wait for an acknowledgement."""
    server: Gate

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self.server.status, b"<html><body>no node is left</body></html>"
        if self.server.open.is_set():
            headers = {"Content-Type": "application/json"}
            answered = self.server.pool.request("POST", self.server.node, body=body, headers=headers)
            status, answer = answered.status, answered.data
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Stay quiet."""


@contextmanager
def gate(node: str) -> Iterator[Gate]:
    """Stand before the node of this URL, shut at first."""
    with Gate(node) as found:
        thread = Thread(target=found.serve_forever, args=(0.02,), name="gate")
        thread.start()
        try:
            yield found
        finally:
            found.shutdown()
            thread.join()
            found.pool.clear()
