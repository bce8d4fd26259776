"""Questions to one chain through its endpoints: retry, failover, and the check that it is the chain.

    reader, state ─▶ Rpc.ask(questions) ─▶ Endpoint ─▶ Transport

The first endpoint of the list that needs no rest is asked. One that fails rests, longer each time, and is
asked again when it has rested: the order of the list is the order of preference. Only what failed is asked
again, so one bad element never repeats a batch.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from watcher.chain.admission import Admission
from watcher.chain.endpoint import Endpoint, Reply, Wait
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.source import Identity
from watcher.chain.wire import PLAIN, VALUES, Answers, Call, Forms
from watcher.errors import EndpointUnavailable

T = TypeVar("T")
Value_co = TypeVar("Value_co", covariant=True)

TRIES = 5
"""After so many failures in a row, times the endpoints, a question is given up; the stage is tried again."""
SEALING_SECONDS = 0.5
"""How long an unsealed block is waited for before each of these tries; the endpoint needs no rest for it."""
MAX_WAIT_SECONDS = 30.0
"""An endpoint that asks for more patience than this is not waited for: the question fails at once."""

_NOT_ASKED = Failure(Refusal.MALFORMED, "not asked")
_GRAVITY = (
    Refusal.BUSY,
    Refusal.MALFORMED,
    Refusal.NOT_THERE,
    Refusal.UNSEALED,
    Refusal.TOO_LARGE,
    Refusal.RANGE,
    Refusal.ADDRESSES,
    Refusal.HISTORY,
    Refusal.NO_METHOD,
    Refusal.REVERTED,
    Refusal.BARRED,
    Refusal.WENT_BACK,
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
    """All endpoints of one chain, in order of preference; or some of them, for a read by these alone."""

    def __init__(
        self, endpoints: Sequence[Endpoint], admission: Admission, wait: Wait, forms: Forms = PLAIN
    ) -> None:
        """Ask nothing yet; each endpoint is admitted before its first use."""
        self.forms = forms
        self.endpoints = tuple(endpoints)
        self.admission = admission
        self.answered_by: Endpoint | None = None
        """Who gave the last answer: of use to whoever has this Rpc to itself, see `only`."""
        self._wait = wait

    def only(self, endpoints: Sequence[Endpoint]) -> "Rpc":
        """Give these of the endpoints, as they are, to one reader."""
        return Rpc(endpoints, self.admission, self._wait, self.forms)

    @property
    def batch_limit(self) -> int:
        """Give how many calls every endpoint takes in one request, as far as is known."""
        return min(endpoint.batches.limit for endpoint in self.endpoints)

    def identity(self) -> Identity:
        """Give chain id and genesis hash, as every endpoint that answers now has them."""
        if not self.admission.known:
            # The first answer to anything comes from an endpoint that named its chain.
            self.ask([Question(Call("eth_chainId"), lambda outcome: outcome)], VALUES)
            for endpoint in self.endpoints:
                if not endpoint.condition.rest_left():
                    self.admission.check(endpoint, 1)
        return self.admission.known[0]

    def offers(self, call: Call) -> bool:
        """Tell whether an endpoint that can be asked now may know the method of such a call."""
        return any(not each.condition.lacks_method(call) for each in self.endpoints if _can_wait_for(each))

    def send(self, calls: Sequence[Call], avoid: Collection[Endpoint] = ()) -> Reply:
        """Send calls to the best endpoint not to `avoid`, waiting for its rest if need be; decode nothing.

        One that said that it lacks what is asked for comes last. Raises WrongChain where the endpoint turns
        out to serve another chain.
        """
        left = [each for each in self.endpoints if each not in avoid]
        able = [each for each in left if not each.condition.lacks(calls) and _can_wait_for(each)]
        endpoint = min(able or left, key=lambda each: each.condition.rest_left())
        rest = endpoint.condition.rest_left()
        if rest > MAX_WAIT_SECONDS:
            raise EndpointUnavailable(f"{endpoint.name} {_why_not(endpoint, rest)}", rest)
        if rest and self._wait(rest):
            raise EndpointUnavailable(f"{endpoint.name}: stopped while waiting for it to recover")
        return self.admission.check(endpoint, len(calls)) or endpoint.send(calls)

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
            self.answered_by = endpoint = reply.endpoint
            for place, result in zip(pending, reply.read(decoder), strict=True):
                outcomes[place] = self._judged(questions[place], result, endpoint, useless)
            failed = {place: found for place in pending if isinstance(found := outcomes[place], Failure)}
            if not failed:
                endpoint.worked(reply.sent_at)
                break
            for failure in {found.fault: found for found in failed.values()}.values():
                endpoint.condition.fault(failure)
            place, worst = min(failed.items(), key=lambda item: _GRAVITY.index(item[1].refusal))
            match worst.refusal:
                case Refusal.TOO_LARGE if reply.largest_batch > 1:
                    endpoint.batches.refused(reply.largest_batch)
                case Refusal.BUSY | Refusal.MALFORMED | Refusal.NOT_THERE:
                    endpoint.failed(worst, reply.sent_at)
                    failures = failures + 1 if together or len(failed) == len(pending) else 1
                case Refusal.UNSEALED:
                    failures += 1
                    self._wait_for_seal(endpoint, worst)
                case Refusal.BARRED | Refusal.WENT_BACK:
                    endpoint.failed(worst, reply.sent_at)
                    useless.add(endpoint)
                case _:
                    useless.add(endpoint)
            if failures == TRIES * len(self.endpoints) or useless.issuperset(self.endpoints):
                raise endpoint.error(worst, questions[place].call.method)
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

    def _wait_for_seal(self, endpoint: Endpoint, unsealed: Failure) -> None:
        if self._wait(SEALING_SECONDS):
            raise EndpointUnavailable(f"{endpoint.name}: stopped while {unsealed.message}")

    def _judged(
        self, question: Question[T], result: object, endpoint: Endpoint, useless: Collection[Endpoint]
    ) -> T | Failure:
        """Judge one outcome; what the endpoint lacks is remembered, and not made do without elsewhere."""
        if isinstance(result, Failure):
            endpoint.condition.lack(question.call, result, endpoint.head)
            others = [each for each in self.endpoints if each is not endpoint and each not in useless]
            able = (each for each in others if _can_wait_for(each))
            elsewhere = any(not each.condition.lacks([question.call]) for each in able)
            if result.refusal is Refusal.NO_METHOD and elsewhere:
                return result
        return question.judge(result)


def _can_wait_for(endpoint: Endpoint) -> bool:
    return endpoint.condition.rest_left() <= MAX_WAIT_SECONDS


def _why_not(endpoint: Endpoint, rest: float) -> str:
    failure = endpoint.condition.last_failure
    if failure is None or failure.refusal is Refusal.BUSY:
        return f"asks for {rest:.0f} s of patience"
    return f"is left alone for {rest:.0f} s more: {failure.message}"
