"""The step against a brute-force recount that shares no code with it, on random programs and chains."""

from hypothesis import given

from tests.unit.core.givens import entries, fold
from tests.unit.core.oracle import Recount, recount
from tests.unit.core.oracle_apps import Counted
from tests.unit.core.stories import Story, attested, stories
from watcher.core.state import State
from watcher.core.types import AppId

ANSWERS = {"MET": True, "NOT_MET": False, "UNKNOWN": None}


@given(stories())
def test_the_step_concludes_what_a_recount_from_scratch_finds(story: Story) -> None:
    """Entries, their order and instants, each block's verdicts and counts: all as the oracle has them."""
    expected = recount(story.definition, story.blocks, story.state_at)
    actual = step_by_step(story)
    assert actual.entries == expected.entries
    assert actual.apps == expected.apps
    assert actual.kpis == expected.kpis


@given(attested())
def test_what_signers_attest_is_concluded_as_a_recount_from_scratch_finds(story: Story) -> None:
    """From when to when each statement acts, whose words are as many as required, and what follows."""
    expected = recount(story.definition, story.blocks, story.state_at, story.admitted)
    actual = step_by_step(story)
    assert actual.entries == expected.entries
    assert actual.apps == expected.apps
    assert actual.kpis == expected.kpis


@given(stories(anybody=True) | attested(anybody=True))
def test_apps_that_nobody_lists_are_concluded_as_a_recount_from_scratch_finds(story: Story) -> None:
    """Whoever creates contracts has an app; the state knows it only while it is used or live."""
    expected = recount(story.definition, story.blocks, story.state_at, story.admitted)
    actual = step_by_step(story)
    assert actual.entries == expected.entries
    assert actual.kpis == expected.kpis
    nothing = Counted("NOT_LIVE", 0, 0, 0, 0)
    for mine, theirs in zip(actual.apps, expected.apps, strict=True):
        assert mine.keys() <= theirs.keys()
        assert {app: mine.get(app, nothing) for app in theirs} == theirs


def step_by_step(story: Story) -> Recount:
    """Fold the step over a chain and write down what it concluded in the oracle's form."""
    found, state = Recount(), story.beginning()
    for block in story.blocks:
        state, concluded = fold(story.definition, [block], story.samples, state)
        found.entries += [
            (str(entry.type), entry.subject, entry.block_number, entry.occurred_at)
            for entry in entries(concluded)
        ]
        found.apps.append({str(app): counted_by_step(state, app) for app in state.apps})
        found.kpis.append({str(name): ANSWERS[kpi.verdict] for name, kpi in state.kpis.items()})
    return found


def counted_by_step(state: State, app: AppId) -> Counted:
    """Give what the step's state holds of one app."""
    counts = state.windows[app].counts()
    return Counted(
        str(state.apps[app].verdict),
        counts.actions,
        counts.actions_gross,
        counts.actors,
        counts.active_days,
    )
