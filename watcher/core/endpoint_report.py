"""What an endpoint answered before a run, and what that means for one.

    watcher.chain.probe ─▶ EndpointReport ─▶ findings

Several endpoints make up for one another: a history that one has need not be had by the others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from watcher.core.costs import SampledBlocks
from watcher.core.definition import Definition, Finality
from watcher.core.preflight import Finding, Level
from watcher.core.types import Address, BlockHash, BlockRef, iso_utc
from watcher.core.wording import counted, duration_text

STALE_HEAD_SECONDS = 300
"""A head older than this is worth a look: the chain stands still, or the endpoint does."""


@dataclass(frozen=True, slots=True)
class LogHistory:
    """What an endpoint has of the logs that name a program's blocks.

    `logs_from` is the lowest block whose logs it has, None: none, or it does not offer eth_getLogs. `span` is
    the widest range, of those that were tried, that it takes at once, None: not one block. Logs name `named`
    of `asked` blocks.
    """

    logs_from: int | None
    span: int | None
    named: int
    asked: int


@dataclass(frozen=True, slots=True)
class History:
    """How far back an endpoint reaches, from the first block on that was asked for.

    `blocks_from`, `receipts_from` and `state_from` are the lowest blocks whose header, receipts and state it
    has, None: none. `whole_blocks` tells whether one call gives all receipts of a block, `batch` how many
    calls it took in one request, `no_methods` names what it does not offer at all. `times` are timestamps by
    number, of the first block, if it has that, and of those lowest ones. `logs` is None where the program has
    no use for them. `undeployed` are listed contracts that had no code yet at the block at which they join.
    """

    blocks_from: int | None
    receipts_from: int | None
    state_from: int | None
    whole_blocks: bool
    batch: int
    no_methods: tuple[str, ...]
    sampled: SampledBlocks
    times: Mapping[int, int]
    logs: LogHistory | None = None
    undeployed: tuple[tuple[Address, int], ...] = ()


Tagged = BlockRef | str | None
"""A block; None: there is none yet; a text: why the endpoint does not say."""


@dataclass(frozen=True, slots=True)
class EndpointReport:
    """What one endpoint answered; `name` is fit to be shown.

    `final` is what the program's finality makes of it, `safe` and `finalized` what those tags answer: None
    where nothing carries them yet, a text where the endpoint would not say, and why. So is `history`, where
    there is nothing to look at.
    """

    name: str
    chain_id: int
    genesis_hash: BlockHash
    head: BlockRef
    safe: Tagged
    finalized: Tagged
    final: Tagged
    history: History | str | None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """An endpoint that did not answer, and why."""

    name: str
    why: str


Report = EndpointReport | Unreachable


def endpoint_findings(
    definition: Definition, reports: Sequence[Report], *, first: int, now: int
) -> Iterator[Finding]:
    """Judge the endpoints, in the order in which they are preferred.

    `first` is the first block that is still to be read, `now` the wall clock in Unix seconds.
    """
    right = [
        report
        for report in reports
        if isinstance(report, EndpointReport) and report.chain_id == definition.chain.id
    ]
    histories = [report.history for report in right if isinstance(report.history, History)]
    receipts_somewhere = any(_has_receipts(history, first) for history in histories)
    state_somewhere = any(_reaches(history.state_from, first) for history in histories)
    for report in reports:
        if isinstance(report, Unreachable):
            yield Finding(Level.UNREACHABLE, report.name, report.why)
            continue
        identity = f"chain {report.chain_id}, genesis {report.genesis_hash}"
        if report not in right:
            text = f"{identity}, but the program is about chain {definition.chain.id}: correct its URL"
            yield Finding(Level.PROBLEM, report.name, text)
            continue
        if report.genesis_hash != right[0].genesis_hash:
            other = f"{right[0].name} has genesis {right[0].genesis_hash}"
            text = f"{identity}, but {other}: keep the endpoints of one chain"
            yield Finding(Level.PROBLEM, report.name, text)
            continue
        yield Finding(Level.OK, report.name, identity)
        yield _head(report, definition.chain.finality, now)
        tags = f"safe {_tag(report.head, report.safe)}, finalized {_tag(report.head, report.finalized)}"
        yield Finding(Level.OK, report.name, f"tags: {tags}")
        history = report.history
        if isinstance(history, History):
            yield _methods(report.name, history)
            yield _receipts(report.name, history, first, elsewhere=receipts_somewhere)
            yield _state(report.name, history, first, elsewhere=state_somewhere)
            if history.logs is not None:
                yield _logs(report.name, history.logs, first)
            for address, joins in history.undeployed:
                yield Finding(Level.WARNING, report.name, _too_early(address, joins))
        elif history is not None:
            yield Finding(Level.PROBLEM, report.name, history)


def _head(report: EndpointReport, finality: Finality, now: int) -> Finding:
    head, final = report.head, report.final
    kind = finality.tag or f"depth {finality.depth}"
    age = now - head.timestamp
    text = f"head {head.number}, {iso_utc(head.timestamp)}"
    if isinstance(final, str):
        return Finding(Level.PROBLEM, report.name, f"{text}; it does not say what is final ({kind}): {final}")
    if final is None:
        text += f"; nothing is final yet ({kind}), and nothing is concluded before something is"
        return Finding(Level.WARNING, report.name, text)
    behind = duration_text(head.timestamp - final.timestamp)
    text += f"; final ({kind}) is {final.number}, {behind} behind it"
    if age > STALE_HEAD_SECONDS:
        return Finding(
            Level.WARNING, report.name, f"{text}; the head is {duration_text(age)} old: is the node in sync?"
        )
    return Finding(Level.OK, report.name, text)


def _tag(head: BlockRef, tagged: Tagged) -> str:
    match tagged:
        case BlockRef(number=number, timestamp=timestamp):
            return f"is block {number}, {duration_text(head.timestamp - timestamp)} behind the head"
        case None:
            return "is nothing yet"
        case _:
            return f"is not told ({tagged})"


def _methods(name: str, history: History) -> Finding:
    if history.no_methods:
        text = f"does not offer {' and '.join(history.no_methods)}: no proxy can be seen through there"
        return Finding(Level.PROBLEM, name, text)
    batch = f"took {history.batch} calls in one request"
    if history.whole_blocks:
        return Finding(Level.OK, name, f"gives the receipts of whole blocks, {batch}")
    return Finding(
        Level.WARNING, name, f"has no eth_getBlockReceipts: each receipt is a call of its own; {batch}"
    )


def _receipts(name: str, history: History, first: int, *, elsewhere: bool) -> Finding:
    if _has_receipts(history, first):
        return Finding(Level.OK, name, f"has blocks and receipts from block {first} on")
    has = f"{_since('blocks', history.blocks_from)} and {_since('receipts', history.receipts_from)}"
    text = f"has {has}, but block {first} has to be read"
    if elsewhere:
        return Finding(Level.WARNING, name, f"{text}: another endpoint has it")
    remedy = "add an endpoint with the whole history, or declare a [[chain.gap]]"
    return Finding(Level.PROBLEM, name, f"{text}: {remedy}")


def _has_receipts(history: History, first: int) -> bool:
    return _reaches(history.blocks_from, first) and _reaches(history.receipts_from, first)


def _logs(name: str, logs: LogHistory, first: int) -> Finding:
    if logs.span is None:
        text = "does not answer eth_getLogs: the receipts of every block are read there"
        return Finding(Level.WARNING, name, text)
    takes = f"takes ranges of {counted(logs.span, 'block')}"
    if _reaches(logs.logs_from, first):
        return Finding(Level.OK, name, f"has logs from block {first} on, {takes}")
    text = f"has {_since('logs', logs.logs_from)}, {takes}: before that, every block is read"
    return Finding(Level.WARNING, name, text)


def _state(name: str, history: History, first: int, *, elsewhere: bool) -> Finding:
    lowest = history.state_from
    if _reaches(lowest, first):
        return Finding(Level.OK, name, f"has state from block {first} on")
    text = f"has {_since('state', lowest)}"
    if elsewhere:
        return Finding(Level.WARNING, name, f"{text}: another endpoint has it from block {first} on")
    return Finding(
        Level.WARNING,
        name,
        f"{text}: before that plain code is proven from later code and receipts, but what stood behind a "
        "proxy is not, and the ledger stands still there; an archive endpoint brings it on",
    )


def _too_early(address: Address, joins: int) -> str:
    return (
        f"contract {address} joins at block {joins}, where it has no code yet: its code is seen at the "
        "first daily sample after its deployment; write the block of its deployment as from_block"
    )


def _since(what: str, lowest: int | None) -> str:
    return f"no {what}" if lowest is None else f"{what} from block {lowest} on"


def _reaches(lowest: int | None, first: int) -> bool:
    return lowest is not None and lowest <= first
