"""The devnet behind HTTP: batches, what is no call, many clients at once, and a server that stops."""

import http.client
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from tests.nodes import Node
from watcher.core.types import Address
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_server import serve

NOBODY = "0x" + "00" * 20
USE = compiled("App").call("use", 7)


@pytest.mark.parametrize(
    ("method", "parameters", "code"),
    [
        ("eth_subscribe", ["newHeads"], -32601),
        ("eth_getCode", [], -32602),
        ("eth_getCode", ["nonsense"], -32602),
        ("eth_getCode", ["0xzz"], -32602),
        ("eth_getCode", [NOBODY, "0xzz"], -32602),
        ("eth_getCode", [NOBODY, "newest"], -32602),
        ("eth_getCode", [NOBODY, 7], -32602),
        ("eth_getBlockByNumber", ["0x0"], -32602),
        ("eth_getBlockByNumber", ["0x0", "whole"], -32602),
        ("eth_getBlockByHash", ["0x00", False], -32602),
        ("eth_call", [{}], -32602),
        ("eth_call", ["0x"], -32602),
        ("eth_sendRawTransaction", ["0x02c0"], -32000),
        ("eth_sendRawTransaction", ["0x"], -32000),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_with_the_usual_code(
    devnet_node: Node, method: str, parameters: list[object], code: int
) -> None:
    """Unknown methods, missing and malformed parameters, and what is no transaction."""
    assert devnet_node.refusal(method, *parameters)["code"] == code


def test_a_batch_is_answered_in_order_and_one_failure_is_its_own(devnet_node: Node) -> None:
    """Ids come back as sent, and the neighbours of a failed call have their results."""
    replies = devnet_node.post(
        [
            {"jsonrpc": "2.0", "id": 7, "method": "eth_chainId"},
            {"jsonrpc": "2.0", "id": "x", "method": "eth_nothing", "params": []},
            {"jsonrpc": "2.0", "id": 3, "method": "eth_blockNumber", "params": []},
        ]
    )
    assert [reply["id"] for reply in replies] == [7, "x", 3]
    assert [reply.get("result") for reply in replies] == ["0x7a69", None, "0x0"]
    assert replies[1]["error"]["code"] == -32601


@pytest.mark.parametrize("body", [[], {}, 7, {"id": 1, "method": "eth_chainId", "params": {}}])
def test_what_is_no_request_is_refused(devnet_node: Node, body: object) -> None:
    """An empty batch is none, nor is anything without a method, or with parameters by name."""
    assert devnet_node.post(body)["error"]["code"] == -32600


def test_what_is_no_json_is_refused(devnet_node: Node) -> None:
    """A parse error has no id."""
    reply = devnet_node.pool.request("POST", devnet_node.url, body=b"{").json()
    assert (reply["id"], reply["error"]["code"]) == (None, -32700)


def test_many_clients_are_served_at_once_while_blocks_are_made(
    devnet_node: Node, devnet: Devnet, used: Address
) -> None:
    """Each answer is about one moment: a block is there with all of its receipts or not at all."""

    def read(_: int) -> int:
        receipts = devnet_node.ask("eth_getBlockReceipts", "latest")
        return len(receipts) if receipts else 0

    with ThreadPoolExecutor(8) as clients:
        counts = clients.map(read, range(64))
        for _ in range(5):
            for user in devnet.accounts[:4]:
                devnet.transact(user, used, USE)
            devnet.mine()
        assert set(counts) <= {0, 4}


def test_a_stopped_server_hangs_up_on_clients_that_stay(devnet: Devnet) -> None:
    """A client that keeps its connection notices, and stopping does not wait for it."""
    with serve(devnet) as url:
        connection = http.client.HTTPConnection(urllib3.util.parse_url(url).netloc or "")
        connection.request("POST", "/", body=b"{}")
        assert connection.getresponse().read()
    assert connection.sock.recv(1) == b""
    connection.close()
