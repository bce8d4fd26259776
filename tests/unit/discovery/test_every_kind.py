"""What every discovery kind has to hold, found by `watcher.kinds`: a new kind is tested by being there.

The settings of each are those that the shipped programs show.
"""

import tomllib
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.discovery.givens import ALICE, APP, BOB, ONE, TWO, block, chain, topic, word
from watcher import kinded, kinds
from watcher.core.applications import Discovery, Membership
from watcher.core.facts import Announcement
from watcher.core.types import Address
from watcher.core.window import BlockReceipts
from watcher.fields import ZERO_ADDRESS
from watcher.shipped import shipped
from watcher.testing.fake_blocks import FakeTx, create, log, tx

KINDS = kinded.known("discovery")


def _examples() -> dict[str, dict[str, Any]]:
    """Take the settings of each kind from the shipped programs that show them."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("devnet.toml", "every-app.toml"):
        program = tomllib.loads(shipped("config", "programs", name).read_text(encoding="utf-8"))
        for app in program["app"]:
            if "contract" in app:
                found["curated"] = {"contract": app["contract"]}
            for table in app.get("discover", []):
                found[table["kind"]] = {key: value for key, value in table.items() if key != "kind"}
    return found


EXAMPLES = _examples()


def _build(kind: str) -> Discovery:
    module = kinds.discovery(kind)
    return module.build(module.Settings.model_validate(EXAMPLES[kind]), APP, chain(3))


def _kind_of(discovery: Discovery) -> str:
    return discovery.source.partition(":")[0]


EVERY = [_build(kind) for kind in KINDS if kind in EXAMPLES]
_ACCOUNTS = sorted(
    {
        ALICE,
        BOB,
        *(account for found in EVERY for account in found.wants().creators | found.wants().log_addresses),
    }
)
_TOPICS = [
    topic("Announced(string,address)"),
    topic("Removed(string,address)"),
    topic("AppCreated(address,uint256,address)"),
    *(topic(example["app"]) for example in EXAMPLES.values() if "app" in example),
    *map(word, (ONE, TWO, ZERO_ADDRESS)),
    "0x" + "ff" * 32,
]
_accounts = st.sampled_from(_ACCOUNTS)
_logs = st.builds(
    lambda emitter, topics, data: log(emitter, *topics, data="0x" + "".join(item[2:] for item in data)),
    _accounts,
    st.lists(st.sampled_from(_TOPICS), max_size=4),
    st.lists(st.sampled_from(_TOPICS), max_size=3),
)
_transactions = st.one_of(
    st.builds(
        lambda sender, logs, ok: tx(sender, BOB, logs=logs, ok=ok),
        _accounts,
        st.lists(_logs, max_size=4),
        st.booleans(),
    ),
    st.builds(
        lambda sender, nonce, ok: create(sender, nonce=nonce, ok=ok),
        _accounts,
        st.integers(0, 5),
        st.booleans(),
    ),
)
_blocks = st.builds(
    lambda number, transactions: block(*transactions, number=number),
    st.integers(3, 20),
    st.lists(_transactions, max_size=5),
)


def _all(discovery: Discovery, made: BlockReceipts) -> list[Announcement]:
    return list(discovery.read(made))


def test_the_shipped_programs_show_every_kind() -> None:
    """What a program can say is shown by example, and the tests below run on these examples."""
    assert sorted(EXAMPLES) == list(KINDS)


@pytest.mark.parametrize("discovery", EVERY, ids=_kind_of)
@settings(max_examples=40)
@given(made=_blocks)
def test_a_block_announces_the_same_each_time(discovery: Discovery, made: BlockReceipts) -> None:
    """Reading is pure: neither the discovery nor what was read before makes a difference."""
    once = _all(discovery, made)
    assert _all(discovery, made) == once
    again = _build(_kind_of(discovery))
    assert (_all(again, made), again.source, again.wants()) == (once, discovery.source, discovery.wants())


@pytest.mark.parametrize("discovery", EVERY, ids=_kind_of)
@settings(max_examples=25)
@given(blocks=st.lists(_blocks, min_size=1, max_size=4), seed=st.randoms(use_true_random=False))
def test_the_order_in_which_blocks_are_read_does_not_matter(
    discovery: Discovery, blocks: Sequence[BlockReceipts], seed: Random
) -> None:
    """A block announces what it announces, whatever was read before it."""
    expected = {id(made): _all(discovery, made) for made in blocks}
    shuffled = list(blocks)
    seed.shuffle(shuffled)
    assert {id(made): _all(discovery, made) for made in shuffled} == expected


@pytest.mark.parametrize("discovery", EVERY, ids=_kind_of)
@settings(max_examples=40)
@given(made=_blocks)
def test_announcements_name_their_app_source_and_a_usable_address(
    discovery: Discovery, made: BlockReceipts
) -> None:
    """In log order; the zero address never joins; only listed claims stand before all logs."""
    found = _all(discovery, made)
    assert [item.log_index for item in found] == sorted(item.log_index for item in found)
    for item in found:
        assert (item.app.partition("/")[0], item.source) == (APP, discovery.source)
        assert item.address == item.address.lower() != ZERO_ADDRESS
        assert len(item.address) == len(ZERO_ADDRESS)
        assert item.listed == (item.log_index == -1)


@pytest.mark.parametrize("discovery", EVERY, ids=_kind_of)
@settings(max_examples=40)
@given(made=st.lists(_transactions, max_size=6))
def test_nothing_that_was_not_wanted_is_used(discovery: Discovery, made: list[FakeTx]) -> None:
    """Transactions without a wanted log or creation may be left out of a block: it announces the same."""
    wants = discovery.wants()
    kept = [
        item
        for item in made
        if item.sender in wants.creators
        or (wants.every_creation and item.to is None)
        or any(entry.address in wants.log_addresses for entry in item.logs)
    ]
    whole, part = _all(discovery, block(*made)), _all(discovery, block(*kept))
    assert [(item.address, item.removed) for item in whole] == [(item.address, item.removed) for item in part]


@settings(max_examples=40)
@given(made=_blocks, seed=st.randoms(use_true_random=False))
def test_the_order_of_discoveries_does_not_decide_who_owns_a_contract(
    made: BlockReceipts, seed: Random
) -> None:
    """Claims of several discoveries on one contract are ranked the same, whoever is asked first."""
    shuffled = list(EVERY)
    seed.shuffle(shuffled)
    owners: list[dict[Address, object]] = []
    for order in (EVERY, shuffled):
        membership = Membership()
        membership.apply(made.number, [item for discovery in order for item in discovery.read(made)])
        owners.append({account: membership.owner(account) for account in membership.addresses()})
    assert owners[0] == owners[1]
