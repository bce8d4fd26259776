"""New heads over WebSocket wake, whatever the node does: it drops, repeats, lies, hangs or goes silent."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from io import StringIO
from threading import Condition, Event, Thread
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.faults.telling_node import KEY, LONG_ENOUGH, telling_node
from tests.log_state import logging_kept
from watcher import log
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.heads import SILENT_POLLS, SPACING_SECONDS, HeadListener, probe_heads
from watcher.testing.manual_clock import ManualClock

POLL_SECONDS = 2.0
HEADER = {"number": "0x1", "hash": f"0x{1:064x}", "parentHash": f"0x{0:064x}", "timestamp": "0x1"}


class Listening:
    """A listener in a thread of its own, on a clock that stands still; counts what it passed on."""

    def __init__(self, *urls: str) -> None:
        self.clock = ManualClock()
        self.stopping = Event()
        self.heads = 0
        self._changed = Condition()
        self.listener = HeadListener(
            [EndpointSettings(f"node{number}", url) for number, url in enumerate(urls)],
            self._on_head,
            self.stopping,
            poll_seconds=POLL_SECONDS,
            clock=self.clock,
            jitter=lambda: 1.0,
        )
        self._thread = Thread(target=self.listener.run, name="listening")
        self._thread.start()

    def wait_for(self, heads: int) -> None:
        """Wait until so many heads were passed on, letting enough time pass between them."""
        with self._changed:
            for _ in range(int(LONG_ENOUGH / 0.01)):
                if self.heads >= heads:
                    return
                self.clock.advance(timedelta(seconds=SPACING_SECONDS))
                self._changed.wait(0.01)
        raise TimeoutError(f"{self.heads} heads were passed on, not {heads}")

    def stop(self) -> None:
        """Tell it to stop and wait until it has."""
        self.stopping.set()
        self._thread.join(LONG_ENOUGH)
        assert not self._thread.is_alive()

    def _on_head(self) -> None:
        with self._changed:
            self.heads += 1
            self._changed.notify_all()


@contextmanager
def listening(*urls: str) -> Iterator[Listening]:
    """Listen until the test is over."""
    listener = Listening(*urls)
    try:
        yield listener
    finally:
        listener.stop()


def test_each_head_wakes_at_once() -> None:
    """And so does the subscription itself: nobody knows what came before it."""
    with telling_node() as node, listening(node.url) as listener:
        listener.wait_for(1)
        for number in range(2, 6):
            node.tell(HEADER)
            listener.wait_for(number)


def test_heads_that_come_fast_are_passed_on_together() -> None:
    """Duplicates, gaps and a disorder do no harm; the last of them is passed on for certain."""
    with telling_node() as node, listening(node.url) as listener:
        listener.wait_for(1)
        for number in (5, 3, 3, 9, 4, 3):
            node.tell({"number": hex(number)})
        node.send("a text that is no JSON ends what is read")
        node.wait_for_subscriptions(2)
        listener.wait_for(2)
        assert listener.heads <= 3  # the first subscription, the six together, the second subscription


@pytest.mark.parametrize(
    "head",
    [None, "head", {}, {"timestamp": "soon"}, {"number": None, "hash": None}, {"miner": "0x12"}],
    ids=json.dumps,
)
def test_what_a_message_says_is_not_looked_at(head: object) -> None:
    """It wakes, even where the library cannot read it: then by subscribing again."""
    with telling_node() as node, listening(node.url) as listener:
        listener.wait_for(1)
        node.tell(head)
        listener.wait_for(2)


def test_a_connection_that_drops_comes_back_and_the_log_says_so_once() -> None:
    """One line when it is lost, however often it fails until it is back, and one when heads come again."""
    with capture_logs() as lines, telling_node() as node, listening(node.url) as listener:
        listener.wait_for(1)
        for subscriptions in range(1, 4):
            node.wait_for_subscriptions(subscriptions)
            node.hang_up()
        node.wait_for_subscriptions(4)
        assert [line["log_level"] for line in lines] == ["warning"]
        node.tell(HEADER)
        while len(lines) < 2:
            listener.wait_for(listener.heads + 1)
            node.tell(HEADER)
        assert [line["log_level"] for line in lines] == ["warning", "info"]
        node.hang_up()
        node.wait_for_subscriptions(5)
        assert [line["log_level"] for line in lines] == ["warning", "info", "warning"]


def test_a_node_that_closes_politely_is_one_line_of_the_log_too() -> None:
    """Whatever the library has to say about it."""
    said = StringIO()
    with logging_kept(), telling_node() as node, listening(node.url) as listener:
        log.configure(said)
        listener.wait_for(1)
        node.hang_up()
        node.wait_for_subscriptions(2)
        [line] = said.getvalue().splitlines()
        assert f"endpoint node0 (ws://127.0.0.1:{node.port}) closed the connection" in line


def test_a_node_that_is_away_is_tried_until_it_is_back() -> None:
    """On the same port, as a node that was started again."""
    with telling_node() as node:
        port = node.port
    with listening(node.url) as listener:
        with telling_node(port) as node:
            listener.wait_for(1)
        with telling_node(port) as node:
            listener.wait_for(2)


def test_after_a_failure_the_next_endpoint_is_asked() -> None:
    """In the order of the deployment, and round again."""
    with telling_node() as first, telling_node() as second, listening(first.url, second.url) as listener:
        first.wait_for_subscriptions(1)
        assert second.handshakes == 0
        first.refusal = HTTPStatus.TOO_MANY_REQUESTS
        first.hang_up()
        second.wait_for_subscriptions(1)
        listener.wait_for(2)
        second.tell(HEADER)
        listener.wait_for(3)
        first.refusal = None
        second.hang_up()
        first.wait_for_subscriptions(2)


def test_a_subscription_that_tells_of_nothing_is_renewed() -> None:
    """Polls see heads that it does not tell of: it is dead, whatever the connection looks like."""
    with capture_logs() as lines, telling_node() as node, listening(node.url) as listener:
        listener.wait_for(1)
        listener.listener.polled(1)
        listener.listener.polled(2)
        listener.clock.advance(timedelta(seconds=SILENT_POLLS * POLL_SECONDS))
        node.wait_for_subscriptions(2)
        assert "tells of none of the heads that polls see" in lines[0]["error"]


def test_a_chain_without_new_blocks_is_no_dead_subscription() -> None:
    """Nothing is renewed while polls see the head they saw before, or one that was told of."""
    with telling_node() as node, listening(node.url) as listener:
        listener.wait_for(1)
        for number in range(1, 6):
            listener.listener.polled(number)
            listener.listener.polled(number)
            listener.clock.advance(timedelta(seconds=SILENT_POLLS * POLL_SECONDS))
            node.tell(HEADER)
            listener.wait_for(1 + number)
        node.hang_up()
        node.wait_for_subscriptions(2)
        assert node.handshakes == 2


def refused(request: dict[str, Any]) -> dict[str, Any]:
    """Refuse a subscription, and echo a key."""
    error = {"code": -32601, "message": f"no newHeads for {KEY}"}
    return {"jsonrpc": "2.0", "id": request["id"], "error": error}


def silent(_: dict[str, Any]) -> None:
    """Say nothing."""


def nonsense(_: dict[str, Any]) -> Any:  # noqa: ANN401
    """Answer something that is no answer."""
    return ["nonsense"]


@pytest.mark.parametrize("answer", [refused, nonsense])
def test_a_node_that_does_not_take_the_subscription_is_lost(
    answer: Callable[[dict[str, Any]], Any],
) -> None:
    """The line that says so names the endpoint by its host, and never shows the key."""
    with capture_logs() as lines, telling_node() as node, telling_node() as spare:
        node.answer = answer
        with listening(node.url, spare.url) as listener:
            listener.wait_for(1)
        [line] = lines
        assert line["error"].startswith(f"endpoint node0 (ws://127.0.0.1:{node.port}): ")
        assert KEY not in str(line)


def test_it_stops_whatever_it_waits_for() -> None:
    """A node that takes the connection and says nothing, one that is not there, one that tells of heads."""
    with socket.create_server(("127.0.0.1", 0)) as mute, telling_node() as node:
        port = mute.getsockname()[1]
        with listening(f"ws://127.0.0.1:{port}"):
            connection, _ = mute.accept()
        connection.close()
        with listening("ws://127.0.0.1:9"), capture_logs():
            pass
        with listening(node.url) as listener:
            listener.wait_for(1)


def test_a_probe_says_whether_the_subscription_is_taken() -> None:
    """None is well; anything else says what is wrong, without the key."""
    with telling_node() as node:
        assert probe_heads(node.url, LONG_ENOUGH) is None
        node.answer = refused
        assert "no newHeads for ***" in str(probe_heads(node.url, LONG_ENOUGH))
        node.answer = silent
        assert probe_heads(node.url, 0.2) == "no answer in time"
        node.refusal = HTTPStatus.UNAUTHORIZED
        assert "HTTP 401" in str(probe_heads(node.url, LONG_ENOUGH))
    gone = probe_heads(node.url, LONG_ENOUGH)
    assert gone is not None
    assert KEY not in gone


def test_nothing_of_it_is_loaded_before_it_is_used() -> None:
    """The library takes 61 MB and most of a second: a watcher without `websocket` does not pay for it."""
    code = "import sys, watcher.bootstrap; sys.exit('web3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
