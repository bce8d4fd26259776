"""Transactions that were signed elsewhere: accepted as a node accepts them, refused in a node's words."""

from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from eth_account import Account as Signer

from tests.nodes import GENESIS_TIME, Node
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_chain import Account
from watcher.testing.devnet_server import serve

TARGET = "0x" + "11" * 20


@pytest.fixture
def automining() -> Iterator[Node]:
    """Serve a chain that seals a block for each transaction."""
    with serve(Devnet(GENESIS_TIME, automine=True)) as url, urllib3.PoolManager() as pool:
        yield Node(url, pool)


def signed(account: Account, **changed: object) -> str:
    """Sign a plain transfer, changed as told, and give it as it travels."""
    fields: dict[str, Any] = {
        "chainId": 31337,
        "nonce": 0,
        "to": TARGET,
        "value": 5,
        "gas": 21_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 10**9,
        **changed,
    }
    return str(Signer.sign_transaction(fields, account.key.to_bytes()).raw_transaction.to_0x_hex())


def legacy(account: Account) -> str:
    """Sign the same transfer as a legacy transaction."""
    fields = {"chainId": 31337, "nonce": 0, "to": TARGET, "value": 5, "gas": 21_000, "gasPrice": 10**10}
    return str(Signer.sign_transaction(fields, account.key.to_bytes()).raw_transaction.to_0x_hex())


def test_it_waits_for_the_next_block(devnet: Devnet, devnet_node: Node) -> None:
    """Without automine a raw transaction is queued after the others."""
    first, second = devnet.accounts[:2]
    devnet.transact(second, first.address, value=1)
    sent = devnet_node.ask("eth_sendRawTransaction", signed(first))
    devnet_node.ask("eth_sendRawTransaction", signed(first, nonce=1))
    devnet.transact(first, second.address, value=1)
    assert devnet_node.ask("eth_getTransactionReceipt", sent) is None
    devnet.mine()
    receipt = devnet_node.ask("eth_getTransactionReceipt", sent)
    assert (receipt["status"], receipt["transactionIndex"]) == ("0x1", "0x1")
    assert devnet_node.ask("eth_getBalance", TARGET, "latest") == "0xa"
    assert {receipt["status"] for receipt in devnet.head.receipts} == {"0x1"}


def test_it_has_its_own_block_where_blocks_make_themselves(automining: Node) -> None:
    """With automine the receipt is there at once."""
    sent = automining.ask("eth_sendRawTransaction", signed(Account.derive(0)))
    receipt = automining.ask("eth_getTransactionReceipt", sent)
    assert (receipt["blockNumber"], receipt["status"], receipt["type"]) == ("0x1", "0x1", "0x2")


def test_legacy_transactions_have_type_zero_and_pay_what_they_offer(automining: Node) -> None:
    """The effective price of a legacy transaction is its gas price."""
    sent = automining.ask("eth_sendRawTransaction", legacy(Account.derive(0)))
    receipt = automining.ask("eth_getTransactionReceipt", sent)
    assert (receipt["type"], receipt["effectiveGasPrice"]) == ("0x0", hex(10**10))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"nonce": 1}, "nonce too high: next nonce 0, tx nonce 1"),
        ({"value": 10**30}, "insufficient funds for gas * price + value"),
        ({"gas": 20_000}, "intrinsic gas too low: gas 20000"),
        ({"chainId": 1}, "invalid chain id for signer: have 1 want 31337"),
    ],
)
def test_what_no_block_can_hold_is_refused(devnet_node: Node, changed: dict[str, Any], message: str) -> None:
    """The sender learns it at once, and the next block is not in danger."""
    refusal = devnet_node.refusal("eth_sendRawTransaction", signed(Account.derive(0), **changed))
    assert refusal == {"code": -32000, "message": message}


def test_a_transaction_counts_once(automining: Node) -> None:
    """The same one again has a nonce that is used up."""
    raw = signed(Account.derive(0))
    automining.ask("eth_sendRawTransaction", raw)
    refusal = automining.refusal("eth_sendRawTransaction", raw)
    assert refusal["message"] == "nonce too low: next nonce 1, tx nonce 0"
