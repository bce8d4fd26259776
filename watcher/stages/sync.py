"""Catching up: the stages in turn up to a goal, or index alone while the others run beside it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from watcher.stages.deliver import Deliver, deliver_all
from watcher.stages.evaluate import Evaluate, EvaluateResult
from watcher.stages.index import Goal, Index, IndexResult
from watcher.stages.runs import EVALUATE, INDEX, Run, plainly

WINDOWS_A_TURN = 20
"""Windows indexed before evaluate gets its turn: wants are answered while the history is still being read."""

SECONDS_A_TURN = 15.0
"""A turn begins no window after so long: health waits for its end to hear that the chain is being read."""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The last run of each stage, and what the turns brought in sum."""

    index: IndexResult
    evaluate: EvaluateResult
    blocks: int
    entries: int


def catch_up(
    index: Index,
    evaluate: Evaluate,
    goal: Goal = "final",
    *,
    run: Run = plainly,
    stopping: Callable[[], bool] = lambda: False,
) -> SyncResult:
    """Run both stages until the goal of the first turn is reached or the ledger stands still.

    Ends early, after a whole turn, when `stopping` says so. Raises what the stages raise; everything
    committed until then stands.
    """
    blocks = entries = 0
    target = goal
    while True:
        indexed = run(INDEX, lambda: _turn(index, target))  # noqa: B023  # called before the next turn
        if target == "head":
            target = indexed.head.number
        elif target == "final" and indexed.final is not None:
            target = indexed.final.number
        concluded = run(EVALUATE, evaluate.run)
        blocks += indexed.blocks
        entries += concluded.entries
        progressed = indexed.blocks or indexed.answered or indexed.rewound or concluded.blocks
        if stopping() or not (progressed or concluded.untried):
            return SyncResult(indexed, concluded, blocks, entries)


def keep_up(
    index: Index,
    attempt: Callable[[str, Callable[[], IndexResult]], IndexResult | None],
    stopping: Callable[[], bool],
) -> None:
    """Run the index stage until it has read the head that it saw, it failed, or `stopping` says so."""
    while True:
        indexed = attempt(INDEX, lambda: _turn(index, "head"))
        if indexed is None or stopping() or not indexed.blocks or indexed.behind <= 0:
            return


def deliver_what_is_due(stages: Iterable[Deliver], run: Run = plainly) -> None:
    """Run the deliver stage of each channel until nothing is due any more, side by side."""
    waiting = list(stages)
    while waiting:
        results = deliver_all(waiting, run)
        waiting = [stage for stage, result in zip(waiting, results, strict=True) if result.unfinished]


def _turn(index: Index, goal: Goal) -> IndexResult:
    return index.run(goal, max_windows=WINDOWS_A_TURN, max_seconds=SECONDS_A_TURN)
