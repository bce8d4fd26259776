"""State that a lagging, reorganised or confused node reports: it is read again or missing, never made up."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.scripted_node import CODE, Json, Refused, ScriptedNode, scripted_node, source_of
from watcher.core.types import Address
from watcher.errors import EndpointUnavailable, HistoryMissing, MalformedAnswer

CONTRACT = Address("0x" + "aa" * 20)


@pytest.fixture
def node() -> Iterator[ScriptedNode]:
    """Serve a chain of thirty blocks with two receipts each."""
    with scripted_node() as made:
        yield made


def test_a_lagging_node_cannot_make_code_disappear(node: ScriptedNode) -> None:
    """Gateways answer "0x" above their head: the header asked beside it says that the block is not there."""
    head = source_of(node).head()
    node.methods["eth_getCode"] = lambda _method, _params: "0x"
    del node.blocks[29]
    with pytest.raises(HistoryMissing, match="block 29 is not there"):
        source_of(node).sample(CONTRACT, head)


def test_the_state_of_a_replaced_block_is_not_taken(node: ScriptedNode) -> None:
    """The hash decides, not the number: after a reorg the old block has no state."""
    head = source_of(node).head()
    node.blocks[29][0]["hash"] = node.hash("fork")
    with pytest.raises(HistoryMissing, match=f"not {head.hash}"):
        source_of(node).sample(CONTRACT, head)


def test_a_block_replaced_while_its_state_is_read_is_noticed(node: ScriptedNode) -> None:
    """The header is asked after the state too."""
    source = source_of(node)
    head = source.head()

    def reorganise(_method: str, _params: list[Any]) -> str:
        node.blocks[29][0]["hash"] = node.hash("fork")
        return CODE

    node.methods["eth_getCode"] = reorganise
    with pytest.raises(HistoryMissing, match="not"):
        source.sample(CONTRACT, head)


def test_state_comes_from_one_answer_or_is_read_again(node: ScriptedNode) -> None:
    """Header and code of one sample belong together: one that fails repeats both."""
    source = source_of(node)
    head = source.head()
    failing = iter([True])

    def code(_method: str, _params: list[Any]) -> str:
        if next(failing, False):
            raise Refused(-32603, "internal error")
        return CODE

    node.methods["eth_getCode"] = code
    assert source.sample(CONTRACT, head).runnable
    assert [len(batch) for batch in node.requests[-2:]] == [3, 3]


@pytest.mark.parametrize("code", ["aa", "0xzz", "0x1", None, {}])
def test_code_that_is_no_hex_is_refused(node: ScriptedNode, code: object) -> None:
    """Nonsense is no code, and no proof that there is none."""
    head = source_of(node).head()
    node.methods["eth_getCode"] = lambda _method, _params: code
    with pytest.raises(MalformedAnswer):
        source_of(node).sample(CONTRACT, head)


def test_slots_may_come_without_leading_zeros_and_no_longer_than_a_word(node: ScriptedNode) -> None:
    """A short quantity is a number; 33 bytes are nonsense."""
    node.methods["eth_getCode"] = lambda _method, _params: "0xf4"
    node.methods["eth_getStorageAt"] = lambda _method, _params: "0x0"
    node.methods["eth_call"] = lambda _method, _params: _revert()
    source = source_of(node)
    assert source.sample(CONTRACT, source.head()).runnable
    node.methods["eth_getStorageAt"] = lambda _method, _params: "0x" + "00" * 33
    with pytest.raises(MalformedAnswer, match="32 bytes"):
        source.sample(CONTRACT, source.head())


def test_only_a_revert_says_that_a_function_is_missing(node: ScriptedNode) -> None:
    """Any other error keeps the sample from being made."""
    node.methods["eth_getCode"] = lambda _method, _params: "0xf4"
    node.methods["eth_getStorageAt"] = lambda _method, _params: "0x0"
    node.methods["eth_call"] = lambda _method, _params: _busy()
    source = source_of(node)
    with pytest.raises(EndpointUnavailable, match="eth_call"):
        source.sample(CONTRACT, source.head())


def _revert() -> Json:
    raise Refused(3, "execution reverted")


def _busy() -> Json:
    raise Refused(-32603, "internal error")
