"""`agree = N`: the ledger waits before a milestone until so many endpoints show its block."""

from pathlib import Path

import pytest

from tests.stages.world import APPS, START, Cut, Watch, definition, fresh_store, open_for_business, use
from watcher.core.facts import AgreedWant
from watcher.stages.evaluate import TRIES_BEFORE_ALARM, Evaluate
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain

MILESTONE_BLOCK = 2


def milestone_chain() -> FakeChain:
    """Give a chain on which two apps go live in block 2, and a third never does."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1, 2, 3), *use(APPS[1], 0, 1, 2, 3))
    chain.empty_blocks(20)
    return chain


def forked(chain: FakeChain) -> FakeChain:
    """Give another chain from block 1 on."""
    other = chain.clone()
    other.reorg(other.head().number)
    other.empty_blocks(22, every=2)
    return other


def agreeing(watch: Watch, agree: int, cut: Cut | None = None) -> Watch:
    """Let a watch demand so many endpoints."""
    watch.evaluate = Evaluate(
        watch.program, watch.store, watch.clock, watch.announcer, agree=agree, chunk=(cut or Cut()).chunk
    )
    return watch


def wants(store: Store) -> list[AgreedWant]:
    """Give the open wants of the kind that this is about."""
    with store.reading() as tx:
        return [each.want for each in tx.facts.wants() if isinstance(each.want, AgreedWant)]


@pytest.mark.parametrize("chunk", [1, 3, 1_000])
def test_the_ledger_is_the_same_with_agreement_and_without(tmp_path: Path, store: Store, chunk: int) -> None:
    """It is written later, byte for byte the same, however the blocks are cut."""
    program, chain = definition(tmp_path), milestone_chain()
    chain.beside["second"] = chain.clone()
    watch = agreeing(Watch(program, chain, store), 2, Cut(chunk=chunk))
    watch.sync()
    assert ("milestone.reached", "first", MILESTONE_BLOCK) in watch.story()
    assert chain.calls["witnesses"] == 1
    assert wants(store) == []
    with fresh_store(tmp_path / "alone") as other:
        alone = Watch(program, milestone_chain(), other)
        alone.sync()
        assert alone.chain.calls["witnesses"] == 0
        assert alone.entries() == watch.entries()


def test_too_few_endpoints_leave_the_ledger_standing_before_the_milestone(
    tmp_path: Path, store: Store
) -> None:
    """What comes before is concluded, the reason names who differs, and it goes on when enough agree."""
    program, chain = definition(tmp_path), milestone_chain()
    chain.beside = {"second": forked(chain), "third": FakeChain(genesis_time=START)}
    watch = agreeing(Watch(program, chain, store), 2)
    for _ in range(TRIES_BEFORE_ALARM - 1):
        watch.sync()
    result = watch.sync().evaluate
    assert result.concluded is not None
    assert result.concluded.number == MILESTONE_BLOCK - 1
    assert wants(store) == [AgreedWant(MILESTONE_BLOCK, 2)]
    assert result.stalled is not None
    theirs = chain.beside["second"].headers([MILESTONE_BLOCK])[0]
    assert theirs is not None
    assert f"second has {theirs.hash}; third has no block 2" in result.stalled
    assert "2 endpoints have to show block 2" in result.stalled
    with store.reading() as tx:
        assert [event.type for event in tx.outbox.events() if event.type == "ledger.stalled"] == [
            "ledger.stalled"
        ]
    chain.beside["third"] = chain.clone()
    watch.sync()
    assert ("milestone.reached", "first", MILESTONE_BLOCK) in watch.story()
    assert wants(store) == []


def test_nobody_beside_is_said_too(tmp_path: Path, store: Store) -> None:
    """With one endpoint there is nobody who could differ."""
    watch = agreeing(Watch(definition(tmp_path), milestone_chain(), store), 2)
    assert "1 does; there are no others" in (watch.sync().evaluate.stalled or "")


def test_a_reorg_takes_the_want_away(tmp_path: Path, store: Store) -> None:
    """The block that had to be agreed on is gone: no answer is needed."""
    watch = agreeing(Watch(definition(tmp_path), milestone_chain(), store), 2)
    with store.writing() as tx:
        tx.facts.put_wants([AgreedWant(999, 2)], watch.clock.now())
    watch.sync()
    assert wants(store) == [AgreedWant(MILESTONE_BLOCK, 2)]


def test_an_agreement_on_another_block_of_that_number_does_not_count(tmp_path: Path, store: Store) -> None:
    """The hash decides."""
    chain = milestone_chain()
    watch = agreeing(Watch(definition(tmp_path), chain, store), 2)
    other = forked(chain).headers([MILESTONE_BLOCK])[0]
    assert other is not None
    with store.writing() as tx:
        tx.state.set_agreed(other)
    watch.sync()
    assert wants(store) == [AgreedWant(MILESTONE_BLOCK, 2)]
