"""Blocks, ranges, three-valued logic and instants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.types import SECONDS_PER_DAY, SECONDS_PER_HOUR, BlockRange, Verdict, all_of, any_of, iso_utc

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN


def test_days_and_hours_have_one_length() -> None:
    """Block timestamps know no leap seconds."""
    assert (SECONDS_PER_HOUR, SECONDS_PER_DAY) == (60 * 60, 24 * 60 * 60)


def test_a_range_includes_both_ends() -> None:
    """First and last block both count."""
    blocks = BlockRange(3, 5)
    assert len(blocks) == 3
    assert [number for number in range(8) if number in blocks] == [3, 4, 5]
    assert "4" not in blocks


def test_a_range_that_ends_before_it_begins_is_empty() -> None:
    """There is no negative length."""
    assert len(BlockRange(5, 4)) == 0
    assert len(BlockRange(5, 1)) == 0
    assert 5 not in BlockRange(5, 4)


@pytest.mark.parametrize(
    ("verdicts", "every", "one"),
    [
        ([], MET, NOT_MET),
        ([MET], MET, MET),
        ([NOT_MET], NOT_MET, NOT_MET),
        ([UNKNOWN], UNKNOWN, UNKNOWN),
        ([MET, UNKNOWN], UNKNOWN, MET),
        ([NOT_MET, UNKNOWN], NOT_MET, UNKNOWN),
        ([MET, NOT_MET, UNKNOWN], NOT_MET, MET),
    ],
)
def test_one_known_answer_decides_and_else_one_unknown_leaves_it_open(
    verdicts: list[Verdict], every: Verdict, one: Verdict
) -> None:
    """AND and OR in three-valued logic, in any order."""
    assert (all_of(verdicts), any_of(verdicts)) == (every, one)
    assert (all_of(verdicts[::-1]), any_of(verdicts[::-1])) == (every, one)


NOT = {MET: NOT_MET, NOT_MET: MET, UNKNOWN: UNKNOWN}


@given(st.lists(st.sampled_from(Verdict)))
def test_or_is_and_turned_round(verdicts: list[Verdict]) -> None:
    """The two agree with each other (De Morgan)."""
    assert any_of(verdicts) is NOT[all_of([NOT[verdict] for verdict in verdicts])]


def test_instants_are_written_in_utc_to_the_second() -> None:
    """The one form that the ledger knows, whatever the machine's time zone."""
    assert iso_utc(0) == "1970-01-01T00:00:00Z"
    assert iso_utc(1_762_797_011) == "2025-11-10T17:50:11Z"
    assert iso_utc(951_782_399) == "2000-02-28T23:59:59Z"
