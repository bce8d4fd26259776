"""Who may answer: what each endpoint has to show before it is used, and again after it was away.

chain id, genesis ─▶ the program's chain, and everybody's genesis? ─▶ no: WrongChain, everything stops
head, where it went back before ─▶ as high as what was seen? ─▶ no: quarantined again
"""

from collections.abc import Sequence
from threading import Lock

from watcher.chain.endpoint import Endpoint, Reply
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.source import Identity
from watcher.chain.wire import VALUES, Call, HeaderJson
from watcher.core.types import BlockHash
from watcher.errors import WrongChain

GONE_BACK = 10_000
"""A head that fell by more blocks than this is no reorg and no lag: the node lost or replaced its chain."""
CLOSE = 1_000
"""A quarantined endpoint is let back when its head is no further than this below what was seen."""

STANDS_STILL = "stands still"
"""The kind of fault of an endpoint whose head does not rise while others' do."""

_CHAIN_ID = Call("eth_chainId")
_GENESIS = Call("eth_getBlockByNumber", ("0x0", False))
_HEAD = Call("eth_getBlockByNumber", ("latest", False))


class Admission:
    """What all endpoints of one chain have to agree on; every method may be called from any thread."""

    def __init__(self, endpoints: Sequence[Endpoint], chain_id: int) -> None:
        """Know nothing yet but which chain it has to be."""
        self.known: list[Identity] = []
        """What every endpoint has to show: empty before the first one did, then of one item."""
        self._endpoints = endpoints
        self._chain_id = chain_id
        self._named_by = ""
        self._comparing = Lock()
        self._seen = -1
        self._read = -1

    def expect(self, number: int) -> None:
        """Take in that block `number` was read before: no head is far below it."""
        self._read = max(self._read, number)

    def check(self, endpoint: Endpoint, calls: int, *, again: bool = False) -> Reply | None:
        """Ask an endpoint what it serves, unless it said so since it last failed; `again`: in any case.

        None where it is the right chain; where it does not say, or has to stay away, the reply with the
        failure of all `calls`. Raises WrongChain where it is another one.
        """
        failures = endpoint.traffic.failures
        with endpoint.checking:
            if endpoint.verified and not endpoint.suspect and not again:
                return None
            if endpoint.traffic.failures != failures and endpoint.condition.last_failure is not None:
                # Another thread tried while this one waited.
                return Reply(endpoint, float("-inf"), [(calls, endpoint.condition.last_failure)])
            first = endpoint.send([_CHAIN_ID])
            chain_id = first.read(VALUES)[0]
            # One that does not answer is not asked twice: it would have to rest for two failures.
            genesis = chain_id if isinstance(chain_id, Failure) else endpoint.send([_GENESIS]).read(VALUES)[0]
            identity = _identity_of(chain_id, genesis)
            failure = identity if isinstance(identity, Failure) else None
            if isinstance(identity, Identity):
                self._compare(endpoint, identity)
                failure = self._head(endpoint) if endpoint.suspect else None
            if failure is not None:
                endpoint.failed(failure, first.sent_at)
                return Reply(endpoint, first.sent_at, [(calls, failure)])
            endpoint.verified = True
            if again or endpoint.suspect:
                endpoint.suspect, endpoint.stood_at = False, None
                endpoint.worked(first.sent_at)
            return None

    def judge_head(self, endpoint: Endpoint, number: int) -> Failure | None:
        """Take in a head that an endpoint shows; a Failure where it is too far below what was seen."""
        endpoint.shows_head(number)
        known = max(self._seen, self._read)
        if number < known - (CLOSE if endpoint.suspect else GONE_BACK):
            return Failure(
                Refusal.WENT_BACK, f"its head is block {number}, but block {known} was there before"
            )
        self._seen = max(self._seen, number)
        return None

    def _head(self, endpoint: Endpoint) -> Failure | None:
        """Look whether the head of an endpoint whose head went back is up again."""
        [found] = endpoint.send([_HEAD]).read(VALUES)
        if isinstance(found, Failure):
            return found
        try:
            number = int((isinstance(found, HeaderJson) and found.number) or "none", 16)
        except ValueError:
            return Failure(Refusal.MALFORMED, "shows no head")
        if endpoint.stood_at is not None and number <= endpoint.stood_at:
            return Failure(Refusal.WENT_BACK, f"its head still stands at block {number}", kind=STANDS_STILL)
        if all(each.suspect for each in self._endpoints):
            # Nobody shows what was seen once: it may have been a lie. What was read stands against them all.
            self._seen = min(self._seen, max(number, *(each.head for each in self._endpoints)))
        return self.judge_head(endpoint, number)

    def _compare(self, endpoint: Endpoint, found: Identity) -> None:
        serves = f"{endpoint.name} serves chain {found.chain_id} with genesis {found.genesis_hash}"
        if found.chain_id != self._chain_id:
            raise WrongChain(f"{serves}, but the program is about chain {self._chain_id}: correct its URL")
        with self._comparing:
            if not self.known:
                self._named_by = endpoint.name
                self.known.append(found)
        [known] = self.known
        if known != found:
            raise WrongChain(
                f"{serves}, but {self._named_by} serves genesis {known.genesis_hash}: different "
                "chains under one id; keep the endpoints of the right one"
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
