"""Replay equality of the step: the entries depend on the blocks alone, byte for byte.

Each chain is folded once from end to end, and again as real life would have it: with restarts, with
provisional passes that are thrown away, and without the blocks that need not be looked at.
"""

import json
from bisect import bisect_left
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import entries, fold
from tests.unit.core.stories import FEWER, Story, attested, promising, stories
from watcher.core.activity import hour_of, span
from watcher.core.applications import is_open
from watcher.core.definition import Definition
from watcher.core.facts import BlockAtWant, BlockFacts
from watcher.core.rollup import HourBook
from watcher.core.state import State, from_json, to_json
from watcher.core.step import Conclusions, block_wanted
from watcher.core.types import ActorId

Block = BlockFacts[ActorId]
Places = frozenset[int]
"""Which blocks of a chain, by their place in it."""

PLACES: st.SearchStrategy[Places] = st.frozensets(st.integers(0, 23))


def end_to_end(story: Story) -> tuple[State, list[Conclusions]]:
    """Conclude every block in one go."""
    return fold(story.definition, story.blocks, story.samples, story.beginning())


def restarted(definition: Definition, state: State, folded: Sequence[Block]) -> State:
    """Store a state and load it as a new process does: JSON, closed hours, the running hour's blocks.

    What was admitted is stored beside it.
    """
    fresh = from_json(definition, json.loads(json.dumps(to_json(state))))
    fresh.admitted = state.admitted
    for block in folded:
        opened = [item for item in block.announcements if is_open(item.app)]
        fresh.sampler.membership.apply(block.block.number, opened)
    now = folded[-1].block.timestamp
    first, _ = span(definition.liveness.window, now)
    book = HourBook()
    for block in folded:
        for row in book.add(block)[0]:
            if row.hour >= first and row.app in fresh.windows:
                fresh.windows[row.app].restore(row.hour, row.actors)
    for block in folded:
        if hour_of(block.block.timestamp) == hour_of(now):
            for app, activity in block.activity.items():
                fresh.windows[app].restore(hour_of(now), activity.actors.items())
    for window in fresh.windows.values():
        window.roll(now)
    return fresh


def assert_same(ours: tuple[State, list[Conclusions]], whole: tuple[State, list[Conclusions]]) -> None:
    """Hold entries with digests and bundles, notices and the last state to those of one go."""
    assert entries(ours[1]) == entries(whole[1])
    notices = [[notice for item in run[1] for notice in item.notices] for run in (ours, whole)]
    assert notices[0] == notices[1]
    assert to_json(ours[0]) == to_json(whole[0])


@given(stories() | stories(anybody=True) | attested() | attested(anybody=True), PLACES)
def test_a_restart_behind_any_block_changes_nothing(story: Story, restarts: Places) -> None:
    """What is stored of a state is all that the next block's conclusions depend on."""
    state, conclusions = story.beginning(), list[Conclusions]()
    for place, block in enumerate(story.blocks):
        state, concluded = fold(story.definition, [block], story.samples, state)
        conclusions += concluded
        if place in restarts:
            state = restarted(story.definition, state, story.blocks[: place + 1])
    assert_same((state, conclusions), end_to_end(story))


@FEWER
@given(stories() | stories(anybody=True) | attested(), PLACES, st.integers(1, 5), st.integers(0, 3))
def test_a_provisional_pass_in_between_changes_nothing(
    story: Story, passes: Places, length: int, skipped: int
) -> None:
    """A copy may see the next blocks, or others that a reorg takes back; then it is forgotten."""
    state, conclusions = story.beginning(), list[Conclusions]()
    for place, block in enumerate(story.blocks):
        if place in passes:
            ahead = story.blocks[place + skipped : place + skipped + length]
            fork, _ = fold(story.definition, ahead, story.samples, state.fork())
            fold(story.definition, ahead[len(ahead) :], story.samples, fork.fork())
        state, concluded = fold(story.definition, [block], story.samples, state)
        conclusions += concluded
    assert_same((state, conclusions), end_to_end(story))


@FEWER
@given(stories() | attested(), st.integers(0, 17))
def test_what_a_copy_concludes_ahead_is_what_becomes_final(story: Story, cut: int) -> None:
    """Two speeds, one function: once the same blocks are final, the copy's entries are the ledger's."""
    state, before = fold(story.definition, story.blocks[:cut], story.samples, story.beginning())
    ahead = fold(story.definition, story.blocks[cut:], story.samples, state.fork())
    assert_same((ahead[0], [*before, *ahead[1]]), end_to_end(story))


@given(
    stories(quiet=True, max_blocks=24) | stories(quiet=True, anybody=True, max_blocks=24) | attested(),
    PLACES,
    PLACES,
)
def test_blocks_at_which_nothing_can_change_may_be_left_out(
    story: Story, visited: Places, restarts: Places
) -> None:
    """Whichever empty blocks are looked at besides those that `block_wanted` asks for."""
    assert_same(leaping(story, visited, restarts), end_to_end(story))


@FEWER
@given(attested() | attested(anybody=True), PLACES, PLACES)
def test_what_is_admitted_at_the_last_moment_counts_as_if_it_had_always_been_there(
    story: Story, visited: Places, restarts: Places
) -> None:
    """Its time is later than all that was concluded; which blocks are looked at is of no account."""
    assert_same(leaping(story, visited, restarts, late=True), end_to_end(story))


@given(promising(), PLACES)
def test_blocks_between_instants_may_be_left_out_where_readings_move_with_time(
    story: Story, visited: Places
) -> None:
    """Means over time cross their bars, and tranches are cut, at the same blocks; reports may differ."""
    ours, whole = leaping(story, visited), end_to_end(story)
    assert entries(ours[1]) == entries(whole[1])
    assert ours[0].tranches == whole[0].tranches
    assert to_json(ours[0]) == to_json(whole[0])


def leaping(
    story: Story, visited: Places, restarts: Places = frozenset(), *, late: bool = False
) -> tuple[State, list[Conclusions]]:
    """Conclude what says something, what `block_wanted` asks for, and some more.

    `late`: nothing is admitted before it has to be.
    """
    state, conclusions = story.beginning(), list[Conclusions]()
    line = _Line(story, visited)
    while (following := line.following(state)) is not None:
        if late:
            now = following.block.timestamp
            state.admitted = tuple(each for each in story.admitted if each.admitted_at <= now)
        want = block_wanted(story.definition, state, following.block)
        if want is not None:
            line.find(want)
            continue
        state, concluded = fold(story.definition, [following], story.samples, state)
        conclusions += concluded
        if following.block.number in restarts:
            folded = [block for block in line.rows() if block.block.number <= following.block.number]
            state = restarted(story.definition, state, folded)
    return state, conclusions


class _Line:
    """The rows that an index keeps of a chain: blocks that say something, its ends, and what was wanted."""

    def __init__(self, story: Story, visited: Places) -> None:
        self._blocks = story.blocks
        edges = {number for gap in story.definition.chain.gaps for number in (gap.first - 1, gap.last + 1)}
        self._kept = {
            place
            for place, block in enumerate(story.blocks)
            if not block.empty or block.block.number in edges or place in visited
        } | {0, len(story.blocks) - 1}

    def rows(self) -> list[Block]:
        return [self._blocks[place] for place in sorted(self._kept)]

    def following(self, state: State) -> Block | None:
        after = state.block.number if state.block else 0
        return next((block for block in self.rows() if block.block.number > after), None)

    def find(self, want: BlockAtWant) -> None:
        """Keep the wanted block and the one before it; a want that brings nothing new would come for ever."""
        inside = [p for p, block in enumerate(self._blocks) if want.after < block.block.number <= want.before]
        place = inside[0] + bisect_left(
            inside, want.timestamp, key=lambda inner: self._blocks[inner].block.timestamp
        )
        found = {place, place - 1}
        assert not found <= self._kept
        self._kept |= found
