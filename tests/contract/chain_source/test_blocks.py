"""What every ChainSource says about blocks: one program of blocks, the same answers from all of them."""

from contextlib import closing

import pytest

from tests.contract.chain_source.chains import CHAIN_ID, ChainUnderTest, Faked, Served, Use
from watcher.core.types import Address, BlockRange
from watcher.core.window import Window
from watcher.errors import HistoryMissing
from watcher.testing.contracts import compiled

Line = tuple[int, str | None, bool, list[tuple[str, str]], bool]


def played(chain: ChainUnderTest) -> Address:
    """Play the program: a creation, a busy block, an empty one, one more use."""
    app = chain.deploy("App")
    chain.mine(Use(1, app), Use(2, app), Use(3, app, fails=True), Use(1, app))
    chain.mine()
    chain.mine(Use(4, app))
    return app


def read(chain: ChainUnderTest, last: int, size: int) -> list[Window]:
    """Read from block 0."""
    return list(chain.source.windows(BlockRange(0, last), size))


def lines(chain: ChainUnderTest, windows: list[Window]) -> dict[int, list[Line]]:
    """Say what is in each block, in words that are the same on every chain."""
    return {
        block.number: [
            (
                chain.accounts.index(Address(receipt.sender)),
                receipt.to,
                receipt.status == "0x1",
                [(log.address, log.topics[0]) for log in receipt.logs],
                receipt.contract_address is not None,
            )
            for receipt in block.receipts
        ]
        for window in windows
        for block in window.blocks
    }


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_same_program_gives_the_same_receipts(chain: ChainUnderTest, size: int) -> None:
    """Senders, targets, outcomes, logs and creations, in transaction order, whatever the windows."""
    app = played(chain)
    used = [(app, compiled("App").topic("Used"))]
    assert lines(chain, read(chain, 4, size)) == {
        0: [],
        1: [(0, None, True, [], True)],
        2: [
            (1, app, True, used, False),
            (2, app, True, used, False),
            (3, app, False, [], False),
            (1, app, True, used, False),
        ],
        3: [],
        4: [(4, app, True, used, False)],
    }


def test_a_created_contract_is_named_by_its_receipt(chain: ChainUnderTest) -> None:
    """The address of the creation is the one that has the code."""
    app = played(chain)
    created = read(chain, 1, 2)[0].blocks[1].receipts[0].contract_address
    assert created == app


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_windows_are_ascending_whole_and_at_most_as_long_as_asked(chain: ChainUnderTest, size: int) -> None:
    """Every block once; a window's range says which."""
    played(chain)
    windows = read(chain, 4, size)
    assert [block.number for window in windows for block in window.blocks] == [0, 1, 2, 3, 4]
    for window in windows:
        assert 0 < len(window.blocks) <= size
        assert [block.number for block in window.blocks] == list(
            range(window.range.first, window.range.last + 1)
        )


def test_each_block_carries_its_header(chain: ChainUnderTest) -> None:
    """Also one without receipts, and none but its own."""
    played(chain)
    blocks = [block for window in read(chain, 4, 100) for block in window.blocks]
    assert [block.header for block in blocks] == chain.source.headers([0, 1, 2, 3, 4])
    assert [block.hash for block in blocks] == [block.header and block.header.hash for block in blocks]


def test_blocks_are_linked_by_their_parents(chain: ChainUnderTest) -> None:
    """Number, hash, parent and time of each block fit the next."""
    played(chain)
    blocks = [block for block in chain.source.headers([0, 1, 2, 3, 4]) if block is not None]
    assert [block.number for block in blocks] == [0, 1, 2, 3, 4]
    assert [block.parent_hash for block in blocks[1:]] == [block.hash for block in blocks[:-1]]
    assert [block.timestamp for block in blocks] == sorted(block.timestamp for block in blocks)


def test_headers_come_in_the_order_asked_and_none_above_the_head(chain: ChainUnderTest) -> None:
    """None says that there is no such block."""
    played(chain)
    headers = chain.source.headers([4, 99, 0])
    assert [header and header.number for header in headers] == [4, None, 0]
    assert chain.source.headers([]) == []


def test_the_head_is_the_newest_block(chain: ChainUnderTest) -> None:
    """It moves with the chain."""
    assert chain.source.head().number == 0
    played(chain)
    assert chain.source.head() == chain.source.headers([4])[0]


def test_the_identity_is_chain_id_and_genesis(chain: ChainUnderTest) -> None:
    """What is compared at every start."""
    identity = chain.source.identity()
    genesis = chain.source.headers([0])[0]
    assert genesis is not None
    assert (identity.chain_id, identity.genesis_hash) == (CHAIN_ID, genesis.hash)


def test_a_block_above_the_head_is_missing(chain: ChainUnderTest) -> None:
    """It never looks empty: the windows before it come, then the error."""
    played(chain)
    windows = chain.source.windows(BlockRange(3, 6), 1)
    assert next(windows).range == BlockRange(3, 3)
    assert next(windows).range == BlockRange(4, 4)
    with pytest.raises(HistoryMissing):
        next(windows)


def test_an_empty_range_has_no_windows(chain: ChainUnderTest) -> None:
    """Nothing to read is no error."""
    assert list(chain.source.windows(BlockRange(1, 0), 10)) == []


def test_the_windows_can_be_closed_early(chain: ChainUnderTest) -> None:
    """Whoever has seen enough closes the iterator."""
    played(chain)
    with closing(chain.source.windows(BlockRange(0, 4), 1)) as windows:
        assert next(windows).range == BlockRange(0, 0)


def test_a_reorg_replaces_blocks_under_their_numbers(chain: ChainUnderTest) -> None:
    """Below the fork point nothing changes; above it other hashes, other receipts, the same links."""
    played(chain)
    before = chain.source.headers([0, 1, 2, 3, 4])
    chain.reorg(3)
    after = chain.source.headers([0, 1, 2, 3, 4])
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, True, False, False, False]
    windows = read(chain, 4, 2)
    assert {number: len(found) for number, found in lines(chain, windows).items()} == {
        0: 0,
        1: 1,
        2: 0,
        3: 0,
        4: 0,
    }
    assert [block.header for window in windows for block in window.blocks] == after


def test_nothing_is_tagged_until_something_is(tagging: tuple[ChainUnderTest, Faked | Served]) -> None:
    """None is "nothing final yet"; afterwards the tag answers its block, forwards and backwards."""
    chain, tags = tagging
    played(chain)
    assert chain.source.tagged("finalized") is None
    assert chain.source.tagged("safe") is None
    finalize = tags.chain.finalize if isinstance(tags, Faked) else tags.devnet.finalize
    for number in (0, 3, 2):
        finalize(number)
        assert chain.source.tagged("finalized") == chain.source.headers([number])[0]
    assert chain.source.tagged("safe") is None
    finalize(4, "safe")
    assert chain.source.tagged("safe") == chain.source.head()


def test_a_tagged_block_is_a_block_of_the_chain(chain: ChainUnderTest) -> None:
    """Whatever rule the node has for its tags; block 0 counts as a block."""
    played(chain)
    for tag in ("finalized", "safe"):
        found = chain.source.tagged(tag)
        assert found is None or found == chain.source.headers([found.number])[0]
