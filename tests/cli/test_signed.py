"""Signed bundles and heads: who said it, and whether the operator has more than one ledger."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.stages.world import Watch
from watcher.core.heads import head_of
from watcher.core.ledger import canonical, sha256_hex
from watcher.core.signed import Kind, envelope, opened
from watcher.signing import new_key, private_key

KEY = private_key("07" * 32)
YES, NO, REFUSED, CANNOT_TELL = 0, 1, 2, 4

Put = Callable[[str, object], str]


@pytest.fixture
def signing(folder: Path, watch: Watch) -> Watch:
    """Give the watcher a key."""
    (folder / "signing.key").write_text(f"{KEY.seed.hex()}\n", encoding="ascii")
    file = folder / "watcher.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[[endpoint]]", 'signing_key = { file = "signing.key" }\n[[endpoint]]', 1))
    return watch


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write JSON to a file and give its path."""

    def write(name: str, content: object) -> str:
        lines = content if isinstance(content, list) else [content]
        path = tmp_path / name
        path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
        return str(path)

    return write


def head_after(watch: Watch, entries: int) -> dict[str, Any]:
    """Give the signed head of the ledger as it was after so many entries."""
    return envelope(Kind.HEAD, head_of(watch.entries()[entries - 1]), KEY)


def other_ledger(watch: Watch) -> list[dict[str, Any]]:
    """Give a ledger that says something else from its second entry on."""
    entries: list[dict[str, Any]] = []
    for entry in watch.entries():
        body = {key: value for key, value in entry.items() if key != "digest"}
        if entries:
            body |= {"subject": "another", "previous_digest": entries[-1]["digest"]}
        entries.append({**body, "digest": sha256_hex(canonical(body))})
    return entries


def test_the_head_is_that_of_the_last_entry(watcher: Command, signing: Watch) -> None:
    """Signed, it is in an envelope."""
    [plain] = watcher("ledger", "--head").objects
    assert plain["digest"] == signing.digest()
    assert plain["sequence"] == len(signing.entries())
    [signed] = watcher("ledger", "--head", "--signed").objects
    found = opened(signed, Kind.HEAD)
    assert (found.content, found.signer, found.valid) == (plain, KEY.public, True)


def test_a_signed_bundle_is_the_stored_one(watcher: Command, signing: Watch) -> None:
    """Whoever opens the envelope finds the bytes that the entry names."""
    [entry] = [each for each in signing.entries() if each["type"] == "milestone.reached"]
    [signed] = watcher("evidence", "first", "--signed").objects
    found = opened(signed, Kind.BUNDLE)
    assert found.valid
    assert sha256_hex(canonical(found.content)) == entry["evidence"]["bundle_sha256"]


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("evidence", "first", "--signed"), "signing needs a key"),
        (("ledger", "--head", "--signed"), "openssl rand -hex 32"),
        (("ledger", "--signed"), "write --head as well"),
    ],
)
def test_nothing_is_signed_without_a_key(watcher: Command, arguments: tuple[str, ...], why: str) -> None:
    """The remedy is named."""
    said = watcher(*arguments)
    assert said.code == REFUSED
    assert why in said.err


def test_heads_of_one_ledger_agree(watcher: Command, signing: Watch, put: Put) -> None:
    """The later one and the ledger have the earlier one in them."""
    early, late = put("early", head_after(signing, 1)), put("late", head_after(signing, 3))
    ledger = put("ledger", signing.entries())
    said = watcher("verify", "heads", early, late, "--key", KEY.public, "--ledger", ledger)
    assert (said.code, said.out) == (YES, "equal: all of these heads are of one ledger\n")
    alone = watcher("verify", "heads", early, late, "--key", KEY.public, "--json")
    assert alone.code == CANNOT_TELL
    assert alone.objects[0]["verdict"] == "cannot_tell"
    assert "--ledger" in alone.objects[0]["why"]


def test_an_operator_with_two_ledgers_is_caught(watcher: Command, signing: Watch, put: Put) -> None:
    """By two heads of one entry; or by an old head and the ledger that is shown now."""
    told = put("told", head_after(signing, 3))
    elsewhere = put("elsewhere", envelope(Kind.HEAD, head_of(other_ledger(signing)[2]), KEY))
    said = watcher("verify", "heads", told, elsewhere, "--key", KEY.public)
    assert said.code == NO
    assert told in said.out
    assert elsewhere in said.out
    ledger = put("ledger", other_ledger(signing))
    said = watcher("verify", "heads", told, "--key", KEY.public, "--ledger", ledger, "--json")
    assert said.code == NO
    assert "is not of this ledger" in said.objects[0]["why"]


def test_what_the_operator_did_not_sign_says_nothing_of_the_operator(
    watcher: Command, signing: Watch, put: Put
) -> None:
    """Not signed, changed, signed by somebody else."""
    right = put("right", head_after(signing, 3))
    stranger = new_key()
    for content, why in (
        (head_after(signing, 3)["content"], "is not signed: ask for what --signed prints"),
        (
            {**head_after(signing, 3), "content": head_after(signing, 2)["content"]},
            "was changed after it was",
        ),
        (envelope(Kind.HEAD, head_of(signing.entries()[2]), stranger), f"is signed by key {stranger.public}"),
    ):
        said = watcher("verify", "heads", right, put("other", content), "--key", KEY.public)
        assert said.code == CANNOT_TELL
        assert why in said.out


def test_what_is_no_head_or_key_is_refused(watcher: Command, signing: Watch, put: Put) -> None:
    """With what to give in its place."""
    right = put("right", head_after(signing, 3))
    for arguments, why in (
        ((put("bundle", {"milestone": "first"}), "--key", KEY.public), "is no ledger head"),
        ((right, "--key", "7"), "is not an ed25519 public key"),
        ((right,), "--key"),
        ((right, "--key", KEY.public, "--ledger", "none"), "cannot be read"),
    ):
        said = watcher("verify", "heads", *arguments)
        assert said.code == REFUSED
        assert why in said.err


@pytest.mark.usefixtures("signing")
@pytest.mark.parametrize(
    ("change", "key", "code", "why"),
    [
        (
            lambda signed: {**signed, "content": {**signed["content"], "schema": 2}},
            None,
            NO,
            "was changed after it was signed",
        ),
        (lambda signed: signed, new_key().public, NO, f"is signed by key {KEY.public}"),
        (lambda signed: signed["content"], KEY.public, CANNOT_TELL, "is not signed"),
        (lambda signed: {**signed, "kind": "ledger-head"}, None, REFUSED, "is not the bundle of a milestone"),
        (lambda _signed: "hello", None, REFUSED, "is not the bundle of a milestone"),
    ],
    ids=["changed", "another key", "not signed", "another kind", "no bundle"],
)
def test_a_bundle_whose_signature_is_wrong_is_not_recounted(
    watcher: Command,
    put: Put,
    *,
    change: Callable[[Any], Any],
    key: str | None,
    code: int,
    why: str,
) -> None:
    """It is said at once, before an endpoint is asked anything."""
    [signed] = watcher("evidence", "first", "--signed").objects
    options = [] if key is None else ["--key", key]
    said = watcher("verify", put("bundle", change(signed)), "--rpc", "http://127.0.0.1:9", *options)
    assert said.code == code
    assert why in said.out + said.err


@pytest.mark.usefixtures("signing")
def test_two_ways_of_believing_do_not_go_together(watcher: Command, put: Put) -> None:
    """One of them would be a surprise."""
    [signed] = watcher("evidence", "first", "--signed").objects
    options = ["--rpc", "http://127.0.0.1:9", "--no-proof", "--receipts-only"]
    said = watcher("verify", put("bundle", signed), *options)
    assert said.code == REFUSED
    assert "choose one of them" in said.err


@pytest.mark.usefixtures("watch")
def test_a_file_that_is_no_json_is_refused(watcher: Command, tmp_path: Path) -> None:
    """What people print for people is no bundle."""
    (tmp_path / "bundle").write_text(watcher("evidence", "first").out, encoding="utf-8")
    said = watcher("verify", str(tmp_path / "bundle"), "--rpc", "http://127.0.0.1:9")
    assert said.code == REFUSED
    assert "is no JSON" in said.err
