"""`attest`: from a new key to a statement that another watcher takes in."""

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.cli.conftest import Command
from tests.stages.test_attesting import PROGRAM, chain
from tests.stages.world import APPS, Watch
from watcher.config.program import load_program
from watcher.signing import PrivateKey, write_private_key
from watcher.store.database import Store

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


def test_a_refused_file_is_named_among_several(watcher: Command, folder: Path, key: str) -> None:
    """Those before it are admitted."""
    files = []
    for number, said in enumerate(
        watcher(
            "attest", "sign", "alpha", "core-loop", "--key-file", key, "--from", f"2026-01-0{day}T00:00:00Z"
        )
        for day in (1, 2)
    ):
        files.append(folder / f"{number}.json")
        files[-1].write_text(said.out.replace('"true"', '"false"') if number else said.out, encoding="utf-8")
    refused = watcher("attest", "admit", *map(str, files))
    assert refused.code == 2
    assert f"{files[0]}: acts from 2026-01-01T00:00:00Z on" in refused.out
    assert f"{files[1]}: the signature is not {ANN.public}'s" in refused.err


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", "no *.json is in that folder"),
        ("none.json", "none.json cannot be read"),
        ("words", "all.json: this is no attestation"),
    ],
)
def test_attestations_that_a_recount_cannot_rest_on_are_named(
    watcher: Command, folder: Path, name: str, words: str
) -> None:
    """Before the endpoint is asked."""
    (folder / "bundle.json").write_text(watcher("evidence", "first", "--json").out, encoding="utf-8")
    (folder / "nothing").mkdir()
    (folder / "words").mkdir()
    (folder / "words" / "all.json").write_text("[]", encoding="utf-8")
    bundle, words_of = str(folder / "bundle.json"), str(folder / name)
    said = watcher("verify", bundle, "--rpc", "http://127.0.0.1:9", "--attestations", words_of)
    assert said.code == 2
    assert words in said.err


@contextmanager
def blockscout(answer: bytes, status: int = 200) -> Iterator[str]:
    """Serve an explorer that says the same of every contract; give its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def asking(folder: Path) -> list[str]:
    """Fill a database under a program that asks for verified source, and give the command without its URL."""
    text = PROGRAM.replace("REQUIRED", "1").replace('"core-loop"', '"source-verified"')
    (folder / "world.toml").write_text(text, encoding="utf-8")
    write_private_key(folder / "ann.key", ANN)
    definition = load_program(folder / "world.toml").definition
    with closing(Store.open(f"sqlite:///{folder / 'watcher.db'}", create=True)) as store:
        Watch(definition, chain(3), store).sync()
    return ["attest", "verified-source", "--explorer", "blockscout", "--key-file", str(folder / "ann.key")]


@pytest.mark.parametrize(
    ("answer", "value", "words"),
    [
        (b'{"is_verified": true}', "true", "alpha: 1 of 1 are verified"),
        (b'{"deployed_bytecode": "0x60"}', "false", f"alpha: 0 of 1 are verified; {APPS[0]} is not"),
    ],
)
def test_what_an_explorer_says_is_signed_and_can_be_admitted(
    watcher: Command, asking: list[str], answer: bytes, value: str, words: str
) -> None:
    """As a statement about the app, with the page at which a reader finds the same."""
    with blockscout(answer) as url:
        said = watcher(*asking, "--url", url, "--valid-for", "30d")
    assert said.code == 0, said.err
    assert words in said.err
    (file,) = said.objects
    assert file["statement"]["claim"] == "source-verified"
    assert file["statement"]["value"] == value
    assert file["statement"]["valid_for"] == 30 * 86_400
    assert file["statement"]["link"] == f"{url}/address/{APPS[0]}?tab=contract"
    signed = Path(asking[-1]).with_name("said.json")
    signed.write_text(said.out, encoding="utf-8")
    assert watcher("attest", "admit", str(signed)).code == 0


def test_an_explorer_that_does_not_answer_signs_nothing(watcher: Command, asking: list[str]) -> None:
    """Its silence is no "no"."""
    with blockscout(b"{}", 503) as url:
        said = watcher(*asking, "--url", url, "--app", "alpha")
    assert said.code == 3
    assert "answered with status 503" in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--explorer", "blokscout"], "did you mean"),
        (["--url", "explorer.example"], "--url does not name the API"),
        (["--url", "http://127.0.0.1:9", "--app", "gamma"], '--app "gamma" is no app of this program'),
        (["--api-key", "NO_SUCH_VARIABLE"], "is not set: NO_SUCH_VARIABLE"),
    ],
)
def test_a_wrong_explorer_is_explained(
    watcher: Command, asking: list[str], arguments: list[str], words: str
) -> None:
    """Before anybody is asked."""
    said = watcher(*asking, *arguments)
    assert said.code == 2
    assert words in said.err
