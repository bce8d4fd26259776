"""The FakeChain's own controls: what tests of other parts rely on when they make a chain misbehave."""

import pytest

from watcher.chain.code import EIP1967_SLOT
from watcher.core.types import BlockRange
from watcher.errors import EndpointUnavailable, HistoryMissing
from watcher.testing.fake_blocks import PROXY_CODE, address, create, log, tx
from watcher.testing.fake_chain import FakeChain

ALICE, BOB, APP, PROXY = (address(name) for name in ("alice", "bob", "app", "proxy"))


def test_the_same_program_gives_the_same_chain() -> None:
    """Hashes are functions of what was played."""

    def played() -> FakeChain:
        chain = FakeChain()
        chain.block(create(ALICE), tx(BOB, APP, logs=[log(APP, "0x01")]), at=1_800_000_000)
        chain.empty_blocks(3, every=60)
        return chain

    assert played().head() == played().head()
    assert played().head().timestamp == 1_800_000_180
    assert FakeChain(1).head() != FakeChain(2).head()


def test_a_block_that_replaces_another_has_another_hash() -> None:
    """Even with the same content."""
    chain = FakeChain()
    old = chain.block(tx(ALICE, APP))
    assert chain.reorg(1).number == 0
    assert chain.block(tx(ALICE, APP)).hash != old.hash
    assert chain.headers([1])[0] != old


@pytest.mark.parametrize("depth", [0, 1, 5])
def test_a_reorg_leaves_the_genesis(depth: int) -> None:
    """Asking for more is a mistake of the test."""
    with pytest.raises(ValueError, match="reorg"):
        FakeChain().reorg(depth)


def test_log_indices_count_through_the_block() -> None:
    """As on a real chain; a failed transaction emits nothing."""
    chain = FakeChain()
    block = chain.block(
        tx(ALICE, APP, logs=[log(APP), log(APP)]),
        tx(BOB, APP, ok=False, logs=[log(APP)]),
        tx(BOB, APP, logs=[log(APP)]),
    )
    [window] = chain.windows(BlockRange(block.number, block.number), 1)
    assert [[made.log_index for made in receipt.logs] for receipt in window.blocks[0].receipts] == [
        ["0x0", "0x1"],
        [],
        ["0x2"],
    ]


def test_a_failed_creation_leaves_no_code() -> None:
    """Its receipt names the address all the same, as nodes do."""
    chain = FakeChain()
    failed = create(ALICE, ok=False)
    assert failed.contract is not None
    block = chain.block(failed, create(ALICE, nonce=1, contract=BOB))
    assert not chain.sample(failed.contract, block).runnable
    assert chain.sample(BOB, block).runnable


def test_the_head_can_be_held_back() -> None:
    """A chain is made at once and shown block by block."""
    chain = FakeChain()
    last = chain.empty_blocks(5)
    chain.finalize(4)
    chain.show_head(2)
    assert chain.head().number == 2
    assert chain.headers([2, 3])[1] is None
    assert chain.tagged("finalized") == chain.head()
    with pytest.raises(HistoryMissing):
        list(chain.windows(BlockRange(0, 3), 10))
    with pytest.raises(HistoryMissing):
        chain.sample(APP, last)
    chain.show_head(None)
    assert chain.head() == last


def test_history_and_state_can_be_pruned() -> None:
    """A clone has all of it: the archive beside the pruned node."""
    chain = FakeChain()
    early = chain.block(code={PROXY: PROXY_CODE, APP: b"\x00"}, storage={(PROXY, EIP1967_SLOT): APP})
    chain.empty_blocks(3)
    chain.missing_history_below(3)
    chain.missing_state_below(2)
    with pytest.raises(HistoryMissing):
        list(chain.windows(BlockRange(2, 3), 10))
    with pytest.raises(HistoryMissing):
        chain.sample(PROXY, early)
    assert chain.sample(PROXY, chain.head()).runnable
    archive = chain.clone()
    assert archive.identity() == chain.identity()
    assert archive.sample(PROXY, early).runnable
    assert len(list(archive.windows(BlockRange(0, 4), 2))) == 3


def test_calls_can_be_made_to_fail_and_are_counted() -> None:
    """The next so many, of any method or of one."""
    chain = FakeChain()
    chain.empty_blocks(4)
    chain.fail_next(EndpointUnavailable("gone"), times=2)
    chain.fail_next(EndpointUnavailable("no windows"), on="windows")
    for _ in range(2):
        with pytest.raises(EndpointUnavailable, match="gone"):
            chain.head()
    assert chain.head().number == 4
    with pytest.raises(EndpointUnavailable, match="no windows"):
        next(chain.windows(BlockRange(0, 4), 2))
    assert len(list(chain.windows(BlockRange(0, 4), 2))) == 3
    assert chain.calls == {"head": 3, "windows": 4}


def test_a_hook_runs_before_every_answer() -> None:
    """It may change the chain under a reader's hands."""
    chain = FakeChain()
    chain.empty_blocks(4)

    def replace_the_end(method: str) -> None:
        if method == "windows" and chain.calls["windows"] == 2:
            chain.reorg(2)
            chain.empty_blocks(2)

    old = chain.headers([4])
    chain.before = replace_the_end
    windows = list(chain.windows(BlockRange(1, 4), 2))
    assert [block.header for block in windows[1].blocks] == chain.headers([3, 4])
    assert chain.headers([4]) != old
