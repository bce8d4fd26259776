"""Attestations: admitted once, acting from a block on, and the same for every watcher that has them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stages.world import APPS, START, Watch, fresh_store, use, world_clock
from watcher.config.program import load_program
from watcher.core.attestations import Statement
from watcher.core.definition import Definition
from watcher.core.moments import AtBlock
from watcher.errors import AttestationRefused
from watcher.signing import PrivateKey, new_key, sign
from watcher.stages.attesting import Folder, admit, exported, statements_in
from watcher.stages.lookback import as_of
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain

ANN, BOB, EVE = PrivateKey(b"a" * 32), PrivateKey(b"b" * 32), new_key()

PROGRAM = f"""
schema = 1
id = "world"

[provenance]
authority = "observer"
source = "https://example.org/terms"

[chain]
id = 31337
family = "ethereum"
finality = {{ depth = 1 }}
count_from = 1

[attestations]
signers = {{ ann = "{ANN.public}", bob = "{BOB.public}" }}
required = REQUIRED

[liveness]
window = {{ days = 30, kind = "rolling" }}
min_actions = 1
attested = ["core-loop"]

[[app]]
id = "alpha"
[[app.contract]]
address = "{APPS[0]}"

[[kpi]]
id = "one-live"
metric = {{ kind = "live_apps" }}
at_least = 1

[[kpi]]
id = "stage"
metric = {{ kind = "attested_value", subject = "l2-stage" }}
at_least = 1
"""


def program(folder: Path, required: int = 1, edit: Callable[[str], str] = str) -> Definition:
    """Load the program, as somebody edited it."""
    file = folder / "attested.toml"
    file.write_text(edit(PROGRAM.replace("REQUIRED", str(required))), encoding="utf-8")
    return load_program(file).definition


def statement(key: PrivateKey = ANN, **changes: Any) -> Statement:  # noqa: ANN401  # any field
    """Say that alpha's core loop works, since before the chain began."""
    said = {
        "program_id": "world",
        "chain_id": 31337,
        "by": key.public,
        "subject": "alpha",
        "claim": "core-loop",
        "value": "true",
        "effective_from": START - 100,
    }
    return Statement(**{**said, **changes})


def signed(said: Statement, key: PrivateKey = ANN, **more: object) -> str:
    """Give the file of a statement."""
    return json.dumps({"statement": said.body(), "signature": sign(key, said.signed()), **more})


def chain(hours: int) -> FakeChain:
    """Make a chain whose app is used in its first block, with an empty block an hour."""
    made = FakeChain(genesis_time=START)
    made.block(*use(APPS[0], 0), code={APPS[0]: b"\x60\x01"})
    made.empty_blocks(hours, every=3_600)
    return made


def story(watch: Watch) -> list[tuple[str, str, int]]:
    """Give the ledger without its opening, attestations by their type alone."""
    return [
        (kind, "" if kind == "attestation.recorded" else subject, number)
        for kind, subject, number in watch.story()
        if kind != "definition.adopted"
    ]


def test_an_attestation_acts_from_its_admission_on_and_never_before(tmp_path: Path) -> None:
    """However early it says that it was so; what was concluded stays."""
    definition = program(tmp_path)
    made = chain(5)
    with fresh_store(tmp_path / "live") as store:
        watch = Watch(definition, made, store)
        watch.sync()
        assert story(watch) == []
        kept = admit(definition, store, signed(statement()))
        assert kept.admitted_at == made.head().timestamp
        made.empty_blocks(3, every=3_600)
        watch.sync()
        assert story(watch) == [
            ("attestation.recorded", "", 6),
            ("app.went_live", "alpha", 6),
            ("kpi.met", "one-live", 6),
        ]
        entries = watch.entries()
    with fresh_store(tmp_path / "again") as store:
        for each in [kept]:
            admit(definition, store, json.dumps(dict(exported(each))))
        again = Watch(definition, made, store)
        again.sync()
        assert again.entries() == entries


def test_it_expires_and_can_be_taken_back(tmp_path: Path) -> None:
    """At the very first block at or after the instant, without any transaction."""
    definition = program(tmp_path)
    made = chain(30)
    with fresh_store(tmp_path / "expires") as store:
        admit(definition, store, signed(statement(valid_for=100 + 5 * 3_600 + 1)))
        watch = Watch(definition, made, store)
        watch.sync()
        assert ("app.went_live", "alpha", 1) in story(watch)
        states = {number: verdict_at(store, definition, number) for number in (5, 6, 30)}
        assert states == {5: "LIVE", 6: "UNKNOWN", 30: "UNKNOWN"}
    with fresh_store(tmp_path / "revoked") as store:
        first = admit(definition, store, signed(statement()))
        back = statement(revokes=first.statement.id, effective_from=START + 3 * 3_600)
        admit(definition, store, signed(back))
        other = statement(BOB, revokes=first.statement.id)
        admit(definition, store, signed(other, BOB))
        watch = Watch(definition, made, store)
        watch.sync()
        assert {number: verdict_at(store, definition, number) for number in (3, 4, 9)} == {
            3: "LIVE",
            4: "UNKNOWN",
            9: "UNKNOWN",
        }


def verdict_at(store: Store, definition: Definition, number: int) -> str:
    """Give alpha's verdict as of a block."""
    with store.reading() as tx:
        (status,) = as_of(definition, tx, AtBlock(number)).state.apps.values()
    return str(status.verdict)


def test_as_many_signers_as_required_have_to_say_the_same(tmp_path: Path) -> None:
    """One alone leaves it open, a second one decides; those who differ leave it open."""
    definition = program(tmp_path, required=2)
    made = chain(10)
    with fresh_store(tmp_path / "two") as store:
        admit(definition, store, signed(statement()))
        admit(definition, store, signed(statement(BOB, effective_from=START + 4 * 3_600), BOB))
        admit(definition, store, signed(statement(BOB, value="false", effective_from=START + 8 * 3_600), BOB))
        watch = Watch(definition, made, store)
        watch.sync()
        verdicts = {number: verdict_at(store, definition, number) for number in (4, 5, 9)}
        assert verdicts == {4: "UNKNOWN", 5: "LIVE", 9: "UNKNOWN"}


def test_a_false_claim_takes_an_app_out(tmp_path: Path) -> None:
    """It is an answer, and no lack of one; a signer's later word replaces the earlier one."""
    definition = program(tmp_path)
    with fresh_store(tmp_path / "false") as store:
        admit(definition, store, signed(statement()))
        admit(definition, store, signed(statement(value="false", effective_from=START + 2 * 3_600)))
        watch = Watch(definition, chain(10), store)
        watch.sync()
        assert ("app.went_dormant", "alpha", 3) in story(watch)


def test_a_number_is_attested_by_its_subject(tmp_path: Path) -> None:
    """Nobody says so: unknown; then it is compared with the bar."""
    definition = program(tmp_path)
    with fresh_store(tmp_path / "value") as store:
        said = statement(subject="l2-stage", claim="value", value="1.5", effective_from=START + 3 * 3_600)
        admit(definition, store, signed(said))
        watch = Watch(definition, chain(6), store)
        watch.sync()
        assert ("kpi.met", "stage", 4) in story(watch)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "this is no attestation"),
        ("[]", "this is no attestation"),
        (json.dumps({"statement": {**statement().body(), "effective_from": 2**60}, "signature": ""}), "safe"),
        (json.dumps({"statement": {**statement().body(), "more": 1}, "signature": ""}), "no attestation"),
        (signed(statement(program_id="other")), "it is about program other on chain 31337: this is world"),
        (signed(statement(EVE), EVE), "is no signer of this program"),
        (signed(statement(), BOB), "the signature is not"),
        (
            signed(statement(claim="novelty")),
            'no rule of this program asks for "novelty": what is asked for is core-loop',
        ),
        (signed(statement(subject="beta")), '"beta" is no app of this program'),
        (signed(statement(value="yes")), 'is neither "true" nor "false"'),
        (signed(statement(claim="value", subject="tvl", value="1")), 'no KPI reads an attested value "tvl"'),
        (signed(statement(claim="value", subject="l2-stage", value="-1")), "is not an amount"),
        (signed(statement(claim="value", subject="l2-stage", value="1.0")), 'the value "1.0" is written "1"'),
    ],
)
def test_what_does_not_count_is_refused_with_the_reason(text: str, words: str, tmp_path: Path) -> None:
    """Nothing of it is kept."""
    definition = program(tmp_path)
    with fresh_store(tmp_path / "refused") as store:
        with pytest.raises(AttestationRefused) as refused:
            admit(definition, store, text)
        assert words in str(refused.value)
        with store.reading() as tx:
            assert tx.attestations.all() == ()


def test_a_time_that_the_ledger_has_passed_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """It cannot act on what is concluded; without its time it is admitted now, and once."""
    definition = program(tmp_path)
    with fresh_store(tmp_path / "passed") as store:
        Watch(definition, chain(5), store).sync()
        with pytest.raises(AttestationRefused, match="take admitted_at out of the file to admit it now"):
            admit(definition, store, signed(statement(), admitted_at=START + 60))
        first = admit(definition, store, signed(statement()))
        assert admit(definition, store, signed(statement(), admitted_at=START + 60)) == first


def without_signers(text: str) -> str:
    """Ask for nothing that anybody has to attest."""
    bare = text.partition("[attestations]")[0] + text[text.index("[liveness]") :]
    return bare.replace('attested = ["core-loop"]\n', "").partition('[[kpi]]\nid = "stage"')[0]


def test_a_program_without_signers_takes_none(tmp_path: Path) -> None:
    """Whatever is in the file."""
    definition = program(tmp_path, edit=without_signers)
    with (
        fresh_store(tmp_path / "bare") as store,
        pytest.raises(AttestationRefused, match="takes no attestations"),
    ):
        admit(definition, store, signed(statement()))


def test_a_folder_is_looked_through_before_each_run(tmp_path: Path) -> None:
    """Each file once, until it changes; one that is refused does not keep the others out."""
    definition = program(tmp_path)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "1.json").write_text("{", encoding="utf-8")
    (inbox / "2.json").write_text(signed(statement()), encoding="utf-8")
    (inbox / "3.json").write_bytes(b"\xff")
    with fresh_store(tmp_path / "folder") as store:
        folder = Folder(definition, store, inbox)
        assert [folder.run(), folder.run()] == [1, 0]
        (inbox / "1.json").write_text(signed(statement(BOB), BOB), encoding="utf-8")
        assert folder.run() == 1
        with store.reading() as tx:
            assert len(tx.attestations.all()) == 2


def test_a_file_holds_one_attestation_or_one_a_line(tmp_path: Path) -> None:
    """What `attest list --json` prints is taken as it stands; a refused line keeps none of the others out."""
    definition = program(tmp_path)
    pretty = json.dumps(json.loads(signed(statement())), indent=2)
    assert statements_in(pretty) == [pretty]
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    lines = [signed(statement()), signed(statement(EVE), EVE), "", signed(statement(BOB), BOB)]
    (inbox / "all.json").write_text("\n".join(lines), encoding="utf-8")
    with fresh_store(tmp_path / "lines") as store:
        assert Folder(definition, store, inbox).run() == 2


def test_a_folder_may_come_later_and_its_files_may_be_unreadable_for_a_while(tmp_path: Path) -> None:
    """Neither stops the watcher, and what can be read then is admitted then."""
    definition = program(tmp_path)
    inbox = tmp_path / "inbox"
    with fresh_store(tmp_path / "later") as store:
        folder = Folder(definition, store, inbox)
        assert folder.run() == 0
        inbox.mkdir()
        (inbox / "1.json").mkdir()
        (inbox / "2.json").symlink_to(inbox / "gone")
        assert [folder.run(), folder.run()] == [0, 0]
        (inbox / "1.json").rmdir()
        (inbox / "1.json").write_text(signed(statement()), encoding="utf-8")
        (inbox / "gone").write_text(signed(statement(BOB), BOB), encoding="utf-8")
        assert folder.run() == 2


def test_however_often_it_starts_again_the_ledger_is_that_of_one_run_from_the_beginning(
    tmp_path: Path,
) -> None:
    """Claims and values that begin, change, expire and are taken back, admitted while the chain goes on."""
    definition = program(tmp_path)
    made = chain(1)
    hour = 3_600
    first = statement(valid_for=100 + 9 * hour + 7)
    coming = {
        1: (statement(BOB, value="false", effective_from=START + 5 * hour + 1), BOB),
        2: (first, ANN),
        3: (statement(BOB, effective_from=START + 8 * hour), BOB),
        4: (statement(subject="l2-stage", claim="value", value="2", valid_for=12 * hour), ANN),
        12: (statement(revokes=first.id, effective_from=START), ANN),
        13: (statement(BOB, value="false", effective_from=START + 15 * hour), BOB),
    }
    with fresh_store(tmp_path / "live") as store:
        for now in range(20):
            if now in coming:
                said, key = coming[now]
                admit(definition, store, signed(said, key))
            made.empty_blocks(1, every=hour)
            Watch(definition, made, store).sync()
        watch = Watch(definition, made, store)
        entries = watch.entries()
        with store.reading() as tx:
            files = [json.dumps(dict(exported(each))) for each in tx.attestations.all()]
        kinds = {kind for kind, _, _ in story(watch)}
    assert {"attestation.recorded", "app.went_live", "app.went_dormant", "kpi.met"} <= kinds
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "all.json").write_text("\n".join(reversed(files)), encoding="utf-8")
    with fresh_store(tmp_path / "again") as store:
        assert Folder(definition, store, inbox).run() == len(coming)
        again = Watch(definition, made, store)
        again.sync()
        assert again.entries() == entries


def test_what_is_admitted_while_a_copy_looks_ahead_makes_it_begin_anew(tmp_path: Path) -> None:
    """The provisional copy has taken in blocks at which the attestation acts."""
    definition = program(tmp_path)
    made = chain(3)
    with fresh_store(tmp_path / "copy") as store:
        watch = Watch(definition, made, store, world_clock())
        watch.sync()
        admit(definition, store, signed(statement()))
        watch.sync()
        made.empty_blocks(1)
        watch.sync()
        assert ("app.went_live", "alpha", 4) in story(watch)
