"""Blocks that are shown before they are sealed, without a hash: waited for, never stored, nobody's fault."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scripted_node import ScriptedNode, Waiting, scripted_node, source_of
from tests.stages.world import definition, fresh_store
from watcher.chain.rpc import SEALING_SECONDS, TRIES
from watcher.core.types import BlockRange
from watcher.errors import EndpointUnavailable, HistoryMissing
from watcher.stages.index import Index
from watcher.testing.manual_clock import ManualClock

HEAD = 29


@pytest.fixture
def node() -> Iterator[ScriptedNode]:
    """Serve a chain of thirty blocks with two receipts each."""
    with scripted_node() as made:
        yield made


def without_hash(answer: Any) -> Any:  # noqa: ANN401
    """Give a header, or receipts, as they look before the block is sealed."""
    if isinstance(answer, list):
        return [{**receipt, "blockHash": None} for receipt in answer]
    return {**answer, "hash": None}


def unsealed(node: ScriptedNode, method: str, times: int) -> None:
    """Let the newest block be shown without its hash so many times by one method."""
    honest: Callable[[str, list[Any]], Any] = node.methods[method]
    left = [times]

    def answer(name: str, params: list[Any]) -> Any:  # noqa: ANN401
        found = honest(name, params)
        if params[0] in {"latest", hex(HEAD)} and left[0]:
            left[0] -= 1
            return without_hash(found)
        return found

    node.methods[method] = answer


def test_a_head_without_a_hash_is_asked_for_again_until_it_is_sealed(node: ScriptedNode) -> None:
    """It takes no longer than a block does; it is counted, but the endpoint has not failed."""
    unsealed(node, "eth_getBlockByNumber", 2)
    waiting = Waiting()
    source = source_of(node, waiting=waiting)
    assert source.head().hash == node.hash(HEAD)
    assert waiting.seconds == [SEALING_SECONDS] * 2
    [traffic] = source.traffic.values()
    assert (traffic.failures, traffic.faults) == (0, {"unsealed": 2})


def test_receipts_without_a_block_hash_are_asked_for_again_until_it_is_sealed(node: ScriptedNode) -> None:
    """MegaETH's receipts of a mini-block carry a number and a null blockHash."""
    unsealed(node, "eth_getBlockReceipts", 3)
    waiting = Waiting()
    source = source_of(node, waiting=waiting)
    [window] = source.windows(BlockRange(HEAD - 1, HEAD), 10)
    assert [block.hash for block in window.blocks] == [node.hash(HEAD - 1), node.hash(HEAD)]
    assert waiting.seconds == [SEALING_SECONDS] * 3
    [traffic] = source.traffic.values()
    assert traffic.failures == 0


@pytest.mark.parametrize("method", ["eth_getBlockByNumber", "eth_getBlockReceipts"])
def test_a_block_that_is_never_sealed_is_never_stored(
    method: str, node: ScriptedNode, tmp_path: Path
) -> None:
    """The run fails after some tries; the first one that sees the block sealed stores it."""
    program = definition(tmp_path, finality="depth = 3")
    unsealed(node, method, TRIES)
    with fresh_store(tmp_path) as store:
        index = Index(program, source_of(node), store, ManualClock())
        with pytest.raises(HistoryMissing, match="not sealed"):
            index.run()
        with store.reading() as tx:
            before = tx.facts.checkpoint()
        assert before is None or before.number < HEAD
        index.run()
        with store.reading() as tx:
            checkpoint = tx.facts.checkpoint()
    assert checkpoint is not None
    assert (checkpoint.number, checkpoint.hash) == (HEAD, node.hash(HEAD))


def test_waiting_for_a_seal_ends_with_the_program(node: ScriptedNode) -> None:
    """Nobody waits for a block any more once the watcher is told to stop."""
    unsealed(node, "eth_getBlockByNumber", TRIES)
    with pytest.raises(EndpointUnavailable, match="stopped while the block is not sealed"):
        source_of(node, waiting=Waiting(stop_after=1)).head()
