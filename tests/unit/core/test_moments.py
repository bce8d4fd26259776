"""Moments: how `--at` is written."""

import pytest

from watcher.core.moments import AtBlock, AtTime, Moment, parse_moment
from watcher.errors import UsageError

APRIL_23 = 1_776_902_400
"""2026-04-23T00:00:00Z"""


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0", AtBlock(0)),
        ("12_345_678", AtBlock(12_345_678)),
        ("20260423", AtBlock(20_260_423)),
        ("2026-04-23", AtTime(APRIL_23, APRIL_23 + 86_399)),
        ("2026-04-23T00:00:00Z", AtTime(APRIL_23, APRIL_23)),
        ("2026-04-23 02:00+02:00", AtTime(APRIL_23, APRIL_23)),
        ("2026-04-23T00:00:01.9", AtTime(APRIL_23 + 1, APRIL_23 + 1)),
    ],
)
def test_digits_are_a_block_a_date_is_its_day_and_the_rest_an_instant(text: str, moment: Moment) -> None:
    """What has no offset is UTC; fractions of a second are cut, since no block has any."""
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    "text", ["", "-5", "1.5", "head", "2026-13-01", "2026-04-31", "2026-W17", "2026-04-23T", "٣"]
)
def test_anything_else_is_refused_with_the_forms_there_are(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(UsageError, match="write a block number, a day as in 2026-04-23"):
        parse_moment(text)
