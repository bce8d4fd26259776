"""State, calls and logs of the devnet over JSON-RPC: what is missing is an error and never empty."""

import pytest
from eth_utils.crypto import keccak

from tests.nodes import Node
from watcher.core.types import Address
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet

NOBODY = "0x" + "00" * 20
NO_HASH = "0x" + "00" * 32
USE = compiled("App").call("use", 7)
USED = compiled("App").topic("Used")
REFUSED = f"0x{keccak(text='Refused()')[:4].hex()}"


def test_state_is_read_at_any_block_by_number_tag_and_hash(
    devnet_node: Node, devnet: Devnet, used: Address
) -> None:
    """History is there: before, at and after a change."""
    runtime = f"0x{compiled('App').runtime.hex()}"
    first, second = (block.hash for block in devnet.blocks(1, 2))
    assert devnet_node.ask("eth_getCode", used, "0x0") == "0x"
    assert devnet_node.ask("eth_getCode", used, "0x1") == runtime
    assert devnet_node.ask("eth_getCode", used) == runtime
    assert devnet_node.ask("eth_getCode", used, first) == runtime
    total = {"to": used, "data": f"0x{compiled('App').call('total').hex()}"}
    assert int(devnet_node.ask("eth_call", total, {"blockHash": first}), 16) == 0
    assert int(devnet_node.ask("eth_call", total, {"blockHash": second}), 16) == 14
    assert int(devnet_node.ask("eth_call", total, {"blockNumber": "0x1"}), 16) == 0
    user = devnet.accounts[1].address
    assert devnet_node.ask("eth_getTransactionCount", user, "0x1") == "0x0"
    assert devnet_node.ask("eth_getTransactionCount", user, "latest") == "0x2"
    assert int(devnet_node.ask("eth_getBalance", user, "0x1"), 16) == 10**24
    assert int(devnet_node.ask("eth_getBalance", user, "latest"), 16) < 10**24


def test_a_storage_slot_is_32_bytes(devnet_node: Node, devnet: Devnet) -> None:
    """Also where it is zero, and however the slot's number is padded."""
    beacon = devnet.deploy(devnet.accounts[0], "Beacon", "0x" + "ab" * 20)
    devnet.mine()
    assert devnet_node.ask("eth_getStorageAt", beacon, "0x0", "latest") == "0x" + "00" * 12 + "ab" * 20
    assert (
        devnet_node.ask("eth_getStorageAt", beacon, "0x" + "00" * 32, "0x1") == "0x" + "00" * 12 + "ab" * 20
    )
    assert devnet_node.ask("eth_getStorageAt", beacon, "0x1", "latest") == "0x" + "00" * 32


def test_a_call_that_fails_is_an_error_with_its_data(devnet_node: Node, used: Address) -> None:
    """A revert has code 3 and the encoded error; what a call did leaves no trace."""
    call = {"to": used, "input": f"0x{compiled('App').call('fail').hex()}"}
    assert devnet_node.refusal("eth_call", call, "latest") == {
        "code": 3,
        "message": "execution reverted",
        "data": REFUSED,
    }
    assert (
        devnet_node.ask("eth_call", {"to": used, "data": f"0x{USE.hex()}", "from": NOBODY}, "latest") == "0x"
    )
    total = {"to": used, "data": f"0x{compiled('App').call('total').hex()}"}
    assert int(devnet_node.ask("eth_call", total, "latest"), 16) == 14
    assert devnet_node.ask("eth_call", {"to": NOBODY, "data": "0x12345678"}, "latest") == "0x"


def test_an_evm_fault_is_an_error_without_data(devnet_node: Node, devnet: Devnet) -> None:
    """An invalid opcode is no revert."""
    broken = devnet.deploy_code(devnet.accounts[0], bytes.fromhex("fe"))
    devnet.mine()
    refusal = devnet_node.refusal("eth_call", {"to": broken}, "latest")
    assert refusal["code"] == -32000
    assert "data" not in refusal


def test_a_call_to_a_delegated_account_runs_the_targets_code(
    devnet_node: Node, devnet: Devnet, used: Address
) -> None:
    """eth_getCode shows the designation; eth_call follows it."""
    authority = devnet.accounts[5]
    devnet.delegate(authority, used)
    devnet.transact(devnet.accounts[1], authority.address, USE)
    devnet.mine()
    assert devnet_node.ask("eth_getCode", authority.address, "latest") == f"0xef0100{used[2:]}"
    total = {"to": authority.address, "data": f"0x{compiled('App').call('total').hex()}"}
    assert int(devnet_node.ask("eth_call", total, "latest"), 16) == 7


def test_state_that_is_missing_is_an_error_and_never_empty(
    devnet_node: Node, devnet: Devnet, used: Address
) -> None:
    """Above the head, of a reverted block, and below the pruning point."""
    reverted = devnet.head.hash
    devnet.revert(2)
    devnet.prune(2)
    assert devnet_node.refusal("eth_getCode", used, "0x9") == {
        "code": -32000,
        "message": "header not found",
    }
    assert devnet_node.refusal("eth_getCode", used, reverted)["message"] == "header for hash not found"
    assert devnet_node.refusal("eth_call", {"to": used}, {"blockHash": NO_HASH})["code"] == -32000
    pruned = devnet_node.refusal("eth_getCode", used, "0x1")
    assert pruned["code"] == -32000
    assert pruned["message"].startswith("missing trie node 0x")


def test_logs_are_found_by_range_emitter_and_topics(devnet_node: Node, devnet: Devnet, used: Address) -> None:
    """Lists are alternatives, null and an empty list stand for anything, positions are matched in order."""

    def found(**criteria: object) -> list[str]:
        return [log["logIndex"] for log in devnet_node.ask("eth_getLogs", criteria)]

    user = "0x" + "00" * 12 + devnet.accounts[2].address[2:]
    assert found(fromBlock="0x0", toBlock="latest") == ["0x0", "0x1"]
    assert found() == []
    assert found(fromBlock="0x2", toBlock="0x2", address=used) == ["0x0", "0x1"]
    assert found(fromBlock="earliest", address=[NOBODY, f"0x{used[2:].upper()}"]) == ["0x0", "0x1"]
    assert found(fromBlock="0x0", address=NOBODY) == []
    assert found(fromBlock="0x0", address=[], topics=[[]]) == ["0x0", "0x1"]
    assert found(fromBlock="0x0", topics=[USED, user]) == ["0x1"]
    assert found(fromBlock="0x0", topics=[None, [NO_HASH, user]]) == ["0x1"]
    assert found(fromBlock="0x0", topics=[NO_HASH]) == []
    assert found(fromBlock="0x0", topics=[None, None, None]) == []
    assert found(blockHash=devnet.blocks(2, 2)[0].hash) == ["0x0", "0x1"]
    assert found(blockHash=devnet.head.hash) == []
    receipts = devnet_node.ask("eth_getBlockReceipts", "0x2")
    logs = devnet_node.ask("eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x2"})
    assert logs == [log for receipt in receipts for log in receipt["logs"]]


@pytest.mark.parametrize(
    ("criteria", "code", "message"),
    [
        ({"fromBlock": "0x0", "toBlock": "0x1"}, -32602, "block range extends beyond current head block"),
        ({"fromBlock": "latest", "toBlock": "0x9"}, -32602, "block range extends beyond current head block"),
        ({"blockHash": NO_HASH}, -32000, "unknown block"),
        ({"address": "0x12"}, -32602, "invalid argument: '0x12' is not hex of 20 bytes"),
        ({"topics": [None] * 5}, -32602, "a list of at most 4 topics"),
        ({"fromBlock": "finalized"}, -32000, "finalized block not found"),
        ("0x0", -32602, "invalid argument: '0x0' is not an object"),
    ],
)
def test_a_search_for_logs_that_makes_no_sense_is_refused(
    devnet_node: Node, criteria: object, code: int, message: str
) -> None:
    """Beyond the head is an error: an empty list would look like silence."""
    refusal = devnet_node.refusal("eth_getLogs", criteria)
    assert refusal["code"] == code
    assert message in refusal["message"]


@pytest.mark.usefixtures("used")
def test_a_search_that_ends_before_it_begins_is_refused(devnet_node: Node) -> None:
    """The order of the two ends matters."""
    refusal = devnet_node.refusal("eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x1"})
    assert refusal == {"code": -32602, "message": "invalid block range params"}
