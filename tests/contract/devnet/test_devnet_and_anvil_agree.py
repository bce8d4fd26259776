"""The same signed transactions on the devnet and on anvil: two implementations, one outcome.

So what the devnet serves is not held to our own idea of a node alone.
"""

from typing import Any

import pytest

from tests.nodes import Anvil, Node
from watcher.core.types import Address
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet

NO_CODE = Address("0x" + "c0de" * 10)
OUTCOME = [
    "type",
    "status",
    "from",
    "to",
    "contractAddress",
    "gasUsed",
    "cumulativeGasUsed",
    "logsBloom",
]
ANVIL_ONLY = {"blobGasPrice", "blockTimestamp", "totalDifficulty"}


def call(name: str, function: str, *arguments: object) -> bytes:
    """Write the data of a call."""
    return compiled(name).call(function, *arguments)


@pytest.fixture
def addresses(devnet: Devnet) -> list[Address]:
    """Let everything happen that the contracts can do, one transaction a block, and give who took part."""
    owner, user, authority = devnet.accounts[:3]
    made: list[Address] = []

    def deploy(name: str, *arguments: object) -> Address:
        made.append(devnet.deploy(owner, name, *arguments))
        devnet.mine()
        return made[-1]

    def send(to: Address, data: bytes) -> None:
        devnet.transact(user, to, data)
        devnet.mine()

    app, other = deploy("App"), deploy("App")
    for data in (
        call("App", "use", 5),
        call("App", "quiet"),
        call("App", "fail"),
        call("App", "poke", other),
        call("App", "pause"),
        call("App", "use", 1),
        call("App", "unpause"),
    ):
        send(app, data)
    registry = deploy("AppRegistry")
    devnet.transact(owner, registry, call("AppRegistry", "announce", "swap", app))
    devnet.mine()
    send(registry, call("AppRegistry", "remove", "swap", app))
    factory = deploy("Factory")
    send(factory, call("Factory", "create"))
    send(factory, call("Factory", "createPool", app, other, 500))
    send(deploy("CloneFactory"), call("CloneFactory", "clone", app))
    beacon = deploy("Beacon", app)
    selectors = [compiled("App").selector("use"), compiled("App").selector("total")]
    for proxy, change in (
        (deploy("Proxy1967", app), call("Proxy1967", "upgradeTo", NO_CODE)),
        (deploy("BeaconProxy", beacon), call("BeaconProxy", "upgradeBeaconTo", beacon)),
        (deploy("Proxy1822", app), call("Proxy1822", "updateCodeAddress", NO_CODE)),
        (deploy("SafeProxy", app), call("SafeProxy", "changeMasterCopy", NO_CODE)),
        (deploy("Diamond", app, selectors), call("Diamond", "cut", NO_CODE, selectors)),
    ):
        send(proxy, call("App", "use", 2))
        send(proxy, change)
        send(proxy, call("App", "use", 2))
    token = deploy("Token")
    send(token, call("Token", "mint", user.address, 9))
    send(token, call("Token", "transfer", owner.address, 4))
    made.append(devnet.deploy_code(owner, bytes.fromhex("fe")))
    devnet.mine()
    send(made[-1], b"")
    devnet.delegate(authority, app)
    devnet.mine()
    send(authority.address, call("App", "use", 3))
    return [*made, authority.address, user.address]


@pytest.fixture
def follower(devnet: Devnet, addresses: list[Address], anvil_node: Anvil) -> Anvil:
    """Send anvil the same transactions; its accounts have the money that the devnet's had."""
    assert addresses
    for account in devnet.accounts:
        anvil_node.ask("anvil_setBalance", account.address, hex(10**24))
    for block in devnet.blocks(1, devnet.head.number):
        for transaction in block.sealed.block.transactions:
            anvil_node.ask("eth_sendRawTransaction", f"0x{transaction.encode().hex()}")
        anvil_node.mine()
    return anvil_node


def outcome(receipt: dict[str, Any]) -> dict[str, Any]:
    """Give what execution decides, without what differs between two chains (block hashes, prices)."""
    logs = [(log["address"], log["topics"], log["data"], log["logIndex"]) for log in receipt["logs"]]
    return {**{field: receipt[field] for field in OUTCOME}, "logs": logs}


def test_they_agree_on_every_receipt_and_on_the_state_in_the_end(
    devnet_node: Node, addresses: list[Address], follower: Anvil
) -> None:
    """Status, gas to the unit, logs, created addresses; then code, nonce and slot 0 of all who took part."""
    head = devnet_node.ask("eth_blockNumber")
    assert follower.ask("eth_blockNumber") == head
    for number in range(1, int(head, 16) + 1):
        ours, theirs = (node.ask("eth_getBlockReceipts", hex(number)) for node in (devnet_node, follower))
        assert list(map(outcome, ours)) == list(map(outcome, theirs))
    for address in addresses:
        for method, more in (
            ("eth_getCode", ["latest"]),
            ("eth_getTransactionCount", ["latest"]),
            ("eth_getStorageAt", ["0x0", "latest"]),
        ):
            assert devnet_node.ask(method, address, *more) == follower.ask(method, address, *more)


def test_they_serve_the_same_fields_in_the_same_form(devnet_node: Node, follower: Anvil) -> None:
    """Of blocks, receipts and logs; anvil has a few of its own."""
    ours, theirs = (node.ask("eth_getBlockReceipts", "0x3")[0] for node in (devnet_node, follower))
    for mine, its in (
        (devnet_node.block("0x3"), follower.block("0x3")),
        (ours, theirs),
        (ours["logs"][0], theirs["logs"][0]),
    ):
        assert mine.keys() == its.keys() - ANVIL_ONLY
        assert {name: type(value) for name, value in mine.items()} == {name: type(its[name]) for name in mine}


def test_they_find_the_same_logs_and_answer_calls_alike(
    devnet_node: Node, addresses: list[Address], follower: Anvil
) -> None:
    """A filter over everything, and view functions of an application."""
    search = {"fromBlock": "0x1", "toBlock": "latest", "topics": [compiled("App").topic("Used")]}
    ours, theirs = (node.ask("eth_getLogs", search) for node in (devnet_node, follower))
    assert [(log["address"], log["data"]) for log in ours] == [
        (log["address"], log["data"]) for log in theirs
    ]
    assert ours
    total = {"to": addresses[0], "data": f"0x{call('App', 'total').hex()}"}
    assert devnet_node.ask("eth_call", total, "latest") == follower.ask("eth_call", total, "latest")
    fail = {"to": addresses[0], "data": f"0x{call('App', 'fail').hex()}"}
    refusals = [node.refusal("eth_call", fail, "latest") for node in (devnet_node, follower)]
    assert [(refusal["code"], refusal["data"]) for refusal in refusals] == [(3, refusals[0]["data"])] * 2
