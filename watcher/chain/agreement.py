"""Second opinions: what one endpoint alone does not decide is asked of another before it is believed.

a sample that takes an app out ─┐
a block that was replaced       ├─▶ asked elsewhere ─▶ two agree? ─▶ believed; the odd one out is named
a block that a milestone is at ─┘
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from watcher.chain.code import CallTo, sample_code
from watcher.chain.endpoint import Endpoint
from watcher.chain.questions import header_if_any, header_tagged
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Rpc
from watcher.chain.source import Witness
from watcher.chain.state import RpcState
from watcher.chain.wire import BLOCKS
from watcher.clock import Clock
from watcher.core.facts import Sample
from watcher.core.types import Address, BlockHash, BlockRef, ViewCall
from watcher.errors import ChainError, EndpointUnavailable, MalformedAnswer

LAGGING = 64
"""An endpoint whose head is further than this behind another's does not know yet what was replaced."""
PATIENCE_SECONDS = 20.0
"""Endpoints that differ about a block may do so for as long: one hears of a reorg before the other."""

_SHOWN = 80
"""So much of an answer is shown where answers differ."""

T = TypeVar("T")

DISAGREES = "disagrees"
"""The kind of fault of an endpoint that stands alone against two."""


@dataclass(frozen=True, slots=True)
class _Vote:
    """What one endpoint shows under a number, and where its head is."""

    endpoint: Endpoint
    hash: BlockHash | None
    head: int


class Agreement:
    """Compares the endpoints of one chain; `replaced` is for one thread at a time."""

    def __init__(self, rpc: Rpc, clock: Clock) -> None:
        """Ask nothing yet."""
        self._rpc = rpc
        self._clock = clock
        self._unsettled: tuple[BlockRef, float] | None = None

    def sample(self, address: Address, block: BlockRef) -> Sample:
        """Read a sample; one that says "cannot run" is believed when two reads agree.

        The second is made on another endpoint where one can be asked now, else on the same. Raises
        MalformedAnswer, naming all, where no two agree.
        """
        return self._agreed(
            lambda rpc: sample_code(RpcState(rpc, block), address, block.number),
            lambda sample: sample.runnable,
            f"{address} at block {block.number}",
            lambda sample: f"{sample.kind}, {'runs' if sample.runnable else 'cannot run'}",
        )

    def call(self, call: ViewCall, block: BlockRef) -> bytes | None:
        """Read what a view function returns; where there are several endpoints two have to agree."""
        asked = CallTo(call.address, bytes.fromhex(call.data.removeprefix("0x")))
        return self._agreed(
            lambda rpc: RpcState(rpc, block).calls([asked])[0],
            lambda _answer: len(self._rpc.endpoints) == 1,
            f"what {call.address} returns to {call.data[:10]} at block {block.number}",
            lambda answer: "reverts" if answer is None else f"0x{answer.hex()}"[:_SHOWN],
        )

    def _agreed(
        self, read: Callable[[Rpc], T], sure: Callable[[T], bool], what: str, words: Callable[[T], str]
    ) -> T:
        """Read once where that is `sure` enough, else until two reads are equal; name who differs."""
        rpc = self._rpc.only(self._rpc.endpoints)
        first = read(rpc)
        asked = rpc.answered_by
        if sure(first) or asked is None:
            return first
        votes = [(asked, first)]
        others = [each for each in self._rpc.endpoints if each is not asked]
        for endpoint in [*others, asked]:
            if endpoint is asked and len(votes) > 1:
                break
            if endpoint is not asked and endpoint.condition.rest_left():
                continue
            try:
                found = read(rpc.only([endpoint]))
            except ChainError:
                continue
            votes.append((endpoint, found))
            if sum(vote == found for _, vote in votes) > 1:
                for odd in (each for each, vote in votes if vote != found):
                    _alone(odd, f"says otherwise of {what} than two others")
                return found
        said = "; ".join(f"{endpoint.name}: {words(vote)}" for endpoint, vote in votes)
        raise MalformedAnswer(f"no two reads of {what} agree ({said})")

    def replaced(self, block: BlockRef, *, lasting: bool = True) -> bool:
        """Tell whether another block has the place of one that was read.

        By the word of two endpoints, where two can be asked; one that alone says so for long is left alone,
        unless the block is not `lasting` and the head of those that keep it is the older one: they are stuck.
        Of a `lasting` block one of several endpoints does not decide while the others are silent: it may be
        the one that is stuck. Raises EndpointUnavailable while they differ, and where nobody can say.
        """
        votes = self._votes(block.number)
        if lasting and len(votes) == 1 < len(self._rpc.endpoints) and votes[0].hash != block.hash:
            raise EndpointUnavailable(
                f"{votes[0].endpoint.name} has another block {block.number}, {votes[0].hash}, and nobody "
                "else can be asked now: that alone does not undo what was final"
            )
        hashes = Counter(vote.hash for vote in votes)
        loudest = max((count for found, count in hashes.items() if found != block.hash), default=0)
        if not hashes[block.hash] or loudest > max(1, hashes[block.hash]):
            for vote in votes:
                if vote.hash == block.hash:
                    _alone(vote.endpoint, f"keeps block {block.number} that two others have replaced")
            self._unsettled = None
            return True
        replaced = bool(loudest) and self._settle(block, votes, lasting=lasting)
        self._unsettled = None
        return replaced

    def shows(self, blocks: Sequence[BlockRef]) -> bool:
        """Tell whether some endpoint has all these blocks; EndpointUnavailable where none can say."""
        questions = [header_if_any(block.number) for block in blocks]
        said = ""
        silent = True
        for endpoint in self._rpc.endpoints:
            try:
                found = self._rpc.only([endpoint]).ask(questions, BLOCKS, together=True)
            except ChainError as error:
                said = str(error)
                continue
            silent = False
            hashes = [header and header.ref.hash for header in found]
            if hashes == [block.hash for block in blocks]:
                return True
        if silent:
            raise EndpointUnavailable(said)
        return False

    def witnesses(self, number: int) -> Sequence[Witness]:
        """Ask each endpoint which block it has under a number."""
        return [self._witness(endpoint, number) for endpoint in self._rpc.endpoints]

    def _witness(self, endpoint: Endpoint, number: int) -> Witness:
        try:
            [header] = self._rpc.only([endpoint]).ask([header_if_any(number)], BLOCKS)
        except ChainError as error:
            return Witness(endpoint.name, None, str(error))
        if header is None:
            return Witness(endpoint.name, None, f"{endpoint.name} has no block {number}")
        return Witness(endpoint.name, header.ref.hash)

    def _votes(self, number: int) -> list[_Vote]:
        """Ask all that can be asked now; whose head lags has no vote."""
        votes = []
        for endpoint in self._rpc.endpoints:
            if endpoint.condition.rest_left() and len(self._rpc.endpoints) > 1:
                continue
            # It may serve another chain by now, without having failed in between: it has to say so again.
            endpoint.verified = False
            try:
                found, head = self._rpc.only([endpoint]).ask(
                    [header_if_any(number), header_tagged("latest")], BLOCKS, together=True
                )
            except ChainError:
                continue
            if found is not None and head is not None:
                votes.append(_Vote(endpoint, found.ref.hash, head.ref.number))
        top = max((vote.head for vote in votes), default=None)
        if top is None:
            raise EndpointUnavailable(f"{self._rpc.name}: nobody shows block {number} now")
        return [vote for vote in votes if vote.head >= top - LAGGING]

    def _settle(self, block: BlockRef, votes: Sequence[_Vote], *, lasting: bool) -> bool:
        """Wait for endpoints to agree; in the end decide, and leave those alone that are in the wrong.

        True: the block is replaced. Raises EndpointUnavailable while there is hope that they agree.
        """
        others = [vote for vote in votes if vote.hash != block.hash]
        keepers = [vote for vote in votes if vote.hash == block.hash]
        now = self._clock.monotonic()
        if self._unsettled is None or self._unsettled[0] != block:
            self._unsettled = block, now
        if now - self._unsettled[1] < PATIENCE_SECONDS:
            said = "; ".join(f"{vote.endpoint.name} has {vote.hash}" for vote in votes)
            raise EndpointUnavailable(f"the endpoints differ about block {block.number}: {said}")
        newest = max(votes, key=lambda vote: vote.head)
        replaced = not lasting and newest in others
        text = f"has another block {block.number} than others, and is in the wrong"
        for vote in keepers if replaced else others:
            vote.endpoint.at_fault(Failure(Refusal.BARRED, text, kind=DISAGREES))
        return replaced


def _alone(endpoint: Endpoint, text: str) -> None:
    endpoint.at_fault(Failure(Refusal.MALFORMED, text, kind=DISAGREES))
