"""How a range of blocks is cut into requests."""

from hypothesis import given
from hypothesis import strategies as st

from watcher.chain.spans import MAX_LENGTH, TARGET_BYTES, SpanLength, spans
from watcher.core.types import BlockRange


@given(
    st.integers(0, 1_000), st.integers(0, 300), st.integers(1, 70), st.lists(st.integers(1, 40), min_size=1)
)
def test_spans_cover_every_block_once_and_end_with_their_window(
    first: int, count: int, window: int, lengths: list[int]
) -> None:
    """Whatever the lengths on the way: no block is skipped or doubled, no span crosses a window's end."""
    steps = iter(lengths * (count + 1))
    cut = list(spans(BlockRange(first, first + count - 1), window, lambda: next(steps)))
    covered = [number for span in cut for number in range(span.blocks.first, span.blocks.last + 1)]
    assert covered == list(range(first, first + count))
    ends = {span.blocks.last for span in cut if span.ends_window}
    last = first + count - 1
    assert ends == {min(start + window - 1, last) for start in range(first, first + count, window)}
    assert all(len(span.blocks) <= max(lengths) for span in cut)


def test_an_empty_range_has_no_spans() -> None:
    """Nothing to read is no error."""
    assert list(spans(BlockRange(5, 4), 10, lambda: 10)) == []


def test_the_length_follows_the_size_of_the_answers() -> None:
    """It shrinks at once, grows at most twofold a step, and stays inside what a batch may hold."""
    length = SpanLength()
    assert length.blocks == 10
    length.learn(10, 10)
    assert length.blocks == 20
    for _ in range(5):
        length.learn(20, 0)
    assert length.blocks == MAX_LENGTH
    length.learn(10, 10 * TARGET_BYTES)
    assert length.blocks == 1
    length.learn(2, TARGET_BYTES)
    assert length.blocks == 2


def test_fewer_answers_are_under_way_the_larger_they_are() -> None:
    """Five of what is aimed at, many small ones, and never fewer than four."""
    length = SpanLength()
    assert length.ahead() == 16
    length.learn(10, TARGET_BYTES)
    assert length.ahead() == 5
    length.learn(10, TARGET_BYTES // 10)
    assert length.ahead() == 53
    length.learn(10, 100 * TARGET_BYTES)
    assert length.ahead() == 4
