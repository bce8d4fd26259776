"""Second opinions on what view functions return: one endpoint alone decides no reading."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from structlog.testing import capture_logs

from tests.faults.scripted_node import ScriptedNode, scripted_node, source_of
from watcher.chain.agreement import DISAGREES
from watcher.chain.reader import JsonRpcSource
from watcher.core.types import Address, ViewCall
from watcher.errors import MalformedAnswer

CALL = ViewCall(Address("0x" + "aa" * 20), "0x01e1d114")


@pytest.fixture
def nodes() -> Iterator[list[ScriptedNode]]:
    """Serve one chain from three endpoints, on which the function returns 7."""
    with ExitStack() as stack:
        served = [stack.enter_context(scripted_node()) for _ in range(3)]
        for node in served:
            says(node, 7)
        yield served


def says(node: ScriptedNode, value: int) -> None:
    """Let a node return a number."""
    node.methods["eth_call"] = lambda _method, _params: f"0x{value:064x}"


def called(source: JsonRpcSource) -> int:
    """Call the function at block 20."""
    [ref] = source.headers([20])
    assert ref is not None
    return int.from_bytes(source.call(CALL, ref) or b"")


def test_a_number_is_believed_when_another_endpoint_says_it_too(nodes: list[ScriptedNode]) -> None:
    """Two equal reads of two endpoints; the third is not asked."""
    assert called(source_of(*nodes)) == 7
    assert [node.asked("eth_call") for node in nodes] == [1, 1, 0]


@pytest.mark.parametrize("liar", [0, 1])
def test_a_lie_about_a_number_is_outvoted_and_named(nodes: list[ScriptedNode], liar: int) -> None:
    """The lie never becomes a fact, whoever was asked first; the odd one out is counted."""
    says(nodes[liar], 9)
    source = source_of(*nodes)
    with capture_logs() as lines:
        assert called(source) == 7
    [named] = [line for line in lines if line["event"] == "endpoint fault"]
    assert (named["kind"], named["endpoint"]) == (DISAGREES, list(source.traffic)[liar])


def test_two_endpoints_that_differ_about_a_number_decide_nothing(nodes: list[ScriptedNode]) -> None:
    """Neither is believed; the error names both, the function and the block."""
    says(nodes[0], 9)
    with pytest.raises(MalformedAnswer) as caught:
        called(source_of(*nodes[:2]))
    for part in (f"what {CALL.address} returns to 0x01e1d114 at block 20", "endpoint e0", "endpoint e1"):
        assert part in str(caught.value)


def test_a_single_endpoint_is_believed_at_once(nodes: list[ScriptedNode]) -> None:
    """There is nobody else, and the same one would say the same."""
    assert called(source_of(nodes[0])) == 7
    assert nodes[0].asked("eth_call") == 1
