"""Actions inside of transactions: who authorised what, told by markers in the logs."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import address, joins, policy
from tests.unit.core.marked import (
    ENTRY,
    FORWARDED,
    FORWARDER,
    MARKERS,
    OLD_ENTRY,
    OPEN,
    OPENED,
    OPERATION,
    SAFE,
    SAFE_DID,
    SAFE_DONE,
    SAFE_FAILED,
    SAFE_NOT_DONE,
    SWAP,
    forwarded,
    intent,
    operation,
    padded,
    words,
)
from tests.unit.core.reading import Says, extracted, found, program
from watcher.config.families import families, family_markers, system_transactions
from watcher.core.actions import Action, Markers
from watcher.core.facts import Activity
from watcher.core.types import Address, AppId
from watcher.testing.fake_blocks import FakeLog, FakeTx, log, receipts_of, tx

APP, ROUTER, OTHER, BUNDLER = (address(number) for number in range(1, 5))
ANN, BOB, CAT = address(0xA1), address(0xA2), address(0xA3)
USE = log(APP, SWAP)


def cut(*logs: FakeLog) -> list[Action]:
    """Give the actions of a bundler's transaction with these logs."""
    [receipt] = receipts_of([tx(BUNDLER, OTHER, logs=logs)])
    return Markers(MARKERS).actions(receipt)


def activity(*transactions: FakeTx, excluded: Sequence[Address] = ()) -> Activity[Address]:
    """Give what a block says of an app with two contracts."""
    app = found("a", Says("a", {1: [joins("a", APP), joins("a", ROUTER)]}))
    liveness = policy(touched=True, markers=MARKERS, excluded=excluded)
    return extracted(program(app, liveness=liveness), transactions)[0].activity[AppId("a")]


def bundle(*logs: FakeLog) -> Activity[Address]:
    """Give what a bundler's transaction with these logs says of the app."""
    return activity(tx(BUNDLER, ENTRY, logs=logs, gas=100, price=3, l1_fee=5))


def test_a_transaction_without_markers_is_one_action_of_its_sender() -> None:
    """As with `unit = "transaction"`."""
    assert [(each.actor, each.succeeded) for each in cut(USE, USE)] == [(BUNDLER, True)]
    assert dict(activity(tx(ANN, OTHER, logs=[USE, USE]), tx(ANN, APP)).actors) == {ANN: 1}


def test_a_transaction_that_failed_is_a_failed_action_of_its_sender() -> None:
    """Whatever was to happen in it did not."""
    [receipt] = receipts_of([tx(ANN, APP, ok=False)])
    assert Markers(MARKERS).actions(receipt) == [Action(ANN, succeeded=False, logs=())]


@pytest.mark.parametrize(
    ("marker", "actor", "succeeded"),
    [
        (operation(ANN), ANN, True),
        (operation(ANN, ok=False), ANN, False),
        (SAFE_DONE, SAFE, True),
        (SAFE_NOT_DONE, SAFE, False),
        (forwarded(ANN), ANN, True),
        (forwarded(ANN, ok=False), ANN, False),
        (intent(ANN), ANN, True),
        (intent(ANN, error=0xDEADBEEF), ANN, False),
    ],
)
def test_a_marker_says_who_authorised_an_action_and_how_it_ended(
    marker: FakeLog, actor: str, *, succeeded: bool
) -> None:
    """The account is the emitter or an argument; success is a flag, no error, or which event it is."""
    [action] = cut(USE, marker)
    assert (action.actor, action.succeeded, len(action.logs)) == (actor, succeeded, 2)


@pytest.mark.parametrize("entry", sorted(MARKERS[0].emitters))
def test_every_version_of_the_entry_point_is_believed(entry: Address) -> None:
    """They emit the same event from other addresses."""
    assert [each.actor for each in cut(USE, operation(ANN, entry=entry))] == [ANN]


@pytest.mark.parametrize("family", families())
def test_every_family_has_the_entry_points(family: str) -> None:
    """They are at the same addresses everywhere."""
    assert family_markers(family) == family_markers("ethereum")


@pytest.mark.parametrize(
    "lookalike",
    [
        operation(ANN, entry=OTHER),
        log(OTHER, SAFE_DID, data=words(1, 0)),
        log(ENTRY, OPERATION, SWAP, padded(ANN), data=words(0, 1, 7, 7)),
        log(FORWARDER, FORWARDED, padded(ANN), data=words(0)),
        log(ENTRY),
    ],
)
def test_an_event_of_another_emitter_or_form_closes_nothing(lookalike: FakeLog) -> None:
    """Otherwise anybody could make actors by emitting logs."""
    assert [each.actor for each in cut(USE, lookalike)] == [BUNDLER]


@pytest.mark.parametrize(("topic", "succeeded"), [(SAFE_DID, True), (SAFE_FAILED, False)])
def test_a_safe_is_believed_whatever_its_release_indexes(topic: str, *, succeeded: bool) -> None:
    """Since 1.4 the hash is a topic, before it was data; an account may go from one to the other."""
    for told in (log(SAFE, topic, data=words(1, 0)), log(SAFE, topic, words(1), data=words(0))):
        assert [(each.actor, each.succeeded) for each in cut(USE, told)] == [(SAFE, succeeded)]


def test_each_operation_of_a_bundle_has_the_logs_since_the_one_before() -> None:
    """One that did nothing in the app reaches nothing; what came before the bundle is nobody's."""
    told = bundle(
        log(ROUTER, SWAP), OPEN, USE, operation(ANN), operation(BOB), USE, operation(ANN), USE, operation(CAT)
    )
    assert dict(told.actors) == {ANN: 2, CAT: 1}
    assert [len(each.logs) for each in cut(USE, OPEN, USE, operation(ANN), operation(BOB))] == [2, 1]


def test_what_no_marker_closes_is_nobodys_beside_markers() -> None:
    """A bundler is no user by what comes after."""
    assert [each.actor for each in cut(OPEN, operation(ANN), USE)] == [ANN]


def test_a_failed_operation_is_kept_and_does_not_count() -> None:
    """Its own flag decides, though the transaction succeeded."""
    told = bundle(OPEN, USE, operation(ANN, ok=False), USE, operation(BOB))
    assert (dict(told.actors), told.failed) == ({BOB: 1}, 1)


def test_an_excluded_actor_is_kept_and_does_not_count() -> None:
    """Whoever sent the transaction; a bundler that is excluded takes nothing from its users."""
    sent = tx(BUNDLER, ENTRY, logs=[OPEN, USE, operation(ANN), USE, operation(BOB)])
    told = activity(sent, excluded=[ANN, BUNDLER])
    assert (dict(told.actors), told.excluded) == ({BOB: 1}, 1)


def test_gas_and_fee_of_a_bundle_are_the_transactions_and_count_once() -> None:
    """For each contract that it reached, and for the app."""
    both = log(ROUTER, SWAP)
    told = bundle(OPEN, USE, both, operation(ANN), both, operation(BOB), USE, operation(CAT))
    assert (told.gas, told.fee_wei, dict(told.actors)) == (100, 305, {ANN: 1, BOB: 1, CAT: 1})
    assert {each.gas for each in told.contracts.values()} == {100}
    assert {each.actions for each in told.contracts.values()} == {2}
    assert bundle(OPEN, USE, operation(ANN), both, operation(BOB)).gas == 100


def test_transactions_of_the_system_hold_no_actions() -> None:
    """As with `unit = "transaction"`."""
    app = found("a", Says("a", {1: [joins("a", APP)]}))
    from_system = tx(BUNDLER, ENTRY, logs=[OPEN, USE, operation(ANN)], kind="0x6a")
    arbitrum = system_transactions("arbitrum")
    read = extracted(
        program(app, liveness=policy(touched=True, markers=MARKERS), system=arbitrum), [from_system]
    )
    assert dict(read[0].activity[AppId("a")].actors) == {}


def test_inside_another_execution_the_innermost_has_the_logs() -> None:
    """A bundle inside a Safe's transaction, or a Safe's inside an operation: each use counts once."""
    told = bundle(OPEN, USE, operation(ANN), USE, operation(BOB), SAFE_DONE)
    assert dict(told.actors) == {ANN: 1, BOB: 1}
    assert dict(bundle(OPEN, USE, SAFE_DONE, operation(ANN)).actors) == {SAFE: 1}


def test_a_bundle_inside_an_operation_leaves_the_outer_what_came_before() -> None:
    """An operation of one EntryPoint may call another EntryPoint."""
    inner = [log(OLD_ENTRY, OPENED), USE, operation(BOB, entry=OLD_ENTRY)]
    assert dict(bundle(OPEN, USE, *inner, operation(ANN)).actors) == {BOB: 1, ANN: 1}
    assert dict(bundle(OPEN, *inner, operation(ANN), USE, operation(CAT)).actors) == {BOB: 1, CAT: 1}


STEPS = st.lists(st.tuples(st.sampled_from([ANN, BOB, CAT]), st.integers(0, 3), st.booleans()), max_size=8)


@given(STEPS)
def test_a_bundle_counts_as_its_operations_would_one_by_one(steps: list[tuple[Address, int, bool]]) -> None:
    """A recount from what was done, not from logs."""
    logs = [OPEN]
    expected: dict[Address, int] = {}
    for account, uses, ok in steps:
        logs += [*[USE] * uses, operation(account, ok=ok)]
        if uses and ok:
            expected[account] = expected.get(account, 0) + 1
    told = activity(tx(OTHER, ENTRY, logs=[*logs, operation(CAT)]), tx(BUNDLER, OTHER, logs=[USE]))
    assert dict(told.actors) == {**expected, BUNDLER: 1}


TOLD = {
    "use": USE,
    "open": OPEN,
    "old open": log(OLD_ENTRY, OPENED),
    "ann": operation(ANN),
    "ben by old": operation(BOB, entry=OLD_ENTRY),
    "safe": SAFE_DONE,
    "forwarded": forwarded(CAT),
    "lookalike": operation(CAT, entry=OTHER),
}
CLOSING = {"ann": ANN, "ben by old": BOB, "safe": SAFE, "forwarded": CAT}


def owners(names: Sequence[str]) -> list[tuple[Address, list[int]]]:
    """Say for each marker which logs are its own: the slow way, asking each log for its first taker."""

    def start(place: int) -> int:
        """Give the opening behind which a marker takes logs: its emitter's last one, else anybody's."""
        own = {"ann": "open", "ben by old": "old open"}.get(names[place])
        opened = [each for each in range(place) if names[each] in {"open", "old open"}]
        return max([each for each in opened if names[each] == own] or opened, default=-1)

    closing = [place for place, name in enumerate(names) if name in CLOSING]
    taken: dict[int, list[int]] = {place: [] for place in closing}
    for each, name in enumerate(names):
        takers = [place for place in closing if place >= each and start(place) < each]
        if name in CLOSING:
            taken[each].append(each)
        elif takers and name in {"use", "lookalike"}:
            taken[takers[0]].append(each)
    return [(CLOSING[names[place]], logs) for place, logs in taken.items()]


@given(st.lists(st.sampled_from(sorted(TOLD)), max_size=12))
def test_each_log_is_the_first_takers_however_executions_nest(names: list[str]) -> None:
    """A brute-force recount; so no log is in two actions, and nothing that was done counts twice."""
    told = [
        (each.actor, [int(item.log_index, 16) for item in each.logs])
        for each in cut(*(TOLD[name] for name in names))
    ]
    assert told == (owners(names) or [(BUNDLER, [*range(len(names))])])
