"""Probing the logs of one endpoint: how far back they reach, how wide a range it takes, what they name.

Inquiry, the program's LogFilter ─▶ LogHistory
"""

from typing import Any

from watcher.chain.inquiry import Inquiry, lowest, spread
from watcher.chain.log_questions import searches
from watcher.chain.logs import ADDRESSES_AT_ONCE
from watcher.chain.questions import Header, header_at
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Question
from watcher.chain.wire import LOGS, Call, FoundLogJson
from watcher.core.endpoint_report import LogHistory
from watcher.core.types import BlockRange
from watcher.core.window import LogFilter

WIDTHS = (10_000, 2_000, 1_000, 500, 100, 10, 1)
"""Limits that providers have; the widest that is taken is told."""

PLACES = 8
"""Ranges in which the blocks that logs name are counted, spread evenly over the history."""

_Logs = list[FoundLogJson]


def log_history(inquiry: Inquiry, blocks: BlockRange, wanted: LogFilter) -> LogHistory:
    """Ask what an endpoint has of the logs of `blocks`, its last block being there."""
    first = lowest(blocks, lambda number: _has_logs(inquiry, number))
    if first is None:
        return LogHistory(None, None, named=0, asked=0)
    there = BlockRange(first, blocks.last)
    widths = [min(width, len(there)) for width in WIDTHS]
    span = next(
        (width for width in widths if _named(inquiry, there, there.last, width, wanted) is not None), None
    )
    named = asked = 0
    for last in spread(BlockRange(min(there.first + (span or 1) - 1, there.last), there.last), PLACES):
        found = None if span is None else _named(inquiry, there, last, span, wanted)
        if found is not None and span is not None:
            named += len(found)
            asked += span
    return LogHistory(first, span, named, asked)


def _has_logs(inquiry: Inquiry, number: int) -> bool:
    """Tell whether the logs of a block are there: a node may answer what it has forgotten with an empty list.

    A bloom that is not empty belies it; an empty one proves nothing, and is taken for what it says.
    """
    questions: list[Question[Header | _Logs]] = [
        header_at(number),
        _search({"fromBlock": hex(number), "toBlock": hex(number)}),
    ]
    match inquiry.answers(questions, LOGS):
        case [Header(logs_bloom=bloom), list() as logs]:
            return bool(logs) or not bloom
        case _:
            return False


def _named(
    inquiry: Inquiry, there: BlockRange, last: int, width: int, wanted: LogFilter
) -> set[str | None] | None:
    """Give the blocks that logs name in a range; None where it is not answered."""
    bounds = {"fromBlock": hex(max(there.first, last - width + 1)), "toBlock": hex(last)}
    found = inquiry.ask([_search({**bounds, **each}) for each in searches(wanted, ADDRESSES_AT_ONCE)], LOGS)
    if any(isinstance(each, Failure) for each in found):
        return None
    return {log.block_number for logs in found if not isinstance(logs, Failure) for log in logs}


def _search(criteria: dict[str, object]) -> Question[_Logs]:
    def judge(outcome: Any) -> _Logs | Failure:  # noqa: ANN401 - whatever the node sent
        if isinstance(outcome, list | Failure):
            return outcome
        return Failure(Refusal.MALFORMED, "the logs are no list")

    return Question(Call("eth_getLogs", (criteria,)), judge)
