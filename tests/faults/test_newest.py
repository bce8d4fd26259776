"""Whose head is the newest block: a node that stands still is not waited for, a chain that does is."""

from typing import Any

from tests.faults.scripted_node import HttpAnswer, ScriptedNode, Waiting, source_of
from watcher.chain.admission import GONE_BACK
from watcher.chain.condition import ALONE_SECONDS
from watcher.chain.newest import AHEAD, STILL_SECONDS
from watcher.chain.refusals import Refusal

BARRED_SECONDS = ALONE_SECONDS[Refusal.BARRED]
QUARANTINE_SECONDS = ALONE_SECONDS[Refusal.WENT_BACK]


def grow(node: ScriptedNode, blocks: int) -> None:
    """Add empty blocks."""
    for _ in range(blocks):
        node.blocks.append(node.block(len(node.blocks), 0))


def test_a_node_that_stands_still_while_others_go_on_is_not_waited_for(
    node: ScriptedNode, second: ScriptedNode
) -> None:
    """It answers, and would keep the watcher where it is for ever; it is back when its head rises again."""
    waiting = Waiting()
    source = source_of(node, second, waiting=waiting)
    assert source.head().number == 99
    grow(second, 3)
    waiting(STILL_SECONDS - 1)
    assert source.head().number == 99
    waiting(2)
    assert source.head().number == 102
    [trouble] = source.troubles()
    assert "its head stands still at block 99, endpoint e1" in trouble.what
    for _ in range(3):
        waiting(QUARANTINE_SECONDS + 1)
        assert source.head().number == 102
        assert len(source.troubles()) == 1
    grow(node, 4)
    waiting(QUARANTINE_SECONDS + 1)
    assert source.head().number == 103
    assert source.troubles() == []


def test_a_chain_that_stands_still_is_no_fault_of_a_node(node: ScriptedNode, second: ScriptedNode) -> None:
    """Chains without traffic have no blocks; the others are asked now and then, and nobody is left alone."""
    waiting = Waiting()
    source = source_of(node, second, waiting=waiting)
    source.identity()
    source.head()
    grow(second, AHEAD)
    asked = second.calls
    for _ in range(4):
        waiting(STILL_SECONDS / 2)
        assert source.head().number == 99
    assert second.calls - asked == 2
    assert source.troubles() == []


def test_heads_are_compared_with_those_that_can_be_asked(node: ScriptedNode, second: ScriptedNode) -> None:
    """One that fails, rests, has no blocks or went back itself says nothing about others."""
    waiting = Waiting()
    source = source_of(node, second, waiting=waiting)
    source.identity()
    source.head()
    grow(second, 50)
    second.next(HttpAnswer(402))
    for _ in range(2):
        waiting(STILL_SECONDS)
        assert source.head().number == 99
    honest = second.methods["eth_getBlockByNumber"]
    shown: list[Any] = [second.block(5, 0)[0], None]
    second.methods["eth_getBlockByNumber"] = lambda method, params: (
        shown.pop() if params[0] == "latest" else honest(method, params)
    )
    source.expect(99 + GONE_BACK)
    waiting(BARRED_SECONDS)
    for _ in range(2):
        assert source.head().number == 99
        waiting(STILL_SECONDS)
    assert shown == []
