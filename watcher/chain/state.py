"""The state after one block, read over JSON-RPC in a way that a lagging or reorganised node cannot falsify.

Gateways answer a block above their head with "0x" and zero instead of an error, and a block can be replaced
between two reads. So each batch asks for the block's header before and after what it came for: both must have
the expected hash, or nothing of the batch counts.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from watcher.chain.code import CallTo, CodeAt, StorageAt
from watcher.chain.questions import Header, header_at
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Question, Rpc
from watcher.chain.wire import VALUES, Call
from watcher.core.types import BlockRef

T = TypeVar("T")

CALL_GAS = hex(10_000_000)
"""Given with every call, so that a call runs out of gas on every node or on none."""

_WORD = 32


class RpcState:
    """A `watcher.chain.code.StateReader` at one block."""

    def __init__(self, rpc: Rpc, block: BlockRef) -> None:
        """Read the state after `block`."""
        self._rpc = rpc
        self._block = block

    def values(self, reads: Sequence[CodeAt | StorageAt]) -> list[bytes]:
        """Give code and slots."""
        return self._guarded([self._value(read) for read in reads])

    def calls(self, calls: Sequence[CallTo]) -> list[bytes | None]:
        """Give what each call returned, None where it reverted."""
        return self._guarded([self._call(call) for call in calls])

    def _guarded(self, questions: Sequence[Question[T]]) -> list[T]:
        guard = self._guard()
        batch: list[Question[T | Header]] = [guard, *questions, guard]
        values = self._rpc.ask(batch, VALUES, together=True)
        return [value for value in values if not isinstance(value, Header)]

    def _guard(self) -> Question[Header]:
        plain = header_at(self._block.number)

        def judge(outcome: Any) -> Header | Failure:  # noqa: ANN401
            header = plain.judge(outcome)
            if isinstance(header, Header) and header.ref.hash != self._block.hash:
                text = f"block {self._block.number} is {header.ref.hash} there, not {self._block.hash}"
                return Failure(Refusal.HISTORY, text)
            return header

        return Question(plain.call, judge)

    def _value(self, read: CodeAt | StorageAt) -> Question[bytes]:
        at = hex(self._block.number)
        match read:
            case CodeAt(address):
                return Question(Call("eth_getCode", (address, at)), _bytes)
            case StorageAt(address, slot):
                return Question(Call("eth_getStorageAt", (address, f"0x{slot:064x}", at)), _word)

    def _call(self, call: CallTo) -> Question[bytes | None]:
        transaction = {"to": call.address, "data": f"0x{call.data.hex()}", "gas": CALL_GAS}

        def judge(outcome: Any) -> bytes | Failure | None:  # noqa: ANN401
            if isinstance(outcome, Failure) and outcome.refusal is Refusal.REVERTED:
                return None
            return _bytes(outcome)

        return Question(Call("eth_call", (transaction, hex(self._block.number))), judge)


def _bytes(outcome: Any) -> bytes | Failure:  # noqa: ANN401
    if isinstance(outcome, Failure):
        return outcome
    if not isinstance(outcome, str) or not outcome.startswith("0x"):
        return Failure(Refusal.MALFORMED, "not a hex string")
    try:
        return bytes.fromhex(outcome[2:])
    except ValueError:
        return Failure(Refusal.MALFORMED, "not a hex string")


def _word(outcome: Any) -> bytes | Failure:  # noqa: ANN401
    """Read a slot; some nodes leave out leading zeros."""
    if isinstance(outcome, str) and outcome.startswith("0x"):
        outcome = f"0x{outcome[2:]:0>{2 * _WORD}}"
    value = _bytes(outcome)
    if isinstance(value, bytes) and len(value) != _WORD:
        return Failure(Refusal.MALFORMED, "a slot of another length than 32 bytes")
    return value
