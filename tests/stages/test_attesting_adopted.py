"""Attestations after a change of the program: only what the program that is in force would admit counts."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stages.test_adopting import Edit, go_over, putting, under
from tests.stages.test_attesting import ANN, BOB, EVE, chain, program, signed, statement, without_signers
from tests.stages.world import START, Watch, fresh_store
from watcher.core.attestations import Statement
from watcher.core.definition import Definition
from watcher.signing import PrivateKey
from watcher.stages.attesting import Folder, admit, admitted, exported
from watcher.store.database import Store

HOUR = 3_600

ANNS = statement(effective_from=START + 2 * HOUR)
BOBS = statement(BOB, effective_from=START + HOUR)
BOBS_NUMBER = statement(
    BOB, subject="l2-stage", claim="value", value="2", effective_from=START + 3 * HOUR, valid_for=9 * HOUR
)
BOB_TAKES_BACK = statement(BOB, revokes=BOBS.id, effective_from=START + 5 * HOUR)
ANN_TAKES_BACK = statement(revokes=ANNS.id, effective_from=START + 7 * HOUR)
GIVEN = ((ANNS, ANN), (BOBS, BOB), (BOBS_NUMBER, BOB), (BOB_TAKES_BACK, BOB), (ANN_TAKES_BACK, ANN))

CHANGES: dict[str, tuple[Edit, set[Statement]]] = {
    "a signer is gone": (putting(f', bob = "{BOB.public}"', ""), {ANNS, ANN_TAKES_BACK}),
    "another signer": (putting(BOB.public, EVE.public), {ANNS, ANN_TAKES_BACK}),
    "all signers are others": (
        lambda text: text.replace(BOB.public, EVE.public).replace(ANN.public, PrivateKey(b"z" * 32).public),
        set(),
    ),
    "one signer more": (
        putting(f'"{BOB.public}"', f'"{BOB.public}", eve = "{EVE.public}"'),
        {said for said, _ in GIVEN},
    ),
    "two have to agree": (putting("required = 1", "required = 2"), {said for said, _ in GIVEN}),
    "another claim": (putting("core-loop", "novelty"), {BOBS_NUMBER, BOB_TAKES_BACK, ANN_TAKES_BACK}),
    "another app": (
        putting('id = "alpha"', 'id = "omega"'),
        {BOBS_NUMBER, BOB_TAKES_BACK, ANN_TAKES_BACK},
    ),
    "another number": (putting("l2-stage", "l3-stage"), {said for said, _ in GIVEN} - {BOBS_NUMBER}),
    "no attestations": (without_signers, set()),
}


def attested(folder: Path, store: Store) -> Watch:
    """Let a ledger take in all that is given, and go on behind the last instant at which it changes."""
    definition = program(folder)
    for said, key in GIVEN:
        admit(definition, store, signed(said, key))
    watch = Watch(definition, chain(20), store)
    watch.sync()
    return watch


def fresh_ledger(watch: Watch, new: Definition, folder: Path, *files: str) -> list[dict[str, Any]]:
    """Give what a fresh watcher concludes that finds these files in its folder."""
    inbox = folder / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "all.json").write_text("\n".join(files), encoding="utf-8")
    with fresh_store(folder) as store:
        Folder(new, store, inbox).run()
        fresh = Watch(new, watch.chain, store)
        fresh.sync()
        return fresh.entries()


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_what_the_new_program_would_not_admit_is_dropped(
    store: Store, tmp_path: Path, change: str
) -> None:
    """As by a fresh watcher that is given the old watcher's files, or what the new one lists."""
    edit, counting = CHANGES[change]
    watch = attested(tmp_path, store)
    with store.reading() as tx:
        files = [json.dumps(dict(exported(each))) for each in admitted(watch.program, tx)]
    assert len(files) == len(GIVEN)
    (tmp_path / "new").mkdir()
    new = program(tmp_path / "new", edit=edit)
    go_over(watch, new, tmp_path / "beside")
    watch = under(watch, new)
    watch.sync()
    with store.reading() as tx:
        left = admitted(new, tx)
    assert {each.statement for each in left} == counting
    recorded = {subject for kind, subject, _ in watch.story() if kind == "attestation.recorded"}
    assert recorded == {said.id for said in counting}
    listed = [json.dumps(dict(exported(each))) for each in left]
    assert watch.entries() == fresh_ledger(watch, new, tmp_path / "given", *files)
    assert watch.entries() == fresh_ledger(watch, new, tmp_path / "listed", *listed)


def test_a_claim_whose_signer_is_gone_does_not_keep_an_app_alive(store: Store, tmp_path: Path) -> None:
    """What was concluded by the word of that signer stays in the old ledger alone."""
    watch = attested(tmp_path, store)
    live = [("app.went_live", "alpha", 2), ("kpi.met", "one-live", 2), ("kpi.met", "stage", 4)]
    assert [each for each in watch.story() if each[0] in {"app.went_live", "kpi.met"}] == live
    (tmp_path / "new").mkdir()
    new = program(tmp_path / "new", edit=CHANGES["a signer is gone"][0])
    go_over(watch, new, tmp_path / "beside")
    after = under(watch, new)
    after.sync()
    told = [each for each in after.story() if each[0] in {"app.went_live", "kpi.met"}]
    assert told == [("app.went_live", "alpha", 3), ("kpi.met", "one-live", 3)]
    with store.reading() as tx:
        old = [
            entry["subject"]
            for entry in tx.ledger.entries(generation=1)
            if entry["type"] == "attestation.recorded"
        ]
    assert sorted(old) == sorted(said.id for said, _ in GIVEN)


def test_what_was_dropped_counts_again_under_a_program_that_would_admit_it(
    store: Store, tmp_path: Path
) -> None:
    """It stays under the time at which it was admitted: going back gives the old ledger to the byte."""
    watch = attested(tmp_path, store)
    old = watch.entries()
    (tmp_path / "new").mkdir()
    new = program(tmp_path / "new", edit=CHANGES["all signers are others"][0])
    go_over(watch, new, tmp_path / "beside")
    under(watch, new).sync()
    go_over(watch, watch.program, tmp_path / "beside again")
    under(watch, watch.program).sync()
    assert watch.entries() == old
