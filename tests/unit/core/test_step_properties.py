"""No added transaction lowers a verdict: else anyone could un-live an app for cents.

Held twice: where the step counts, and from receipts on, where it is decided what counts.
"""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import address, at, definition, fold, joins, kpi, milestone, ref
from tests.unit.core.reading import ANNOUNCED, REMOVED, Hears, Says, found, receipts
from tests.unit.core.stories import CREATORS, Story, stories
from tests.unit.core.strategies import DAY, HOUR, policies
from watcher.core.definition import AllOf, Definition, LivenessPolicy, SystemTransactions
from watcher.core.extract import APPROVAL, TRANSFER, Extractor
from watcher.core.facts import Activity, BlockFacts
from watcher.core.state import State
from watcher.core.types import ActorId, Address, AppId, KpiId
from watcher.core.window import Query
from watcher.testing.fake_blocks import FakeTx, create, log, tx

RANK = {"NOT_LIVE": 0, "UNKNOWN": 1, "LIVE": 2}

Verdicts = list[dict[str, int]]


def verdicts_of(story: Story) -> tuple[Verdicts, dict[str, int]]:
    """Give each app's verdict at each block as a rank, and the block of each milestone reached."""
    state = State.initial(story.definition)
    ranks: Verdicts = []
    for block in story.blocks:
        state, _ = fold(story.definition, [block], story.samples, state)
        ranks.append({str(app): RANK[status.verdict] for app, status in state.apps.items()})
    return ranks, {str(name): block.number for name, block in state.milestones.items()}


def assert_not_lowered(before: Story, after: Story) -> None:
    """Hold the verdict of each app at each block, and each milestone's block, against those before."""
    (old_ranks, old_milestones), (new_ranks, new_milestones) = verdicts_of(before), verdicts_of(after)
    for old, new in zip(old_ranks, new_ranks, strict=True):
        assert all(new.get(app, RANK["NOT_LIVE"]) >= old[app] for app in old)
    for name, number in old_milestones.items():
        assert new_milestones[name] <= number


# Where the step counts

ADDED = st.lists(
    st.tuples(st.integers(0, 17), st.integers(0, 3), st.integers(1, 9), st.integers(1, 3)),
    min_size=1,
    max_size=4,
)


@given(stories(rising=True) | stories(rising=True, anybody=True), ADDED)
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
    return replace(block, activity={**block.activity, app: replace(before, actors=actors)})


# From receipts on

Chain = Sequence[tuple[int, list[FakeTx]]]
"""Seconds since the block before, and the transactions, of each block."""

Extra = tuple[int, int, FakeTx]
"""Block, place in it, and what is added there."""

CORE, ROUTER, TOKEN, OF_B, REGISTRY, NOWHERE = (address(number) for number in (1, 2, 3, 4, 0x4E6, 9))
CONTRACTS = (CORE, ROUTER, TOKEN, OF_B)
EMITTERS = (*CONTRACTS, NOWHERE)
TOPICS = ("0x5", TRANSFER, APPROVAL)
DEV, OUT, SYSTEM = (address(0xA0 + number) for number in range(3))
ANYONE = tuple(address(0xB0 + number) for number in range(4))
SENDERS = (DEV, OUT, SYSTEM, *ANYONE)

CALLS: st.SearchStrategy[FakeTx] = st.builds(
    lambda sender, to, emits, ok, kind: tx(
        sender, to, logs=[log(emitter, topic) for emitter, topic in emits], ok=ok, kind=kind
    ),
    sender=st.sampled_from(SENDERS),
    to=st.sampled_from(EMITTERS),
    emits=st.lists(st.tuples(st.sampled_from(EMITTERS), st.sampled_from(TOPICS)), max_size=3),
    ok=st.sampled_from((True, True, True, False)),
    kind=st.sampled_from(("0x2", "0x2", "0x6a")),
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
    st.tuples(st.sampled_from((1, HOUR, 5 * HOUR, DAY)), st.lists(CALLS | CALLS | OWN, max_size=4)),
    min_size=2,
    max_size=9,
)

EXTRAS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4), CALLS | CREATIONS), min_size=1, max_size=4)


@given(liveness=policies(), touched=st.booleans(), deployers=st.booleans(), chain=CHAINS, extra=EXTRAS)
def test_no_added_transaction_lowers_a_verdict(
    *, liveness: LivenessPolicy, touched: bool, deployers: bool, chain: Chain, extra: Sequence[Extra]
) -> None:
    """Successful or failed, sent by anyone to anything, anywhere in any block, under either reach."""
    program = two_apps(liveness, touched=touched, deployers=deployers)
    longer = [(wait, list(transactions)) for wait, transactions in chain]
    for place, position, transaction in extra:
        longer[place % len(longer)][1].insert(position, transaction)
    assert_not_lowered(read(program, chain), read(program, longer))


def two_apps(liveness: LivenessPolicy, *, touched: bool, deployers: bool) -> Definition:
    """Give a program of one listed app and one that a registry announces."""
    listed = [joins("a", CORE), joins("a", ROUTER, role="router"), joins("a", TOKEN, role="token")]
    by_list = Says("a", {1: listed}, Query(created=frozenset({CORE, ROUTER, TOKEN})))
    return definition(
        found("a", by_list),
        found("b", Hears("registry", "b", REGISTRY)),
        liveness=replace(
            liveness,
            reach="touched" if touched else "direct",
            excluded=frozenset({OUT}),
            exclude_deployers=deployers,
        ),
        kpis=[kpi("k", 1), kpi("two", 2)],
        milestones=[milestone(), milestone("both", AllOf((KpiId("two"),)))],
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
