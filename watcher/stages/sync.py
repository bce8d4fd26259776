"""One catch-up: index and evaluate in turn, until the goal is read and all that can be concluded is."""

from dataclasses import dataclass

from watcher.stages.evaluate import Evaluate, EvaluateResult
from watcher.stages.index import Goal, Index, IndexResult

WINDOWS_A_TURN = 20
"""Windows indexed before evaluate gets its turn: wants are answered while the history is still being read."""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The last run of each stage, and what the turns brought in sum."""

    index: IndexResult
    evaluate: EvaluateResult
    blocks: int
    entries: int


def catch_up(index: Index, evaluate: Evaluate, goal: Goal = "final") -> SyncResult:
    """Run both stages until the goal of the first turn is reached or the ledger stands still.

    Raises what the stages raise; everything committed until then stands.
    """
    blocks = entries = 0
    target = goal
    while True:
        indexed = index.run(target, max_windows=WINDOWS_A_TURN)
        if target == "head":
            target = indexed.head.number
        elif target == "final" and indexed.final is not None:
            target = indexed.final.number
        concluded = evaluate.run()
        blocks += indexed.blocks
        entries += concluded.entries
        progressed = indexed.blocks or indexed.answered or indexed.rewound or concluded.blocks
        if not progressed and not concluded.untried:
            return SyncResult(indexed, concluded, blocks, entries)
