"""Questions to one chain through its endpoints: retry, failover, and the check that it is the chain.

    reader, state ─▶ Rpc.ask(questions) ─▶ Endpoint ─▶ Transport

The first endpoint of the list that needs no rest is asked. One that fails rests, longer each time, and is
asked again when it has rested: the order of the list is the order of preference. Only what failed is asked
again, so one bad element never repeats a batch.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from watcher.chain.endpoint import Endpoint, Reply, Wait
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.source import Identity
from watcher.chain.wire import VALUES, Answers, Call, HeaderJson
from watcher.core.types import BlockHash
from watcher.errors import EndpointUnavailable, WrongChain

T = TypeVar("T")
Value_co = TypeVar("Value_co", covariant=True)

TRIES = 5
"""After so many failures in a row, times the endpoints, a question is given up; the stage is tried again."""
MAX_WAIT_SECONDS = 30.0
"""An endpoint that asks for more patience than this is not waited for: the question fails at once."""

_IDENTITY = (Call("eth_chainId"), Call("eth_getBlockByNumber", ("0x0", False)))
_NOT_ASKED = Failure(Refusal.MALFORMED, "not asked")
_GRAVITY = (
    Refusal.BUSY,
    Refusal.MALFORMED,
    Refusal.NOT_THERE,
    Refusal.TOO_LARGE,
    Refusal.HISTORY,
    Refusal.NO_METHOD,
    Refusal.REVERTED,
    Refusal.BARRED,
    Refusal.FINAL,
)
"""Where several calls failed in one go, the first of these decides what to do: what passes comes first."""


@dataclass(frozen=True, slots=True)
class Question(Generic[Value_co]):
    """One call and how to judge its outcome.

    `judge` gets the decoded result, None for null, or the Failure; it gives the value, or a Failure, which is
    then treated like one of the endpoint's own: what it says cannot be true is asked again.
    """

    call: Call
    judge: Callable[[Any], Value_co | Failure]


class Rpc:
    """All endpoints of one chain, in order of preference."""

    def __init__(self, endpoints: Sequence[Endpoint], chain_id: int, wait: Wait) -> None:
        """Ask nothing yet; each endpoint must turn out to serve `chain_id`, all of them the same genesis."""
        self.endpoints = tuple(endpoints)
        self._chain_id = chain_id
        self._wait = wait
        self._known: list[tuple[Identity, Endpoint]] = []
        self._verifying = Lock()

    def identity(self) -> Identity:
        """Give chain id and genesis hash, as every endpoint asked so far has them."""
        if not self._known:  # the first answer to anything comes from an endpoint that named its chain
            self.ask([Question(_IDENTITY[0], lambda outcome: outcome)], VALUES)
        return self._known[0][0]

    def send(self, calls: Sequence[Call], avoid: Collection[Endpoint] = ()) -> Reply:
        """Send calls to the best endpoint not to `avoid`, waiting for its rest if need be; decode nothing.

        Raises WrongChain where the endpoint turns out to serve another chain.
        """
        endpoint = min((each for each in self.endpoints if each not in avoid), key=Endpoint.rest_left)
        rest = endpoint.rest_left()
        if rest > MAX_WAIT_SECONDS:
            raise EndpointUnavailable(f"{endpoint.name} asks for {rest:.0f} s of patience", rest)
        if rest and self._wait(rest):
            raise EndpointUnavailable(f"{endpoint.name}: stopped while waiting for it to recover")
        return self._verify(endpoint, len(calls)) or endpoint.send(calls)

    def ask(
        self,
        questions: Sequence[Question[T]],
        decoder: Answers[Any],
        *,
        together: bool = False,
        sent: Reply | None = None,
    ) -> list[T]:
        """Give the value of each question, in order.

        `together`: the values must come from one endpoint in one go; one failure repeats them all. `sent`
        is the reply to these calls where somebody sent them already.
        Raises the ChainError of the last failure when the tries are used up.
        """
        outcomes: list[T | Failure] = [_NOT_ASKED] * len(questions)
        pending: Sequence[int] = range(len(questions))
        useless: set[Endpoint] = set()
        failures = 0
        while pending:
            reply = sent or self.send([questions[place].call for place in pending], useless)
            sent = None
            for place, result in zip(pending, reply.read(decoder), strict=True):
                outcomes[place] = questions[place].judge(result)
            failed = {place: found for place in pending if isinstance(found := outcomes[place], Failure)}
            if not failed:
                reply.endpoint.worked(reply.sent_at)
                break
            place, worst = min(failed.items(), key=lambda item: _GRAVITY.index(item[1].refusal))
            match worst.refusal:
                case Refusal.TOO_LARGE if reply.largest_batch > 1:
                    reply.endpoint.batch_refused(reply.largest_batch)
                case Refusal.BUSY | Refusal.MALFORMED | Refusal.NOT_THERE:
                    reply.endpoint.failed(worst, reply.sent_at)
                    failures = failures + 1 if together or len(failed) == len(pending) else 1
                case _:
                    useless.add(reply.endpoint)
            if failures == TRIES * len(self.endpoints) or len(useless) == len(self.endpoints):
                raise reply.endpoint.error(worst, questions[place].call.method)
            pending = pending if together else list(failed)
        return [outcome for outcome in outcomes if not isinstance(outcome, Failure)]

    @property
    def name(self) -> str:
        """Name all endpoints, for what cannot be laid at the door of one."""
        return " or ".join(endpoint.name for endpoint in self.endpoints)

    def close(self) -> None:
        """Close the idle connections."""
        for endpoint in self.endpoints:
            endpoint.close()

    def _verify(self, endpoint: Endpoint, calls: int) -> Reply | None:
        """Ask an endpoint, before its first use, which chain it serves.

        None where it is the right one; where it does not say, the reply with the failure of all `calls`.
        """
        failures = endpoint.traffic.failures
        with self._verifying:
            if endpoint.verified:
                return None
            if endpoint.traffic.failures != failures and endpoint.last_failure is not None:
                # Another thread tried while this one waited.
                return Reply(endpoint, float("-inf"), [(calls, endpoint.last_failure)])
            first = endpoint.send([_IDENTITY[0]])
            chain_id = first.read(VALUES)[0]
            # One that does not answer is not asked twice: it would have to rest for two failures.
            silent = isinstance(chain_id, Failure)
            genesis = chain_id if silent else endpoint.send([_IDENTITY[1]]).read(VALUES)[0]
            identity = _identity_of(chain_id, genesis)
            if isinstance(identity, Failure):
                endpoint.failed(identity, first.sent_at)
                return Reply(endpoint, first.sent_at, [(calls, identity)])
            self._compare(endpoint, identity)
            endpoint.verified = True
            return None

    def _compare(self, endpoint: Endpoint, identity: Identity) -> None:
        serves = f"{endpoint.name} serves chain {identity.chain_id} with genesis {identity.genesis_hash}"
        if identity.chain_id != self._chain_id:
            raise WrongChain(f"{serves}, but the program is about chain {self._chain_id}: correct its URL")
        self._known.append((identity, endpoint))
        known, first = self._known[0]
        if known != identity:
            raise WrongChain(
                f"{serves}, but {first.name} serves genesis {known.genesis_hash}: different chains under "
                "one id; keep the endpoints of the right one"
            )


def _identity_of(chain_id: object, genesis: object) -> Identity | Failure:
    for outcome in (chain_id, genesis):
        if isinstance(outcome, Failure):
            return outcome
    if not isinstance(chain_id, str) or not isinstance(genesis, HeaderJson) or genesis.hash is None:
        return Failure(Refusal.MALFORMED, "names no chain id or no genesis block")
    try:
        return Identity(int(chain_id, 16), BlockHash(genesis.hash))
    except ValueError:
        return Failure(Refusal.MALFORMED, f"{chain_id!r} is no chain id")
