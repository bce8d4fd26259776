"""Reading only the blocks that matter to a program whose facts logs determine: far fewer calls.

    span ─▶ last block, eth_getLogs, last block ─▶ blocks named ─▶ their receipts ─▶ both agree ─▶ Window

What is refused is asked again about fewer blocks; what contradicts itself is asked again of one endpoint
alone. A single block that is refused, and ranges too short to be worth it, are read by receipts.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

import structlog

from watcher.chain.blocks import BlockQuestion, blocks_of, questions_about
from watcher.chain.crosscheck import CONTRADICTS, Contradiction, may_hold
from watcher.chain.endpoint import Endpoint, Reply
from watcher.chain.hints import Hint
from watcher.chain.log_questions import (
    FewerAddresses,
    LogQuestion,
    Narrower,
    NoLogs,
    Unwilling,
    logs_flaw,
    questions_about_logs,
    searches,
)
from watcher.chain.prefetch import prefetch
from watcher.chain.questions import Header, header_at, receipts_at
from watcher.chain.ranges import SpanWidth
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Question, Rpc
from watcher.chain.spans import SpanLength
from watcher.chain.windows import TRIES_AGAIN, WindowReader
from watcher.chain.wire import BLOCKS, LOGS, Call, FoundLogJson
from watcher.core.types import BlockRange, BlockRef
from watcher.core.window import BlockReceipts, LogFilter, Window
from watcher.errors import CallRefused, EndpointUnavailable, HistoryMissing, MalformedAnswer

SPANS_AHEAD = 4
"""Spans under way: each is up to thousands of blocks, and its answer may hold megabytes."""
ADDRESSES_AT_ONCE = 500
"""Providers bound these too, at a thousand and more, and few say so beforehand."""
HEADERS_AT_ONCE = 90
"""Where every block's header is wanted, a span is no longer than what fits one batch."""

_log = structlog.get_logger("watcher.chain")

GET_LOGS = Call("eth_getLogs")

_Logs = Mapping[int, Sequence[FoundLogJson]]
_Headers = Mapping[int, Header]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one read is asked for."""

    only: LogFilter
    size: int
    every_header: bool


class _Forgetful(Exception):
    """An endpoint shows blocks, but not their receipts: where it tells of no logs, there may be some."""

    def __init__(self, endpoint: Endpoint, error: HistoryMissing) -> None:
        super().__init__(str(error))
        self.endpoint = endpoint


class LogReader:
    """Reads windows by logs through one Rpc; remembers what the endpoints take at once."""

    def __init__(self, rpc: Rpc, whole: WindowReader, ahead: int, max_window_bytes: int) -> None:
        """Ask nothing yet; `whole` reads what is better read by receipts."""
        self._rpc = rpc
        self._whole = whole
        self._ahead = ahead
        self._max_window_bytes = max_window_bytes
        self._width = SpanWidth()
        self._told: int | None = None
        self._addresses_at_once = ADDRESSES_AT_ONCE
        self._length = SpanLength()

    def read(
        self, blocks: BlockRange, size: int, only: LogFilter, *, every_header: bool
    ) -> Generator[Window]:
        """Read as `ChainSource.windows` promises, leaving out what `only` does not pass.

        Raises MalformedAnswer where answers contradict each other whoever gives them.
        """
        wanted = _Wanted(only, size, every_header)
        everyone = rpc = self._rpc.only(self._rpc.endpoints)
        shown: set[Endpoint] = set()
        first, previous, contradictions = blocks.first, None, 0
        while first <= blocks.last:
            rest = BlockRange(first, blocks.last)
            if self._pays(rest, only):
                windows = self._spans(rpc, rest, wanted, shown, alone=rpc is not everyone)
            else:
                windows = self._whole.read(rest, size)
            try:
                for window in windows:
                    previous = _linked(previous, window)
                    yield window
                    first, contradictions = window.range.last + 1, 0
                rpc = everyone
            except Contradiction as found:
                rpc = _somebody(everyone, rpc, found, contradictions)
                contradictions += 1
            except _Forgetful as found:
                left = [each for each in everyone.endpoints if each is not found.endpoint]
                if not left:
                    raise HistoryMissing(str(found)) from found
                everyone = rpc = everyone.only(left)

    def _pays(self, blocks: BlockRange, only: LogFilter) -> bool:
        """Tell whether logs are the cheaper way at all: two looks and the searches, against each block."""
        found = searches(only, self._addresses_at_once)
        return bool(found) and len(blocks) > 1 + len(found) and self._rpc.offers(GET_LOGS)

    def _spans(
        self, rpc: Rpc, blocks: BlockRange, wanted: _Wanted, shown: set[Endpoint], *, alone: bool
    ) -> Generator[Window]:
        """Read spans ahead, until one is refused or has to go alone: whoever calls goes on behind it."""
        jobs = self._jobs(blocks, wanted, alone=alone)
        with closing(prefetch(jobs, lambda job: _send(rpc, job[1]), SPANS_AHEAD)) as arriving:
            for (span, questions), sent in arriving:
                found = self._found(rpc, span, questions, sent)
                if isinstance(found, Unwilling):
                    if not self._asks_less(found, span, wanted.only):
                        yield from self._whole.read(span, wanted.size)
                    return
                _check_memory(rpc, span.first, shown)
                yield from self._windows(rpc, span, wanted.only, *found)

    def _jobs(
        self, blocks: BlockRange, wanted: _Wanted, *, alone: bool
    ) -> Iterator[tuple[BlockRange, list[LogQuestion]]]:
        first = blocks.first
        most = min(wanted.size, HEADERS_AT_ONCE) if wanted.every_header else wanted.size
        while first <= blocks.last:
            span = BlockRange(first, min(first + min(self._width.blocks, most) - 1, blocks.last))
            at_once = self._addresses_at_once
            yield span, questions_about_logs(span, wanted.only, at_once, every_header=wanted.every_header)
            if alone or not self._width.takes(len(span)):
                return
            first = span.last + 1

    def _found(
        self, rpc: Rpc, span: BlockRange, questions: Sequence[LogQuestion], sent: Callable[[], Reply]
    ) -> tuple[_Logs, _Headers] | Unwilling:
        """Give a span's logs by block and the headers read along, or why there are none."""
        try:
            reply = sent()
            answers = rpc.ask(questions, LOGS, together=True, sent=reply)
        except (EndpointUnavailable, CallRefused) as error:
            # In words that nobody knows yet. Whoever shows the block refused nothing but the logs.
            rpc.ask([header_at(span.last)], BLOCKS)
            return Narrower(Hint(), certain=isinstance(error, CallRefused))
        logs: defaultdict[int, list[FoundLogJson]] = defaultdict(list)
        headers: dict[int, Header] = {}
        most = 0
        for answer in answers:
            if isinstance(answer, Unwilling):
                if answer == Narrower(Hint(), certain=False):
                    rpc.ask([header_at(span.last)], BLOCKS)
                return answer
            if isinstance(answer, Header):
                if headers.setdefault(answer.ref.number, answer).ref != answer.ref:
                    raise Contradiction(f"block {answer.ref.number} was replaced while its logs were read")
                continue
            most = max(most, len(answer))
            for log in answer:
                logs[int(log.block_number or "", 16)].append(log)
        self._width.answered(len(span), most, reply.size_bytes)
        if self._told != self._width.ceiling:
            self._told = self._width.ceiling
            _log.info("limit of eth_getLogs", endpoint=reply.endpoint.name, blocks=self._told)
        return logs, headers

    def _asks_less(self, refused: Unwilling, span: BlockRange, only: LogFilter) -> bool:
        """Ask for less from now on; False where less cannot be asked for."""
        match refused:
            case Narrower(hint, certain) if len(span) > 1:
                self._width.refused(span, hint, passing=not certain)
            case FewerAddresses() if self._addresses_at_once > 1:
                at_once = min(self._addresses_at_once, len(only.addresses))
                self._addresses_at_once = max(1, at_once // 2)
                _log.info("limit of eth_getLogs", endpoint=self._rpc.name, addresses=self._addresses_at_once)
            case NoLogs():
                _log.warning("no eth_getLogs, blocks are read by receipts", endpoint=self._rpc.name)
            case _:
                return False
        return True

    def _windows(
        self, rpc: Rpc, span: BlockRange, only: LogFilter, logs: _Logs, headers: _Headers
    ) -> Iterator[Window]:
        """Read the blocks that logs name; several windows where these are too large for one.

        Where a header is there anyway and its bloom admits such a log, silence is not taken for none.
        """
        first, size_bytes = span.first, 0
        part: list[BlockReceipts] = []
        admitted = (number for number, header in headers.items() if may_hold(header, only))
        named = sorted({*logs, *admitted, *(number for number in only.blocks if number in span)})
        with closing(self._picked(rpc, named, headers)) as arriving:
            for blocks, more_bytes in arriving:
                for block in blocks:
                    flaw = logs_flaw(block, logs.get(block.number, ()), only)
                    if flaw is not None:
                        raise Contradiction(f"block {block.number}: {flaw}")
                part += blocks
                size_bytes += more_bytes
                last = blocks[-1].number
                if size_bytes > self._max_window_bytes and last < span.last:
                    yield _window(BlockRange(first, last), part, headers)
                    first, size_bytes, part = last + 1, 0, []
        yield _window(BlockRange(first, span.last), part, headers)

    def _picked(
        self, rpc: Rpc, numbers: Sequence[int], headers: _Headers
    ) -> Generator[tuple[list[BlockReceipts], int]]:
        """Read blocks by number with their headers, ahead and in order, and tell how many bytes they were."""

        def jobs() -> Iterator[tuple[Sequence[int], list[BlockQuestion]]]:
            start = 0
            while start < len(numbers):
                part = numbers[start : start + self._length.take(len(numbers) - start)]
                yield part, questions_about(rpc, part, headers)
                start += len(part)

        self._length.begin()
        with closing(prefetch(jobs(), lambda job: _send(rpc, job[1]), self._ahead)) as arriving:
            for (part, questions), sent in arriving:
                reply = sent()
                yield blocks_of(rpc, part, questions, reply, headers), reply.size_bytes
                self._length.learn(len(part), reply.size_bytes)


def _check_memory(rpc: Rpc, number: int, shown: set[Endpoint]) -> None:
    """Let the endpoint that has just answered show once that it has receipts as far back as this.

    Nodes that pruned receipts (reth) still find blocks there, but no logs in them, and do not say so.
    """
    endpoint = rpc.answered_by
    if endpoint is None or endpoint in shown:
        return
    try:
        rpc.only([endpoint]).ask([receipts_at(number)], BLOCKS)
    except HistoryMissing as error:
        raise _Forgetful(endpoint, error) from error
    shown.add(endpoint)


def _somebody(everyone: Rpc, asked: Rpc, found: Contradiction, before: int) -> Rpc:
    """Choose whom to ask alone after a contradiction: each endpoint in turn, the preferred one last."""
    endpoints = everyone.endpoints
    if len(asked.endpoints) == 1:
        asked.endpoints[0].at_fault(Failure(Refusal.MALFORMED, str(found), kind=CONTRADICTS))
    if before == max(TRIES_AGAIN, len(endpoints)):
        text = f"{everyone.name}: {found}; the chain changed under way or the node is broken"
        raise MalformedAnswer(text) from found
    return everyone.only([endpoints[(before + 1) % len(endpoints)]])


def _send(rpc: Rpc, questions: Sequence[Question[object]]) -> Reply:
    return rpc.send([question.call for question in questions])


def _window(blocks: BlockRange, part: Sequence[BlockReceipts], headers: _Headers) -> Window:
    taken = {block.number for block in part}
    bare = [headers[n].ref for n in sorted(headers) if n in blocks and n not in taken]
    return Window(blocks, part, bare)


def _linked(previous: BlockRef | None, window: Window) -> BlockRef | None:
    """Check that blocks in a row are children of each other; give the last one."""
    line = window.headers
    for parent, child in pairwise(line if previous is None else [previous, *line]):
        if child.number == parent.number + 1 and child.parent_hash != parent.hash:
            raise Contradiction(f"block {child.number}: its parent is not the block before as it was read")
    return line[-1]
