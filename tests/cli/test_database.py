"""`database`: tables made and kept current, and the way back behind a reorganisation."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.stages.world import Watch


@pytest.mark.usefixtures("program")
def test_upgrade_makes_a_database_and_leaves_a_current_one_alone(watcher: Command, folder: Path) -> None:
    """Whoever runs it twice has done nothing the second time."""
    assert not (folder / "watcher.db").exists()
    for _ in range(2):
        said = watcher("database", "upgrade")
        assert (said.code, said.out) == (
            0,
            f"database {folder / 'watcher.db'} has the tables of this release\n",
        )
    assert watcher("database", "upgrade", "--json").objects == [
        {"database": f"database {folder / 'watcher.db'}"}
    ]


def test_rewind_closes_the_ledger_and_says_what_is_next(watcher: Command, watch: Watch) -> None:
    """The old entries stay readable; what still stands is in the new generation."""
    old = watch.entries()
    said = watcher("database", "rewind", "--to", "2")
    assert said.code == 0
    gone, closed, following = said.out.splitlines()
    assert gone == "9 stored blocks above block 2 are gone"
    assert closed.startswith("ledger generation 1 is closed (`watcher ledger --generation 1` prints it); gen")
    assert following.startswith("next: `watcher run`")
    assert watcher("ledger", "--json", "--generation", "1").objects == old
    with watch.store.reading() as tx:
        assert [event.type for event in tx.outbox.events("ledger.broken")] == ["ledger.broken"]


def test_scripts_are_told_what_rewind_took_back(watcher: Command, watch: Watch) -> None:
    """Without a closed ledger the generation is null."""
    assert watcher("database", "rewind", "--to", "2", "--json").objects == [
        {"to": 2, "rows": 9, "generation": 2}
    ]
    watch.store.close()


def test_where_no_ledger_is_broken_none_is_closed(watcher: Command, watch: Watch) -> None:
    """Only blocks that nobody had concluded were final."""
    watch.chain.empty_blocks(5)
    watch.index.run()
    said = watcher("database", "rewind", "--to", "10")
    assert (said.code, "generation" in said.out) == (0, False)


@pytest.mark.parametrize(
    ("to", "words"), [("99", "nothing above that block has to be taken back"), ("-1", "equal to 0")]
)
def test_what_cannot_be_taken_back_is_wrong_use(watcher: Command, watch: Watch, to: str, words: str) -> None:
    """Nothing is changed."""
    before = watch.entries()
    said = watcher("database", "rewind", f"--to={to}")
    assert said.code == 2
    assert words in said.err
    assert watch.entries() == before


def test_rewind_waits_for_no_running_watcher(watcher: Command, watch: Watch) -> None:
    """There is one writer: it has to be stopped first, and is named."""
    with watch.store.writer_lock():
        said = watcher("database", "rewind", "--to", "2")
    assert said.code == 3
    assert "is being written by pid" in said.err
