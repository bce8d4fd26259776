"""Second opinions: what one endpoint alone must not decide, and who is named when they differ."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.faults.scripted_node import (
    CODE,
    HttpAnswer,
    ScriptedNode,
    Waiting,
    scripted_node,
    source_of,
)
from watcher.chain.agreement import DISAGREES, LAGGING, PATIENCE_SECONDS
from watcher.chain.reader import JsonRpcSource
from watcher.chain.source import Witness
from watcher.core.facts import CodeKind, Sample
from watcher.core.types import Address, BlockHash, BlockRef
from watcher.errors import EndpointUnavailable, MalformedAnswer

CONTRACT = Address("0x" + "aa" * 20)


@pytest.fixture
def nodes() -> Iterator[list[ScriptedNode]]:
    """Serve one chain of thirty blocks from three endpoints."""
    with ExitStack() as stack:
        yield [stack.enter_context(scripted_node()) for _ in range(3)]


def without_code(node: ScriptedNode) -> None:
    """Let the node say that there is no code anywhere, as gateways do above their head."""
    node.methods["eth_getCode"] = lambda _method, _params: "0x"


def fork(node: ScriptedNode, number: int) -> None:
    """Let the node have other blocks from this one on."""
    node.blocks[number:] = [replaced(node, at) for at in range(number, len(node.blocks))]


def replaced(node: ScriptedNode, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Make another block of this number."""
    header, receipts = node.blocks[number]
    parent = header["parentHash"] if number == 0 else node.blocks[number - 1][0]["hash"]
    return {**header, "hash": node.hash(f"fork/{number}"), "parentHash": parent}, receipts


def sample(source: JsonRpcSource) -> Sample:
    """Read the contract at block 20."""
    [ref] = source.headers([20])
    assert ref is not None
    return source.sample(CONTRACT, ref)


def faults(source: JsonRpcSource) -> list[dict[str, int]]:
    """Give the faults counted of each endpoint."""
    return [dict(traffic.faults) for traffic in source.traffic.values()]


def test_no_code_is_believed_when_another_endpoint_says_so_too(nodes: list[ScriptedNode]) -> None:
    """Two equal reads of two endpoints; the third is not asked."""
    for node in nodes:
        without_code(node)
    assert sample(source_of(*nodes)).kind is CodeKind.NONE
    assert [node.asked("eth_getCode") for node in nodes] == [1, 1, 0]


def test_code_that_runs_is_believed_at_once(nodes: list[ScriptedNode]) -> None:
    """It takes no app out, and nobody makes up code."""
    assert sample(source_of(*nodes)).runnable
    assert [node.asked("eth_getCode") for node in nodes] == [1, 0, 0]


@pytest.mark.parametrize("liar", [0, 1])
def test_a_lie_about_code_is_outvoted_and_named(nodes: list[ScriptedNode], liar: int) -> None:
    """Two equal answers win; the odd one out is named in the log and counted."""
    honest_says_no = liar == 1
    for place, node in enumerate(nodes):
        if (place == liar) != honest_says_no:
            without_code(node)
    source = source_of(*nodes)
    with capture_logs() as lines:
        assert sample(source).runnable is not honest_says_no
    [named] = [line for line in lines if line["event"] == "endpoint fault"]
    assert named["kind"] == DISAGREES
    assert named["endpoint"] == list(source.traffic)[liar]
    assert faults(source)[liar] == {DISAGREES: 1}


def test_two_endpoints_that_differ_about_code_decide_nothing(nodes: list[ScriptedNode]) -> None:
    """Neither is believed; the error names both and what they said."""
    without_code(nodes[0])
    with pytest.raises(
        MalformedAnswer, match=r"no two reads .* agree \(endpoint e0 .*none.*endpoint e1 .*runs"
    ):
        sample(source_of(*nodes[:2]))


def test_a_single_endpoint_is_asked_twice(nodes: list[ScriptedNode]) -> None:
    """One backend of many may lag: what it says only once is not believed."""
    node = nodes[0]
    without_code(node)
    assert not sample(source_of(node)).runnable
    assert node.asked("eth_getCode") == 2
    answers = iter(["0x", CODE])
    node.methods["eth_getCode"] = lambda _method, _params: next(answers)
    with pytest.raises(MalformedAnswer, match="no two reads"):
        sample(source_of(node))


def test_an_endpoint_that_cannot_answer_is_no_second_opinion(nodes: list[ScriptedNode]) -> None:
    """It fails or rests: the same endpoint is asked again."""
    without_code(nodes[0])
    waiting = Waiting()
    source = source_of(nodes[0], nodes[1], waiting=waiting)
    source.identity()
    nodes[1].next(*[HttpAnswer(402)])
    assert not sample(source).runnable
    assert not sample(source).runnable
    assert nodes[0].asked("eth_getCode") == 4
    assert nodes[1].asked("eth_getCode") == 1


def ref(node: ScriptedNode, number: int) -> BlockRef:
    """Read a block as it is now."""
    [found] = source_of(node).headers([number])
    assert found is not None
    return found


def test_a_block_is_replaced_when_two_endpoints_say_so(nodes: list[ScriptedNode]) -> None:
    """Also where the third still has the old one."""
    known = ref(nodes[0], 25)
    source = source_of(*nodes)
    assert not source.replaced(known)
    fork(nodes[0], 25)
    fork(nodes[1], 25)
    assert source.replaced(known)
    assert faults(source)[2] == {DISAGREES: 1}
    assert source.replaced(known)


def test_a_single_endpoint_on_a_fork_of_its_own_is_left_alone(nodes: list[ScriptedNode]) -> None:
    """At first it may only be the first to hear of a reorg; after a while it stands alone."""
    known = ref(nodes[0], 25)
    fork(nodes[0], 25)
    waiting = Waiting()
    source = source_of(*nodes[:2], waiting=waiting)
    for _ in range(2):
        with pytest.raises(EndpointUnavailable, match=r"differ about block 25: endpoint e0 .*; endpoint e1 "):
            source.replaced(known)
        waiting(PATIENCE_SECONDS / 2)
    assert not source.replaced(known)
    [trouble] = source.troubles()
    assert trouble.endpoint == next(iter(source.traffic))
    assert "has another block 25" in trouble.what
    head = source.head()
    assert head.hash == nodes[1].hash(29)


def test_what_was_not_final_goes_with_the_newer_head(nodes: list[ScriptedNode]) -> None:
    """One keeps a block and does not go on, the other has another one and does: the first is stuck."""
    known = ref(nodes[0], 25)
    fork(nodes[1], 25)
    nodes[1].blocks.append(nodes[1].block(30, 0))
    waiting = Waiting()
    source = source_of(*nodes[:2], waiting=waiting)
    with pytest.raises(EndpointUnavailable, match="differ about block 25"):
        source.replaced(known, lasting=False)
    waiting(PATIENCE_SECONDS)
    assert source.replaced(known, lasting=False)
    [trouble] = source.troubles()
    assert trouble.endpoint.startswith("endpoint e0 ")


def test_blocks_are_shown_together_by_one_endpoint_or_not_at_all(nodes: list[ScriptedNode]) -> None:
    """One has the first of two blocks, the other the second: they are on two branches."""
    old, new = ref(nodes[0], 26), ref(nodes[0], 29)
    fork(nodes[1], 25)
    forked = ref(nodes[1], 29)
    source = source_of(*nodes[:2])
    assert source.shows([old, new])
    assert not source.shows([old, forked])
    nodes[0].next(*[HttpAnswer(500)] * 50)
    assert source.shows([forked])


def test_nobody_can_say_what_is_shown_where_nobody_answers() -> None:
    """Silence is no no."""
    source = source_of("http://127.0.0.1:1")
    with pytest.raises(EndpointUnavailable, match="connection refused"):
        source.shows([BlockRef(1, BlockHash("0x1"), BlockHash("0x0"), 1)])


def test_endpoints_that_agree_in_the_end_are_not_left_alone(nodes: list[ScriptedNode]) -> None:
    """The second one heard of the reorg a moment later."""
    known = ref(nodes[0], 25)
    fork(nodes[0], 25)
    waiting = Waiting()
    source = source_of(*nodes[:2], waiting=waiting)
    with pytest.raises(EndpointUnavailable):
        source.replaced(known)
    fork(nodes[1], 25)
    waiting(PATIENCE_SECONDS)
    assert source.replaced(known)
    assert source.troubles() == []
    other = ref(nodes[0], 26)
    nodes[0].blocks[26] = nodes[2].blocks[26]
    with pytest.raises(EndpointUnavailable):
        source.replaced(other)


def test_an_endpoint_that_lags_far_has_no_vote(nodes: list[ScriptedNode]) -> None:
    """It stopped before the reorg: what it still has says nothing."""
    known = ref(nodes[0], 25)
    fork(nodes[0], 25)
    nodes[0].blocks += [nodes[0].block(number, 0) for number in range(30, 31 + LAGGING)]
    assert source_of(*nodes[:2]).replaced(known, lasting=False)
    nodes[0].blocks.pop()
    with pytest.raises(EndpointUnavailable, match="differ"):
        source_of(*nodes[:2]).replaced(known, lasting=False)


def test_a_single_endpoint_says_it_again(nodes: list[ScriptedNode]) -> None:
    """Where there is no other, its second word counts; and where it has no such block, nothing does."""
    known = ref(nodes[0], 25)
    fork(nodes[0], 25)
    source = source_of(nodes[0])
    assert source.replaced(known)
    del nodes[0].blocks[25:]
    with pytest.raises(EndpointUnavailable, match="nobody shows block 25"):
        source.replaced(known)


def test_endpoints_that_cannot_be_asked_have_no_vote(nodes: list[ScriptedNode]) -> None:
    """One that is down or rests leaves the word to the others."""
    known = ref(nodes[0], 25)
    fork(nodes[1], 25)
    source = source_of(*nodes[:2])
    source.identity()
    nodes[0].next(HttpAnswer(402))
    assert source.replaced(known, lasting=False)
    assert source.replaced(known, lasting=False)


def test_one_of_several_endpoints_does_not_undo_what_was_final(nodes: list[ScriptedNode]) -> None:
    """It may be stuck on a branch that was left, while those that know better are silent."""
    known = ref(nodes[0], 25)
    fork(nodes[1], 25)
    source = source_of(*nodes[:2])
    source.identity()
    nodes[0].next(HttpAnswer(402))
    for _ in range(2):
        with pytest.raises(EndpointUnavailable, match="nobody else can be asked now"):
            source.replaced(known)


def test_each_endpoint_bears_witness_by_itself(nodes: list[ScriptedNode]) -> None:
    """Its hash, or why it shows none; nobody answers for another."""
    fork(nodes[1], 25)
    del nodes[2].blocks[20:]
    source = source_of(*nodes)
    source.identity()
    names = list(source.traffic)
    assert source.witnesses(25) == [
        Witness(names[0], ref(nodes[0], 25).hash),
        Witness(names[1], ref(nodes[1], 25).hash),
        Witness(names[2], None, f"{names[2]} has no block 25"),
    ]
    nodes[0].next(HttpAnswer(402, b"payment required"))
    first = source.witnesses(25)[0]
    assert first.hash is None
    assert "payment required" in first.why
