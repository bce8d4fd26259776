"""`diff`, `what-if` and `database adopt`: a changed program, before and after it is adopted."""

from pathlib import Path

from tests.cli.conftest import Command
from tests.stages.world import Watch
from watcher.config.program import load_program

DELTA = '\n[[app]]\nid = "delta"\n[[app.contract]]\naddress = "0x00000000000000000000000000000000000000d0"\n'


def edited(folder: Path, *, bar: int = 4, more: str = "") -> Path:
    """Write the world's program with another bar, or with more tables, beside it."""
    text = (folder / "world.toml").read_text(encoding="utf-8")
    path = folder / "changed.toml"
    path.write_text(text.replace("min_actions = 4", f"min_actions = {bar}") + more, encoding="utf-8")
    return path


def test_what_if_shows_what_would_be_and_changes_nothing(
    watcher: Command, watch: Watch, folder: Path
) -> None:
    """Beta has five actions at block 3, alpha four at block 2: with a bar of five alpha is not live."""
    old = watch.entries()
    path = edited(folder, bar=5)
    said = watcher("what-if", str(path), "--offline", "--json")
    [found] = said.objects
    assert said.code == 1
    assert (found["old"], found["new"]) == (watch.program.hash, load_program(path).definition.hash)
    assert found["changed"] == ["[liveness]"]
    assert found["milestones"] == [{"id": "first", "block_number": None}]
    lost = [(each["type"], each["subject"], each["standing"]) for each in found["entries"]]
    assert lost == [
        ("app.went_live", "alpha", "only_old"),
        ("countdown.started", "tge", "only_old"),
        ("kpi.met", "two-live", "only_old"),
        ("milestone.reached", "first", "only_old"),
    ]
    assert found["reads"] == "what was read serves: nothing of the history is read again"
    assert watch.entries() == old
    shown = watcher("what-if", str(path), "--offline")
    assert (shown.code, "only old" in shown.out, "to adopt it: what was read" in shown.out) == (1, True, True)


def test_diff_says_which_entries_differ_and_why(watcher: Command, watch: Watch, folder: Path) -> None:
    """No entry differs: 0; some do: 1; something was never read: 4, with the remedy."""
    assert watch.entries()
    world = str(folder / "world.toml")
    said = watcher("diff", world, world, "--offline")
    assert (said.code, said.out.splitlines()[-1]) == (0, "no ledger entry differs")
    said = watcher("diff", world, str(edited(folder, bar=5)), "--offline", "--json")
    assert (said.code, said.objects[0]["changed"]) == (1, ["[liveness]"])
    assert {tuple(each["why"]) for each in said.objects[0]["entries"]} == {("[liveness]",)}
    said = watcher("diff", world, str(edited(folder, more=DELTA)), "--offline")
    assert (said.code, "for app delta alone" in said.err) == (4, True)


def test_adopting_closes_the_ledger_and_lets_the_program_in(
    watcher: Command, watch: Watch, folder: Path
) -> None:
    """Until then the changed file is refused; afterwards the old ledger is a generation of its own."""
    old = watch.entries()
    (folder / "world.toml").write_text(edited(folder, bar=5).read_text(encoding="utf-8"), encoding="utf-8")
    refused = watcher("ledger")
    assert (refused.code, "watcher database adopt" in refused.err) == (2, True)
    said = watcher("database", "adopt")
    assert (said.code, "ledger generation 1 is closed" in said.out) == (0, True)
    assert watcher("ledger", "--json", "--generation", "1").objects == old
    assert watcher("ledger", "--json").objects == []


def test_scripts_are_told_what_was_adopted(watcher: Command, watch: Watch, folder: Path) -> None:
    """One object: both hashes, what changed, and what was read for it."""
    path = edited(folder, bar=5)
    said = watcher("database", "adopt", "--json", "--program", str(path), "--work", str(folder / "work"))
    assert said.objects == [
        {
            "replaces": watch.program.hash,
            "definition_hash": load_program(path).definition.hash,
            "generation": 2,
            "changed": ["[liveness]"],
            "reads": "what was read serves: nothing of the history is read again",
        }
    ]
    again = watcher("database", "adopt", "--program", str(path))
    assert (again.code, "already" in again.err) == (2, True)
