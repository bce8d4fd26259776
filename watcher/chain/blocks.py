"""Reading blocks by their numbers, each with its receipts: what both ways of reading windows are made of.

    numbers ─▶ questions ─▶ Reply ─▶ receipts and headers, fitted to each other ─▶ BlockReceipts

Where no endpoint offers the receipts of whole blocks, they are read one by one.
"""

from collections.abc import Iterable, Mapping, Sequence

from watcher.chain.crosscheck import fitted
from watcher.chain.endpoint import Reply
from watcher.chain.questions import Header, NoBlockReceipts, header_at, receipt_of, receipts_at
from watcher.chain.rpc import Question, Rpc
from watcher.core.window import BlockReceipts

BlockQuestion = Question[BlockReceipts | NoBlockReceipts | Header]


def questions_about(rpc: Rpc, numbers: Sequence[int], headers: Iterable[int]) -> list[BlockQuestion]:
    """Ask for the receipts of blocks, and for the headers of some: half of it is half of the answer."""
    if numbers and not rpc.offers(receipts_at(numbers[0]).call):
        return [header_at(number) for number in numbers]
    with_header = set(headers)
    return [
        question
        for number in numbers
        for question in (
            (receipts_at(number), header_at(number)) if number in with_header else (receipts_at(number),)
        )
    ]


def blocks_of(
    rpc: Rpc,
    numbers: Iterable[int],
    questions: Sequence[BlockQuestion],
    reply: Reply,
    known: Mapping[int, Header] | None = None,
) -> list[BlockReceipts]:
    """Give the blocks of a reply to `questions_about` them; `known` are headers that somebody has already.

    Raises Contradiction where a block's header and receipts do not fit.
    """
    answers = rpc.ask(questions, rpc.forms.blocks, sent=reply)
    asked = {answer.ref.number: answer for answer in answers if isinstance(answer, Header)}
    headers = {**(known or {}), **asked}
    found = {answer.number: answer for answer in answers if isinstance(answer, BlockReceipts)}
    return [
        fitted(found[number], headers.get(number))
        if number in found
        else _by_transaction(rpc, headers.get(number) or _header(rpc, number))
        for number in numbers
    ]


def _by_transaction(rpc: Rpc, header: Header) -> BlockReceipts:
    """Read the receipts one by one, from endpoints that do not offer those of a whole block."""
    questions = [receipt_of(transaction, header.ref) for transaction in header.transactions]
    receipts = rpc.ask(questions, rpc.forms.receipts)
    return fitted(BlockReceipts(header.ref.number, header.ref.hash, receipts), header)


def _header(rpc: Rpc, number: int) -> Header:
    return rpc.ask([header_at(number)], rpc.forms.blocks)[0]
