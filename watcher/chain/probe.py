"""Probing one endpoint before a run: what it serves, how far back it reaches, what its blocks weigh.

    EndpointSettings ─▶ few calls, nothing kept ─▶ EndpointReport (judged in watcher.core.endpoint_report)

Other than the reader it does not insist: what an endpoint refuses is what one wants to know.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from watcher.chain.endpoint import Endpoint, EndpointSettings, Wait
from watcher.chain.inquiry import Inquiry, NotTold, lowest, spread
from watcher.chain.probe_logs import log_history
from watcher.chain.questions import (
    Header,
    NoBlockReceipts,
    header_at,
    header_tagged,
    receipt_of,
    receipts_at,
)
from watcher.chain.refusals import Failure, Refusal
from watcher.chain.rpc import Question
from watcher.chain.wire import BLOCKS, RECEIPTS, VALUES, Call
from watcher.clock import Clock
from watcher.core.costs import SampledBlocks
from watcher.core.definition import Finality
from watcher.core.endpoint_report import EndpointReport, History, Report, Tagged, Unreachable
from watcher.core.types import Address, BlockRange, BlockRef
from watcher.core.window import BlockReceipts, LogFilter

SAMPLED = 16
"""Blocks whose receipts are weighed, spread evenly over the history."""

_ANYONE = Address("0x" + "00" * 19 + "01")
"""Whose state is asked for: a node that has any answers for any address, and a precompile may be called."""
_NO_CODE = "0x"


class Probe:
    """Asks one endpoint what it has for a program.

    `wanted` tells which logs name the blocks that say something to it, None: logs do not; `listed` are its
    listed contracts and the block at which each joins.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        clock: Clock,
        wait: Wait,
        *,
        wanted: LogFilter | None = None,
        listed: Sequence[tuple[Address, int]] = (),
    ) -> None:
        """Connect to nothing yet."""
        self._endpoint = Endpoint(settings, clock, wait)
        self._inquiry = Inquiry(self._endpoint, wait)
        self._clock = clock
        self._wanted = wanted
        self._listed = listed

    def report(self, finality: Finality, first: int, last: int | None = None) -> Report:
        """Ask what the endpoint serves and, from `first` to the final block (or the head), what it has.

        Only up to `last`, where it is given.
        """
        endpoint = self._endpoint
        try:
            chain_id = self._inquiry.required(Question(Call("eth_chainId"), _number), VALUES)
            genesis = self._inquiry.required(header_at(0))
            head = self._inquiry.required(header_tagged("latest"))
            if head is None:
                return Unreachable(endpoint.name, "has no blocks yet: wait for it")
            tags = {tag: self._tagged(tag) for tag in ("safe", "finalized")}
            final = tags[finality.tag] if finality.tag else self._deep(finality.depth or 0, head.ref)
            history: History | str | None
            try:
                newest = final.number if isinstance(final, BlockRef) else head.ref.number
                last = newest if last is None else min(last, newest)
                history = self._history(BlockRange(first, last)) if first <= last else None
            except NotTold as refused:
                history = str(refused)
            return EndpointReport(
                name=endpoint.name,
                chain_id=chain_id,
                genesis_hash=genesis.ref.hash,
                head=head.ref,
                safe=tags["safe"],
                finalized=tags["finalized"],
                final=final,
                history=history,
            )
        except NotTold as refused:
            return Unreachable(endpoint.name, str(refused))
        finally:
            endpoint.close()

    def _tagged(self, tag: str) -> Tagged:
        [found] = self._inquiry.ask([header_tagged(tag)], BLOCKS)
        if isinstance(found, Failure):
            return found.message
        return None if found is None else found.ref

    def _deep(self, depth: int, head: BlockRef) -> Tagged:
        return self._tagged(hex(head.number - depth)) if head.number >= depth else None

    def _history(self, blocks: BlockRange) -> History:
        newest = self._inquiry.required(receipts_at(blocks.last))
        whole = not isinstance(newest, NoBlockReceipts)
        has_receipts = self._has_receipts if whole else self._has_single_receipts
        blocks_from = lowest(blocks, self._has_header)
        receipts_from = lowest(blocks, has_receipts)
        state_from = lowest(blocks, self._has_state)
        there = blocks if receipts_from is None else replace(blocks, first=receipts_from)
        numbers = spread(there, SAMPLED)
        before = self._endpoint.traffic.bytes_read
        marks = {
            blocks.first,
            blocks.last,
            *(each for each in (blocks_from, receipts_from, state_from) if each is not None),
        }
        headers = self._inquiry.answers([header_at(number) for number in sorted(marks)], BLOCKS)
        header_bytes = (self._endpoint.traffic.bytes_read - before) // len(marks)
        weigh = self._weighed if whole else self._weighed_singly
        sampled = weigh(numbers, header_bytes)
        batch = min(len(numbers), self._endpoint.batches.limit)
        return History(
            blocks_from=blocks_from,
            receipts_from=receipts_from,
            state_from=state_from,
            whole_blocks=whole,
            batch=batch,
            no_methods=self._no_methods(blocks.last),
            sampled=sampled,
            times={each.ref.number: each.ref.timestamp for each in headers if isinstance(each, Header)},
            logs=None if self._wanted is None else log_history(self._inquiry, blocks, self._wanted),
            undeployed=() if state_from is None else self._undeployed(state_from, blocks.last),
        )

    def _undeployed(self, state_from: int, last: int) -> tuple[tuple[Address, int], ...]:
        """Give the listed contracts that have code now and had none yet at the block at which they join."""
        there = [(address, joins) for address, joins in self._listed if state_from <= joins <= last]
        calls = [Call("eth_getCode", (address, hex(at))) for address, joins in there for at in (joins, last)]
        codes = self._inquiry.answers([Question(call, _text) for call in calls], VALUES)
        return tuple(
            listed
            for listed, then, now in zip(there, codes[::2], codes[1::2], strict=True)
            if then == _NO_CODE and now != _NO_CODE
        )

    def _no_methods(self, number: int) -> tuple[str, ...]:
        """Name the methods that looking behind proxies takes and the endpoint does not know."""
        at = hex(number)
        calls = [
            Call("eth_getStorageAt", (_ANYONE, hex(0), at)),
            Call("eth_call", ({"to": _ANYONE, "data": "0x"}, at)),
        ]
        answers = self._inquiry.answers([Question(call, _text) for call in calls], VALUES)
        return tuple(
            call.method
            for call, answer in zip(calls, answers, strict=True)
            if isinstance(answer, Failure) and answer.refusal is Refusal.NO_METHOD
        )

    def _has_header(self, number: int) -> bool:
        [found] = self._inquiry.answers([header_at(number)], BLOCKS)
        return isinstance(found, Header)

    def _has_receipts(self, number: int) -> bool:
        """Ask for receipts and header: a node may answer what it has forgotten with an empty list."""
        questions: list[Question[BlockReceipts | NoBlockReceipts | Header]] = [
            receipts_at(number),
            header_at(number),
        ]
        match self._inquiry.answers(questions, BLOCKS):
            case [BlockReceipts(receipts=receipts), Header(transactions=transactions)]:
                return len(receipts) == len(transactions)
            case _:
                return False

    def _has_single_receipts(self, number: int) -> bool:
        [header] = self._inquiry.answers([header_at(number)], BLOCKS)
        if isinstance(header, Failure):
            return False
        asked = [receipt_of(transaction, header.ref) for transaction in header.transactions[:1]]
        return not any(isinstance(found, Failure) for found in self._inquiry.answers(asked, RECEIPTS))

    def _has_state(self, number: int) -> bool:
        question = Question(Call("eth_getCode", (_ANYONE, hex(number))), _text)
        return not isinstance(self._inquiry.answers([question], VALUES)[0], Failure)

    def _weighed(self, numbers: Sequence[int], header_bytes: int) -> SampledBlocks:
        size, began = self._endpoint.traffic.bytes_read, self._clock.monotonic()
        answers = self._inquiry.answers([receipts_at(number) for number in numbers], BLOCKS)
        blocks = [answer for answer in answers if isinstance(answer, BlockReceipts)]
        return SampledBlocks(
            blocks=len(blocks),
            empty=sum(not block.receipts for block in blocks),
            receipts=sum(len(block.receipts) for block in blocks),
            size_bytes=self._endpoint.traffic.bytes_read - size,
            seconds=self._clock.monotonic() - began,
            header_bytes=header_bytes,
        )

    def _weighed_singly(self, numbers: Sequence[int], header_bytes: int) -> SampledBlocks:
        """Weigh one receipt of each block and take the others to be like it."""
        answers = self._inquiry.answers([header_at(number) for number in numbers], BLOCKS)
        headers = [answer for answer in answers if isinstance(answer, Header)]
        asked = [receipt_of(header.transactions[0], header.ref) for header in headers if header.transactions]
        size, began = self._endpoint.traffic.bytes_read, self._clock.monotonic()
        self._inquiry.answers(asked, RECEIPTS)
        receipts = sum(len(header.transactions) for header in headers)
        each = receipts / max(1, len(asked))
        return SampledBlocks(
            blocks=len(headers),
            empty=sum(not header.transactions for header in headers),
            receipts=receipts,
            size_bytes=round((self._endpoint.traffic.bytes_read - size) * each),
            seconds=(self._clock.monotonic() - began) * each,
            header_bytes=header_bytes,
        )


def _text(outcome: Any) -> str | Failure:  # noqa: ANN401 - whatever the node sent
    if isinstance(outcome, str | Failure):
        return outcome
    return Failure(Refusal.MALFORMED, "not a text")


def _number(outcome: Any) -> int | Failure:  # noqa: ANN401 - whatever the node sent
    text = _text(outcome)
    if isinstance(text, Failure):
        return text
    try:
        return int(text, 16)
    except ValueError:
        return Failure(Refusal.MALFORMED, f"{text[:20]!r} is no number")
