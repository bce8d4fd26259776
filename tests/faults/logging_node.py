"""A scripted node whose blocks hold logs and whose eth_getLogs has a provider's limits, which it may change.

with logging_node(2_000, used={5: 1, 700: 2}) as node:
    node.most_blocks = 500                                  from now on a wider range is refused, in no words
    node.words = "exceed maximum block range: {blocks}"     or in these
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.faults.scripted_node import Json, Refused, ScriptedNode, scripted_node
from watcher.core.types import Address

APP = Address("0x" + "ab" * 20)
STRANGER = Address("0x" + "cd" * 20)
USED = "0x" + "11" * 32
UPGRADED = "0x" + "22" * 32

Found = list[Json]


class LoggingNode:
    """What the node holds, its limits, and what it answered and refused."""

    def __init__(self, node: ScriptedNode) -> None:
        self.node = node
        self.most_blocks = self.most_logs = self.most_addresses = 10**9
        self.words = "block range too large"
        self.edit: Callable[[Found], Found] = lambda found: found
        """Changes what a search gives."""
        self.head: int | None = None
        """Where set: blocks above it are not there, and a search of them gives `[]` without an error."""
        self.ranges: list[tuple[int, int]] = []
        """What was answered, in order."""
        self.refusals = 0
        self._honest_header = node.methods["eth_getBlockByNumber"]
        node.methods["eth_getLogs"] = self._search
        node.methods["eth_getBlockByNumber"] = self._header

    def use(self, number: int, logs: int, address: Address = APP, topic: str = USED) -> None:
        """Put logs into a block: one of a stranger's, then so many of an app's."""
        header, receipts = self.node.block(number, 1)
        mine = {"address": address, "topics": [topic], "data": "0x"}
        receipts[0]["logs"] = [
            {"address": STRANGER, "topics": [], "data": "0x", "logIndex": "0x0"},
            *({**mine, "logIndex": hex(index)} for index in range(1, logs + 1)),
        ]
        self.node.blocks[number] = header, receipts

    def _search(self, _method: str, params: list[Any]) -> Found:
        criteria: Json = params[0]
        first, last = int(criteria["fromBlock"], 16), int(criteria["toBlock"], 16)
        found = [
            log for number in range(first, last + 1) for log in self._logs(number) if _passes(log, criteria)
        ]
        if (
            last - first + 1 > self.most_blocks
            or len(found) > self.most_logs
            or len(criteria.get("address", ())) > self.most_addresses
        ):
            self.refusals += 1
            raise Refused(-32005, self.words.format(blocks=self.most_blocks, logs=self.most_logs))
        self.ranges.append((first, last))
        return self.edit(found)

    def _header(self, method: str, params: list[Any]) -> Json | None:
        block: str = params[0]
        if self.head is not None and block.startswith("0x") and int(block, 16) > self.head:
            return None
        header: Json | None = self._honest_header(method, params)
        return header

    def _logs(self, number: int) -> Iterator[Json]:
        if number >= len(self.node.blocks) or (self.head is not None and number > self.head):
            return
        header, receipts = self.node.blocks[number]
        for receipt in receipts:
            for log in receipt["logs"]:
                yield {**log, "blockHash": header["hash"], "blockNumber": header["number"], "removed": False}


def _passes(log: Json, criteria: Json) -> bool:
    addresses, topics = criteria.get("address"), criteria.get("topics")
    return (addresses is None or log["address"] in addresses) and (
        topics is None or (bool(log["topics"]) and log["topics"][0] in topics[0])
    )


@contextmanager
def logging_node(blocks: int, used: Mapping[int, int], *, salt: str = "") -> Iterator[LoggingNode]:
    """Serve a chain of so many blocks; `used`: how many logs the app has in which block."""
    with scripted_node(blocks, receipts=0, salt=salt) as node:
        made = LoggingNode(node)
        for number, logs in used.items():
            made.use(number, logs)
        yield made
