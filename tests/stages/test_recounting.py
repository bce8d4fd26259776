"""A recount answers equal, differs or cannot tell, each for its own reason."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.stages.test_attesting import ANN, BOB, EVE, chain, program, signed, statement, story
from tests.stages.world import APPS, START, USERS, Watch, definition, fresh_store, open_for_business, use
from watcher.core.claim import Claim, claim_of
from watcher.core.comparison import Absent
from watcher.core.definition import Definition
from watcher.core.ledger import EntryType
from watcher.core.types import BlockHash
from watcher.errors import (
    AttestationRefused,
    CallRefused,
    CannotTell,
    EndpointUnavailable,
    HistoryMissing,
    MalformedAnswer,
    ReorgBelowFinality,
    WatcherError,
    WrongChain,
)
from watcher.stages.recounting import Recount, Recounter, answering, refuse_other_definition, rest_on
from watcher.store.database import Store
from watcher.testing.fake_blocks import create
from watcher.testing.fake_chain import FakeChain


@dataclass(frozen=True)
class Case:
    """A chain, a program, and the bundle of a milestone that was reached there."""

    folder: Path
    chain: FakeChain
    program: Definition
    bundle: dict[str, Any]

    def claim(self, **fields: Any) -> Claim:  # noqa: ANN401  # whatever JSON holds
        """Give the bundle as a stranger gets it, with some fields changed."""
        return claim_of(self.bundle | fields, "bundle.json")

    @contextmanager
    def recounter(self, claim: Claim | None = None) -> Iterator[Recounter]:
        """Put the stranger's stages together; what they read stays in the folder."""
        with fresh_store(self.folder / "work") as store:
            watch = Watch(self.program, self.chain, store)
            yield Recounter(
                self.program,
                claim or self.claim(),
                source=self.chain,
                store=store,
                index=watch.index,
                evaluate=watch.evaluate,
            )

    def recount(self, claim: Claim | None = None) -> Recount:
        """Recount."""
        with self.recounter(claim) as recounter:
            return recounter.run(recounter.block())


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Let two apps go live, one after the other, and take the milestone's bundle."""
    return _case(tmp_path, definition(tmp_path), *APPS[:2])


def _case(tmp_path: Path, program: Definition, *apps: str, created: Sequence[int] = ()) -> Case:
    chain = FakeChain()
    open_for_business(chain)
    for app in apps:
        chain.block(*(create(USERS[7], nonce=nonce) for nonce in created), *use(app, 0, 1, 2, 3))
    chain.empty_blocks(5)
    with fresh_store(tmp_path / "theirs") as store:
        watch = Watch(program, chain, store)
        watch.sync()
        with store.reading() as tx:
            [entry] = tx.ledger.find(type=EntryType.MILESTONE_REACHED)
            bundle = tx.ledger.bundle(entry["evidence"]["bundle_sha256"])
    assert bundle is not None
    return Case(tmp_path, chain, program, json.loads(bundle))


def test_what_is_right_is_equal_and_stays_so_when_recounted_again(case: Case) -> None:
    """The second time from what the first one read."""
    assert case.recount() == Recount(str(case.claim().sha256), [])
    with case.recounter() as recounter:
        assert recounter.first == case.claim().block_number + 1
        assert recounter.run(recounter.block()).differences == []


def test_an_app_that_nobody_lists_is_recounted_like_any_other(tmp_path: Path) -> None:
    """It is in the bundle while it is live, by its creator's name."""
    made = create(USERS[7], nonce=3).contract
    assert made is not None
    program = definition(tmp_path, liveness='[[app]]\nid = "by"\n[[app.discover]]\nkind = "open"')
    case = _case(tmp_path, program, APPS[0], made, created=[3])
    assert case.recount() == Recount(str(case.claim().sha256), [])
    alpha, beta, other, gamma = case.bundle["apps"]
    assert other["id"] == f"by/{USERS[7]}"
    forged = [alpha, beta, {**other, "actions": 5}, gamma]
    [found] = case.recount(case.claim(apps=forged)).differences
    assert (found.words, found.bundle, found.recount) == (f"app by/{USERS[7]}, actions", 5, 4)


def test_a_forged_count_is_named(case: Case) -> None:
    """With what the recount has in its place."""
    first, *others = case.bundle["apps"]
    [found] = case.recount(case.claim(apps=[{**first, "actions": 5}, *others])).differences
    assert (found.words, found.bundle, found.recount) == ("app alpha, actions", 5, 4)


def test_a_fraction_in_the_place_of_an_equal_number_is_named(case: Case) -> None:
    """Its bytes are not the bundle's."""
    assert case.recount(case.claim(chain_id=31337.0)).differences


def test_a_difference_that_only_bytes_show_is_one(case: Case) -> None:
    """Nothing that is not the recount's very bytes is equal to it."""
    [found] = case.recount(replace(case.claim(), sha256="00" * 32)).differences
    assert (found.words, found.bundle) == ("sha256", "00" * 32)


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_milestone_at_another_block_is_named(case: Case, shift: int) -> None:
    """Before the block of the ledger it is not reached, after it it was."""
    number = case.bundle["block"]["number"] + shift
    block = case.chain.headers([number])[0]
    assert block is not None
    moved = case.claim(block={**case.bundle["block"], "number": number, "hash": block.hash})
    reached, *more = case.recount(moved).differences
    assert reached.words == "block at which milestone first is reached"
    assert reached.bundle == number
    assert reached.recount == (Absent.ABSENT if shift < 0 else number - 1)
    assert "block, time" in {each.words for each in more}


def test_a_milestone_that_the_program_does_not_have_is_named(case: Case) -> None:
    """The definition is the same, so somebody wrote another name."""
    found = case.recount(case.claim(milestone="second")).differences
    assert found[0].words == "milestone"


def test_a_block_of_another_chain_or_branch_is_a_difference(case: Case) -> None:
    """Nothing has to be read for that."""
    forged = case.claim(block={**case.bundle["block"], "hash": "0x" + "00" * 32})
    with case.recounter(forged) as recounter:
        found = recounter.other_block(recounter.block())
    assert found is not None
    assert found.words == "block, hash"


def test_a_block_before_the_first_that_counts_is_a_difference(case: Case) -> None:
    """No milestone can be reached there."""
    [genesis] = case.chain.headers([0])
    assert genesis is not None
    with case.recounter(case.claim(block={"number": 0, "hash": genesis.hash})) as recounter:
        found = recounter.other_block(recounter.block())
    assert found is not None
    assert found.words == "block, number"


def test_the_right_block_is_no_difference(case: Case) -> None:
    """Then the recount may begin."""
    with case.recounter() as recounter:
        assert recounter.other_block(recounter.block()) is None


def test_a_bundle_of_another_definition_cannot_be_told(case: Case) -> None:
    """Both hashes are named, and whose file to give."""
    refuse_other_definition(case.program, case.claim())
    with pytest.raises(CannotTell, match=f"definition ab.*definition {case.program.hash}.*--program"):
        refuse_other_definition(case.program, case.claim(definition_hash="ab"))


def test_a_block_above_the_head_cannot_be_told(case: Case) -> None:
    """The endpoint lags, or the bundle is of a chain that went further."""
    with (
        case.recounter(case.claim(block={**case.bundle["block"], "number": 99})) as recounter,
        pytest.raises(CannotTell, match="has no block 99: its head is 8"),
    ):
        recounter.block()


def test_a_block_that_is_not_final_cannot_be_told(case: Case) -> None:
    """It may still be replaced."""
    with (
        case.recounter(case.claim(block={**case.bundle["block"], "number": 7})) as recounter,
        pytest.raises(CannotTell, match=r"block 7 is not final there \(depth 3; the last that is, is 5\)"),
    ):
        recounter.block()


def test_where_nothing_is_final_nothing_can_be_told(case: Case, tmp_path: Path) -> None:
    """A tag that nothing carries yet."""
    program = definition(tmp_path, finality='tag = "finalized"')
    with fresh_store(tmp_path / "tagged") as store:
        watch = Watch(program, case.chain, store)
        recounter = Recounter(
            program,
            case.claim(),
            source=case.chain,
            store=store,
            index=watch.index,
            evaluate=watch.evaluate,
        )
        with pytest.raises(CannotTell, match=r"not final there \(finalized; nothing is\)"):
            recounter.block()


def test_state_that_is_gone_cannot_be_told_and_is_named(case: Case) -> None:
    """The ledger stands still before the block that needs it."""
    case.chain.missing_state_below(9)
    with pytest.raises(CannotTell, match="cannot be concluded: before block 1, which needs the state"):
        case.recount()


def test_a_history_that_does_not_end_in_the_block_that_was_shown_cannot_be_told(case: Case) -> None:
    """An endpoint that shows the right block and the history of another one lies: it decides nothing."""
    with case.recounter() as recounter:
        block = replace(recounter.block(), hash=BlockHash("0x" + "00" * 32))
        with pytest.raises(CannotTell, match="gave the history of"):
            recounter.run(block)


@pytest.mark.parametrize(
    "error", [HistoryMissing, MalformedAnswer, CallRefused, WrongChain, ReorgBelowFinality]
)
def test_what_an_endpoint_cannot_give_cannot_be_told(error: type[WatcherError]) -> None:
    """Asking it again would not help."""
    with pytest.raises(CannotTell, match="said"), answering():
        raise error("said")


def test_an_endpoint_that_is_down_is_an_error() -> None:
    """Asking again may help: what was read is kept."""
    with pytest.raises(EndpointUnavailable), answering():
        raise EndpointUnavailable("rests")


GIVEN = signed(statement(effective_from=START + 3_600))
TAKEN_BACK = signed(
    statement(revokes=statement(effective_from=START + 3_600).id, effective_from=START + 4 * 3_600)
)
FALSE_LATER = signed(statement(BOB, value="false", effective_from=START + 4 * 3_600), BOB, admitted_at=7)
AHEAD = signed(statement(BOB, effective_from=START + 9 * 3_600), BOB)


def ledger_resting_on(
    program: Definition, store: Store, made: FakeChain, *texts: str
) -> list[dict[str, Any]]:
    """Recount a chain on these attestations."""
    rest_on(program, store, [(f"{place}.json", text) for place, text in enumerate(texts)])
    watch = Watch(program, made, store)
    watch.sync()
    return watch.entries()


@pytest.mark.parametrize(
    ("before", "after", "anew"),
    [
        ([], [GIVEN], True),
        ([GIVEN], [], True),
        ([GIVEN], [GIVEN, TAKEN_BACK], True),
        ([GIVEN], [GIVEN, FALSE_LATER], True),
        ([GIVEN], [GIVEN], False),
        ([GIVEN, GIVEN], [GIVEN], False),
        ([GIVEN], [GIVEN, AHEAD], False),
        ([GIVEN, AHEAD], [GIVEN], False),
    ],
)
def test_a_recount_rests_on_what_it_was_given_last_and_on_nothing_else(
    tmp_path: Path, before: list[str], after: list[str], *, anew: bool
) -> None:
    """Whatever was given before; what cannot have changed is not concluded twice."""
    definition, made = program(tmp_path), chain(6)
    with fresh_store(tmp_path / "once") as store:
        expected = ledger_resting_on(definition, store, made, *after)
    with fresh_store(tmp_path / "twice") as store:
        ledger_resting_on(definition, store, made, *before)
        assert ledger_resting_on(definition, store, made, *after) == expected
        with store.reading() as tx:
            assert tx.ledger.generation() == (2 if anew else 1)
    made.empty_blocks(5, every=3_600)
    with fresh_store(tmp_path / "twice") as store, fresh_store(tmp_path / "once") as fresh:
        longer = ledger_resting_on(definition, store, made, *after)
        assert longer == ledger_resting_on(definition, fresh, made, *after)


def test_what_may_be_given_tells_on_the_ledger(tmp_path: Path) -> None:
    """So that the cases above differ in what they conclude."""
    definition, made = program(tmp_path), chain(12)
    told = []
    for place, texts in enumerate(([], [GIVEN], [GIVEN, FALSE_LATER], [GIVEN, AHEAD])):
        with fresh_store(tmp_path / str(place)) as store:
            ledger_resting_on(definition, store, made, *texts)
            told.append(story(Watch(definition, made, store)))
    live = [("attestation.recorded", "", 2), ("app.went_live", "alpha", 2), ("kpi.met", "one-live", 2)]
    assert told[:2] == [[], live]
    assert told[2] == [*live, ("attestation.recorded", "", 5)]
    assert told[3] == [*live, ("attestation.recorded", "", 10)]


def test_an_attestation_that_does_not_count_is_refused_by_its_files_name(tmp_path: Path) -> None:
    """One changed digit is enough; nothing is changed, whatever came before it."""
    definition = program(tmp_path)
    forged = GIVEN.replace(str(START + 3_600), str(START + 3_601))
    with fresh_store(tmp_path / "refused") as store:
        rest_on(definition, store, [("good.json", GIVEN)])
        for text, why in (
            (forged, f"the signature is not {ANN.public}'s of this statement"),
            (signed(statement(EVE), EVE), f"{EVE.public} is no signer of this program"),
            ("{", "this is no attestation"),
        ):
            with pytest.raises(AttestationRefused) as refused:
                rest_on(definition, store, [("other.json", AHEAD), ("ann.json", text)])
            assert str(refused.value).startswith(f"ann.json: {why}")
        with store.reading() as tx:
            [kept] = tx.attestations.all()
        assert kept.statement == statement(effective_from=START + 3_600)
