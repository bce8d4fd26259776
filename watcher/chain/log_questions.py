"""The questions of a reading by logs, each with the judge of its answer, and what a refusal asks for.

    LogFilter, range ─▶ eth_getLogs between two looks at the last block ─▶ judged ─▶ logs, or a refusal
    logs of a block, its receipts ─▶ logs_flaw: does each of them know of the same?

Pure. An endpoint whose head is below the range may answer `[]` without an error (proxyd and Erigon do): its
silence counts only where it shows the last block of the range.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watcher.chain.hints import Hint
from watcher.chain.questions import DOUBLED, Header, header_at
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Question
from watcher.chain.wire import Call, FoundLogJson
from watcher.core.types import BlockRange
from watcher.core.window import BlockReceipts, Log, LogFilter

UNASKED = "unasked logs"
"""The kind of fault of an endpoint that does not keep to what it was asked for."""

_ANSWER = re.compile("response|answer", re.IGNORECASE)
_IN_TIME = re.compile("time.?d? ?out|no answer within|deadline exceeded|no backend", re.IGNORECASE)
"""A node that searches too long, and a gateway (proxyd) that calls its nodes unhealthy for a wide range."""


@dataclass(frozen=True, slots=True)
class Narrower:
    """The range is refused: fewer blocks have to be asked about.

    It is not `certain` where the endpoint only failed in time, which may have other reasons.
    """

    hint: Hint
    certain: bool = True


@dataclass(frozen=True, slots=True)
class FewerAddresses:
    """The filter is refused: fewer addresses have to be asked for at once."""


@dataclass(frozen=True, slots=True)
class NoLogs:
    """No endpoint offers eth_getLogs."""


Unwilling = Narrower | FewerAddresses | NoLogs
LogQuestion = Question[Header | list[FoundLogJson] | Unwilling]


def questions_about_logs(
    blocks: BlockRange, only: LogFilter, addresses_at_once: int, *, every_header: bool
) -> list[LogQuestion]:
    """Ask which logs of a range pass a filter, and before and after that for the range's last block.

    With `every_header` the first look is at every block.
    """
    looks = range(blocks.first if every_header else blocks.last, blocks.last + 1)
    return [
        *(_look_at(number) for number in looks),
        *(_logs(blocks, criteria) for criteria in searches(only, addresses_at_once)),
        _look_at(blocks.last),
    ]


def searches(only: LogFilter, addresses_at_once: int) -> list[dict[str, object]]:
    """Give the criteria of the calls of eth_getLogs that a filter takes for each range."""
    addresses = sorted(only.addresses)
    parts = [
        addresses[start : start + addresses_at_once] for start in range(0, len(addresses), addresses_at_once)
    ]
    found: list[dict[str, object]] = [{"address": part} for part in parts]
    return [*found, {"topics": [sorted(only.topics)]}] if only.topics else found


def logs_flaw(block: BlockReceipts, logs: Sequence[FoundLogJson], only: LogFilter) -> str | None:
    """Find where eth_getLogs and a block's receipts disagree about its logs; None where nowhere."""
    if any(log.block_hash != block.hash for log in logs):
        return "its logs and its receipts have different block hashes"
    told = {log.log_index: (log.address, log.topics) for log in logs}
    there = {
        log.log_index: (log.address, tuple(log.topics))
        for receipt in block.receipts
        for log in receipt.logs
        if _passes(log, only)
    }
    if told == there:
        return None
    return f"eth_getLogs tells of {len(told)} logs and the receipts of {len(there)}, not all of them the same"


def _passes(log: Log, only: LogFilter) -> bool:
    return log.address in only.addresses or (bool(log.topics) and log.topics[0] in only.topics)


def _look_at(number: int) -> LogQuestion:
    """Ask for a block; a refusal of the whole batch is about the logs in it."""
    asked = header_at(number)

    def judge(outcome: Any) -> Header | Unwilling | Failure:  # noqa: ANN401 - whatever was sent
        refused = _unwilling(outcome) if isinstance(outcome, Failure) else None
        return refused or asked.judge(outcome)

    return Question(asked.call, judge)


def _logs(blocks: BlockRange, criteria: Mapping[str, object]) -> LogQuestion:
    def judge(outcome: Any) -> list[FoundLogJson] | Unwilling | Failure:  # noqa: ANN401
        if isinstance(outcome, Failure):
            return _unwilling(outcome) or outcome
        if not isinstance(outcome, list):
            return Failure(Refusal.MALFORMED, "the logs are no list")
        return _flaw(outcome, blocks, criteria) or outcome

    whole = {"fromBlock": hex(blocks.first), "toBlock": hex(blocks.last), **criteria}
    return Question(Call("eth_getLogs", (whole,)), judge)


def _unwilling(outcome: Failure) -> Unwilling | None:
    match outcome.refusal:
        case Refusal.RANGE:
            return Narrower(outcome.hint or Hint())
        case Refusal.TOO_LARGE if _ANSWER.search(outcome.message):
            return Narrower(Hint())
        case Refusal.BUSY if _IN_TIME.search(outcome.message):
            return Narrower(Hint(), certain=False)
        case Refusal.ADDRESSES:
            return FewerAddresses()
        case Refusal.NO_METHOD:
            return NoLogs()
        case _:
            return None


def _flaw(logs: Sequence[FoundLogJson], blocks: BlockRange, criteria: Mapping[str, Any]) -> Failure | None:
    """Find what is wrong with logs whatever the chain holds."""
    addresses = frozenset(criteria.get("address", ()))
    topics = frozenset(criteria.get("topics", [()])[0])
    seen: set[tuple[str, str]] = set()
    for log in logs:
        if log.block_hash is None or log.block_number is None or log.log_index is None:
            return Failure(Refusal.UNSEALED, "a log of a block that is not sealed yet")
        if log.removed:
            return Failure(Refusal.NOT_THERE, "a log that was removed by a reorg")
        place = (log.block_number, log.log_index)
        if place in seen:
            return Failure(Refusal.MALFORMED, f"log {log.log_index} came twice", kind=DOUBLED)
        seen.add(place)
        wanted = log.address in addresses if addresses else bool(log.topics) and log.topics[0] in topics
        if not wanted or not _is_in(log.block_number, blocks):
            return Failure(Refusal.MALFORMED, f"a log of {log.address} was not asked for", kind=UNASKED)
    return None


def _is_in(quantity: str, blocks: BlockRange) -> bool:
    try:
        return int(quantity, 16) in blocks
    except ValueError:
        return False
