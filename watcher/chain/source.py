"""What the stages may ask of a chain, whoever answers: JSON-RPC endpoints or the FakeChain of the tests.

    endpoints ─▶ ChainSource ─▶ Window ─▶ discovery, facts

Every method raises a `ChainError` where the chain was not read (see `watcher.errors`): a failed read is never
a value. `HistoryMissing` says that the source no longer (or not yet) has what was asked for.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from watcher.core.facts import Sample
from watcher.core.types import Address, BlockHash, BlockRange, BlockRef, ViewCall
from watcher.core.window import LogFilter, Window

Tag = Literal["finalized", "safe"]
"""The tags that can make a block final; `latest` is what `head` answers."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one chain from every other, and a restarted devnet from its predecessor."""

    chain_id: int
    genesis_hash: BlockHash


@dataclass(frozen=True, slots=True)
class EndpointTrouble:
    """An endpoint that is left alone, or has been failing for long; `endpoint` is its public name."""

    endpoint: str
    since: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Witness:
    """What one endpoint, by its public name, has under a block number; `why` where it shows no hash."""

    endpoint: str
    hash: BlockHash | None
    why: str = ""


class ChainSource(Protocol):
    """One chain, read only. Idempotent throughout: asking again changes nothing."""

    def identity(self) -> Identity:
        """Give chain id and genesis hash."""
        ...

    def expect(self, number: int) -> None:
        """Take in that block `number` was read before: a head far below it is not believed."""
        ...

    def head(self) -> BlockRef:
        """Give the newest block; EndpointUnavailable where no endpoint shows one that can be believed."""
        ...

    def tagged(self, tag: Tag) -> BlockRef | None:
        """Give the newest block with this tag, None while nothing carries it yet; block 0 counts as one."""
        ...

    def headers(self, numbers: Sequence[int]) -> list[BlockRef | None]:
        """Give the blocks with these numbers in the same order, None for each number above the head."""
        ...

    def windows(
        self, blocks: BlockRange, size: int, *, only: LogFilter | None = None, every_header: bool = False
    ) -> Generator[Window]:
        """Read `blocks` as ascending windows without holes, each of at least one and at most `size` blocks.

        A source may end a window early to bound memory. Windows are fetched ahead; closing the iterator stops
        that. Each block carries its header, which its receipts fit, and the hash of the block before as its
        parent. A block that the source does not have raises `HistoryMissing`; it never looks empty. Declared
        gaps are the caller's: leave them out of `blocks`.

        With `only` the source may leave out blocks that it does not pass, and read whatever costs less; what
        is left out under `every_header` comes as a header in `Window.bare`.
        """
        ...

    def sample(self, address: Address, block: BlockRef) -> Sample:
        """Read what code stands at and behind `address` after `block`, and whether it can run.

        A sample that cannot run is believed when two reads agree, on two endpoints where there are two.
        Raises `HistoryMissing` where the state is pruned, and where `block` is not (or no longer, or not yet)
        this source's block of that number.
        """
        ...

    def call(self, call: ViewCall, block: BlockRef) -> bytes | None:
        """Read what a view function returns after `block`; None where it reverts, empty where no code is.

        Believed when two endpoints agree, where there are two. Raises as `sample` does.
        """
        ...

    def code_now(self, address: Address) -> bytes:
        """Read the code of `address` at the head; empty where there is none."""
        ...

    def replaced(self, block: BlockRef, *, lasting: bool = True) -> bool:
        """Tell whether another block has taken the place of one that was read before.

        What one endpoint alone says is asked of a second one, where there is one; EndpointUnavailable while
        they differ. If they do for long, a `lasting` block (one that was final) stays; else the endpoint with
        the newer head is right. One of several does not undo a `lasting` block while the others are silent.
        """
        ...

    def shows(self, blocks: Sequence[BlockRef]) -> bool:
        """Tell whether one and the same endpoint has all these blocks now: then they are on one branch."""
        ...

    def together(self, numbers: Sequence[int]) -> list[BlockRef | None]:
        """Give the blocks with these numbers as one and the same endpoint has them, None above its head.

        May be asked from another thread, beside anything else.
        """
        ...

    def witnesses(self, number: int) -> Sequence[Witness]:
        """Ask each endpoint by itself which block it has under a number."""
        ...

    def troubles(self) -> Sequence[EndpointTrouble]:
        """Give the endpoints that are in trouble now; asks nobody."""
        ...
