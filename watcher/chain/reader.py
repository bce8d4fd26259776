"""The chain over JSON-RPC: the ChainSource of every real network."""

import random
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from threading import Event

from watcher.chain.admission import Admission
from watcher.chain.agreement import Agreement
from watcher.chain.bodies import believe
from watcher.chain.code import CodeAt
from watcher.chain.condition import Traffic
from watcher.chain.endpoint import (
    PARTS_AT_ONCE,
    Connect,
    Endpoint,
    EndpointSettings,
    Wait,
    over_http,
)
from watcher.chain.logs import LogReader
from watcher.chain.newest import Newest
from watcher.chain.proof import Proof
from watcher.chain.questions import Header, header_if_any, header_tagged
from watcher.chain.rpc import Rpc
from watcher.chain.source import EndpointTrouble, Identity, Tag, Witness
from watcher.chain.state import RpcState
from watcher.chain.windows import AHEAD, MAX_WINDOW_BYTES, WindowReader
from watcher.chain.wire import BLOCKS, PLAIN, PROVABLE
from watcher.clock import Clock, SystemClock
from watcher.core.facts import Sample
from watcher.core.types import Address, BlockRange, BlockRef, ViewCall
from watcher.core.window import LogFilter, Window


class JsonRpcSource:
    """A ChainSource over one or several JSON-RPC endpoints, the first of them preferred.

    `wait` waits some seconds and tells whether it was cut short because the program stops (give the `wait` of
    the `threading.Event` that says so); then no further try is made.
    """

    def __init__(
        self,
        endpoints: Sequence[EndpointSettings],
        chain_id: int,
        *,
        clock: Clock | None = None,
        wait: Wait | None = None,
        ahead: int = AHEAD,
        max_window_bytes: int = MAX_WINDOW_BYTES,
        connect: Connect = over_http,
        jitter: Callable[[], float] = random.random,
        proof: Proof = Proof.NOTHING,
    ) -> None:
        """Connect to nothing yet; each endpoint is compared with `chain_id` before its first use.

        With `proof` every block is read, and believed only as far as its hash covers it: the header's fields
        have to have that hash, the receipts the header's receiptsRoot, each block the hash of the one before
        as its parent, and, if transactions are to be proven, these have to bear out the receipts.
        MalformedAnswer where they do not.
        """
        wait = wait or Event().wait
        clock = clock or SystemClock()
        self._endpoints = [
            Endpoint(settings, clock, wait, connect=connect, jitter=jitter, at_once=min(ahead, PARTS_AT_ONCE))
            for settings in endpoints
        ]
        self._admission = Admission(self._endpoints, chain_id)
        self._proof = proof
        self._rpc = Rpc(self._endpoints, self._admission, wait, PLAIN if proof is Proof.NOTHING else PROVABLE)
        self._newest = Newest(self._rpc)
        self._agreement = Agreement(self._rpc, clock)
        self._windows = WindowReader(self._rpc, ahead, max_window_bytes)
        self._logs = LogReader(self._rpc, self._windows, ahead, max_window_bytes)

    @property
    def traffic(self) -> dict[str, Traffic]:
        """Give what went over each endpoint so far, by its public name."""
        return {endpoint.name: endpoint.traffic for endpoint in self._endpoints}

    def identity(self) -> Identity:
        """Give chain id and genesis hash."""
        return self._rpc.identity()

    def expect(self, number: int) -> None:
        """Measure heads by a block that was read before."""
        self._admission.expect(number)

    def head(self) -> BlockRef:
        """Give the newest block, of the first endpoint whose head can be believed."""
        return self._newest.head()

    def tagged(self, tag: Tag) -> BlockRef | None:
        """Give the newest block with this tag, None while nothing carries it."""
        return self._tagged(tag)

    def headers(self, numbers: Sequence[int]) -> list[BlockRef | None]:
        """Give blocks by number, None above the head."""
        questions = [header_if_any(number) for number in numbers]
        return [_ref(header) for header in self._rpc.ask(questions, self._rpc.forms.blocks)]

    def windows(
        self,
        blocks: BlockRange,
        size: int,
        *,
        only: LogFilter | None = None,
        every_header: bool = False,
    ) -> Generator[Window]:
        """Read blocks as windows, fetched ahead; with `only`, by logs where that costs less.

        Logs prove nothing about blocks that have none: whoever wants proof gets every block.
        """
        if self._proof is not Proof.NOTHING:
            return self._proven(blocks, size)
        if only is not None:
            return self._logs.read(blocks, size, only, every_header=every_header)
        return self._windows.read(blocks, size)

    def _proven(self, blocks: BlockRange, size: int) -> Generator[Window]:
        with closing(self._windows.read(blocks, size)) as windows:
            for window in windows:
                if self._proof is Proof.TRANSACTIONS:
                    believe(self._rpc, window.blocks)
                yield window

    def sample(self, address: Address, block: BlockRef) -> Sample:
        """Read what code stands at and behind an address after a block."""
        return self._agreement.sample(address, block)

    def call(self, call: ViewCall, block: BlockRef) -> bytes | None:
        """Read what a view function returns after a block."""
        return self._agreement.call(call, block)

    def code_now(self, address: Address) -> bytes:
        """Read the code at the head: at its number, since `latest` may mean a block that is not sealed."""
        return RpcState(self._rpc, self.head()).values([CodeAt(address)])[0]

    def replaced(self, block: BlockRef, *, lasting: bool = True) -> bool:
        """Tell whether another block has the place of one that was read, by two endpoints where there are."""
        return self._agreement.replaced(block, lasting=lasting)

    def shows(self, blocks: Sequence[BlockRef]) -> bool:
        """Tell whether one endpoint has all these blocks."""
        return self._agreement.shows(blocks)

    def together(self, numbers: Sequence[int]) -> list[BlockRef | None]:
        """Give blocks by number, all of one endpoint."""
        questions = [header_if_any(number) for number in numbers]
        alone = self._rpc.only(self._rpc.endpoints)
        return [_ref(header) for header in alone.ask(questions, BLOCKS, together=True)]

    def witnesses(self, number: int) -> Sequence[Witness]:
        """Ask each endpoint which block it has under a number."""
        return self._agreement.witnesses(number)

    def troubles(self) -> Sequence[EndpointTrouble]:
        """Give the endpoints that are in trouble now."""
        found = (endpoint.condition.trouble() for endpoint in self._endpoints)
        return [trouble for trouble in found if trouble is not None]

    def close(self) -> None:
        """Close the idle connections."""
        self._rpc.close()

    def _tagged(self, tag: str) -> BlockRef | None:
        return _ref(self._rpc.ask([header_tagged(tag)], BLOCKS)[0])


def _ref(header: Header | None) -> BlockRef | None:
    return None if header is None else header.ref
