"""Extraction: what a block's receipts say about the apps, rule by rule."""

import pytest
from eth_hash.auto import keccak

from tests.unit.core.givens import address, joins, leaves, policy, ref
from tests.unit.core.reading import Says, extracted, found, program, receipts
from watcher.core.definition import Definition, LivenessPolicy, SystemTransactions
from watcher.core.extract import APPROVAL, TRANSFER, Extractor
from watcher.core.facts import Activity, BlockFacts, ContractTotals, PauseLog
from watcher.core.tracked import (
    BEACON_UPGRADED,
    CHANGED_MASTER_COPY,
    CODE_CHANGES,
    DIAMOND_CUT,
    PAUSED,
    UNPAUSED,
    UPGRADED,
)
from watcher.core.types import Address, AppId
from watcher.core.window import Query
from watcher.testing.fake_blocks import FakeTx, log, tx

CORE, ROUTER, TOKEN, ORACLE, ADMIN, OTHER = (address(number) for number in range(1, 7))
B_CORE = address(0xB)
ANN, BOB, CAROL = address(0xA1), address(0xA2), address(0xA3)
SWAP = "0x" + "5" * 64
A, B = AppId("a"), AppId("b")


def two_apps(liveness: LivenessPolicy | None = None, system: SystemTransactions | None = None) -> Definition:
    """Give app `a` with a contract of each role and app `b` with one, from block 1 on."""
    of_a = [
        joins("a", CORE),
        joins("a", ROUTER, role="router"),
        joins("a", TOKEN, role="token"),
        joins("a", ORACLE, role="oracle"),
        joins("a", ADMIN, role="admin"),
    ]
    return program(
        found("a", Says("a", {1: of_a})),
        found("b", Says("b", {1: [joins("b", B_CORE)]})),
        liveness=liveness,
        system=system,
    )


def direct(*transactions: FakeTx, system: SystemTransactions | None = None) -> BlockFacts[Address]:
    """Read one block under `reach = "direct"`."""
    return extracted(two_apps(system=system), transactions)[0]


def touched(*transactions: FakeTx, liveness: LivenessPolicy | None = None) -> BlockFacts[Address]:
    """Read one block under `reach = "touched"`."""
    return extracted(two_apps(liveness or policy(touched=True)), transactions)[0]


def actors(block: BlockFacts[Address], app: AppId = A) -> dict[Address, int]:
    """Give an app's counted actions per actor."""
    activity = block.activity.get(app)
    return {} if activity is None else dict(activity.actors)


# Direct


def test_a_transaction_to_a_contract_that_counts_is_an_action_of_its_sender() -> None:
    """Core and router count; each transaction once, whatever its sender did before."""
    block = direct(tx(ANN, CORE), tx(BOB, ROUTER), tx(ANN, CORE), tx(CAROL, B_CORE), tx(CAROL, OTHER))
    assert actors(block) == {ANN: 2, BOB: 1}
    assert actors(block, B) == {CAROL: 1}


@pytest.mark.parametrize("contract", [TOKEN, ORACLE, ADMIN])
def test_contracts_of_other_roles_count_for_nothing(contract: Address) -> None:
    """They belong to the app, but what is done with them is no use of it."""
    block = direct(tx(ANN, contract, logs=[log(contract, SWAP)]))
    assert block.activity == {}
    assert touched(tx(ANN, OTHER, logs=[log(contract, SWAP)])).activity == {}


def test_a_log_alone_does_not_reach_an_app_directly() -> None:
    """The transaction has to be sent to it; the log is kept for show."""
    block = direct(tx(ANN, OTHER, logs=[log(CORE, SWAP)]))
    assert actors(block) == {}
    assert block.activity[A].logs == 1


def test_failed_transactions_are_kept_and_shown_but_do_not_count() -> None:
    """They cost gas and make nobody an actor."""
    block = direct(tx(ANN, CORE, ok=False, gas=50_000, price=7), tx(BOB, CORE))
    assert actors(block) == {BOB: 1}
    assert block.activity[A] == Activity(
        {BOB: 1}, 1, 0, 71_000, 371_000, 0, {CORE: ContractTotals(1, 1, 71_000, 371_000, 0)}
    )


def test_a_transaction_with_null_to_does_not_count() -> None:
    """It creates something; what its constructor made others emit reaches nobody."""
    creation = FakeTx(ANN, None, logs=(log(CORE, SWAP),), contract=OTHER)
    assert actors(direct(creation)) == {}
    assert actors(touched(creation)) == {}
    assert touched(creation).activity[A].logs == 1


def test_system_transactions_do_not_count() -> None:
    """By sender or by type, failed or not; neither do their gas and fee."""
    system = SystemTransactions(frozenset({BOB}), frozenset({"0x6a"}))
    block = direct(
        tx(BOB, CORE), tx(ANN, CORE, kind="0x6a"), tx(ANN, CORE, kind="0x6a", ok=False), system=system
    )
    assert block.activity == {}
    assert actors(direct(tx(BOB, CORE), tx(ANN, CORE, kind="0x6a"))) == {BOB: 1, ANN: 1}


def test_the_fee_is_gas_times_price_plus_the_fee_of_layer_one() -> None:
    """In wei, beyond 64 bits too."""
    block = direct(tx(ANN, CORE, gas=100, price=10**18, l1_fee=5), tx(ANN, CORE, gas=1, price=3))
    assert block.activity[A].gas == 101
    assert block.activity[A].fee_wei == 10**20 + 5 + 3
    assert block.activity[A].contracts[CORE].fee_wei == 10**20 + 5 + 3


# Touched


def test_a_transaction_that_makes_a_contract_emit_reaches_its_app() -> None:
    """Whatever it was sent to; once, however many logs."""
    block = touched(tx(ANN, OTHER, logs=[log(CORE, SWAP), log(CORE, SWAP)]))
    assert actors(block) == {ANN: 1}
    assert block.activity[A].logs == 2


def test_one_that_reaches_two_contracts_of_the_app_counts_once() -> None:
    """Once for the app; each contract shows it as its own."""
    block = touched(tx(ANN, CORE, logs=[log(CORE, SWAP), log(ROUTER, SWAP)], gas=10))
    assert block.activity[A] == Activity(
        {ANN: 1}, 0, 0, 10, 10, 2, {c: ContractTotals(1, 0, 10, 10, 1) for c in (CORE, ROUTER)}
    )


def test_one_that_reaches_two_apps_counts_for_both() -> None:
    """Facts are per app."""
    emitters = [CORE, B_CORE, ROUTER]
    block = touched(tx(ANN, OTHER, logs=[log(emitter, SWAP) for emitter in emitters]))
    assert (actors(block), actors(block, B)) == ({ANN: 1}, {ANN: 1})
    assert [block.activity[app].gas for app in (A, B)] == [21_000, 21_000]
    assert {
        c: t.actions for app in (A, B) for c, t in block.activity[app].contracts.items()
    } == dict.fromkeys(emitters, 1)


@pytest.mark.parametrize("topic", [TRANSFER, APPROVAL])
def test_transfer_and_approval_never_touch(topic: str) -> None:
    """Anyone can move a token through a contract; beside another log they do not hurt."""
    assert actors(touched(tx(ANN, CORE, logs=[log(CORE, topic, ANN, BOB)]))) == {}
    assert actors(touched(tx(ANN, CORE, logs=[log(CORE, topic), log(CORE, SWAP)]))) == {ANN: 1}


def test_logs_of_strangers_in_between_do_not_matter() -> None:
    """Every log of a transaction is read, not only those up to the first stranger's."""
    emitters = [OTHER, CORE, OTHER, TOKEN, ROUTER]
    block = touched(tx(ANN, OTHER, logs=[log(emitter, SWAP) for emitter in emitters]), tx(BOB, OTHER))
    assert actors(block) == {ANN: 1}
    assert sorted(block.activity[A].contracts) == [CORE, ROUTER]


def test_a_log_without_topics_touches() -> None:
    """An anonymous event is an event."""
    assert actors(touched(tx(ANN, OTHER, logs=[log(CORE)]))) == {ANN: 1}


def test_a_call_that_emits_nothing_is_not_seen() -> None:
    """Not even one sent straight to the contract, and no failed one."""
    assert touched(tx(ANN, CORE), tx(ANN, CORE, ok=False)).activity == {}


# Exclusion


def test_excluded_actors_are_kept_apart() -> None:
    """Their successful actions are counted as excluded, their failures as failures."""
    block = extracted(
        two_apps(policy(excluded=[BOB])), [tx(BOB, CORE), tx(BOB, CORE, ok=False), tx(ANN, CORE)]
    )[0]
    assert actors(block) == {ANN: 1}
    assert (block.activity[A].excluded, block.activity[A].failed, block.activity[A].gas) == (1, 1, 63_000)
    assert block.activity[A].contracts[CORE].actions == 1


def test_excluded_actors_are_excluded_when_they_touch_too() -> None:
    """The rule does not depend on the reach."""
    liveness = policy(touched=True, excluded=[BOB])
    assert actors(touched(tx(BOB, CORE, logs=[log(CORE, SWAP)]), liveness=liveness)) == {}


# Membership by whole blocks


def test_membership_holds_for_the_whole_block_of_the_announcement() -> None:
    """Also for transactions ahead of it in that block, and for none in an earlier block."""
    late = program(found("a", Says("a", {2: [joins("a", CORE, log_index=99)]})))
    blocks = extracted(late, [tx(ANN, CORE)], [tx(BOB, CORE)], [tx(CAROL, CORE)])
    assert [actors(block) for block in blocks] == [{}, {BOB: 1}, {CAROL: 1}]


def test_membership_ends_before_the_block_of_the_removal() -> None:
    """Nothing of that block counts any more."""
    gone = program(found("a", Says("a", {1: [joins("a", CORE)], 2: [leaves("a", CORE)]})))
    blocks = extracted(gone, [tx(ANN, CORE)], [tx(BOB, CORE)])
    assert [actors(block) for block in blocks] == [{ANN: 1}, {}]
    assert blocks[1].announcements == (leaves("a", CORE),)


def test_a_later_claim_is_kept_and_ignored() -> None:
    """The facts tell of it, the activity does not."""
    disputed = program(
        found("b", Says("b", {2: [joins("b", CORE)]})), found("a", Says("a", {1: [joins("a", CORE)]}))
    )
    blocks = extracted(disputed, [tx(ANN, CORE)], [tx(BOB, CORE)])
    assert [actors(block) for block in blocks] == [{ANN: 1}, {BOB: 1}]
    assert actors(blocks[1], B) == {}
    assert blocks[1].announcements == (joins("b", CORE),)


def test_every_discovery_of_an_app_is_asked() -> None:
    """Their announcements are gathered in one place."""
    several = program(
        found("a", Says("one", {1: [joins("a", CORE)]}), Says("two", {1: [joins("a", ROUTER, source="two")]}))
    )
    [block] = extracted(several, [tx(ANN, CORE), tx(ANN, ROUTER)])
    assert [item.address for item in block.announcements] == [CORE, ROUTER]
    assert actors(block) == {ANN: 2}


def test_a_discovery_that_listens_is_asked_when_one_of_its_emitters_spoke() -> None:
    """The others are asked about every block, also about one without receipts."""
    claims = {number: [joins("a", address(number))] for number in (1, 2, 3)}
    both = program(
        found("a", Says("all", claims), Says("some", claims, Query(log_addresses=frozenset({OTHER}))))
    )
    blocks = extracted(both, [], [tx(ANN, OTHER, logs=[log(CORE)])], [tx(ANN, CORE, logs=[log(OTHER)])])
    assert [len(block.announcements) for block in blocks] == [1, 1, 2]


# Logs that change what is known of a contract


def topics_of_upgrades() -> dict[str, str]:
    """Give the topic of each log that makes its block a sample block, as Solidity computes it."""
    events = (
        "Upgraded(address)",
        "BeaconUpgraded(address)",
        "DiamondCut((address,uint8,bytes4[])[],address,bytes)",
        "ChangedMasterCopy(address)",
        "Paused(address)",
        "Unpaused(address)",
        "Transfer(address,address,uint256)",
        "Approval(address,address,uint256)",
    )
    return {event: "0x" + keccak(event.encode()).hex() for event in events}


def test_the_topics_are_the_hashes_of_their_events() -> None:
    """Recomputed, not copied."""
    constants = [
        UPGRADED,
        BEACON_UPGRADED,
        DIAMOND_CUT,
        CHANGED_MASTER_COPY,
        PAUSED,
        UNPAUSED,
        TRANSFER,
        APPROVAL,
    ]
    assert list(topics_of_upgrades().values()) == constants


@pytest.mark.parametrize("topic", sorted(CODE_CHANGES))
def test_an_upgrade_log_is_noted_once_for_its_contract(topic: str) -> None:
    """Of any role: who looks at it decides whether it matters. It is also a log like any other."""
    block = touched(tx(ANN, OTHER, logs=[log(CORE, topic), log(CORE, topic), log(TOKEN, topic)]))
    assert block.code_changes == (CORE, TOKEN)
    assert actors(block) == {ANN: 1}


@pytest.mark.parametrize("topic", sorted(CODE_CHANGES))
def test_an_upgrade_log_of_a_stranger_is_noted_too(topic: str) -> None:
    """It may be a beacon, which is known only once a proxy behind it was sampled."""
    block = direct(tx(ANN, OTHER, logs=[log(OTHER, topic)]))
    assert block.code_changes == (OTHER,)
    assert block.activity == {}


def test_pause_logs_are_noted_in_their_order() -> None:
    """Of strangers too: a contract may have been paused before it joins an app."""
    watchful = two_apps(liveness=policy(not_paused=True))
    block = Extractor(watchful).read(
        receipts(
            1,
            tx(ANN, CORE, logs=[log(CORE, PAUSED), log(ROUTER, PAUSED), log(OTHER, PAUSED)]),
            tx(ANN, CORE, logs=[log(CORE, UNPAUSED)]),
        )
    )
    assert block.pauses == (
        PauseLog(CORE, paused=True),
        PauseLog(ROUTER, paused=True),
        PauseLog(OTHER, paused=True),
        PauseLog(CORE, paused=False),
    )


def test_pause_logs_are_left_out_where_no_rule_asks_for_them() -> None:
    """They would only make rows."""
    assert direct(tx(ANN, CORE, logs=[log(CORE, PAUSED)])).pauses == ()


# Findings


def test_a_block_in_which_nothing_concerns_the_apps_is_empty() -> None:
    """Others' transactions, tokens and events leave no row."""
    extractor = Extractor(two_apps())
    assert not extractor.read(receipts(1)).empty
    findings = extractor.read(receipts(2, tx(ANN, OTHER, logs=[log(OTHER, SWAP), log(OTHER, PAUSED)])))
    assert findings.empty
    assert findings.at(ref(2, 0)).empty


def test_findings_get_their_header_later() -> None:
    """Nothing is lost on the way."""
    findings = Extractor(two_apps()).read(receipts(1, tx(ANN, CORE, logs=[log(CORE, PAUSED)])))
    block = findings.at(ref(1, 99))
    assert block.block == ref(1, 99)
    assert (block.activity, block.announcements, block.creations, block.pauses, block.code_changes) == (
        findings.activity,
        findings.announcements,
        findings.creations,
        findings.pauses,
        findings.code_changes,
    )
