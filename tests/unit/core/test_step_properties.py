"""No added transaction lowers a verdict or a reading: else anyone could un-live an app for cents.

Held twice: where the step counts, and from receipts on, where it is decided what counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import address, at, definition, fold, joins, kpi, milestone, ref
from tests.unit.core.marked import (
    ENTRY,
    FAKE,
    MARKERS,
    OLD_ENTRY,
    OPEN,
    OPENED,
    SAFE_DONE,
    SAFE_NOT_DONE,
    SWAP,
    forwarded,
    operation,
)
from tests.unit.core.reading import ANNOUNCED, REMOVED, Hears, Says, found, receipts
from tests.unit.core.stories import CREATORS, Story, attested, stories
from tests.unit.core.strategies import DAY, HOUR, mostly, policies
from watcher.core.aggregates import Aggregate, Fold
from watcher.core.definition import AllOf, Definition, LivenessPolicy, SystemTransactions
from watcher.core.extract import APPROVAL, TRANSFER, Extractor
from watcher.core.facts import Activity, BlockFacts
from watcher.core.types import ActorId, Address, AppId, KpiId, WindowSpec
from watcher.core.window import Query
from watcher.metrics.app_actions import AppActions
from watcher.metrics.app_actors import AppActors
from watcher.testing.fake_blocks import FakeLog, FakeTx, create, log, tx

RANK = {"NOT_LIVE": 0, "UNKNOWN": 1, "LIVE": 2}

Standing = dict[str, Fraction]
"""How apps and KPIs stand at a block: a rank by app, the lower bound of the reading by KPI."""


def standings_of(story: Story) -> tuple[list[Standing], dict[str, int]]:
    """Tell how everything stands at each block, and the block of each milestone reached."""
    state = story.beginning()
    standings: list[Standing] = []
    for block in story.blocks:
        state, _ = fold(story.definition, [block], story.samples, state)
        ranks = {f"app {app}": Fraction(RANK[status.verdict]) for app, status in state.apps.items()}
        readings = {f"kpi {kpi}": status.reading.low for kpi, status in state.kpis.items()}
        standings.append(ranks | readings)
    return standings, {str(name): block.number for name, block in state.milestones.items()}


def assert_not_lowered(before: Story, after: Story) -> None:
    """Hold each app and KPI at each block, and each milestone's block, against those before."""
    (old_standings, old_milestones), (new_standings, new_milestones) = map(standings_of, (before, after))
    for old, new in zip(old_standings, new_standings, strict=True):
        assert all(new.get(name, 0) >= old[name] for name in old)
    for name, number in old_milestones.items():
        assert new_milestones[name] <= number


# Where the step counts

ADDED = st.lists(
    st.tuples(st.integers(0, 17), st.integers(0, 3), st.integers(1, 9), st.integers(1, 3)),
    min_size=1,
    max_size=4,
)


@given(stories(rising=True) | stories(rising=True, anybody=True) | attested(rising=True), ADDED)
def test_no_added_action_lowers_a_verdict(story: Story, added: Sequence[tuple[int, int, int, int]]) -> None:
    """At any block, by any actor, new or old, for any app: no verdict falls, no milestone comes later."""
    blocks = list(story.blocks)
    known = [app.id for app in story.definition.apps.values() if app.discoveries]
    known += CREATORS if story.definition.open_rule else ()
    for place, app, actor, count in added:
        if known:
            block = blocks[place % len(blocks)]
            blocks[place % len(blocks)] = with_action(block, known[app % len(known)], ActorId(actor), count)
    assert_not_lowered(story, replace(story, blocks=tuple(blocks)))


def with_action(block: BlockFacts[ActorId], app: AppId, actor: ActorId, count: int) -> BlockFacts[ActorId]:
    """Add one actor's actions to a block's facts."""
    before: Activity[ActorId] = block.activity.get(app, Activity())
    actors = {**before.actors, actor: before.actors.get(actor, 0) + count}
    return replace(block, activity={**block.activity, app: before._replace(actors=actors)})


# From receipts on

Chain = Sequence[tuple[int, list[FakeTx]]]
"""Seconds since the block before, and the transactions, of each block."""

Extra = tuple[int, int, FakeTx]
"""Block, place in it, and what is added there."""

CORE, ROUTER, TOKEN, OF_B, REGISTRY, NOWHERE = (address(number) for number in (1, 2, 3, 4, 0x4E6, 9))
EMITTERS = (CORE, CORE, CORE, ROUTER, ROUTER, TOKEN, OF_B, NOWHERE)
DEV, OUT, SYSTEM = (address(0xA0 + number) for number in range(3))
ANYONE = tuple(address(0xB0 + number) for number in range(4))
SENDERS = (DEV, OUT, SYSTEM, *ANYONE, *ANYONE)
"""More often than not an account and a contract that count."""

PLAIN: st.SearchStrategy[FakeLog] = st.builds(
    log, st.sampled_from(EMITTERS), st.sampled_from((*[SWAP] * 4, TRANSFER, APPROVAL))
)
MARKING: st.SearchStrategy[FakeLog] = st.sampled_from(
    [
        OPEN,
        log(OLD_ENTRY, OPENED),
        SAFE_DONE,
        SAFE_NOT_DONE,
        *(
            operation(account, ok=ok, entry=entry)
            for account in (OUT, *ANYONE[:2])
            for entry in (ENTRY, OLD_ENTRY, FAKE)
            for ok in (True, True, False)
        ),
        *(forwarded(account, ok=ok) for account in (DEV, ANYONE[2]) for ok in (True, False)),
    ]
)
"""Logs that open bundles and close actions, and a fake's."""

BUNDLES: st.SearchStrategy[list[FakeLog]] = st.lists(
    st.tuples(st.lists(PLAIN | MARKING, max_size=2), PLAIN, MARKING), min_size=1, max_size=4
).map(lambda steps: [each for before, use, closing in steps for each in (*before, use, closing)])
"""Actions one after the other, with anything in between."""

CALLS: st.SearchStrategy[FakeTx] = st.builds(
    tx,
    st.sampled_from(SENDERS),
    st.sampled_from(EMITTERS),
    logs=st.lists(PLAIN, max_size=3) | BUNDLES,
    ok=mostly(6),
    kind=st.sampled_from((*["0x2"] * 5, "0x6a")),
)
"""Calls by anyone: what makes an app's own people announce, pause or upgrade is not theirs to call."""

CREATIONS: st.SearchStrategy[FakeTx] = st.builds(
    lambda sender, place, ok: create(sender, contract=address(0xC0 + place), ok=ok),
    sender=st.sampled_from(ANYONE),
    place=st.integers(0, 2),
    ok=st.booleans(),
)

OWN = st.sampled_from(
    [
        tx(DEV, REGISTRY, logs=[log(REGISTRY, ANNOUNCED, OF_B)]),
        tx(DEV, REGISTRY, logs=[log(REGISTRY, REMOVED, OF_B)]),
        create(DEV, contract=OF_B),
        create(ANYONE[0], contract=ROUTER),
    ]
)

CHAINS = st.lists(
    st.tuples(
        st.sampled_from((1, HOUR, 5 * HOUR, DAY)), st.lists(CALLS | CALLS | OWN, min_size=1, max_size=5)
    ),
    min_size=2,
    max_size=9,
)

EXTRAS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4), CALLS | CREATIONS), min_size=1, max_size=8)


WAYS: Mapping[str, Mapping[str, Any]] = {
    "direct": {"reach": "direct"},
    "touched": {"reach": "touched"},
    "actions": {"reach": "touched", "unit": "action", "markers": MARKERS},
}
"""What makes a use count, as liveness policies say it."""


@pytest.mark.parametrize("way", WAYS)
@given(liveness=policies(), deployers=st.booleans(), chain=CHAINS, extra=EXTRAS)
def test_no_added_transaction_lowers_a_verdict(
    *, way: str, liveness: LivenessPolicy, deployers: bool, chain: Chain, extra: Sequence[Extra]
) -> None:
    """Successful or failed, sent by anyone to anything, anywhere in any block, with bundles of any shape."""
    program = two_apps(replace(liveness, **WAYS[way]), deployers=deployers)
    longer = [(wait, list(transactions)) for wait, transactions in chain]
    for place, position, transaction in extra:
        longer[place % len(longer)][1].insert(position, transaction)
    assert_not_lowered(read(program, chain), read(program, longer))


def two_apps(liveness: LivenessPolicy, *, deployers: bool) -> Definition:
    """Give a program of one listed app and one that a registry announces; it counts actions and actors."""
    day = WindowSpec(1, "rolling")
    listed = [joins("a", CORE), joins("a", ROUTER, role="router"), joins("a", TOKEN, role="token")]
    by_list = Says("a", {1: listed}, Query(created=frozenset({CORE, ROUTER, TOKEN})))
    return definition(
        found("a", by_list),
        found("b", Hears("registry", "b", REGISTRY)),
        liveness=replace(
            liveness,
            excluded=frozenset({OUT}),
            exclude_deployers=deployers,
        ),
        kpis=[
            kpi("k", 1),
            kpi("two", 2),
            replace(kpi("actions", 4, metric=AppActions(None)), aggregate=Aggregate(Fold.SUM, day)),
            kpi("actors", 3, metric=AppActors(day, "a")),
        ],
        milestones=[
            milestone(),
            *(milestone(f"m {name}", AllOf((KpiId(name),))) for name in ("two", "actions", "actors")),
        ],
        system=SystemTransactions(frozenset({SYSTEM}), frozenset({"0x6a"})),
    )


def read(program: Definition, chain: Chain) -> Story:
    """Extract a chain's facts and number its actors, as the index stage and the store do."""
    extractor, time, blocks = Extractor(program), at(0, 23), list[BlockFacts[ActorId]]()
    for number, (wait, transactions) in enumerate(chain, start=1):
        time += wait
        read_block = extractor.read(receipts(number, *transactions)).at(ref(number, time))
        blocks.append(
            BlockFacts(
                read_block.block,
                {app: numbered(activity) for app, activity in read_block.activity.items()},
                read_block.announcements,
                read_block.creations,
                read_block.pauses,
                read_block.code_changes,
            )
        )
    return Story(program, tuple(blocks))


def numbered(activity: Activity[Address]) -> Activity[ActorId]:
    """Name actors by number."""
    return Activity(
        {ActorId(int(actor, 16)): count for actor, count in activity.actors.items()},
        failed=activity.failed,
        excluded=activity.excluded,
    )
