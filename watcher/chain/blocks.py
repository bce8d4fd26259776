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


def questions_about(
    rpc: Rpc, numbers: Sequence[int], known: Mapping[int, Header] | None = None
) -> list[BlockQuestion]:
    """Ask for blocks with their receipts; `known` are headers that somebody has already."""
    whole = not numbers or rpc.offers(receipts_at(numbers[0]).call)
    questions: list[BlockQuestion] = []
    for number in numbers:
        if whole:
            questions.append(receipts_at(number))
        if number not in (known or {}):
            questions.append(header_at(number))
    return questions


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
        fitted(found[number], headers[number]) if number in found else _by_transaction(rpc, headers[number])
        for number in numbers
    ]


def _by_transaction(rpc: Rpc, header: Header) -> BlockReceipts:
    """Read the receipts one by one, from endpoints that do not offer those of a whole block."""
    questions = [receipt_of(transaction, header.ref) for transaction in header.transactions]
    receipts = rpc.ask(questions, rpc.forms.receipts)
    return fitted(BlockReceipts(header.ref.number, header.ref.hash, receipts), header)
