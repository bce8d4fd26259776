"""Blocks and receipts of the devnet over JSON-RPC: the real ones, field for field as from geth."""

import pytest
import rlp
from eth_utils.crypto import keccak
from trie.hexary import HexaryTrie

from tests.nodes import HASHES_ONLY, Node
from watcher.core.types import Address
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet

NO_HASH = "0x" + "00" * 32
EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
USED = compiled("App").topic("Used")


def number(digits: str) -> bytes:
    """Give a number's bytes without leading zeros, as RLP wants them."""
    value = int(digits, 16)
    return value.to_bytes((value.bit_length() + 7) // 8)


def unhex(digits: str) -> bytes:
    """Give the bytes of `0x…`."""
    return bytes.fromhex(digits[2:])


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


def test_the_chain_introduces_itself(devnet_node: Node, devnet: Devnet) -> None:
    """Chain id, network, client and height."""
    devnet.mine_empty(17)
    assert devnet_node.ask("eth_chainId") == "0x7a69"
    assert devnet_node.ask("net_version") == "31337"
    assert "py-evm" in devnet_node.ask("web3_clientVersion")
    assert devnet_node.ask("eth_blockNumber") == "0x11"


@pytest.mark.usefixtures("used")
def test_a_blocks_hash_is_the_hash_of_the_header_that_is_served(devnet_node: Node) -> None:
    """Every field is the real one: hashed in the order of the header they give the block's hash."""
    for tag in ("0x0", "0x1", "0x2", "0x3"):
        block = devnet_node.block(tag)
        fields = [written(block[name][2:]) for name, written in HEADER.items()]
        assert f"0x{keccak(rlp.encode(fields)).hex()}" == block["hash"]
        assert block == devnet_node.block_of_hash(block["hash"])


@pytest.mark.usefixtures("used")
def test_blocks_are_linked_and_name_their_transactions(devnet_node: Node) -> None:
    """Parent hashes form a chain, and a block without transactions has the empty receipts root."""
    blocks = [devnet_node.block(hex(number)) for number in range(4)]
    assert [block["parentHash"] for block in blocks[1:]] == [block["hash"] for block in blocks[:-1]]
    assert [len(block["transactions"]) for block in blocks] == [0, 1, 3, 0]
    assert [block["receiptsRoot"] == EMPTY_ROOT for block in blocks] == [True, False, False, True]


def test_receipts_carry_what_the_watcher_reads(devnet_node: Node, devnet: Devnet, used: Address) -> None:
    """Sender, target, status, type, gas, price and logs, with places that count through the block."""
    block = devnet_node.block("0x2")
    receipts = devnet_node.ask("eth_getBlockReceipts", "0x2")
    users = [account.address for account in devnet.accounts]
    assert [receipt["from"] for receipt in receipts] == [users[1], users[2], users[1]]
    assert {receipt["to"] for receipt in receipts} == {used}
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
            "address": used,
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


@pytest.mark.usefixtures("used")
def test_receipts_are_the_ones_that_the_header_commits_to(devnet_node: Node) -> None:
    """The receipts root, computed from what is served, is the block's."""
    receipts = devnet_node.ask("eth_getBlockReceipts", "0x2")
    leaves = HexaryTrie({})
    for index, receipt in enumerate(receipts):
        logs = [
            [unhex(log["address"]), [unhex(topic) for topic in log["topics"]], unhex(log["data"])]
            for log in receipt["logs"]
        ]
        body = [
            number(receipt["status"]),
            number(receipt["cumulativeGasUsed"]),
            unhex(receipt["logsBloom"]),
            logs,
        ]
        leaves[rlp.encode(index)] = number(receipt["type"]) + rlp.encode(body)
    assert f"0x{leaves.root_hash.hex()}" == devnet_node.block("0x2")["receiptsRoot"]


def test_a_creation_has_no_target_and_names_the_contract(devnet_node: Node, used: Address) -> None:
    """`to` is null and contractAddress set, exactly for creations."""
    (receipt,) = devnet_node.ask("eth_getBlockReceipts", "0x1")
    assert (receipt["to"], receipt["contractAddress"]) == (None, used)
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
