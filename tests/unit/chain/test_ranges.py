"""How wide an eth_getLogs is: growth, density, ceilings, and how seldom a provider has to refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.chain.hints import Hint
from watcher.chain.ranges import FEWEST_LOGS, FIRST_WIDTH, LARGE_BYTES, LONG_RUN, SHORT_RUN, SpanWidth
from watcher.core.types import BlockRange

NOTHING = Hint()


def asked(width: int, first: int = 1_000) -> BlockRange:
    """Give a range of so many blocks."""
    return BlockRange(first, first + width - 1)


class Provider:
    """Takes so many blocks and so many logs at once, and counts what it refuses; `words` says if it hints."""

    def __init__(
        self, blocks: int, *, density: float = 0.0, logs: int = FEWEST_LOGS, words: bool = False
    ) -> None:
        self.blocks, self.density, self.logs, self.words = blocks, density, logs, words
        self.refusals = 0

    def ask(self, width: SpanWidth) -> int:
        """Answer one span; give its width, or 0 where it was refused."""
        blocks = width.blocks
        found = round(blocks * self.density)
        if blocks > self.blocks:
            hint = Hint(self.blocks) if self.words else NOTHING
        elif found > self.logs:
            hint = Hint(logs=self.logs) if self.words else NOTHING
        else:
            width.answered(blocks, found, 0)
            return blocks
        self.refusals += 1
        width.refused(asked(blocks), hint)
        return 0

    def serve(self, width: SpanWidth, spans: int) -> None:
        """Answer so many spans."""
        for _ in range(spans):
            self.ask(width)


def test_the_width_grows_twofold_a_step_from_a_small_guess() -> None:
    """A provider's limit is met by as little over it as doubling allows."""
    width = SpanWidth()
    assert width.blocks == FIRST_WIDTH == 10
    width.answered(10, 0, 0)
    assert width.blocks == 20
    width.answered(20, 0, 0)
    assert width.blocks == 40


@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize("limit", [1, 5, 9, 500, 1_000, 10_000])
def test_a_limit_is_met_once_and_then_kept(limit: int, words: bool) -> None:  # noqa: FBT001
    """From a cold start one refusal (without words one for each halving below the first guess), then none."""
    width, provider = SpanWidth(), Provider(limit, words=words)
    provider.serve(width, LONG_RUN)
    halvings = 1 if words or limit >= FIRST_WIDTH else {9: 1, 5: 1, 1: 3}[limit]
    assert provider.refusals == halvings
    assert limit / 2 < width.blocks <= limit
    assert width.ceiling == width.blocks
    if words:
        assert width.blocks == limit


def test_a_ceiling_is_tried_once_after_a_long_run_and_then_after_a_longer_one() -> None:
    """A provider that keeps its limit refuses a few times in thousands of spans."""
    width, provider = SpanWidth(), Provider(500, words=True)
    provider.serve(width, 10 + LONG_RUN)
    assert provider.refusals == 2
    provider.serve(width, LONG_RUN + 2)
    assert provider.refusals == 2
    provider.serve(width, LONG_RUN)
    assert provider.refusals == 3
    assert width.blocks == 500


def test_the_width_grows_back_when_a_limit_is_lifted() -> None:
    """The try after the long run works, and nothing holds it any more."""
    width, provider = SpanWidth(), Provider(500)
    provider.serve(width, 20)
    provider.blocks = 10**12
    provider.serve(width, LONG_RUN + 10)
    assert width.ceiling is None
    assert width.blocks > 10_000
    assert provider.refusals == 1


def test_a_lower_limit_is_found_again() -> None:
    """One refusal where the words say it, else one for each halving."""
    width, provider = SpanWidth(), Provider(10_000, words=True)
    provider.serve(width, 50)
    provider.blocks = 100
    provider.serve(width, 50)
    assert (provider.refusals, width.blocks) == (2, 100)


@given(st.floats(0.01, 50.0), st.integers(FEWEST_LOGS, 50_000))
def test_an_even_density_is_never_refused(density: float, logs: int) -> None:
    """The logs of an answer stay at seven tenths of the smallest limit, so that none is met."""
    width, provider = SpanWidth(), Provider(10**9, density=density, logs=logs)
    provider.serve(width, 60)
    assert provider.refusals == 0
    assert width.blocks * density <= 0.75 * FEWEST_LOGS + density
    assert width.blocks * density >= 0.7 * FEWEST_LOGS / 2 or width.blocks == 1


def test_the_density_follows_the_chain() -> None:
    """Where logs get denser the spans get narrower, by three tenths of the news at a time."""
    width = SpanWidth()
    width.answered(10, 100, 0)
    for _ in range(10):
        width.answered(width.blocks, 10 * width.blocks, 0)
    assert width.blocks == 640  # 700 would be allowed, but are not worth a try of their own
    width.answered(640, 12_800, 0)
    assert width.blocks == int(7_000 / 13)


def test_a_short_span_says_less_about_density() -> None:
    """The rest of a range is no sample of it."""
    whole, rest = SpanWidth(), SpanWidth()
    for width in (whole, rest):
        for _ in range(8):
            width.answered(width.blocks, 5 * width.blocks, 0)
    assert whole.blocks == rest.blocks == 1_280
    whole.answered(1_280, 12_800, 0)
    rest.answered(1, 10, 0)
    assert (whole.blocks, rest.blocks) == (int(7_000 / 6.5), 1_280)


def test_a_span_sent_before_the_last_step_makes_no_further_one() -> None:
    """One step for each width that was tried."""
    width = SpanWidth()
    for _ in range(3):
        width.answered(10, 0, 0)
    assert width.blocks == 20


def test_a_limit_on_logs_is_learnt_from_its_words() -> None:
    """Where a provider gives fewer, spans stay below that; where it gives more, they grow into it."""
    width, strict = SpanWidth(), Provider(1_000_000, density=10, logs=1_000, words=True)
    strict.serve(width, 100)
    assert 10 * width.blocks <= 700
    # The first try goes by the smallest known limit, later ones by this provider's.
    assert strict.refusals == 1


def test_a_ceiling_by_logs_is_tried_soon() -> None:
    """A dense stretch of the chain ends by itself."""
    width = SpanWidth()
    for _ in range(6):
        width.answered(width.blocks, 0, 0)
    width.refused(asked(640), Hint(logs=20_000, suggested=asked(64)))
    assert (width.blocks, width.ceiling) == (64, 64)
    for _ in range(SHORT_RUN):
        width.answered(width.blocks, 0, 0)
    assert width.blocks == 128
    width.answered(128, 0, 0)
    assert width.ceiling is None


def test_a_ceiling_for_a_reason_that_may_pass_is_tried_soon() -> None:
    """A busy node is not one with a limit; where it stays busy, the tries get rarer."""
    width = SpanWidth()
    width.answered(10, 0, 0)
    width.refused(asked(20), NOTHING, passing=True)
    for _ in range(SHORT_RUN):
        width.answered(10, 0, 0)
    assert width.blocks == 20
    width.refused(asked(20), NOTHING, passing=True)
    for _ in range(SHORT_RUN + 1):
        width.answered(10, 0, 0)
    assert width.blocks == 10
    for _ in range(SHORT_RUN):
        width.answered(10, 0, 0)
    assert width.blocks == 20


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (NOTHING, 500),
        (Hint(100), 100),
        (Hint(100, suggested=asked(200)), 200),
        (Hint(1_000), 500),
        (Hint(5_000), 500),
        (Hint(suggested=asked(1_000)), 500),
        (Hint(suggested=asked(10, first=7)), 500),
        (Hint(100, suggested=asked(10, first=7)), 100),
    ],
)
def test_a_refused_range_is_split_as_hinted_and_else_halved(hint: Hint, expected: int) -> None:
    """What is hinted counts only where it is narrower, and a range where it begins with what was asked."""
    width = SpanWidth()
    width.refused(asked(1_000), hint)
    assert width.blocks == expected


def test_a_large_answer_halves_the_width() -> None:
    """Memory and time-outs are limits too."""
    width = SpanWidth()
    for _ in range(5):
        width.answered(width.blocks, 0, 0)
    assert width.blocks == 320
    width.answered(320, 0, LARGE_BYTES + 1)
    assert (width.blocks, width.ceiling) == (160, None)
    width.answered(1, 0, LARGE_BYTES + 1)
    assert width.blocks == 1


def test_only_a_width_that_was_answered_since_the_last_refusal_is_sure() -> None:
    """What is not sure goes alone."""
    width = SpanWidth()
    assert not width.takes(10)
    width.answered(10, 0, 0)
    assert width.takes(10)
    assert not width.takes(11)
    width.refused(asked(20), NOTHING)
    assert not width.takes(10)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 100_000), st.integers(0, 2 * LARGE_BYTES)), max_size=60)
)
def test_the_width_is_always_at_least_one_block(story: list[tuple[bool, int, int]]) -> None:
    """Whatever was answered or refused; and it never doubles more than once a step."""
    width = SpanWidth()
    for refused, logs, size_bytes in story:
        before = width.blocks
        if refused:
            width.refused(asked(before), NOTHING)
        else:
            width.answered(before, logs, size_bytes)
        assert 1 <= width.blocks <= 2 * before
