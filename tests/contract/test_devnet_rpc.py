"""The devnet as a client sees it: JSON-RPC over HTTP, field for field and error for error as from geth."""

import http.client
from concurrent.futures import ThreadPoolExecutor

import pytest
import rlp
import urllib3
from eth_utils.crypto import keccak

from tests.nodes import HASHES_ONLY, Node
from watcher.core.types import Address
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_server import serve


def number(digits: str) -> bytes:
    """Give a number's bytes without leading zeros, as RLP wants them."""
    value = int(digits, 16)
    return value.to_bytes((value.bit_length() + 7) // 8)


NOBODY = "0x" + "00" * 20
NO_HASH = "0x" + "00" * 32
EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
HEADER = {  # in the order in which it is hashed, and how each field is written
    "parentHash": bytes.fromhex,
    "sha3Uncles": bytes.fromhex,
    "miner": bytes.fromhex,
    "stateRoot": bytes.fromhex,
    "transactionsRoot": bytes.fromhex,
    "receiptsRoot": bytes.fromhex,
    "logsBloom": bytes.fromhex,
    "difficulty": number,
    "number": number,
    "gasLimit": number,
    "gasUsed": number,
    "timestamp": number,
    "extraData": bytes.fromhex,
    "mixHash": bytes.fromhex,
    "nonce": bytes.fromhex,
    "baseFeePerGas": number,
    "withdrawalsRoot": bytes.fromhex,
    "blobGasUsed": number,
    "excessBlobGas": number,
    "parentBeaconBlockRoot": bytes.fromhex,
    "requestsHash": bytes.fromhex,
}
USE = compiled("App").call("use", 7)
USED = compiled("App").topic("Used")
REFUSED = f"0x{keccak(text='Refused()')[:4].hex()}"


@pytest.fixture
def app(devnet: Devnet) -> Address:
    """Deploy an application in block 1; two senders use it in block 2; block 3 is empty."""
    deployed = devnet.deploy(devnet.accounts[0], "App")
    devnet.mine()
    for user in devnet.accounts[1:3]:
        devnet.transact(user, deployed, USE)
    devnet.transact(devnet.accounts[1], deployed, compiled("App").call("fail"))
    devnet.mine()
    devnet.mine()
    return deployed


def test_the_chain_introduces_itself(devnet_node: Node, devnet: Devnet) -> None:
    """Chain id, network, client and height."""
    devnet.mine_empty(17)
    assert devnet_node.ask("eth_chainId") == "0x7a69"
    assert devnet_node.ask("net_version") == "31337"
    assert "py-evm" in devnet_node.ask("web3_clientVersion")
    assert devnet_node.ask("eth_blockNumber") == "0x11"


@pytest.mark.usefixtures("app")
def test_a_blocks_hash_is_the_hash_of_the_header_that_is_served(devnet_node: Node) -> None:
    """Every field is the real one: hashed in the order of the header they give the block's hash."""
    for tag in ("0x0", "0x1", "0x2", "0x3"):
        block = devnet_node.block(tag)
        fields = [written(block[name][2:]) for name, written in HEADER.items()]
        assert f"0x{keccak(rlp.encode(fields)).hex()}" == block["hash"]
        assert block == devnet_node.block_of_hash(block["hash"])


@pytest.mark.usefixtures("app")
def test_blocks_are_linked_and_name_their_transactions(devnet_node: Node) -> None:
    """Parent hashes form a chain, and a block without transactions has the empty receipts root."""
    blocks = [devnet_node.block(hex(number)) for number in range(4)]
    assert [block["parentHash"] for block in blocks[1:]] == [block["hash"] for block in blocks[:-1]]
    assert [len(block["transactions"]) for block in blocks] == [0, 1, 3, 0]
    assert [block["receiptsRoot"] == EMPTY_ROOT for block in blocks] == [True, False, False, True]


def test_receipts_carry_what_the_watcher_reads(devnet_node: Node, devnet: Devnet, app: Address) -> None:
    """Sender, target, status, type, gas, price and logs, with places that count through the block."""
    block = devnet_node.block("0x2")
    receipts = devnet_node.ask("eth_getBlockReceipts", "0x2")
    users = [account.address for account in devnet.accounts]
    assert [receipt["from"] for receipt in receipts] == [users[1], users[2], users[1]]
    assert {receipt["to"] for receipt in receipts} == {app}
    assert [receipt["status"] for receipt in receipts] == ["0x1", "0x1", "0x0"]
    assert {receipt["type"] for receipt in receipts} == {"0x2"}
    assert {receipt["contractAddress"] for receipt in receipts} == {None}
    assert [receipt["transactionIndex"] for receipt in receipts] == ["0x0", "0x1", "0x2"]
    assert [receipt["transactionHash"] for receipt in receipts] == block["transactions"]
    assert {receipt["blockHash"] for receipt in receipts} == {block["hash"]}
    assert receipts[-1]["cumulativeGasUsed"] == block["gasUsed"]
    assert sum(int(receipt["gasUsed"], 16) for receipt in receipts) == int(block["gasUsed"], 16)
    tip = 10**9
    assert int(receipts[0]["effectiveGasPrice"], 16) == int(block["baseFeePerGas"], 16) + tip
    assert [len(receipt["logs"]) for receipt in receipts] == [1, 1, 0]
    assert receipts[1]["logs"] == [
        {
            "address": app,
            "topics": [USED, "0x" + "00" * 12 + users[2][2:]],
            "data": "0x" + "00" * 31 + "07",
            "blockHash": block["hash"],
            "blockNumber": "0x2",
            "transactionHash": receipts[1]["transactionHash"],
            "transactionIndex": "0x1",
            "logIndex": "0x1",
            "removed": False,
        }
    ]
    bloom = int(receipts[0]["logsBloom"], 16) | int(receipts[1]["logsBloom"], 16)
    assert bloom == int(block["logsBloom"], 16)


def test_a_creation_has_no_target_and_names_the_contract(devnet_node: Node, app: Address) -> None:
    """`to` is null and contractAddress set, exactly for creations."""
    (receipt,) = devnet_node.ask("eth_getBlockReceipts", "0x1")
    assert (receipt["to"], receipt["contractAddress"]) == (None, app)
    assert receipt == devnet_node.ask("eth_getTransactionReceipt", receipt["transactionHash"])


def test_an_unknown_block_is_null_and_an_unknown_transaction_too(devnet_node: Node) -> None:
    """What is not there is null, not an error."""
    assert devnet_node.block("0x1") is None
    assert devnet_node.block_of_hash(NO_HASH) is None
    assert devnet_node.ask("eth_getBlockReceipts", "0x1") is None
    assert devnet_node.ask("eth_getTransactionReceipt", NO_HASH) is None


def test_tags_name_blocks(devnet_node: Node, devnet: Devnet) -> None:
    """`latest`, `pending` and `earliest` always do; `safe` and `finalized` once something carries them."""
    devnet.mine_empty(3)
    assert devnet_node.block("earliest")["number"] == "0x0"
    assert devnet_node.block("latest")["number"] == "0x3"
    assert devnet_node.block("pending")["number"] == "0x3"
    refusal = devnet_node.refusal("eth_getBlockByNumber", "finalized", HASHES_ONLY)
    assert refusal == {"code": -32000, "message": "finalized block not found"}
    devnet.finalize(1)
    devnet.finalize(2, "safe")
    assert devnet_node.block("finalized")["number"] == "0x1"
    assert devnet_node.block("safe")["number"] == "0x2"


def test_state_is_read_at_any_block_by_number_tag_and_hash(
    devnet_node: Node, devnet: Devnet, app: Address
) -> None:
    """History is there: before, at and after a change."""
    runtime = f"0x{compiled('App').runtime.hex()}"
    first, second = (block.hash for block in devnet.blocks(1, 2))
    assert devnet_node.ask("eth_getCode", app, "0x0") == "0x"
    assert devnet_node.ask("eth_getCode", app, "0x1") == runtime
    assert devnet_node.ask("eth_getCode", app) == runtime
    assert devnet_node.ask("eth_getCode", app, first) == runtime
    total = {"to": app, "data": f"0x{compiled('App').call('total').hex()}"}
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


def test_a_call_that_fails_is_an_error_with_its_data(devnet_node: Node, app: Address) -> None:
    """A revert has code 3 and the encoded error; what a call did leaves no trace."""
    call = {"to": app, "input": f"0x{compiled('App').call('fail').hex()}"}
    assert devnet_node.refusal("eth_call", call, "latest") == {
        "code": 3,
        "message": "execution reverted",
        "data": REFUSED,
    }
    assert (
        devnet_node.ask("eth_call", {"to": app, "data": f"0x{USE.hex()}", "from": NOBODY}, "latest") == "0x"
    )
    total = {"to": app, "data": f"0x{compiled('App').call('total').hex()}"}
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
    devnet_node: Node, devnet: Devnet, app: Address
) -> None:
    """eth_getCode shows the designation; eth_call follows it."""
    authority = devnet.accounts[5]
    devnet.delegate(authority, app)
    devnet.transact(devnet.accounts[1], authority.address, USE)
    devnet.mine()
    assert devnet_node.ask("eth_getCode", authority.address, "latest") == f"0xef0100{app[2:]}"
    total = {"to": authority.address, "data": f"0x{compiled('App').call('total').hex()}"}
    assert int(devnet_node.ask("eth_call", total, "latest"), 16) == 7


def test_state_that_is_missing_is_an_error_and_never_empty(
    devnet_node: Node, devnet: Devnet, app: Address
) -> None:
    """Above the head, of a reverted block, and below the pruning point."""
    reverted = devnet.head.hash
    devnet.revert(2)
    devnet.prune(2)
    assert devnet_node.refusal("eth_getCode", app, "0x9") == {"code": -32000, "message": "header not found"}
    assert devnet_node.refusal("eth_getCode", app, reverted)["message"] == "header for hash not found"
    assert devnet_node.refusal("eth_call", {"to": app}, {"blockHash": NO_HASH})["code"] == -32000
    pruned = devnet_node.refusal("eth_getCode", app, "0x1")
    assert pruned["code"] == -32000
    assert pruned["message"].startswith("missing trie node 0x")


def test_logs_are_found_by_range_emitter_and_topics(devnet_node: Node, devnet: Devnet, app: Address) -> None:
    """As geth filters: lists are alternatives, null stands for anything, positions are matched in order."""

    def found(**criteria: object) -> list[str]:
        return [log["logIndex"] for log in devnet_node.ask("eth_getLogs", criteria)]

    user = "0x" + "00" * 12 + devnet.accounts[2].address[2:]
    assert found(fromBlock="0x0", toBlock="latest") == ["0x0", "0x1"]
    assert found() == []
    assert found(fromBlock="0x2", toBlock="0x2", address=app) == ["0x0", "0x1"]
    assert found(fromBlock="earliest", address=[NOBODY, app.upper().replace("0X", "0x")]) == ["0x0", "0x1"]
    assert found(fromBlock="0x0", address=NOBODY) == []
    assert found(fromBlock="0x0", address=[]) == []
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


@pytest.mark.usefixtures("app")
def test_a_search_that_ends_before_it_begins_is_refused(devnet_node: Node) -> None:
    """The order of the two ends matters."""
    refusal = devnet_node.refusal("eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x1"})
    assert refusal == {"code": -32602, "message": "invalid block range params"}


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
        ("eth_getBlockByNumber", ["0x0", True], -32602),
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
    devnet_node: Node, devnet: Devnet, app: Address
) -> None:
    """Each answer is about one moment: a block is there with all of its receipts or not at all."""

    def read(_: int) -> int:
        receipts = devnet_node.ask("eth_getBlockReceipts", "latest")
        return len(receipts) if receipts else 0

    with ThreadPoolExecutor(8) as clients:
        counts = clients.map(read, range(64))
        for _ in range(5):
            for user in devnet.accounts[:4]:
                devnet.transact(user, app, USE)
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
