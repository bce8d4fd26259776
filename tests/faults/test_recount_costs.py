"""What a recount will cost is told before it; what the endpoint does not have is told then, too."""

from pathlib import Path

import pytest

from tests.faults.scripted_node import Refused, ScriptedNode, Waiting, scripted_node
from tests.stages.world import definition
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.proof import Proof
from watcher.core.types import BlockHash, BlockRef
from watcher.errors import CannotTell, EndpointUnavailable
from watcher.stages.backfill import BackfillPlan
from watcher.stages.recounting import plan_recount

LAST = BlockRef(20, BlockHash("0x20"), BlockHash("0x19"), 1_700_000_020)


def planned(folder: Path, url: str, *, first: int = 1, proof: Proof = Proof.RECEIPTS) -> BackfillPlan | None:
    """Plan the recount of a bundle of block 20."""
    waiting = Waiting()
    return plan_recount(
        definition(folder),
        EndpointSettings("rpc", url),
        waiting.clock,
        waiting,
        first=first,
        block=LAST,
        proof=proof,
    )


def forgotten(node: ScriptedNode, below: int) -> None:
    """Let a node lack the receipts below a block."""
    honest = node.methods["eth_getBlockReceipts"]
    node.methods["eth_getBlockReceipts"] = lambda method, parameters: (
        None if int(parameters[0], 16) < below else honest(method, parameters)
    )


def test_proof_takes_every_transaction_besides(tmp_path: Path) -> None:
    """Headers and receipts of every block are read without it, too; hashing them costs no call."""
    with scripted_node() as node:
        whole = planned(tmp_path, node.url, proof=Proof.TRANSACTIONS)
        proven, plain = planned(tmp_path, node.url), planned(tmp_path, node.url, proof=Proof.NOTHING)
    assert proven is not None
    assert plain is not None
    assert proven.cost.blocks == plain.cost.blocks == 20
    assert proven.cost.receipts == 40
    assert whole is not None
    assert whole.plan.calls == proven.plan.calls + 20
    assert proven.plan.calls == plain.plan.calls
    assert "the proof needs every header and every receipt" in proven.words(1, 20)


def test_only_what_is_left_is_counted(tmp_path: Path) -> None:
    """What was read before is not paid again."""
    with scripted_node() as node:
        rest = planned(tmp_path, node.url, first=11)
        assert rest is not None
        assert rest.cost.blocks == 10
        asked = node.calls
        assert planned(tmp_path, node.url, first=21) is None
        assert node.calls == asked


@pytest.mark.parametrize(
    ("below", "there"), [(8, "receipts from block 8 on"), (99, "no receipts")], ids=["some", "none"]
)
def test_history_that_is_not_there_is_told_before_anything_is_read(
    tmp_path: Path, below: int, there: str
) -> None:
    """With the block that would be needed."""
    with scripted_node() as node:
        forgotten(node, below)
        with pytest.raises(CannotTell, match=there):
            planned(tmp_path, node.url)


def test_a_node_that_will_not_say_what_it_has_cannot_be_recounted_from(tmp_path: Path) -> None:
    """Its own words are given."""

    def refuse(_method: str, _parameters: list[object]) -> object:
        raise Refused(-32000, "not today")

    with scripted_node() as node:
        node.methods["eth_getBlockReceipts"] = refuse
        with pytest.raises(CannotTell, match=r"does not show its history: .*not today"):
            planned(tmp_path, node.url)


def test_an_endpoint_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    """It may answer later."""
    with scripted_node() as node:
        url = node.url
    with pytest.raises(EndpointUnavailable, match="rpc"):
        planned(tmp_path, url)
