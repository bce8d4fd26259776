"""What tests may rely on in anvil: the real node of the end-to-end tests, with its reorgs and its clock."""

from pathlib import Path

import pytest
import urllib3

from tests.nodes import GENESIS_TIME, Anvil, anvil, binary
from watcher.testing.contracts import compiled


def test_it_deploys_and_runs_our_contracts(anvil_node: Anvil) -> None:
    """The same bytecode as on the devnet; unlocked accounts send."""
    owner, user = anvil_node.accounts[:2]
    app = anvil_node.deploy(owner, "App")
    sent = anvil_node.send(user, app, compiled("App").call("use", 1))
    assert anvil_node.mine() == 2
    receipt = anvil_node.ask("eth_getTransactionReceipt", sent)
    assert (receipt["status"], receipt["from"], receipt["to"]) == ("0x1", user, app)
    assert [log["address"] for log in receipt["logs"]] == [app]


def test_its_clock_goes_as_told(anvil_node: Anvil) -> None:
    """Blocks come at the time they are given."""
    assert anvil_node.mine(GENESIS_TIME + 100) == 1
    anvil_node.travel_to(GENESIS_TIME + 500)
    assert anvil_node.mine() == 2
    times = [int(anvil_node.block(hex(number))["timestamp"], 16) for number in range(3)]
    assert times == [GENESIS_TIME, GENESIS_TIME + 100, GENESIS_TIME + 500]


def test_a_reorg_replaces_blocks_and_forgets_their_receipts(anvil_node: Anvil) -> None:
    """The head keeps its number; hashes from the fork point on are others."""
    anvil_node.mine()
    sent = anvil_node.send(anvil_node.accounts[0], anvil_node.accounts[1], b"")
    anvil_node.mine()
    anvil_node.mine()
    before = [anvil_node.block(hex(number))["hash"] for number in range(4)]
    anvil_node.reorg(2)
    after = [anvil_node.block(hex(number))["hash"] for number in range(4)]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, True, False, False]
    assert anvil_node.ask("eth_getTransactionReceipt", sent) is None


def test_each_node_has_a_port_of_its_own_and_dies_with_its_test() -> None:
    """Two at once are two chains; afterwards nobody listens."""
    with anvil() as one, anvil() as other:
        one.mine()
        assert (one.ask("eth_blockNumber"), other.ask("eth_blockNumber")) == ("0x1", "0x0")
    assert (one.process.poll(), other.process.poll()) == (-9, -9)
    with urllib3.PoolManager(retries=False) as pool, pytest.raises(urllib3.exceptions.NewConnectionError):
        pool.request("POST", one.url, json={})


def test_it_can_make_blocks_by_itself() -> None:
    """With a block time the chain grows without being told."""
    with anvil("--block-time", "0.05") as node:
        while int(node.ask("eth_blockNumber"), 16) < 2:
            continue


def test_a_missing_node_fails_the_test_with_the_remedy(tmp_path: Path) -> None:
    """It is never skipped."""
    with pytest.raises(AssertionError, match="make node"):
        binary(tmp_path)


def test_a_node_that_does_not_start_fails_the_test() -> None:
    """The message names the command; nothing waits for ever."""
    with pytest.raises(AssertionError, match="--no-such-option"), anvil("--no-such-option"):
        pytest.fail("it started")
