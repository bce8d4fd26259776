"""Answering wants: what the evaluate stage lacks to conclude a block, read from the chain.

want: state of a contract at a block ─▶ a sample, read there, or proven from later code
want: a view function at a block     ─▶ what it returned there
want: the first block at an instant  ─▶ that block's header and its predecessor's
want: endpoints that agree on a block ─▶ the block noted as agreed
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import assert_never

from watcher.chain.bytecode import code_hash, proves_plain_code
from watcher.chain.source import ChainSource
from watcher.core.activity import hour_of
from watcher.core.definition import Definition
from watcher.core.facts import (
    AgreedWant,
    BlockAtWant,
    CallAnswer,
    CallWant,
    CodeKind,
    Sample,
    SampleWant,
    Want,
)
from watcher.core.tracked import Tracked
from watcher.core.types import BlockRef
from watcher.errors import CallRefused, HistoryMissing, MalformedAnswer
from watcher.stages.agreeing import disagreement
from watcher.stages.boundaries import Headers, first_at_or_after
from watcher.store.database import Store, Tx

READERS = 8
"""State reads in flight; each is a few small calls, so latency is what costs."""

BATCH = 200
"""Wants answered in one transaction."""


@dataclass(frozen=True, slots=True)
class _Missing:
    """A want that this source cannot answer, and why, in words for the operator."""

    reason: str


_Answer = Sample | CallAnswer | BlockRef | list[BlockRef] | None
"""A sample, a block that is agreed on, the blocks around an instant; None: nobody needs one any more."""


def answer_wants(
    definition: Definition,
    source: ChainSource,
    store: Store,
    tracked: Tracked,
    headers: Headers,
    *,
    readers: int = READERS,
) -> tuple[int, int]:
    """Answer the least tried wants, earliest first; return how many were answered and how many could not be.

    An endpoint that cannot be reached ends it with EndpointUnavailable: nothing of the batch is written then.
    """
    with store.reading() as tx:
        least_tried = sorted(tx.facts.wants(), key=lambda each: each.tries)
        wants = [each.want for each in least_tried[:BATCH]]
        checkpoint = tx.facts.checkpoint()
        refs = {want: tx.facts.ref(want.block_number) for want in wants if not isinstance(want, BlockAtWant)}
        ends = {
            want: (tx.facts.ref(want.after), tx.facts.ref(want.before))
            for want in wants
            if isinstance(want, BlockAtWant)
        }
    if not wants or checkpoint is None:
        return 0, 0

    def answer(want: Want) -> _Answer | _Missing:
        match want:
            case BlockAtWant():
                after, before = ends[want]
                if after is None or before is None:
                    return None
                try:
                    return first_at_or_after(want.timestamp, after, before, headers, definition.chain)
                except HistoryMissing as error:
                    return _Missing(str(error))
            case AgreedWant():
                ref = refs[want]
                differing = disagreement(source, want, ref) if ref else None
                return _Missing(differing) if differing else ref
            case SampleWant() | CallWant():
                ref = refs[want]
                return _state(source, store, tracked, want, ref) if ref else None
            case _:
                assert_never(want)

    with ThreadPoolExecutor(readers, thread_name_prefix="answer") as pool:
        answers = list(pool.map(answer, wants))
    with store.writing() as tx:
        answered = missing = 0
        for want, found in zip(wants, answers, strict=True):
            if isinstance(found, _Missing):
                tx.facts.want_failed(want, found.reason)
                missing += 1
                continue
            _keep(tx, found)
            tx.facts.drop_wants([want])
            answered += 1
    return answered, missing


def _keep(tx: Tx, found: _Answer) -> None:
    match found:
        case Sample():
            tx.facts.add_samples([found])
        case CallAnswer():
            tx.facts.add_calls([found])
        case BlockRef():
            tx.state.set_agreed(found)
        case list():
            tx.facts.add_headers(found)
        case _:
            pass  # a want whose block a reorg took away needs no answer: the new chain asks anew


def _state(
    source: ChainSource, store: Store, tracked: Tracked, want: SampleWant | CallWant, ref: BlockRef
) -> Sample | CallAnswer | _Missing:
    try:
        if isinstance(want, CallWant):
            return CallAnswer(want.call, ref.number, source.call(want.call, ref))
        return source.sample(want.address, ref)
    except HistoryMissing as error:
        proven = isinstance(want, SampleWant) and _proven(source, store, tracked, want, ref)
        return proven or _Missing(str(error))
    except (CallRefused, MalformedAnswer) as error:
        # One read that keeps failing must not keep the others, and the windows, from being read.
        return _Missing(str(error))


def _proven(
    source: ChainSource, store: Store, tracked: Tracked, want: SampleWant, ref: BlockRef
) -> Sample | None:
    """Prove plain code at a block from later code and an earlier sign of life: code stays (EIP-6780).

    The sign is the creation receipt or a log of the contract at or before the block; a creation receipt
    after the block proves that there was no code yet. Proxies cannot be proven so: what stood behind them
    may have changed.
    """
    created = tracked.created_at(want.address)
    if created is not None and created > ref.number:
        return Sample(want.address, ref.number, CodeKind.NONE, None, runnable=False)
    with store.reading() as tx:
        logged_before = tx.facts.logged_before(want.address, hour_of(ref.timestamp))
    alive = tracked.alive_at(want.address)
    if (alive is None or alive > ref.number) and not logged_before:
        return None
    code = source.code_now(want.address)
    if not proves_plain_code(code):
        return None
    return Sample(want.address, ref.number, CodeKind.PLAIN, code_hash(code), runnable=True)
