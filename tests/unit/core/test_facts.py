"""Facts of a block: when there is something to say."""

from dataclasses import replace

import pytest

from tests.unit.core.givens import address, at, joins, ref
from watcher.core.facts import Activity, BlockFacts, Creation, PauseLog
from watcher.core.types import ActorId, AppId

NOTHING: BlockFacts[ActorId] = BlockFacts(ref(1, at()))
ONE_FAILED: Activity[ActorId] = Activity(failed=1)


def test_a_block_that_says_nothing_is_empty() -> None:
    """Only its own existence is known."""
    assert NOTHING.empty


@pytest.mark.parametrize(
    "block",
    [
        replace(NOTHING, activity={AppId("a"): ONE_FAILED}),
        replace(NOTHING, announcements=(joins("a", address(1)),)),
        replace(NOTHING, creations=(Creation(address(1), address(2)),)),
        replace(NOTHING, pauses=(PauseLog(address(1), paused=False),)),
        replace(NOTHING, code_changes=(address(1),)),
    ],
)
def test_any_fact_makes_a_block_worth_keeping(block: BlockFacts[ActorId]) -> None:
    """Nothing that a conclusion may need is dropped."""
    assert not block.empty
