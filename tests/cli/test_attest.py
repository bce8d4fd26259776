"""`attest`: from a new key to a statement that another watcher takes in."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.stages.test_attesting import PROGRAM
from watcher.signing import PrivateKey, write_private_key

ANN = PrivateKey(b"a" * 32)


@pytest.fixture
def key(folder: Path) -> str:
    """Write a program that takes ann's word, and her private key."""
    (folder / "world.toml").write_text(PROGRAM.replace("REQUIRED", "1"), encoding="utf-8")
    write_private_key(folder / "ann.key", ANN)
    return str(folder / "ann.key")


def test_a_new_key_is_for_its_owner_alone(watcher: Command, folder: Path) -> None:
    """The public one is printed; an existing file is never overwritten."""
    said = watcher("attest", "key", str(folder / "new.key"))
    assert said.code == 0
    assert len(said.out.strip()) == 64
    assert os.stat(folder / "new.key").st_mode & 0o777 == 0o600  # noqa: PTH116
    assert watcher("attest", "key", str(folder / "new.key")).code != 0


def test_what_is_signed_can_be_admitted_listed_and_taken_elsewhere(
    watcher: Command, folder: Path, key: str
) -> None:
    """`list --json` gives files that are admitted under the same time."""
    said = watcher(
        *("attest", "sign", "alpha", "core-loop", "--key-file", key, "--from", "2026-01-01T00:00:00Z"),
        *("--valid-for", "90d", "--link", "https://example.org/review"),
    )
    assert said.code == 0
    (folder / "one.json").write_text(said.out, encoding="utf-8")
    admitted = watcher("attest", "admit", str(folder / "one.json"))
    assert "acts from 2026-01-01T00:00:00Z on" in admitted.out
    (listed,) = watcher("attest", "list", "--json").objects
    assert listed["admitted_at"] == 0
    assert listed["statement"] == json.loads(said.out)["statement"]
    columns, row = watcher("attest", "list").out.splitlines()
    assert columns.split()[0] == "subject"
    assert row.split()[:3] == ["alpha", "core-loop", "true"]
    (folder / "again.json").write_text(json.dumps(listed), encoding="utf-8")
    assert watcher("attest", "admit", str(folder / "again.json")).code == 0


def test_now_is_when_it_is_signed(watcher: Command, key: str) -> None:
    """Unless the signer says since when."""
    (file,) = watcher("attest", "sign", "l2-stage", "value", "2", "--key-file", key).objects
    assert file["statement"]["effective_from"] > 1_700_000_000
    assert file["statement"]["valid_for"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["alpha", "core-loop", "--from", "yesterday"], "--from 'yesterday' is not an instant"),
        (["alpha", "core-loop", "--valid-for", "long"], "--valid-for 'long' is not a duration"),
        (["alpha", "novelty"], 'no rule of this program asks for "novelty"'),
    ],
)
def test_a_wrong_turn_is_explained_before_anything_is_signed(
    watcher: Command, key: str, arguments: list[str], words: str
) -> None:
    """What would be refused later is refused here."""
    said = watcher("attest", "sign", *arguments, "--key-file", key)
    assert said.code == 2
    assert words in said.err
    assert said.out == ""


def test_a_file_that_is_not_there_is_named(watcher: Command, folder: Path, key: str) -> None:
    """With what the system said."""
    del key
    said = watcher("attest", "admit", str(folder / "none.json"))
    assert said.code == 2
    assert "none.json cannot be read" in said.err
