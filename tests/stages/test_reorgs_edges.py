"""Reorgs that are special: at an edge of time or finality, or of blocks that say who belongs to an app."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.databases import everything
from tests.stages.world import (
    APPS,
    OWNER,
    START,
    Watch,
    definition,
    fresh_store,
    open_for_business,
    use,
)
from watcher.core.types import BlockRef
from watcher.errors import EndpointUnavailable, ReorgBelowFinality
from watcher.stages.rewind import rewind
from watcher.store.database import Store
from watcher.testing.fake_blocks import create
from watcher.testing.fake_chain import FakeChain

HOUR, DAY = 3_600, 86_400
DEPTH = 3
"""How many blocks make a block final in the world's program."""

GAMMA = create(OWNER, nonce=7)
assert GAMMA.contract is not None
CREATED = GAMMA.contract


def opened() -> FakeChain:
    """Make a chain of five blocks with two apps that nobody has used."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.empty_blocks(4)
    return chain


def as_a_clean_replay(watch: Watch, folder: Path) -> bool:
    """Tell whether the ledger is that of a watcher that sees the chain as it is now."""
    with fresh_store(folder) as store:
        clean = Watch(watch.program, watch.chain.clone(), store)
        clean.sync()
        return clean.entries() == watch.entries()


def used(store: Store, app: str) -> int:
    """Count the stored actions of an app."""
    with store.reading() as tx:
        rows = list(tx.facts.blocks(-1, 1_000, 1_000))
    return sum(
        sum(each.actors.values()) for row in rows for name, each in row.activity.items() if name == app
    )


def test_who_belonged_by_a_block_that_is_gone_belongs_no_more(store: Store, tmp_path: Path) -> None:
    """The creation is taken back by the process that had read it: its later actions do not count."""
    watch = Watch(definition(tmp_path), opened(), store)
    watch.chain.block(GAMMA)
    watch.chain.block(*use(CREATED, 0, 1))
    watch.sync()
    assert used(store, "gamma") == 2
    watch.chain.reorg(2)
    watch.chain.block(*use(CREATED, 0, 1, 2))
    watch.chain.block(*use(CREATED, 3))
    watch.sync()
    assert used(store, "gamma") == 0
    watch.chain.block(GAMMA)
    watch.chain.block(*use(CREATED, 0, 1, 2, 3))
    watch.chain.block(*use(APPS[0], 0, 1, 2, 3))
    watch.chain.empty_blocks(DEPTH)
    watch.sync()
    assert ("app.went_live", "gamma") in {(kind, subject) for kind, subject, _ in watch.story()}
    assert as_a_clean_replay(watch, tmp_path / "clean")


class Faltering(FakeChain):
    """A chain whose endpoint fails, once, when it is asked what it shows."""

    fails = False

    def shows(self, blocks: Sequence[BlockRef]) -> bool:
        """Fail if it is to."""
        if self.fails:
            self.fails = False
            raise EndpointUnavailable("connection reset")
        return super().shows(blocks)


def test_who_belonged_by_a_lost_block_belongs_no_more_after_a_failure(store: Store, tmp_path: Path) -> None:
    """The run that rewinds fails right after it: the next one must not read with what the lost rows said."""
    chain = Faltering(genesis_time=START)
    open_for_business(chain)
    chain.empty_blocks(4)
    watch = Watch(definition(tmp_path), chain, store)
    chain.block(GAMMA)
    chain.block(*use(CREATED, 0, 1))
    watch.sync()
    chain.reorg(2)
    chain.block(*use(CREATED, 0, 1, 2))
    chain.block(*use(CREATED, 3))
    chain.empty_blocks(1)
    chain.fails = True
    with pytest.raises(EndpointUnavailable, match="connection reset"):
        watch.index.run()
    watch.sync()
    assert used(store, "gamma") == 0


MOVES: list[tuple[str, Callable[[int], int]]] = [
    ("a second later", lambda at: at + 1),
    ("into the next hour", lambda at: at + HOUR),
    ("into the next day", lambda at: at + DAY),
    ("back out of the day", lambda at: at - DAY + 120),
]


@pytest.mark.parametrize("move", [each for _, each in MOVES], ids=[name for name, _ in MOVES])
def test_blocks_that_only_change_their_time_are_other_blocks(
    store: Store, tmp_path: Path, move: Callable[[int], int]
) -> None:
    """What a window, an hour or a day holds follows the new time."""
    watch = Watch(definition(tmp_path), opened(), store)
    at = watch.chain.head().timestamp + DAY
    for number, app in enumerate(APPS[:2]):
        watch.chain.block(*use(app, 0, 1, 2, 3), at=at + number)
    watch.sync()
    watch.chain.reorg(2)
    for number, app in enumerate(APPS[:2]):
        watch.chain.block(*use(app, 0, 1, 2, 3), at=move(at) + number)
    watch.sync()
    with store.reading() as tx:
        assert tx.facts.checkpoint() == watch.chain.head()
    watch.chain.empty_blocks(DEPTH)
    watch.sync()
    reached = [entry for entry in watch.entries() if entry["type"] == "milestone.reached"]
    assert [entry["block_number"] for entry in reached] == [7]
    assert as_a_clean_replay(watch, tmp_path / "clean")


def test_the_first_block_that_is_not_final_may_go_and_the_one_below_it_may_not(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    """Depth 3 of ten blocks: 8 is replaced like any other, 7 stops the watcher, each time it is started.

    Nothing at all is changed by that, and the message says what was, what is, and the way out.
    """
    chain = opened()
    for app in APPS[:2]:
        chain.block(*use(app, 0, 1, 2, 3))
    chain.empty_blocks(3)
    watch = Watch(definition(tmp_path), chain, store)
    watch.sync()
    chain.reorg(3)
    chain.empty_blocks(3, every=2)
    assert watch.sync().index.head == chain.head()
    old, entries, before = chain.ref_or_none(7), watch.entries(), everything(database_url)
    chain.reorg(4)
    chain.empty_blocks(4)
    new = chain.ref_or_none(7)
    assert old is not None
    assert new is not None
    said = set()
    for process in (watch, watch, Watch(watch.program, chain, store)):
        with pytest.raises(ReorgBelowFinality) as caught:
            process.sync()
        said.add(str(caught.value))
        assert everything(database_url) == before
    [message] = said
    assert f"block 7 was final as {old.hash} and is replaced by {new.hash}" in message
    found = re.search(r"rewind --to (\d+)", message)
    assert found is not None
    assert int(found[1]) <= 6
    rewind(watch.program, store, watch.clock, watch.announcer, int(found[1]))
    after = Watch(watch.program, chain, store)
    after.sync()
    after.sync()
    assert as_a_clean_replay(after, tmp_path / "clean")
    with store.reading() as tx:
        assert list(tx.ledger.entries(generation=1)) == entries
        assert len(tx.outbox.events("ledger.broken")) == 1


def test_the_state_of_a_block_that_is_replaced_while_it_is_wanted_is_not_used(
    store: Store, tmp_path: Path
) -> None:
    """The reorg comes between the check and the answer: the next run drops the want, and asks anew."""
    watch = Watch(definition(tmp_path), opened(), store)
    watch.sync()
    chain = watch.chain
    chain.block(*use(APPS[0], 0, 1), at=chain.head().timestamp + DAY)
    watch.index.run()
    watch.evaluate.run()
    gone: list[BlockRef] = []

    def strike(method: str) -> None:
        if method == "sample" and not gone:
            gone.append(chain.head())
            chain.reorg(1)
            chain.block(*use(APPS[1], 0, 1), at=chain.head().timestamp + DAY, code={APPS[0]: b"\x60\x09"})

    chain.before = strike
    watch.sync()
    assert gone
    with store.reading() as tx:
        assert tx.facts.checkpoint() == chain.head() != gone[0]
        sample = tx.facts.samples({6})[APPS[0], 6]
        assert tx.facts.wants() == []
    assert sample == chain.sample(APPS[0], chain.head())
