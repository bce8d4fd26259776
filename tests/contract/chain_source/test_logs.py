"""What every ChainSource says when it may leave blocks out: the same facts as by reading all of them."""

from collections.abc import Iterable

import pytest

from tests.contract.chain_source.chains import ChainUnderTest, Use
from tests.unit.core.givens import joins, policy
from tests.unit.core.reading import Says, found, program
from watcher.core.extract import Extractor
from watcher.core.facts import BlockFacts
from watcher.core.types import Address, BlockRange, BlockRef
from watcher.core.window import LogFilter, Window
from watcher.errors import HistoryMissing
from watcher.testing.contracts import compiled

USED = compiled("App").topic("Used")
LAST = 30


def played(chain: ChainUnderTest) -> tuple[Address, Address]:
    """Play 30 blocks: two apps, used in blocks 5, 6, 14 and 29 (the second in 14 only); give the apps."""
    one, two = chain.deploy("App"), chain.deploy("App")
    uses = {
        5: [Use(1, one), Use(2, one), Use(3, one, fails=True)],
        6: [Use(1, one)],
        14: [Use(4, two), Use(1, one)],
        29: [Use(3, one)],
    }
    for number in range(3, LAST + 1):
        assert chain.mine(*uses.get(number, ())) == number
    return one, two


def read(
    chain: ChainUnderTest,
    only: LogFilter | None,
    last: int = LAST,
    *,
    size: int = 100,
    every_header: bool = False,
) -> list[Window]:
    """Read from block 0, and check that the windows are as they were promised."""
    blocks = BlockRange(0, last)
    windows = list(chain.source.windows(blocks, size, every_header=every_header, only=only))
    assert [number for window in windows for number in numbers(window.range)] == list(numbers(blocks))
    assert all(len(window.range) <= size for window in windows)
    for window in windows:
        known = headers(window)
        assert window.range.last in known
        assert not every_header or list(known) == list(numbers(window.range))
        assert [block.number for block in window.blocks] == sorted(block.number for block in window.blocks)
        assert [block.number for block in window.bare] == sorted(block.number for block in window.bare)
        assert not {block.number for block in window.blocks} & {block.number for block in window.bare}
    return windows


def numbers(blocks: BlockRange) -> range:
    """List a range."""
    return range(blocks.first, blocks.last + 1)


def headers(window: Window) -> dict[int, BlockRef]:
    """Give the headers that a window brought, ascending."""
    with_receipts = {block.number: block.header for block in window.blocks if block.header is not None}
    return dict(sorted({**with_receipts, **{block.number: block for block in window.bare}}.items()))


def worth_reading(windows: Iterable[Window], only: LogFilter) -> list[int]:
    """List the blocks that pass, of those that came."""
    return [block.number for window in windows for block in window.blocks if only.passes(block)]


def facts(
    chain: ChainUnderTest, windows: Iterable[Window], apps: Iterable[Address]
) -> list[BlockFacts[Address]]:
    """Say what the blocks say about apps that count what touches them."""
    given = [
        found(f"app{place}", Says(f"app{place}", {0: [joins(f"app{place}", app)]}))
        for place, app in enumerate(apps)
    ]
    extractor = Extractor(program(*given, liveness=policy(touched=True)))
    findings = [(block.number, extractor.read(block)) for window in windows for block in window.blocks]
    refs = chain.source.headers([number for number, _ in findings])
    return [
        said.at(ref)
        for (_, said), ref in zip(findings, refs, strict=True)
        if ref is not None and not said.empty
    ]


@pytest.mark.parametrize("every_header", [True, False])
@pytest.mark.parametrize("size", [1, 7, 100])
def test_both_ways_of_reading_find_the_same_facts(
    chain: ChainUnderTest,
    size: int,
    every_header: bool,  # noqa: FBT001
) -> None:
    """Whatever the windows: by receipts of every block, or of those that logs name."""
    apps = played(chain)
    whole = read(chain, None, size=size, every_header=every_header)
    only = LogFilter(frozenset(apps), blocks=frozenset({0}))  # where they are announced
    picked = read(chain, only, size=size, every_header=every_header)
    found_whole, found_picked = (facts(chain, windows, apps) for windows in (whole, picked))
    assert found_picked == found_whole
    assert [each.block.number for each in found_picked] == [0, 5, 6, 14, 29]


def test_blocks_are_filtered_by_who_emitted_a_log(chain: ChainUnderTest) -> None:
    """Whatever the log says."""
    _, two = played(chain)
    only = LogFilter(addresses=frozenset({two}))
    assert worth_reading(read(chain, only), only) == [14]


def test_blocks_are_filtered_by_what_a_log_is_about(chain: ChainUnderTest) -> None:
    """Whoever emitted it."""
    played(chain)
    only = LogFilter(topics=frozenset({USED, "0x" + "77" * 32}))
    assert worth_reading(read(chain, only), only) == [5, 6, 14, 29]


def test_addresses_and_topics_add_up(chain: ChainUnderTest) -> None:
    """One of either is enough; a log that passes by both is one log."""
    one, two = played(chain)
    only = LogFilter(frozenset({two}), frozenset({USED}))
    assert worth_reading(read(chain, only), only) == [5, 6, 14, 29]
    nobody = LogFilter(frozenset({one}), frozenset({"0x" + "77" * 32}))
    assert worth_reading(read(chain, nobody), nobody) == [5, 6, 14, 29]


def test_blocks_named_by_number_are_read_whatever_they_hold(chain: ChainUnderTest) -> None:
    """Those within the range; also where nothing else is asked for."""
    _, two = played(chain)
    only = LogFilter(frozenset({two}), blocks=frozenset({2, 9, LAST, LAST + 5}))
    assert worth_reading(read(chain, only), only) == [2, 9, 14, LAST]
    alone = LogFilter(blocks=frozenset({9}))
    assert worth_reading(read(chain, alone), alone) == [9]


def test_what_passes_comes_with_all_its_receipts(chain: ChainUnderTest) -> None:
    """Also with those that have nothing to do with the filter."""
    _, two = played(chain)
    [block] = [
        block
        for window in read(chain, LogFilter(frozenset({two})))
        for block in window.blocks
        if block.number == 14
    ]
    assert block.receipts[0].to == two
    assert len(block.receipts) == 2


def test_every_header_is_that_of_the_chain(chain: ChainUnderTest) -> None:
    """With blocks that pass or apart from them."""
    apps = played(chain)
    windows = read(chain, LogFilter(frozenset(apps)), every_header=True)
    known = {number: block for window in windows for number, block in headers(window).items()}
    assert list(known.values()) == chain.source.headers(range(LAST + 1))


def test_an_empty_range_has_no_windows_here_either(chain: ChainUnderTest) -> None:
    """Nothing to read is no error."""
    only = LogFilter(topics=frozenset({USED}))
    assert list(chain.source.windows(BlockRange(1, 0), 10, every_header=True, only=only)) == []


def test_what_is_above_the_head_never_looks_empty(chain: ChainUnderTest) -> None:
    """No logs there is no answer: the source says that it lacks the blocks."""
    apps = played(chain)
    with pytest.raises(HistoryMissing):
        list(
            chain.source.windows(
                BlockRange(LAST + 1, LAST + 20), 100, every_header=False, only=LogFilter(frozenset(apps))
            )
        )


def test_after_a_reorg_the_other_branch_is_read(chain: ChainUnderTest) -> None:
    """What was in a replaced block is in none."""
    apps = played(chain)
    only = LogFilter(frozenset(apps))
    assert worth_reading(read(chain, only), only)[-1] == 29
    chain.reorg(2)
    windows = read(chain, only, every_header=True)
    assert worth_reading(windows, only)[-1] == 14
    assert headers(windows[-1])[LAST] == chain.source.headers([LAST])[0]
