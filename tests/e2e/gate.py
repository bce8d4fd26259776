"""A gate before a node: open, it hands requests on; shut, it answers like a proxy without any node left.

Who stands at it may change what comes back: `gate.edit = lambda method, parameters, result: …`.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

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
        self.edit: Callable[[str, list[Any], Any], Any] | None = None
        """Gives, of a method, its parameters and the node's result, what is answered in its place."""

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
            if self.server.edit is not None:
                answer = _edited(body, answer, self.server.edit)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Stay quiet."""


def _edited(asked: bytes, answered: bytes, edit: Callable[[str, list[Any], Any], Any]) -> bytes:
    """Change the results of a call, or of each call of a batch; errors stay."""
    calls, answers = json.loads(asked), json.loads(answered)
    several = isinstance(calls, list)
    by_id = {call["id"]: call for call in (calls if several else [calls])}
    for answer in answers if several else [answers]:
        call = by_id[answer["id"]]
        if "result" in answer:
            answer["result"] = edit(call["method"], call["params"], answer["result"])
    return json.dumps(answers).encode()


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
