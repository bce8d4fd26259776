"""Recounting a milestone's bundle: the same stages on a fresh database, through another endpoint, compared.

    Claim ─▶ the endpoint's block there? final? ─▶ index, evaluate up to it ─▶ bundle ─▶ differences
                                  └▶ no: CannotTell                               none: equal

What the endpoint cannot give is no difference: CannotTell says what it is.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, assert_never

from watcher.chain.endpoint import EndpointSettings, Wait
from watcher.chain.probe import Probe
from watcher.chain.proof import Proof
from watcher.chain.source import ChainSource
from watcher.clock import Clock
from watcher.core.attestations import Attestation
from watcher.core.claim import Claim
from watcher.core.comparison import Absent, Difference, differences
from watcher.core.definition import Definition
from watcher.core.endpoint_report import EndpointReport, History, Unreachable
from watcher.core.evidence import milestone_reached
from watcher.core.ledger import EntryType, canonical, sha256_hex
from watcher.core.moments import AtBlock
from watcher.core.tracked import Tracked
from watcher.core.types import BlockRef
from watcher.errors import (
    AttestationRefused,
    CallRefused,
    CannotTell,
    EndpointUnavailable,
    HistoryMissing,
    MalformedAnswer,
    ReorgBelowFinality,
    WrongChain,
)
from watcher.stages.attesting import check_attestation, read_attestation
from watcher.stages.backfill import BackfillPlan, plan_range
from watcher.stages.evaluate import Evaluate
from watcher.stages.finality import read_final
from watcher.stages.index import Index
from watcher.stages.lookback import as_of
from watcher.stages.rewind import go_back
from watcher.stages.sync import catch_up
from watcher.store.database import Store, Tx


@dataclass(frozen=True, slots=True)
class Recount:
    """What came out: the recounted bundle's SHA-256, and where the claim differs from it."""

    sha256: str
    differences: Sequence[Difference]


def refuse_other_definition(definition: Definition, claim: Claim) -> None:
    """Raise CannotTell where the bundle was made under another definition than the program file's."""
    if claim.definition_hash != definition.hash:
        raise CannotTell(
            f"the bundle was made under definition {claim.definition_hash}, the program file "
            f"{definition.program_id} is definition {definition.hash}: give the file that the bundle's "
            "publisher used (--program)"
        )


def rest_on(definition: Definition, store: Store, files: Sequence[tuple[str, str]]) -> None:
    """Let a recount rest on these attestations, and on no others: names and texts of files.

    Where others were given before, what they may have changed is concluded anew, from the blocks that were
    read. AttestationRefused names the file whose statement does not count; nothing is changed then.
    """
    given: dict[str, Attestation] = {}
    for name, text in files:
        try:
            statement, signature, admitted_at = read_attestation(text)
            check_attestation(definition, statement, signature)
        except AttestationRefused as error:
            raise AttestationRefused(f"{name}: {error}") from None
        given.setdefault(statement.id, Attestation(statement, signature, admitted_at or 0))
    with store.writing() as tx:
        before, present = set(tx.attestations.all()), tx.state.load()
        changed = before ^ set(given.values())
        if present is not None and any(each.acts_from <= present.block.timestamp for each in changed):
            go_back(tx, None)
        tx.attestations.clear()
        for each in given.values():
            tx.attestations.add(each)


@contextmanager
def answering() -> Iterator[None]:
    """Turn what an endpoint cannot give, or gives wrongly, into CannotTell; one that is down is an error."""
    try:
        yield
    except (HistoryMissing, MalformedAnswer, CallRefused, WrongChain, ReorgBelowFinality) as error:
        raise CannotTell(str(error)) from error


def plan_recount(
    definition: Definition,
    endpoint: EndpointSettings,
    clock: Clock,
    wait: Wait,
    *,
    first: int,
    block: BlockRef,
    proof: Proof,
) -> BackfillPlan | None:
    """Say what is left to read up to a block and what that will cost; None: it is all read.

    CannotTell where the endpoint does not have it, EndpointUnavailable where it does not answer.
    """
    if first > block.number:
        return None
    wanted = Tracked(definition).log_filter() if proof is Proof.NOTHING else None
    probe = Probe(endpoint, clock, wait, wanted=wanted)
    report = probe.report(definition.chain.finality, first, block.number)
    match report:
        case EndpointReport(name=name, history=History() as history):
            has = history.receipts_from
            if has is None or has > first:
                there = "no receipts" if has is None else f"receipts from block {has} on"
                raise CannotTell(
                    f"{name} has {there}, block {first} has to be read: ask one with the whole history"
                )
            return plan_range(definition, endpoint, history, first, block, proof=proof)
        case EndpointReport(name=name, history=why):
            raise CannotTell(f"{name} does not show its history: {why}")
        case Unreachable(name=name, why=why):
            raise EndpointUnavailable(f"{name}: {why}")
        case _:
            assert_never(report)


class Recounter:
    """Recounts one claim; what it has read stays in the store, and the next one goes on from there."""

    def __init__(
        self,
        definition: Definition,
        claim: Claim,
        *,
        source: ChainSource,
        store: Store,
        index: Index,
        evaluate: Evaluate,
    ) -> None:
        """Ask nothing yet; all of them are about the same definition."""
        self._definition = definition
        self._claim = claim
        self._source = source
        self._store = store
        self._index = index
        self._evaluate = evaluate

    @property
    def first(self) -> int:
        """Give the first block that is not read yet."""
        with self._store.reading() as tx:
            checkpoint = tx.facts.checkpoint()
        chain = self._definition.chain
        return chain.next_block(checkpoint.number if checkpoint else chain.count_from - 1)

    def block(self) -> BlockRef:
        """Give the endpoint's block of the claim's number; CannotTell where it is not there or not final."""
        number, chain = self._claim.block_number, self._definition.chain
        with answering():
            self._source.identity()
            head = self._source.head()
            [block] = self._source.headers([number])
            final = read_final(chain, self._source, head)
        if block is None:
            raise CannotTell(f"the endpoint has no block {number}: its head is {head.number}; wait for it")
        if final is None or final.number < number:
            rule = chain.finality.tag or f"depth {chain.finality.depth}"
            newest = "nothing is" if final is None else f"the last that is, is {final.number}"
            raise CannotTell(f"block {number} is not final there ({rule}; {newest}): wait until it is")
        return block

    def other_block(self, block: BlockRef) -> Difference | None:
        """Say where the endpoint's block is not the claim's: the bundle is of another chain or branch.

        A block before the first that counts is no milestone's.
        """
        if block.hash != self._claim.block_hash:
            return Difference(("block", "hash"), "block, hash", self._claim.block_hash, block.hash)
        if block.number < self._definition.chain.count_from:
            return Difference(("block", "number"), "block, number", block.number, Absent.ABSENT)
        return None

    def run(self, block: BlockRef) -> Recount:
        """Read and conclude up to the block, and compare.

        CannotTell where the ledger stands still before it; EndpointUnavailable where the endpoint is down:
        everything until then is kept.
        """
        with answering():
            result = catch_up(self._index, self._evaluate, block.number)
        with self._store.reading() as tx:
            concluded = result.evaluate.concluded
            if concluded is None or concluded.number < block.number:
                why = result.evaluate.stalled or f"the recount ended at {self.first - 1}; start it again"
                raise CannotTell(f"block {block.number} cannot be concluded: {why}")
            read = tx.facts.ref(block.number)
            if read is not None and read.hash != block.hash:
                raise CannotTell(
                    f"the endpoint showed block {block.number} as {block.hash}, and gave the history of "
                    f"{read.hash}: ask another one, and name another folder (--work)"
                )
            recounted, notes = self._recounted(tx, block)
        sha256 = sha256_hex(canonical(recounted))
        found = [*notes, *differences(self._claim.content, recounted)]
        if not found and sha256 != self._claim.sha256:
            found.append(Difference((), "sha256", self._claim.sha256, sha256))
        return Recount(sha256, found)

    def _recounted(self, tx: Tx, block: BlockRef) -> tuple[dict[str, Any], list[Difference]]:
        """Give the bundle that this ledger has, or would have at that block, and what speaks against one."""
        definition, name = self._definition, self._claim.milestone
        if name not in definition.milestones:
            return {}, [Difference(("milestone",), "milestone", name, Absent.ABSENT)]
        reached = next(iter(tx.ledger.find(type=EntryType.MILESTONE_REACHED, subject=name)), None)
        if reached is not None and reached["block_number"] == block.number:
            stored = tx.ledger.bundle(reached["evidence"]["bundle_sha256"])
            return json.loads(stored or b"{}"), []
        words = f"block at which milestone {name} is reached"
        at = Absent.ABSENT if reached is None else reached["block_number"]
        state = as_of(definition, tx, AtBlock(block.number)).state
        evidence = milestone_reached(definition, state, block, definition.milestones[name])
        return dict(evidence.content), [Difference(("reached",), words, block.number, at)]
