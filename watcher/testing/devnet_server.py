"""Serves a devnet over HTTP on the loopback, as a node would: JSON-RPC, single calls and batches.

HTTP body ─▶ calls ─▶ DevnetRpc ─▶ replies in the same order
"""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import msgspec

from watcher.testing.devnet import Devnet
from watcher.testing.devnet_params import Refusal
from watcher.testing.devnet_rpc import DevnetRpc

_PARSE_ERROR, _INVALID_REQUEST = -32700, -32600
_POLL_SECONDS = 0.02


@contextmanager
def serve(devnet: Devnet) -> Iterator[str]:
    """Serve the devnet on a free port of 127.0.0.1 and give its URL.

    On leaving, the port and every connection are closed and no thread is left.
    """
    server = _Server(DevnetRpc(devnet))
    thread = Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="devnet")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.hang_up()
        server.server_close()


def respond(rpc: DevnetRpc, body: bytes) -> bytes:
    """Answer the body of one HTTP request: a call, or a list of calls with a list of replies in order."""
    try:
        asked = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return msgspec.json.encode(_error(None, Refusal(_PARSE_ERROR, "parse error")))
    if isinstance(asked, list) and asked:
        return msgspec.json.encode([_reply(rpc, call) for call in asked])
    return msgspec.json.encode(_reply(rpc, asked))


def _reply(rpc: DevnetRpc, call: object) -> Mapping[str, object]:
    match call:
        case {"method": str(method), "id": call_id, "params": list(parameters)}:
            pass
        case {"method": str(method), "id": call_id, **rest} if "params" not in rest:
            parameters = []
        case _:
            return _error(None, Refusal(_INVALID_REQUEST, "invalid request"))
    try:
        return {"jsonrpc": "2.0", "id": call_id, "result": rpc.answer(method, parameters)}
    except Refusal as refusal:
        return _error(call_id, refusal)


def _error(call_id: object, refusal: Refusal) -> Mapping[str, object]:
    error: dict[str, object] = {"code": refusal.code, "message": str(refusal)}
    if refusal.attached is not None:
        error["data"] = refusal.attached
    return {"jsonrpc": "2.0", "id": call_id, "error": error}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept, as a pool of clients expects
    wbufsize = -1  # head and body leave in one packet
    disable_nagle_algorithm = True
    server: "_Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        answer = respond(self.server.rpc, body)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def finish(self) -> None:
        """End a connection that the client closed, or the server."""
        self.server.connections.discard(self.connection)
        super().finish()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Stay quiet: a node in a test or demo has nobody to tell."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for the handlers, so that none outlives its devnet
    request_queue_size = 128  # a client may open all its connections at once

    def __init__(self, rpc: DevnetRpc) -> None:
        self.rpc = rpc
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept a connection and remember it: its handler waits on it for as long as the client keeps it."""
        connection, client = super().get_request()
        self.connections.add(connection)
        return connection, client

    def hang_up(self) -> None:
        """Wake every handler that still waits for its client."""
        for connection in tuple(self.connections):
            with suppress(OSError):  # the client may have gone in this instant
                connection.shutdown(socket.SHUT_RDWR)
