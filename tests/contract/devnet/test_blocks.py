"""The devnet as its owner drives it: what is in which block, at what time, and what can be taken back."""

import subprocess
import sys

import pytest
from eth_utils.address import to_canonical_address
from eth_utils.exceptions import ValidationError

from tests.nodes import GENESIS_TIME
from watcher.core.types import Address
from watcher.errors import HistoryMissing
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet

DAY = 86_400
USE = compiled("App").call("use", 1)


def code_at(devnet: Devnet, address: Address, number: int) -> bytes:
    """Read code as one block left it."""
    block = devnet.block(number)
    assert block is not None
    return devnet.state(block).code(to_canonical_address(address))


def test_one_block_holds_everything_queued_in_order(devnet: Devnet) -> None:
    """Transactions keep their order, and a later one may use what an earlier one made."""
    owner, user = devnet.accounts[:2]
    app = devnet.deploy(owner, "App")
    sent = [
        devnet.transact(user, app, USE),
        devnet.transact(owner, app, USE),
        devnet.transact(user, app, USE),
    ]
    assert devnet.mine() == 1
    receipts = devnet.head.receipts
    assert [receipt["transactionHash"] for receipt in receipts[1:]] == sent
    assert [receipt["status"] for receipt in receipts] == ["0x1"] * 4


def test_a_deployment_names_its_address_before_it_is_mined(devnet: Devnet) -> None:
    """The address that deploy gives is the one that the receipt gives, with the contract's code."""
    app = devnet.deploy(devnet.accounts[0], "App")
    devnet.mine()
    assert devnet.head.receipts[0]["contractAddress"] == app
    assert code_at(devnet, app, 1) == compiled("App").runtime
    assert code_at(devnet, app, 0) == b""


def test_any_code_can_be_put_on_the_chain_by_a_creation(devnet: Devnet) -> None:
    """deploy_code makes a contract of just these bytes, such as an ERC-1167 clone, or of none."""
    clone = bytes.fromhex("363d3d373d3d3d363d73" + "ab" * 20 + "5af43d82803e903d91602b57fd5bf3")
    made = devnet.deploy_code(devnet.accounts[0], clone)
    empty = devnet.deploy_code(devnet.accounts[0], b"")
    devnet.mine()
    assert code_at(devnet, made, 1) == clone
    assert code_at(devnet, empty, 1) == b""


def test_a_delegated_account_carries_the_designation_and_runs_its_targets_code(devnet: Devnet) -> None:
    """EIP-7702: the code read is 0xef0100 and the target; a call runs the target's code on the account."""
    owner, authority, user = devnet.accounts[:3]
    app = devnet.deploy(owner, "App")
    sent = devnet.delegate(authority, app)
    devnet.transact(user, authority.address, USE)
    devnet.mine()
    assert code_at(devnet, authority.address, 1).hex() == f"ef0100{app[2:]}"
    delegation, use = devnet.head.receipts[1:]
    assert delegation["transactionHash"] == sent
    assert (delegation["type"], delegation["status"]) == ("0x4", "0x1")
    assert [log["address"] for log in use["logs"]] == [authority.address]


def test_delegating_to_the_zero_address_takes_the_code_away(devnet: Devnet) -> None:
    """The account is as before, and its next transaction still has the right nonce."""
    authority = devnet.accounts[0]
    devnet.delegate(authority, Address("0x" + "ab" * 20))
    devnet.delegate(authority, Address("0x" + "00" * 20))
    devnet.transact(authority, devnet.accounts[1].address, value=1)
    devnet.mine()
    assert code_at(devnet, authority.address, 1) == b""
    assert [receipt["status"] for receipt in devnet.head.receipts] == ["0x1"] * 3


def test_time_goes_as_told(devnet: Devnet) -> None:
    """A block comes a second later, or later by what was travelled, or when it is told to."""
    devnet.mine()
    devnet.travel(DAY)
    devnet.mine()
    devnet.mine(GENESIS_TIME + 3 * DAY)
    devnet.mine_empty(2, every_seconds=DAY)
    times = [block.timestamp - GENESIS_TIME for block in devnet.blocks(0, devnet.head.number)]
    assert times == [0, 1, DAY + 2, 3 * DAY, 4 * DAY, 5 * DAY]


def test_consecutive_blocks_may_share_a_timestamp(devnet: Devnet) -> None:
    """Normal where many blocks come in a second."""
    devnet.mine(GENESIS_TIME)
    devnet.mine(GENESIS_TIME)
    assert devnet.head.timestamp == GENESIS_TIME


def test_a_block_before_its_parent_is_refused(devnet: Devnet) -> None:
    """Time never goes back, and nothing was made."""
    with pytest.raises(ValidationError, match="timestamp"):
        devnet.mine(GENESIS_TIME - 1)
    assert devnet.head.number == 0


def test_contracts_see_the_blocks_own_time(devnet: Devnet) -> None:
    """TIMESTAMP is the header's, not the machine's."""
    store_timestamp = bytes.fromhex("425f5500")
    clock = devnet.deploy_code(devnet.accounts[0], store_timestamp)
    devnet.transact(devnet.accounts[0], clock)
    devnet.mine(GENESIS_TIME + DAY)
    assert devnet.state(devnet.head).storage(to_canonical_address(clock), 0) == GENESIS_TIME + DAY


def test_the_same_calls_make_the_same_chain() -> None:
    """Nothing depends on the machine's clock or on chance."""
    hashes = []
    for _ in range(2):
        devnet = Devnet(GENESIS_TIME)
        app = devnet.deploy(devnet.accounts[0], "App")
        devnet.transact(devnet.accounts[1], app, USE)
        devnet.mine()
        devnet.mine_empty(2)
        hashes.append(devnet.head.hash)
    assert hashes[0] == hashes[1]


def test_a_reorg_takes_blocks_and_state_back(devnet: Devnet) -> None:
    """Old blocks and receipts are gone, the queue is empty, and senders start where they were."""
    owner, user = devnet.accounts[:2]
    devnet.mine()
    app = devnet.deploy(owner, "App")
    devnet.mine()
    orphan = devnet.head
    used = devnet.transact(user, app, USE)
    devnet.mine()
    devnet.transact(user, app, USE)
    devnet.revert(1)
    assert devnet.head.number == 1
    assert code_at(devnet, app, 1) == b""
    assert devnet.block_of_hash(orphan.hash) is None
    assert devnet.block_of_transaction(used) is None
    assert devnet.deploy(owner, "App") == app
    devnet.mine()
    assert code_at(devnet, app, 2) == compiled("App").runtime
    assert devnet.block_of_transaction(used) is None


def test_a_block_made_again_after_a_reorg_has_another_hash(devnet: Devnet) -> None:
    """The same transactions at the same time in the same place are still a reorg."""
    devnet.mine()
    first = devnet.head
    devnet.revert(0)
    devnet.mine()
    assert devnet.head.number == first.number
    assert devnet.head.timestamp == first.timestamp
    assert devnet.head.hash != first.hash
    assert devnet.head.json["parentHash"] == first.json["parentHash"]


def test_pruned_state_is_an_error_and_never_empty(devnet: Devnet) -> None:
    """Below the pruning point state is missing; blocks and receipts stay."""
    app = devnet.deploy(devnet.accounts[0], "App")
    devnet.mine()
    devnet.mine_empty(2)
    devnet.prune(2)
    with pytest.raises(HistoryMissing, match="missing trie node"):
        code_at(devnet, app, 1)
    assert code_at(devnet, app, 2) == compiled("App").runtime
    block = devnet.block(1)
    assert block is not None
    assert len(block.receipts) == 1


def test_tags_answer_what_was_finalized_and_never_more_than_the_head(devnet: Devnet) -> None:
    """A tag is set by hand, may go back, and does not outlive a reorg."""
    devnet.mine_empty(3)
    assert devnet.tagged("finalized") is None
    devnet.finalize(2)
    devnet.finalize(3, "safe")
    assert devnet.tagged("finalized") == devnet.block(2)
    assert devnet.tagged("safe") == devnet.block(3)
    devnet.finalize(1)
    assert devnet.tagged("finalized") == devnet.block(1)
    devnet.revert(0)
    assert devnet.tagged("safe") == devnet.block(0)


def test_hundreds_of_transactions_fit_into_one_block(devnet: Devnet) -> None:
    """Many senders, one block: the gas limit is no obstacle to a demo."""
    app = devnet.deploy(devnet.accounts[0], "App")
    for number in range(200):
        devnet.transact(devnet.accounts[number % len(devnet.accounts)], app, USE)
    devnet.mine()
    assert {receipt["status"] for receipt in devnet.head.receipts} == {"0x1"}
    assert len(devnet.head.receipts) == 201


def test_a_transaction_that_no_block_can_hold_empties_the_queue_and_leaves_the_chain(devnet: Devnet) -> None:
    """A sender without the money is an error of the whole block, and the next block is made as usual."""
    devnet.transact(devnet.accounts[0], devnet.accounts[1].address, value=10**30)
    with pytest.raises(ValidationError):
        devnet.mine()
    assert devnet.head.number == 0
    devnet.transact(devnet.accounts[0], devnet.accounts[1].address, value=1)
    assert devnet.mine() == 1


def test_without_the_demo_extra_the_error_says_what_to_install() -> None:
    """A missing EVM is a sentence with a remedy, not an ImportError."""
    script = "import sys; sys.modules['eth'] = None; import watcher.testing.devnet"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "UsageError: the devnet runs a real EVM" in ran.stderr
    assert 'pip install "watcher[demo]"' in ran.stderr
