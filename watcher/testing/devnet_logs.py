"""What eth_getLogs keeps of the devnet's logs: emitter and topics, as a filter names them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from watcher.testing.devnet_block import DevnetBlock, Json, data
from watcher.testing.devnet_params import address, hash32, refused

_MAX_TOPICS = 4


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Emitters (None: all) and, position by position, the topics that may stand there (None: any)."""

    emitters: frozenset[str] | None
    topics: Sequence[frozenset[str] | None]

    @classmethod
    def read(cls, criteria: Mapping[str, object]) -> "LogFilter":
        """Read `address` (one or a list) and `topics` (each null, one, or a list of alternatives)."""
        emitters = criteria.get("address")
        topics = criteria.get("topics") or []
        if not isinstance(topics, list) or len(topics) > _MAX_TOPICS:
            raise refused(topics, f"a list of at most {_MAX_TOPICS} topics")
        return cls(
            emitters=None
            if emitters is None
            else frozenset(data(address(one)) for one in _several(emitters)),
            topics=[None if topic is None else frozenset(map(hash32, _several(topic))) for topic in topics],
        )

    def keeps(self, log: Json) -> bool:
        """Tell whether a rendered log passes; one with fewer topics than the filter has does not."""
        topics = cast(list[str], log["topics"])
        return (
            (self.emitters is None or log["address"] in self.emitters)
            and len(topics) >= len(self.topics)
            and all(
                wanted is None or topic in wanted for wanted, topic in zip(self.topics, topics, strict=False)
            )
        )

    def matching(self, blocks: Iterable[DevnetBlock]) -> Iterator[Json]:
        """Give the logs of these blocks that pass, in order."""
        for block in blocks:
            for receipt in block.receipts:
                yield from filter(self.keeps, cast(list[Json], receipt["logs"]))


def _several(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
