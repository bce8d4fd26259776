"""What every ChainSource says of a view function: what it returned, or that it reverted or is not there."""

import pytest

from tests.contract.chain_source.chains import ChainUnderTest
from watcher.chain.code import IMPLEMENTATION
from watcher.core.types import Address, ViewCall
from watcher.errors import HistoryMissing

NOBODY = Address("0x" + "5a" * 20)
"""An address without code."""

ASKS = "0x" + IMPLEMENTATION.hex()


def test_a_call_returns_the_bytes_at_its_block(chain: ChainUnderTest) -> None:
    """At the block itself: before the creation there is nobody, which is no answer and no revert."""
    app = chain.deploy("App")
    before = chain.source.head()
    beacon = chain.deploy("Beacon", app)
    after = chain.source.head()
    chain.mine()
    call = ViewCall(beacon, ASKS)
    assert chain.source.call(call, after) == bytes(12) + bytes.fromhex(app[2:])
    assert chain.source.call(call, before) == b""
    assert chain.source.call(ViewCall(NOBODY, ASKS), after) == b""


def test_a_call_that_reverts_says_so(chain: ChainUnderTest) -> None:
    """It is an answer: the function exists for nobody, or refuses everybody."""
    app = chain.deploy("App")
    assert chain.source.call(ViewCall(app, ASKS), chain.source.head()) is None


def test_a_call_at_a_replaced_block_has_no_answer(chain: ChainUnderTest) -> None:
    """The block is gone; what its number has now is about another state."""
    beacon = chain.deploy("Beacon", chain.deploy("App"))
    chain.mine()
    gone = chain.source.head()
    chain.reorg(1)
    with pytest.raises(HistoryMissing):
        chain.source.call(ViewCall(beacon, ASKS), gone)


def test_a_call_at_a_pruned_block_is_missing_and_never_nothing(chain: ChainUnderTest) -> None:
    """An archive would know; this source says that it does not."""
    beacon = chain.deploy("Beacon", NOBODY)
    early = chain.source.head()
    chain.mine()
    chain.mine()
    chain.prune()
    with pytest.raises(HistoryMissing):
        chain.source.call(ViewCall(beacon, ASKS), early)
