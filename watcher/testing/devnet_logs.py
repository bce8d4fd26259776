"""What eth_getLogs keeps of the devnet's logs: emitter and topics, as a filter names them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from watcher.testing.devnet_block import DevnetBlock, Json, data
from watcher.testing.devnet_params import address, hash32, refused

_MAX_TOPICS = 4


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Emitters and, position by position, the topics that may stand there; an empty set lets any pass."""

    emitters: frozenset[str]
    topics: Sequence[frozenset[str]]

    @classmethod
    def read(cls, criteria: Mapping[str, object]) -> "LogFilter":
        """Read `address` (one or a list) and `topics` (each null, one, or a list of alternatives)."""
        topics = criteria.get("topics") or []
        if not isinstance(topics, list) or len(topics) > _MAX_TOPICS:
            raise refused(topics, f"a list of at most {_MAX_TOPICS} topics")
        return cls(
            emitters=frozenset(data(address(one)) for one in _several(criteria.get("address"))),
            topics=[frozenset(map(hash32, _several(topic))) for topic in topics],
        )

    def keeps(self, log: Json) -> bool:
        """Tell whether a rendered log passes; one with fewer topics than the filter has does not."""
        topics: list[str] = log["topics"]
        return (
            (not self.emitters or log["address"] in self.emitters)
            and len(topics) >= len(self.topics)
            and all(not wanted or topic in wanted for wanted, topic in zip(self.topics, topics, strict=False))
        )

    def matching(self, blocks: Iterable[DevnetBlock]) -> Iterator[Json]:
        """Give the logs of these blocks that pass, in order."""
        for block in blocks:
            for receipt in block.receipts:
                yield from filter(self.keeps, receipt["logs"])


def _several(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
