"""A node that tells of new heads over WebSocket, as well or as badly as a test says.

with telling_node() as node:
    node.wait_for_subscriptions(1)
    node.tell({"number": "0x1"})        everybody who subscribed gets this
    node.hang_up()                      every connection is closed
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from threading import Condition, Thread
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

KEY = "k3y-in-the-path"
SUBSCRIPTION = "0x9cef478923ff08bf67fde6c64013158d"
LONG_ENOUGH = 20.0
"""Seconds after which what has not come never will."""

Json = dict[str, Any]


def taken(request: Json) -> Json | None:
    """Take a subscription."""
    return {"jsonrpc": "2.0", "id": request["id"], "result": SUBSCRIPTION}


class TellingNode:
    """What the node answers, and what came: `answer` gives None to say nothing to a request."""

    def __init__(self, port: int) -> None:
        self.answer: Callable[[Json], Json | None] = taken
        self.refusal: HTTPStatus | None = None
        """How every handshake is refused; None: it is not."""
        self.handshakes = 0
        self.port = port
        self._subscribed: list[ServerConnection] = []
        self._subscriptions = 0
        self._changed = Condition()

    @property
    def url(self) -> str:
        """Give where to connect to; the path is of the kind that holds a key."""
        return f"ws://127.0.0.1:{self.port}/{KEY}"

    def handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let a connection in, or not; a refusal echoes what it was asked for."""
        self.handshakes += 1
        if self.refusal is None:
            return None
        return connection.respond(self.refusal, f"{request.path} is not for you")

    def serve(self, connection: ServerConnection) -> None:
        """Answer one connection's requests until it is closed."""
        with suppress(ConnectionClosed):
            while True:
                request = json.loads(connection.recv())
                answer = self.answer(request)
                if answer is None:
                    continue
                with self._changed:
                    if answer == taken(request):
                        assert (request["method"], request["params"]) == ("eth_subscribe", ["newHeads"])
                        self._subscribed.append(connection)
                connection.send(json.dumps(answer))
                with self._changed:
                    self._subscriptions += 1
                    self._changed.notify_all()

    def wait_for_subscriptions(self, count: int) -> None:
        """Wait until so many requests were answered since the start."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._subscriptions >= count, LONG_ENOUGH)

    def tell(self, head: object) -> None:
        """Send a head to everybody who subscribed."""
        parameters = {"subscription": SUBSCRIPTION, "result": head}
        self.send(json.dumps({"jsonrpc": "2.0", "method": "eth_subscription", "params": parameters}))

    def send(self, text: str) -> None:
        """Send any text to everybody who subscribed."""
        with self._changed:
            connections = list(self._subscribed)
        for connection in connections:
            with suppress(ConnectionClosed):
                connection.send(text)

    def hang_up(self) -> None:
        """Close every connection."""
        with self._changed:
            connections, self._subscribed = self._subscribed, []
        for connection in connections:
            connection.close()


@contextmanager
def telling_node(port: int = 0) -> Iterator[TellingNode]:
    """Start the node, on any free port unless one is named, and stop it in the end."""
    node: TellingNode

    def handshake(connection: ServerConnection, request: Request) -> Response | None:
        return node.handshake(connection, request)

    def serve_one(connection: ServerConnection) -> None:
        node.serve(connection)

    server: Server = serve(serve_one, "127.0.0.1", port, process_request=handshake)
    node = TellingNode(server.socket.getsockname()[1])
    thread = Thread(target=server.serve_forever, name="telling-node")
    thread.start()
    try:
        yield node
    finally:
        server.shutdown()
        thread.join()
