"""From which date on KPIs can be decided at an endpoint."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import MIDNIGHT, at, definition, kpi, policy
from watcher.core.activity import full_from, hour_of, span
from watcher.core.costs import SampledBlocks
from watcher.core.decidable import decidable
from watcher.core.endpoint_report import History
from watcher.core.preflight import Level
from watcher.core.types import WindowSpec

SAMPLED = SampledBlocks(16, empty=0, receipts=16, size_bytes=1, seconds=0, header_bytes=1)
WHOLE = History(
    blocks_from=1,
    receipts_from=1,
    state_from=1,
    whole_blocks=True,
    batch=16,
    no_methods=(),
    sampled=SAMPLED,
    times={1: at(hours=1, minutes=1), 50: at(days=2), 60: at(days=3)},
)
PROGRAM = definition(kpis=[kpi("two-live"), kpi("ten-live")], liveness=policy(days=30))


def said(history: History, *, first: int = 1) -> tuple[Level, str]:
    """Give what is said of an endpoint."""
    found = decidable(PROGRAM, "endpoint main", history, first=first)
    return found.level, found.text


def test_an_endpoint_with_everything_decides_from_the_first_block_on() -> None:
    """The date, and the one from which the window holds nothing that came before it."""
    assert said(WHOLE) == (
        Level.OK,
        (
            "KPI two-live, ten-live: decidable from 2024-10-04T01:01:00Z (block 1) on; its window of 30 days "
            "is full from 2024-11-03T02:00:00Z on"
        ),
    )


def test_what_is_pruned_moves_the_date_and_asks_for_a_decision() -> None:
    """The ledger would stand still before it: that is said, and what would let it go on."""
    level, text = said(replace(WHOLE, receipts_from=50, state_from=50))
    assert level is Level.WARNING
    assert text.startswith(
        "KPI two-live, ten-live: decidable from 2024-10-06T00:00:00Z (block 50) on, if count_from is 50 or a "
        "[[chain.gap]] covers what is before; its window"
    )
    assert said(replace(WHOLE, blocks_from=60)) == said(replace(WHOLE, receipts_from=60))


@pytest.mark.parametrize(
    ("state_from", "words"), [(60, "from 2024-10-07T00:00:00Z (block 60) on"), (None, "not at all")]
)
def test_state_that_is_pruned_matters_for_proxies(state_from: int | None, words: str) -> None:
    """Plain code is proven from later code."""
    level, text = said(replace(WHOLE, state_from=state_from))
    assert level is Level.WARNING
    assert f"(block 1) on; for apps behind proxies {words}; its window" in text


@pytest.mark.parametrize("lacking", [{"blocks_from": None}, {"receipts_from": None}])
def test_an_endpoint_without_receipts_decides_nothing(lacking: dict[str, None]) -> None:
    """It may still be asked for state."""
    assert said(replace(WHOLE, **lacking)) == (  # type: ignore[arg-type]  # each of them may be None
        Level.WARNING,
        "KPI two-live, ten-live: not decidable there at any block",
    )


def test_a_block_whose_time_is_not_told_is_named_by_its_number() -> None:
    """And its window has no date."""
    assert said(replace(WHOLE, times={})) == (Level.OK, "KPI two-live, ten-live: decidable from block 1 on")


def test_a_window_that_the_database_fills_already_has_no_date_of_its_own() -> None:
    """Blocks before the first that is missing were read."""
    level, text = said(WHOLE, first=50)
    assert (level, text) == (
        Level.OK,
        "KPI two-live, ten-live: decidable from 2024-10-06T00:00:00Z (block 50) on",
    )


@given(
    begins=st.integers(MIDNIGHT, MIDNIGHT + 10 * 86_400),
    days=st.integers(1, 40),
    rolling=st.booleans(),
)
def test_a_window_is_full_when_nothing_in_it_is_from_before(begins: int, days: int, rolling: bool) -> None:  # noqa: FBT001
    """A second earlier it was not."""
    window = WindowSpec(days, "rolling" if rolling else "complete_days")
    full = full_from(window, begins)
    assert span(window, full)[0] * 3_600 >= begins
    assert span(window, full - 1)[0] * 3_600 < begins
    assert hour_of(full) * 3_600 == full
