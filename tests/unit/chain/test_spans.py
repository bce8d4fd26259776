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
    cut = list(spans(BlockRange(first, first + count - 1), window, lambda left: min(left, next(steps))))
    covered = [number for span in cut for number in range(span.blocks.first, span.blocks.last + 1)]
    assert covered == list(range(first, first + count))
    ends = {span.blocks.last for span in cut if span.ends_window}
    last = first + count - 1
    assert ends == {min(start + window - 1, last) for start in range(first, first + count, window)}
    assert all(len(span.blocks) <= max(lengths) for span in cut)


def test_an_empty_range_has_no_spans() -> None:
    """Nothing to read is no error."""
    assert list(spans(BlockRange(5, 4), 10, lambda left: left)) == []


MANY = 1_000


def test_the_length_follows_the_size_of_the_answers() -> None:
    """It shrinks at once, grows at most twofold a step, and stays inside what a batch may hold."""
    length = SpanLength()
    assert length.take(MANY) == 10
    length.learn(10, 10)
    grown = []
    for _ in range(5):
        grown.append(length.take(MANY))
        length.learn(grown[-1], 0)
    assert grown == [20, 40, 80, MAX_LENGTH, MAX_LENGTH]
    length.learn(10, 10 * TARGET_BYTES)
    assert length.take(MANY) == 1
    length.learn(1, TARGET_BYTES // 2)
    assert length.take(MANY) == 2
    assert length.take(1) == 1


def test_a_longer_span_goes_alone() -> None:
    """The others stay at what was answered until it was, too; a refused one is tried again by one alone."""
    length = SpanLength()
    length.learn(10, 10)
    assert [length.take(MANY) for _ in range(3)] == [20, 10, 10]
    length.learn(10, 10)
    assert length.take(MANY) == 10
    length.learn(20, None)
    assert [length.take(MANY) for _ in range(2)] == [20, 10]
    length.learn(20, 20)
    assert [length.take(MANY) for _ in range(2)] == [40, 20]


def test_what_nobody_will_take_in_is_forgotten() -> None:
    """Who stops reading in the middle leaves a span under way."""
    length = SpanLength()
    length.learn(10, 10)
    assert [length.take(MANY), length.take(MANY)] == [20, 10]
    length.begin()
    assert length.take(MANY) == 20


def test_fewer_answers_are_under_way_the_larger_they_are() -> None:
    """Five of what is aimed at, and never fewer than four."""
    length = SpanLength()
    assert length.ahead() == 16
    length.learn(10, TARGET_BYTES)
    assert length.ahead() == 5
    length.learn(10, 100 * TARGET_BYTES)
    assert length.ahead() == 4


def test_one_small_answer_does_not_let_many_large_ones_be_under_way() -> None:
    """The last span of a window may be a single block; after some small ones there is room for many."""
    length = SpanLength()
    length.learn(10, TARGET_BYTES)
    length.learn(1, TARGET_BYTES // 10)
    assert length.ahead() == 10
    for _ in range(3):
        length.learn(10, TARGET_BYTES // 10)
    assert length.ahead() == 53
