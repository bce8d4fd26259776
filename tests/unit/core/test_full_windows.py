"""From when on a window does not begin before everything else did."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import MIDNIGHT
from watcher.core.aggregates import INSTANT, Aggregate, Fold
from watcher.core.types import WindowSpec

BEGINS = st.integers(MIDNIGHT, MIDNIGHT + 3 * 86_400)
WINDOWS = st.builds(WindowSpec, st.integers(1, 40), st.sampled_from(["rolling", "complete_days"]))


@given(BEGINS, WINDOWS)
def test_it_is_the_first_instant_whose_window_fits(begin: int, window: WindowSpec) -> None:
    """A second earlier the window still reaches behind the beginning."""
    aggregate = Aggregate(Fold.MEAN, window)
    full_from = aggregate.full_from(begin)
    assert aggregate.begins(full_from) >= begin > aggregate.begins(full_from - 1)


def test_without_a_window_it_is_the_beginning() -> None:
    """An instant reaches back to nothing."""
    assert INSTANT.full_from(MIDNIGHT) == MIDNIGHT
