"""Reading by logs through whatever providers do, drawn by chance: it finds all that there is."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.logging_node import APP, UPGRADED, Found, LoggingNode
from tests.faults.scripted_node import CHAIN_ID, ScriptedNode, Waiting
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.reader import JsonRpcSource
from watcher.chain.refusals import Failure
from watcher.core.types import BlockRange
from watcher.core.window import LogFilter

BLOCKS = 150
ONLY = LogFilter(frozenset({APP}), frozenset({UPGRADED}), frozenset({77}))
WORDS = [
    "block range too large",
    "exceed maximum block range: {blocks}",
    "query returned more than {logs} results",
    "Try with this block range [0x5, 0x9]",
    "not in these words",
]


class Direct:
    """Carries requests to a node without a network."""

    name = "endpoint direct"

    def __init__(self, node: ScriptedNode) -> None:
        self._node = node

    def quote(self, text: str | bytes) -> str:
        """Give it as it is."""
        return text if isinstance(text, str) else text.decode()

    def post(self, body: bytes) -> bytes | Failure:
        """Let the node answer."""
        return self._node.answer("", body).body

    def close(self) -> None:
        """Keep nothing."""


@settings(max_examples=40, deadline=None)
@given(
    used=st.dictionaries(st.integers(1, BLOCKS - 1), st.integers(1, 6), max_size=40),
    upgraded=st.sets(st.integers(1, BLOCKS - 1), max_size=5),
    limits=st.lists(
        st.tuples(st.integers(1, BLOCKS), st.integers(1, 40), st.sampled_from(WORDS), st.booleans()),
        min_size=1,
        max_size=8,
    ),
    size=st.integers(1, BLOCKS),
    every_header=st.booleans(),
)
def test_every_block_that_passes_is_found_whatever_is_refused_and_left_out(
    used: dict[int, int],
    upgraded: set[int],
    limits: list[tuple[int, int, str, bool]],
    size: int,
    every_header: bool,  # noqa: FBT001
) -> None:
    """Limits change after each window, in all sorts of words; at times one of a block's logs is missing."""
    scripted = ScriptedNode(BLOCKS, 0, "", CHAIN_ID)
    node = LoggingNode(scripted)
    for number, logs in used.items():
        node.use(number, logs)
    for number in upgraded - used.keys():
        node.use(number, 1, topic=UPGRADED)
    lies: list[bool] = []

    def leave_out(found: Found) -> Found:
        pairs = (
            at for at in range(1, len(found)) if found[at]["blockNumber"] == found[at - 1]["blockNumber"]
        )
        at = next(pairs, None)
        return found if at is None or not lies or not lies.pop() else [*found[:at], *found[at + 1 :]]

    node.edit = leave_out
    source = JsonRpcSource(
        [EndpointSettings("direct", "http://direct")],
        CHAIN_ID,
        clock=(waiting := Waiting()).clock,
        wait=waiting,
        connect=lambda _settings: Direct(scripted),
        ahead=2,
    )
    found: list[int] = []
    at = 0
    changes: Any = iter(limits)
    for window in source.windows(BlockRange(0, BLOCKS - 1), size, every_header=every_header, only=ONLY):
        node.most_blocks, node.most_logs, node.words, lying = next(changes, (BLOCKS, 10**6, "", False))
        lies[:] = [lying]
        assert window.range.first == at
        at = window.range.last + 1
        found += [block.number for block in window.blocks if ONLY.passes(block)]
    assert at == BLOCKS
    assert found == sorted({*used, *upgraded, 77})
