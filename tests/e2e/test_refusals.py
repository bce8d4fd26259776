"""What the program refuses to run on: it says which file, key and value, and leaves no database behind."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Installation
from tests.e2e.story import Town, installation, town
from watcher.stages.sync import catch_up

HASH = r"[0-9a-f]{64}"


@pytest.fixture(scope="module")
def place() -> Iterator[Town]:
    """Give one chain for all: nothing here changes it."""
    with town() as found:
        found.pass_blocks()
        yield found


@pytest.fixture
def watcher(tmp_path: Path, place: Town) -> Installation:
    """Give a watcher of that chain that would run."""
    return installation(tmp_path, place, {"good": "http://127.0.0.1:9/hook"})


def changed(file: Path, old: str, new: str) -> None:
    """Replace something in a file, which has to be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("command", ["run", "sync"])
def test_an_endpoint_of_another_chain_is_named_with_both_chain_ids(
    command: str, watcher: Installation, place: Town
) -> None:
    """Exit 3, and no database is made for a chain that was not meant."""
    watcher.write_program(place.apps, chain_id=4_326)
    refused = watcher.watcher(command)
    assert refused.returncode == 3
    assert "serves chain 31337" in refused.stderr
    assert "the program is about chain 4326" in refused.stderr
    assert no_database(watcher)


def test_a_devnet_that_was_started_anew_is_another_chain(watcher: Installation) -> None:
    """The same chain id with another genesis: exit 3 with both hashes, and the ledger stays as it was."""
    with watcher.stages() as stages:
        catch_up(stages.index, stages.evaluate)
    digest = watcher.digest
    with town("--timestamp", "1600000000", apps=1) as another:
        hashes = [another.node.block("0x0")["hash"]]
        watcher.write_deployment(another.node.url)
        for command in ("run", "sync"):
            refused = watcher.watcher(command)
            assert refused.returncode == 3
            assert all(found in refused.stderr for found in hashes)
            assert len(set(re.findall(rf"0x{HASH}", refused.stderr))) == 2
            assert "use a new database" in refused.stderr
    assert watcher.digest == digest


def test_a_changed_program_is_refused_with_both_hashes(watcher: Installation) -> None:
    """Exit 2 before anything is written; a new title changes nothing."""
    with watcher.stages() as stages:
        catch_up(stages.index, stages.evaluate)
        before = stages.files.definition.hash
    changed(watcher.folder / "program.toml", 'id = "e2e"', 'id = "e2e"\ntitle = "Another title"')
    watcher.say("sync")
    changed(watcher.folder / "program.toml", "at_least = 3", "at_least = 1")
    for command in ("run", "status"):
        refused = watcher.watcher(command)
        assert refused.returncode == 2
        hashes = re.findall(HASH, refused.stderr)
        assert hashes[0] == before
        assert len(set(hashes)) == 2
        assert "set another `database`" in refused.stderr


@pytest.mark.parametrize(
    ("command", "mistake", "said"),
    [
        ("run", ("watcher.toml", "E2E_SECRET", "NOT_SET"), ["channel[0].secrets[0]", "NOT_SET"]),
        ("sync", ("watcher.toml", "[schedule]", "[schedule]\nindx = 1"), ["schedule.indx", "index"]),
        ("run", ("program.toml", "min_actors", "min_actor"), ["liveness.min_actor", "min_actors"]),
        ("sync", ("program.toml", "at_least = 3", "at_least = 3.0"), ["kpi[0].at_least", "3.0"]),
    ],
    ids=["missing-secret", "unknown-key", "misspelt-key", "float"],
)
def test_bad_input_is_named_and_leaves_no_database(
    command: str, mistake: tuple[str, str, str], said: list[str], watcher: Installation
) -> None:
    """Exit 2 with file, key, value and remedy, before anything is asked or written."""
    file, old, new = mistake
    changed(watcher.folder / file, old, new)
    refused = watcher.watcher(command)
    assert refused.returncode == 2
    assert [part for part in [file, *said] if part not in refused.stderr] == []
    assert "Traceback" not in refused.stderr
    assert no_database(watcher)


def no_database(watcher: Installation) -> bool:
    """Tell whether nothing but the two files is there."""
    return {path.name for path in watcher.folder.iterdir()} == {"program.toml", "watcher.toml"}
