"""A stranger recounts a milestone from a node of their own: equal, differs (where), or cannot tell (why)."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gate import Gate, gate
from tests.e2e.processes import DEPTH, Installation
from tests.e2e.story import Town, installation, town
from tests.nodes import GENESIS_TIME
from watcher.core.attestations import Statement
from watcher.signing import PrivateKey, new_key, sign, write_private_key

EQUAL, DIFFERS, WRONG_USE, CANNOT_TELL = 0, 1, 2, 4


@dataclass(frozen=True)
class Case:
    """A chain, a watcher that has seen a milestone there, its bundle, and a gate for the stranger."""

    place: Town
    watcher: Installation
    gate: Gate

    @property
    def bundle(self) -> Path:
        """Give where the bundle is."""
        return self.watcher.folder / "bundle.json"

    def change(self, **fields: Any) -> None:  # noqa: ANN401  # whatever JSON holds
        """Change the bundle's first app."""
        content = json.loads(self.bundle.read_text(encoding="utf-8"))
        content["apps"][0] |= fields
        self.bundle.write_text(json.dumps(content), encoding="utf-8")

    def verify(self, code: int, *options: str) -> dict[str, Any]:
        """Recount through the gate; the exit code has to be this one."""
        run = self.watcher.watcher(
            "verify", str(self.bundle), "--rpc", f"{self.gate.url}/a-secret-key", "--json", *options
        )
        assert run.returncode == code, f"{run.returncode}\n{run.stdout}\n{run.stderr}"
        assert "a-secret-key" not in run.stdout + run.stderr
        return dict(json.loads(run.stdout))


@contextmanager
def bundle_of(folder: Path, *options: str) -> Iterator[Case]:
    """Let three apps go live, and hand over the milestone's bundle."""
    with town(*options) as place, gate(place.node.url) as found:
        found.open.set()
        place.go_live(0, 1, 2)
        place.pass_blocks()
        watcher = installation(folder, place)
        watcher.say("sync")
        case = Case(place, watcher, found)
        case.bundle.write_text(watcher.say("evidence", "first", "--json"), encoding="utf-8")
        yield case


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """Give a bundle that is right."""
    with bundle_of(tmp_path) as found:
        yield found


def words(answer: dict[str, Any]) -> Sequence[str]:
    """Give where an answer says that the bundle differs."""
    return [each["words"] for each in answer["differences"]]


def test_a_bundle_that_is_right_is_equal_and_the_second_time_nothing_is_read(case: Case) -> None:
    """It says what it will cost before, and keeps what it read."""
    first = case.verify(EQUAL)
    assert first["verdict"] == "equal"
    assert first["bundle_sha256"] == first["recount_sha256"]
    assert first["cost"]["blocks"] == first["block_number"] - case.place.first + 1
    again = case.verify(EQUAL, "--sha256", first["bundle_sha256"])
    assert again["cost"] is None
    assert case.verify(EQUAL, "--receipts-only")["proven"] == "receipts"
    assert case.verify(DIFFERS, "--sha256", "00" * 32)["why"].endswith("not " + "00" * 32)


def test_one_changed_digit_is_found_and_the_app_and_day_are_named(case: Case) -> None:
    """Whoever forges a bundle is told where."""
    content = json.loads(case.bundle.read_text(encoding="utf-8"))
    day = content["apps"][0]["days"][0]
    case.change(days=[{**day, "actions": day["actions"] + 1}])
    answer = case.verify(DIFFERS)
    assert words(answer) == [f"app app0, day {day['day']}, actions"]
    assert answer["differences"][0]["bundle"] == day["actions"] + 1
    assert answer["differences"][0]["recount"] == day["actions"]


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda result: result[:-1], "receipts for"),
        (lambda result: [{**result[0], "logs": []}, *result[1:]], "receiptsRoot"),
        (lambda result: [{**result[0], "status": "0x0"}, *result[1:]], "receiptsRoot"),
        (lambda result: [{**result[0], "from": f"0x{'ee' * 20}"}, *result[1:]], "signed it"),
    ],
    ids=["left out", "logs left out", "forged", "sender forged"],
)
def test_an_endpoint_that_changes_receipts_is_caught(case: Case, edit: Any, why: str) -> None:  # noqa: ANN401
    """Nothing is said about the bundle then: the block and what is wrong with it are named."""
    busy = hex(case.place.first + 2)
    case.gate.edit = lambda method, parameters, result: (
        edit(result) if (method, parameters) == ("eth_getBlockReceipts", [busy]) else result
    )
    answer = case.verify(CANNOT_TELL)
    assert answer["verdict"] == "cannot_tell"
    assert f"block {int(busy, 16)}" in answer["why"]
    assert why in answer["why"]
    assert "/a-secret-key" not in answer["why"]
    case.gate.edit = None
    assert case.verify(EQUAL)["verdict"] == "equal"


def test_without_proof_a_receipt_left_out_whole_makes_a_difference_that_is_not_there(case: Case) -> None:
    """Its transaction left out of the header as well: only the hashes show who is wrong."""
    busy = hex(case.place.first + 1)

    def shortened(method: str, parameters: Sequence[Any], result: Any) -> Any:  # noqa: ANN401
        match method:
            case "eth_getBlockReceipts" if parameters[0] == busy:
                return result[:-1]
            case "eth_getBlockByNumber" if parameters[0] == busy:
                return {**result, "transactions": result["transactions"][:-1], "gasUsed": "0x0"}
        return result

    case.gate.edit = shortened
    answer = case.verify(DIFFERS, "--no-proof")
    assert "app app0, actions" in words(answer)
    assert answer["proven"] == "nothing"
    assert f"block {int(busy, 16)}" in case.verify(CANNOT_TELL)["why"]


def test_a_node_without_history_cannot_tell(case: Case) -> None:
    """It says so before anything is read, and from where on it has some."""
    there = case.place.first + 2
    case.gate.edit = lambda method, parameters, result: (
        None if method == "eth_getBlockReceipts" and int(parameters[0], 16) < there else result
    )
    assert f"receipts from block {there} on" in case.verify(CANNOT_TELL)["why"]


def test_a_recount_that_broke_off_goes_on_where_it_was(tmp_path: Path) -> None:
    """An endpoint that goes down is the outside world's failure; what was read until then is kept."""
    with town() as place, gate(place.node.url) as found:
        found.open.set()
        place.node.ask("anvil_mine", hex(1_200))
        place.go_live(0, 1, 2)
        place.pass_blocks()
        watcher = installation(tmp_path, place)
        watcher.say("sync")
        case = Case(place, watcher, found)
        case.bundle.write_text(watcher.say("evidence", "first", "--json"), encoding="utf-8")
        halfway = case.place.first + 700
        found.edit = lambda method, parameters, result: (
            None if method == "eth_getBlockReceipts" and parameters[0] == hex(halfway) else result
        )
        assert f"block {halfway}" in case.verify(CANNOT_TELL)["why"]
        found.edit = None
        rest = case.verify(EQUAL)["cost"]["blocks"]
        assert 500 <= rest <= 710


def test_a_node_of_another_chain_or_branch_is_told_apart(case: Case) -> None:
    """Another chain id cannot tell; the same id with another block under the number differs."""
    with town() as elsewhere, gate(elsewhere.node.url) as other:
        other.open.set()
        elsewhere.pass_blocks(12)
        there = Case(elsewhere, case.watcher, other)
        assert words(there.verify(DIFFERS)) == ["block, hash"]
        other.edit = lambda method, _parameters, result: "0x1" if method == "eth_chainId" else result
        assert "chain 1" in there.verify(CANNOT_TELL)["why"]


def test_another_definition_or_a_block_that_is_not_final_cannot_be_told(case: Case) -> None:
    """The remedy is named: the publisher's program file; to wait."""
    content = json.loads(case.bundle.read_text(encoding="utf-8"))
    newest = case.place.node.block("latest")
    block = {**content["block"], "number": int(newest["number"], 16), "hash": newest["hash"]}
    case.bundle.write_text(json.dumps({**content, "block": block}), encoding="utf-8")
    assert "is not final there" in case.verify(CANNOT_TELL)["why"]
    case.bundle.write_text(json.dumps({**content, "definition_hash": "00" * 32}), encoding="utf-8")
    assert "--program" in case.verify(CANNOT_TELL)["why"]


def test_people_get_the_cost_before_and_the_verdict_after(case: Case) -> None:
    """The verdict is the first word on stdout; everything else goes to stderr."""
    case.change(actions=5)
    run = case.watcher.watcher("verify", "bundle.json", "--rpc", case.gate.url)
    assert run.returncode == DIFFERS
    verdict, where = run.stdout.splitlines()
    assert verdict.startswith("differs: the recount gives another bundle, sha256 ")
    assert where == "  app app0, actions: 5 in the bundle, 4 in the recount"
    assert "billed calls" in run.stderr
    assert "it is kept in bundle.json.work" in run.stderr


def test_what_cannot_be_used_is_refused(case: Case) -> None:
    """A wrong URL, a file that is not there, a folder that is a file: each with the remedy."""
    for arguments, why in (
        (["bundle.json", "--rpc", "ws://host"], "--rpc is not the URL of an endpoint"),
        (["none.json", "--rpc", case.gate.url], "none.json: cannot be read"),
        (
            ["bundle.json", "--rpc", case.gate.url, "--work", "program.toml"],
            "--work program.toml: cannot be made",
        ),
    ):
        run = case.watcher.watcher("verify", *arguments)
        assert run.returncode == 2
        assert why in run.stderr


def test_a_signed_bundle_is_recounted_like_any_other(case: Case) -> None:
    """With the key that has to have signed it."""
    folder = case.watcher.folder
    write_private_key(folder / "signing.key", key := new_key())
    file = folder / "watcher.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("[schedule]", 'signing_key = { file = "signing.key" }\n[schedule]'), encoding="utf-8"
    )
    case.bundle.write_text(case.watcher.say("evidence", "first", "--signed"), encoding="utf-8")
    assert case.verify(EQUAL, "--key", key.public)["signed_by"] == key.public


SIGNER = PrivateKey(b"s" * 32)


def attesting(watcher: Installation) -> None:
    """Let the program ask for a claim about each app, and take the signer's word for it."""
    file = watcher.folder / "program.toml"
    text = file.read_text(encoding="utf-8").replace(
        "min_actors = 3", 'min_actors = 3\nattested = ["core-loop"]'
    )
    file.write_text(f'{text}\n[attestations]\nsigners = {{ ann = "{SIGNER.public}" }}\n', encoding="utf-8")


def word_for(app: int) -> str:
    """Sign that an app's core loop works, and has since the chain began."""
    said = Statement("e2e", 31_337, SIGNER.public, f"app{app}", "core-loop", "true", GENESIS_TIME)
    return json.dumps({"statement": said.body(), "signature": sign(SIGNER, said.signed())})


def test_a_bundle_that_rests_on_attestations_is_recounted_with_them(tmp_path: Path) -> None:
    """Equal with the folder that they are in, different without it, whatever was recounted there before.

    A statement that was changed by a digit is refused, and the file it is in is named.
    """
    with town() as place, gate(place.node.url) as found:
        found.open.set()
        case = Case(place, installation(tmp_path, place), found)
        attesting(case.watcher)
        place.go_live(0, 1, 2)
        place.pass_blocks()
        case.watcher.say("sync")
        (tmp_path / "words.json").write_text("\n".join(map(word_for, range(3))), encoding="utf-8")
        case.watcher.say("attest", "admit", "words.json")
        place.pass_blocks(2 * DEPTH)
        case.watcher.say("sync")
        case.bundle.write_text(case.watcher.say("evidence", "first", "--json"), encoding="utf-8")
        folder = tmp_path / "words"
        folder.mkdir()
        words_of = case.watcher.say("attest", "list", "--json")
        (folder / "all.json").write_text(words_of, encoding="utf-8")
        without = case.verify(DIFFERS)
        assert "block at which milestone first is reached" in words(without)
        first = case.verify(EQUAL, "--attestations", str(folder))
        assert first["bundle_sha256"] == first["recount_sha256"]
        assert first["cost"] is None, "what was read for the recount without them serves"
        assert case.verify(DIFFERS)["differences"] == without["differences"]
        digit = f'"effective_from": {GENESIS_TIME}'
        assert digit in words_of
        (folder / "all.json").write_text(words_of.replace(digit, f"{digit[:-1]}1", 1), encoding="utf-8")
        refused = case.watcher.watcher(
            *("verify", "bundle.json", "--rpc", found.url, "--attestations", "words")
        )
        assert refused.returncode == WRONG_USE
        assert f"all.json: the signature is not {SIGNER.public}'s of this statement" in refused.stderr
