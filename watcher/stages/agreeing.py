"""Agreement before a milestone: `agree = N` endpoints have to show its block before it is entered.

    rows ─▶ step on a copy ─▶ a milestone at a block not agreed on? ─▶ AgreedWant, the ledger stands still
    AgreedWant ─▶ every endpoint's hash of that block ─▶ N equal to ours: the block is noted as agreed

The ledger does not change by it: it says the same, later.
"""

from collections.abc import Sequence

from watcher.chain.source import ChainSource
from watcher.core.definition import Definition
from watcher.core.facts import AgreedWant, BlockFacts
from watcher.core.ledger import EntryType
from watcher.core.state import State
from watcher.core.step import step
from watcher.core.types import ActorId, BlockRef
from watcher.stages.memory import Calls, Samples, lacking


def first_unagreed(
    definition: Definition,
    state: State,
    rows: Sequence[BlockFacts[ActorId]],
    reads: tuple[Samples, Calls],
    agreed: BlockRef | None,
) -> BlockRef | None:
    """Find the first of some blocks at which a milestone is reached, other than the block `agreed` on.

    None where there is none before the first block that lacks something. `state` stays as it is.
    """
    if state.milestones.keys() >= definition.milestones.keys():
        return None
    ahead = state.fork()
    for row in rows:
        if lacking(definition, ahead, row, reads[0].keys(), reads[1].keys()):
            return None
        ahead, conclusions = step(definition, ahead, row, *reads)
        reached = any(entry.type is EntryType.MILESTONE_REACHED for entry in conclusions.entries)
        if reached and row.block != agreed:
            return row.block
    return None


def disagreement(source: ChainSource, want: AgreedWant, block: BlockRef) -> str | None:
    """Ask every endpoint for the block of a want; say who does not show `block`, None where enough do."""
    witnesses = source.witnesses(want.block_number)
    same = [each for each in witnesses if each.hash == block.hash]
    if len(same) >= want.endpoints:
        return None
    others = "; ".join(
        f"{each.endpoint} has {each.hash}" if each.hash else each.why
        for each in witnesses
        if each.hash != block.hash
    )
    return (
        f"{want.endpoints} endpoints have to show block {block.number} as {block.hash}, {len(same)} "
        f"{'does' if len(same) == 1 else 'do'}; {others or 'there are no others'}"
    )
