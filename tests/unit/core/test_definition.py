"""What the definition says about itself: readable blocks and finality."""

import pytest

from tests.unit.core.givens import definition
from watcher.core.definition import Finality


@pytest.mark.parametrize(
    ("number", "following"),
    [(1, 2), (8, 9), (9, 13), (10, 13), (12, 13), (13, 14), (18, 19), (19, 21), (20, 21), (21, 22)],
)
def test_the_next_block_lies_behind_a_declared_gap(number: int, following: int) -> None:
    """Both ends of a gap are unreadable, the block behind it is readable; a gap may be one block long."""
    chain = definition(gaps=[(10, 12), (20, 20)]).chain
    assert chain.next_block(number) == following


def test_finality_is_written_as_in_the_program_file() -> None:
    """A tag or a depth, never both."""
    assert Finality(tag="safe").as_json() == {"tag": "safe"}
    assert Finality(depth=0).as_json() == {"depth": 0}
