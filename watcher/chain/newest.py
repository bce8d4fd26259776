"""The newest block: whose head is believed, and who is quarantined for the one it shows.

    latest ─▶ fell far below what was seen? ──────────▶ quarantined: another endpoint's head
           ─▶ stands still while others go on? ────────▶ the same

A head in itself rewinds nothing: that takes another block in the place of one that was read.
"""

from collections.abc import Sequence

from watcher.chain.admission import STANDS_STILL
from watcher.chain.endpoint import Endpoint
from watcher.chain.questions import header_tagged
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Rpc
from watcher.chain.wire import BLOCKS
from watcher.core.types import BlockRef
from watcher.errors import ChainError, HistoryMissing

STILL_SECONDS = 30.0
"""A head that did not rise for so long is compared with others: the chain may stand still, or the node."""
AHEAD = 2
"""Another head may be so many blocks higher without saying that the first one stands still."""


class Newest:
    """Asks the endpoints of one chain for their heads; for one thread at a time."""

    def __init__(self, rpc: Rpc) -> None:
        """Ask nothing yet."""
        self._rpc = rpc

    def head(self) -> BlockRef:
        """Give the newest block of the first endpoint whose head can be believed.

        Raises HistoryMissing where a chain has no blocks, EndpointUnavailable where every head went back.
        """
        self._let_back()
        left = list(self._rpc.endpoints)
        while True:
            rpc = self._rpc.only(left)
            [header] = rpc.ask([header_tagged("latest")], BLOCKS)
            endpoint = rpc.answered_by
            if header is None or endpoint is None:
                raise HistoryMissing(f"{self._rpc.name} has no blocks yet: wait for it")
            failure = self._rpc.admission.judge_head(endpoint, header.ref.number)
            left.remove(endpoint)
            failure = failure or self._stands_still(endpoint, left)
            if failure is None:
                return header.ref
            endpoint.suspect = True
            endpoint.at_fault(failure)
            if not left:
                raise endpoint.error(failure, "eth_getBlockByNumber")

    def _stands_still(self, endpoint: Endpoint, others: Sequence[Endpoint]) -> Failure | None:
        """Compare a head that has not risen for long with those of others; None where none is ahead of it."""
        if endpoint.head_age() < STILL_SECONDS:
            return None
        for other in others:
            if other.condition.rest_left():
                continue
            try:
                [header] = self._rpc.only([other]).ask([header_tagged("latest")], BLOCKS)
            except ChainError:
                continue
            if header is None or self._rpc.admission.judge_head(other, header.ref.number):
                continue
            if header.ref.number > endpoint.head + AHEAD:
                endpoint.stood_at = endpoint.head
                text = (
                    f"its head stands still at block {endpoint.head}, {other.name} is at {header.ref.number}"
                )
                return Failure(Refusal.WENT_BACK, text, kind=STANDS_STILL)
        endpoint.compared()
        return None

    def _let_back(self) -> None:
        """Look at endpoints in trouble that have rested: nobody else asks one that is not the first."""
        for endpoint in self._rpc.endpoints[1:]:
            if endpoint.condition.trouble() is not None and not endpoint.condition.rest_left():
                self._rpc.admission.check(endpoint, 1, again=True)
