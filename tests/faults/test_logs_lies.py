"""Answers about logs that are short, stale, doubled or of another branch: nothing of them becomes a fact."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eth_bloom.bloom import BloomFilter

from tests.faults.logging_node import APP, STRANGER, USED, Found, LoggingNode, logging_node
from tests.faults.scripted_node import ScriptedNode, Waiting, source_of
from watcher.chain.reader import JsonRpcSource
from watcher.core.types import BlockRange
from watcher.core.window import LogFilter, Window
from watcher.errors import ChainError, HistoryMissing, MalformedAnswer

BLOCKS = 60
USES = {5: 2, 22: 2, 41: 1}
ONLY = LogFilter(addresses=frozenset({APP}))


@pytest.fixture
def node() -> Iterator[LoggingNode]:
    """Serve sixty blocks, three of them worth reading."""
    with logging_node(BLOCKS, USES) as made:
        yield made


def read(
    source: JsonRpcSource, last: int = BLOCKS - 1, *, only: LogFilter = ONLY, every_header: bool = False
) -> list[int]:
    """Read by logs from block 0; give the blocks that came."""
    return numbers(list(source.windows(BlockRange(0, last), 100, every_header=every_header, only=only)))


def numbers(windows: list[Window]) -> list[int]:
    """List the blocks that came."""
    return [block.number for window in windows for block in window.blocks]


def once(change: Callable[[Found], Found]) -> Callable[[Found], Found]:
    """Change only the first search that finds anything."""
    done: list[bool] = []

    def edit(found: Found) -> Found:
        if not found or done:
            return found
        done.append(True)
        return change(found)

    return edit


def changed(**fields: Any) -> Callable[[Found], Found]:  # noqa: ANN401
    """Change fields of the first log."""
    return lambda found: [{**found[0], **fields}, *found[1:]]


LIES = {
    "one of a block's logs is missing": lambda found: found[1:],
    "one more than there is": lambda found: [*found, {**found[0], "logIndex": "0x9"}],
    "one came twice": lambda found: [*found, found[0]],
    "of another branch": changed(blockHash="0x" + "77" * 32),
    "removed by a reorg": changed(removed=True),
    "of a block that is not sealed": changed(blockHash=None, blockNumber=None, logIndex=None),
    "of a block beyond the range": changed(blockNumber="0xffff"),
    "of a block that has no number": changed(blockNumber="five"),
    "of somebody else": changed(address=STRANGER),
    "about something else": changed(topics=["0x" + "33" * 32]),
    "not a list": lambda _found: "0x",
    "nothing at all": lambda _found: None,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_that_is_told_once_is_healed_in_place(node: LoggingNode, lie: Callable[[Found], Found]) -> None:
    """What contradicts itself or what was asked is asked again; the fault is counted."""
    node.edit = once(lie)
    source = source_of(node.node)
    assert read(source) == list(USES)
    [traffic] = source.traffic.values()
    assert sum(traffic.faults.values()) >= 1


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_that_is_kept_up_is_an_error(node: LoggingNode, lie: Callable[[Found], Found]) -> None:
    """It is refused, whatever it is, and no window with it is given."""
    node.edit = lambda found: lie(found) if found else found
    with pytest.raises(ChainError):
        read(source_of(node.node))


def test_where_one_endpoint_leaves_out_logs_another_is_believed(node: LoggingNode) -> None:
    """The receipts of a block that is named at all tell of all its logs."""
    node.edit = lambda found: found[1:]
    with logging_node(BLOCKS, USES) as honest:
        source = source_of(node.node, honest.node)
        assert read(source) == list(USES)
        assert honest.ranges


def test_logs_left_out_of_a_block_named_otherwise_are_missed(node: LoggingNode) -> None:
    """A block that is read for its number has to show the logs that eth_getLogs told of, no more."""
    node.edit = lambda found: [log for log in found if log["blockNumber"] != hex(22)]
    with pytest.raises(MalformedAnswer, match="block 22: eth_getLogs tells of 0 logs and the receipts of 2"):
        read(source_of(node.node), only=LogFilter(frozenset({APP}), blocks=frozenset({22})))


def with_bloom(node: LoggingNode, number: int, *entries: str) -> None:
    """Let a block's header say, in the way of a bloom, that addresses and topics may be in its logs."""
    bloom = BloomFilter()
    bloom.extend(bytes.fromhex(entry[2:]) for entry in entries)
    header, receipts = node.node.blocks[number]
    node.node.blocks[number] = {**header, "logsBloom": f"0x{int(bloom):0512x}"}, receipts


@pytest.mark.parametrize("only", [ONLY, LogFilter(topics=frozenset({USED}))], ids=["emitter", "topic"])
def test_silence_that_a_bloom_belies_is_not_believed(node: LoggingNode, only: LogFilter) -> None:
    """At the head every header is read: one endpoint alone cannot hide a block that its own header admits."""
    with_bloom(node, 22, STRANGER, APP, USED)
    node.edit = lambda found: [log for log in found if log["blockNumber"] != hex(22)]
    with pytest.raises(MalformedAnswer, match="block 22: eth_getLogs tells of 0 logs and the receipts of 2"):
        read(source_of(node.node), only=only, every_header=True)
    with logging_node(BLOCKS, USES) as honest:
        assert read(source_of(node.node, honest.node), only=only, every_header=True) == list(USES)


def test_a_bloom_that_admits_what_is_not_there_costs_one_look(node: LoggingNode) -> None:
    """Blooms have false hits: the block's receipts clear them, and nobody is blamed."""
    with_bloom(node, 30, APP)
    source = source_of(node.node)
    assert read(source, every_header=True) == sorted([*USES, 30])
    [traffic] = source.traffic.values()
    assert not traffic.faults


def test_silence_above_the_head_is_not_believed(node: LoggingNode) -> None:
    """A gateway that lags answers `[]` for blocks that it does not have."""
    node.head = 30
    source = source_of(node.node)
    windows = source.windows(BlockRange(0, BLOCKS - 1), 100, every_header=False, only=ONLY)
    assert numbers([next(windows), next(windows)]) == [5, 22]
    with pytest.raises(HistoryMissing, match="is not there"):
        next(windows)


def test_a_node_that_catches_up_is_waited_for(node: LoggingNode) -> None:
    """The span is asked again, logs and all: what was found before the block was there is not used."""
    node.head = 30

    class Patience(Waiting):
        def __call__(self, seconds: float) -> bool:
            node.head = None
            return super().__call__(seconds)

    waiting = Patience()
    assert read(source_of(node.node, waiting=waiting)) == list(USES)
    assert waiting.seconds


def test_an_endpoint_that_lags_is_made_up_for_by_another(node: LoggingNode) -> None:
    """The looks and the logs between them come from one endpoint."""
    node.head = 30
    with logging_node(BLOCKS, USES) as ahead:
        assert read(source_of(node.node, ahead.node)) == list(USES)


def forget(node: LoggingNode, below: int) -> None:
    """Prune the receipts of the first blocks, and with them their logs: nothing says so."""
    honest = node.node.methods["eth_getBlockReceipts"]
    node.node.methods["eth_getBlockReceipts"] = lambda method, params: (
        honest(method, params) if int(params[0], 16) >= below else None
    )
    node.edit = lambda found: [log for log in found if int(log["blockNumber"], 16) >= below]


def test_silence_about_pruned_receipts_is_not_believed(node: LoggingNode) -> None:
    """Such a node has the blocks, and finds no logs in them: it has to show receipts of the first one."""
    forget(node, below=30)
    with pytest.raises(HistoryMissing, match="block 0 has no receipts there"):
        read(source_of(node.node))


def test_an_endpoint_that_forgot_is_made_up_for_by_another(node: LoggingNode) -> None:
    """And not asked again for what follows in this read."""
    forget(node, below=30)
    with logging_node(BLOCKS, USES) as whole:
        assert read(source_of(node.node, whole.node)) == list(USES)
    assert len(node.ranges) == 1


def test_memory_is_shown_once_a_read(node: LoggingNode) -> None:
    """What is kept from one block on is kept behind it."""
    read(source_of(node.node))
    assert node.node.asked("eth_getBlockReceipts") == 1 + len(USES)


def test_a_search_beyond_the_head_that_is_refused_is_missing_history(node: LoggingNode) -> None:
    """As geth and reth do it."""
    node.most_blocks, node.words = 0, "block range extends beyond current head block"
    with pytest.raises(HistoryMissing, match="beyond current head"):
        read(source_of(node.node))


def test_a_block_replaced_while_its_logs_were_read_is_read_again(node: LoggingNode) -> None:
    """The last block is looked at before and after: the same hash, or all of it again."""
    with logging_node(BLOCKS, {7: 1}, salt="another") as branch:
        whole = node.node.blocks
        switched: list[bool] = []

        def edit(found: Found) -> Found:
            if not switched:
                switched.append(True)
                node.node.blocks = [*whole[:1], *relinked(branch.node, whole)]
            return found

        node.edit = edit
        source = source_of(node.node)
        assert read(source) == [7]
        assert source.traffic[next(iter(source.traffic))].faults["contradiction"] == 1


def relinked(branch: ScriptedNode, trunk: list[Any]) -> list[Any]:
    """Give a branch's blocks from 1 on, the first a child of the trunk's block 0."""
    header, receipts = branch.blocks[1]
    return [({**header, "parentHash": trunk[0][0]["hash"]}, receipts), *branch.blocks[2:]]


@pytest.mark.parametrize("every_header", [True, False])
def test_receipts_of_another_branch_than_the_logs_are_refused(
    node: LoggingNode,
    every_header: bool,  # noqa: FBT001
) -> None:
    """Named blocks have the hash that the logs say, and fit those before and after."""
    with logging_node(BLOCKS, USES, salt="another") as branch:
        node.node.methods["eth_getBlockReceipts"] = branch.node.methods["eth_getBlockReceipts"]
        with pytest.raises(MalformedAnswer, match="changed under way"):
            read(source_of(node.node), every_header=every_header)


def test_headers_that_do_not_link_are_refused(node: LoggingNode) -> None:
    """Also those of blocks that nobody names, and those on both sides of a window's end."""
    header, receipts = node.node.blocks[34]
    node.node.blocks[34] = ({**header, "parentHash": "0x" + "66" * 32}, receipts)
    with pytest.raises(MalformedAnswer, match="block 34: its parent is not the block before"):
        read(source_of(node.node), every_header=True)
    assert read(source_of(node.node)) == list(USES)


def test_neighbours_that_do_not_link_across_windows_are_refused(node: LoggingNode) -> None:
    """The first span ends at block 9: block 10, where it is named, is its child."""
    node.use(10, 1)
    header, receipts = node.node.blocks[10]
    node.node.blocks[10] = ({**header, "parentHash": "0x" + "66" * 32}, receipts)
    with pytest.raises(MalformedAnswer, match="block 10: its parent is not the block before"):
        read(source_of(node.node))


def test_a_log_found_by_address_and_by_topic_is_one_log(node: LoggingNode) -> None:
    """Both searches tell of it."""
    assert read(source_of(node.node), only=LogFilter(frozenset({APP}), frozenset({USED}))) == list(USES)


def test_closing_the_iterator_ends_the_reading(node: LoggingNode) -> None:
    """What is under way is left."""
    windows = source_of(node.node).windows(BlockRange(0, BLOCKS - 1), 10, every_header=False, only=ONLY)
    next(windows)
    asked = len(node.ranges)
    windows.close()
    assert len(node.ranges) == asked == 1
