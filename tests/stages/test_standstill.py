"""Standing still: the words for each kind of fact that can be missing."""

from datetime import UTC, datetime

import pytest

from watcher.core.facts import AgreedWant, BlockAtWant, SampleWant, Want
from watcher.core.types import Address
from watcher.stages.standstill import unanswered
from watcher.store.reads import OpenWant

APP = Address("0x" + "aa" * 20)
THEN = datetime(2026, 1, 3, tzinfo=UTC)
LATER = datetime(2026, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("want", "words"),
    [
        (
            SampleWant(APP, 9),
            (
                f"before block 9, which needs the state of contract {APP} at block 9: pruned; since "
                "2026-01-03T00:00:00Z; add an archive endpoint, with state from block 9 on: what it answers is "
                "stored; where nobody has it, declare a [[chain.gap]]"
            ),
        ),
        (
            BlockAtWant(1_767_398_400, 3, 9),
            (
                "before block 9, which needs the first block at or after 2026-01-03T00:00:00Z, one of blocks 4 to 9: "
                "pruned; since 2026-01-03T00:00:00Z; add an endpoint with blocks from 4 on; where nobody has it, "
                "declare a [[chain.gap]]"
            ),
        ),
        (
            AgreedWant(9, 2),
            (
                "before block 9, which needs the agreement of 2 endpoints on block 9: pruned; since "
                "2026-01-03T00:00:00Z; wait for them, add another endpoint, or lower `agree`"
            ),
        ),
    ],
)
def test_each_kind_of_fact_is_named_with_what_would_bring_it(want: Want, words: str) -> None:
    """Before which block, what, why, since when, and what to do."""
    assert str(unanswered([OpenWant(want, THEN, 1, "pruned")])) == words


def test_the_first_block_that_lacks_something_is_the_one_that_counts() -> None:
    """Looking ahead asks for later ones too; what nobody tried yet lacks nothing."""
    wants = [
        OpenWant(SampleWant(APP, 8), THEN, 0, None),
        OpenWant(SampleWant(APP, 20), THEN, 3, "pruned"),
        OpenWant(SampleWant(APP, 9), LATER, 3, "pruned"),
        OpenWant(BlockAtWant(0, 3, 9), LATER, 3, "pruned"),
    ]
    found = unanswered(wants)
    assert found is not None
    assert (found.before_block, found.missing, found.since) == (9, 2, int(LATER.timestamp()))
    assert "and 1 more read: pruned" in str(found)
    assert unanswered(wants[:1]) is None
