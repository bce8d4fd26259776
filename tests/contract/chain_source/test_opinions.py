"""What every ChainSource says of blocks that were read before, and of those who say so."""

from tests.contract.chain_source.chains import ChainUnderTest
from watcher.core.types import BlockRef


def block(chain: ChainUnderTest, number: int) -> BlockRef:
    """Read a block that is there."""
    [found] = chain.source.headers([number])
    assert found is not None
    return found


def test_a_block_is_replaced_when_another_has_its_number(chain: ChainUnderTest) -> None:
    """Not before; the blocks below the fork stay."""
    for _ in range(5):
        chain.mine()
    known = [block(chain, number) for number in range(6)]
    assert [chain.source.replaced(each) for each in known] == [False] * 6
    chain.reorg(2)
    assert [chain.source.replaced(each) for each in known] == [False] * 4 + [True] * 2


def test_blocks_of_one_branch_are_shown_together(chain: ChainUnderTest) -> None:
    """A block that was replaced is not, whatever comes with it."""
    for _ in range(4):
        chain.mine()
    known = [block(chain, number) for number in (2, 4)]
    assert chain.source.shows(known)
    chain.reorg(1)
    assert not chain.source.shows(known)
    assert chain.source.shows(known[:1])


def test_blocks_are_given_together_as_one_endpoint_has_them(chain: ChainUnderTest) -> None:
    """Above its head it has none."""
    for _ in range(4):
        chain.mine()
    assert chain.source.together([4, 2, 104]) == [block(chain, 4), block(chain, 2), None]


def test_a_witness_shows_a_hash_or_says_why_not(chain: ChainUnderTest) -> None:
    """One endpoint, one witness."""
    number = chain.mine()
    [seen] = chain.source.witnesses(number)
    assert (seen.hash, seen.why) == (block(chain, number).hash, "")
    [missing] = chain.source.witnesses(number + 100)
    assert missing.hash is None
    assert f"no block {number + 100}" in missing.why


def test_a_head_is_believed_that_is_close_to_what_was_read(chain: ChainUnderTest) -> None:
    """A few blocks back is a lag or a reorg, and no trouble."""
    number = chain.mine()
    chain.source.expect(number + 100)
    assert chain.source.head().number == number
    assert list(chain.source.troubles()) == []
