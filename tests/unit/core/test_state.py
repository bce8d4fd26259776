"""The state: what is stored of it, and what comes back."""

import json
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import ShareLive, address, app, at, definition, facts, fold, joins, kpi, sample
from tests.unit.core.stories import FEWER, Story, stories
from watcher.core.facts import CodeKind, Logic, Sample
from watcher.core.state import State, from_json, to_json
from watcher.core.types import KpiId


def test_before_the_first_block_there_is_a_state_too() -> None:
    """Nothing concluded, nothing known, every app not live."""
    program = definition(app("a"), app("b"))
    state = State.initial(program)
    assert state.block is None
    assert {name: str(status.verdict) for name, status in state.apps.items()} == {
        "a": "NOT_LIVE",
        "b": "NOT_LIVE",
    }
    assert to_json(from_json(program, to_json(state))) == to_json(state)


@FEWER
@given(stories())
def test_a_stored_state_comes_back_as_it_was(story: Story) -> None:
    """Through JSON text, after any chain; only the windows have to be restored from the stored hours."""
    state, _ = fold(story.definition, story.blocks, story.samples)
    stored = json.dumps(to_json(state))
    restored = from_json(story.definition, json.loads(stored))
    assert json.dumps(to_json(restored)) == stored
    assert restored.block == state.block
    assert restored.apps == state.apps
    assert restored.kpis == state.kpis
    assert restored.milestones == state.milestones
    assert restored.countdowns == state.countdowns
    assert restored.pauses == state.pauses
    assert restored.gaps == state.gaps
    assert restored.ledger == state.ledger
    assert restored.sampler.samples == state.sampler.samples
    assert restored.sampler.period == state.sampler.period
    assert restored.sampler.every_seconds == state.sampler.every_seconds
    claims = list(state.sampler.membership.claims())
    assert list(restored.sampler.membership.claims()) == claims


@FEWER
@given(stories(), st.data())
def test_what_happens_to_a_fork_is_not_seen_by_its_origin(story: Story, data: st.DataObject) -> None:
    """All parts of the state, whatever the fork goes through."""
    place = data.draw(st.integers(1, len(story.blocks)))
    state, _ = fold(story.definition, story.blocks[:place], story.samples)
    before = json.dumps(to_json(state))
    windows = {name: (window.counts(), window.days()) for name, window in state.windows.items()}
    fold(story.definition, story.blocks[place:], story.samples, state.fork())
    assert json.dumps(to_json(state)) == before
    assert windows == {name: (window.counts(), window.days()) for name, window in state.windows.items()}


def test_every_part_of_a_sample_is_kept() -> None:
    """Kind, beacon, and the code behind with its hash or without."""
    contract = address(1)
    proxy = Sample(
        contract,
        1,
        CodeKind.BEACON,
        "0xc0de",
        runnable=False,
        logic=(Logic(address(2), None), Logic(address(3), "0xface")),
        beacon=address(4),
    )
    program = definition()
    block = facts(1, at(), announcements=[joins("a", contract)])
    state, _ = fold(program, [block], {(contract, 1): proxy})
    restored = from_json(program, json.loads(json.dumps(to_json(state))))
    assert restored.sampler.samples == {contract: proxy}


def test_a_reading_keeps_fractions_and_unbounded_ends() -> None:
    """A third is a third, and endless is not zero."""
    program = definition(app("a"), app("b"), app("c", known=False), kpis=[kpi("k", 1, metric=ShareLive())])
    contract = address(1)
    block = facts(1, at(), {"a": {1: 1}}, announcements=[joins("a", contract)])
    state, _ = fold(program, [block], {(contract, 1): sample(contract, 1)})
    reading = from_json(program, json.loads(json.dumps(to_json(state)))).kpis[KpiId("k")].reading
    assert (reading.low, reading.high) == (Fraction(1, 3), None)
