"""Supposing a changed program: the ledger that adopting it would give, and nothing written."""

from pathlib import Path
from random import Random

import pytest

from tests.stages.test_adopting import EDITS, adding, changed, fresh_ledger, history, settled
from tests.stages.world import APPS, Watch, definition, fresh_store
from watcher.core.definition import Definition
from watcher.errors import CannotTell
from watcher.stages.supposing import Asking, Supposed, held_in, suppose
from watcher.store.database import Store


def supposed(watch: Watch, new: Definition, folder: Path, *, offline: bool = False) -> Supposed:
    """Suppose a program as the commands do."""
    asking = None if offline else Asking(watch.chain)
    with fresh_store(folder / "scratch") as scratch, fresh_store(folder / "beside") as beside:
        return suppose(new, watch.store, scratch=scratch, beside=beside, clock=watch.clock, asking=asking)


@pytest.mark.parametrize("edit", EDITS)
def test_what_is_supposed_is_what_a_fresh_watcher_concludes(store: Store, tmp_path: Path, edit: str) -> None:
    """Up to the block that both have concluded; the database is the same afterwards."""
    watch = Watch(definition(tmp_path), history(Random(4)), store)
    watch.sync()
    old, held = watch.entries(), held_in(store)
    new = changed(tmp_path / "new", EDITS[edit][0])
    found = supposed(watch, new, tmp_path)
    goal = found.up_to
    assert held.concluded.number - goal in (0, 2)
    fresh = fresh_ledger(watch, new, tmp_path / "fresh")
    assert found.entries == [entry for entry in fresh if entry["block_number"] <= goal]
    assert watch.entries() == old
    assert held_in(store) == held


def test_without_asking_a_changed_bar_can_be_told(store: Store, tmp_path: Path) -> None:
    """Everything that it needs is stored."""
    watch = settled(tmp_path, store)
    new = changed(tmp_path / "new", EDITS["a bar"][0])
    found = supposed(watch, new, tmp_path, offline=True)
    assert found.entries == fresh_ledger(watch, new, tmp_path / "fresh")


def test_the_program_that_is_in_force_is_the_ledger_there_is(store: Store, tmp_path: Path) -> None:
    """Nothing is copied or read for it."""
    watch = settled(tmp_path, store)
    assert supposed(watch, watch.program, tmp_path, offline=True).entries == watch.entries()


def test_without_asking_what_was_never_read_cannot_be_told(store: Store, tmp_path: Path) -> None:
    """An app that nobody tracked, and a view function that nobody called."""
    watch = settled(tmp_path, store)
    new = changed(tmp_path / "new", EDITS["an app added"][0])
    with pytest.raises(CannotTell, match="for app delta alone: let the endpoint be asked"):
        supposed(watch, new, tmp_path / "one", offline=True)
    call = f'address = "{APPS[0]}", function = "total() returns (uint256)", decimals = 0'
    text = f'[[kpi]]\nid = "called"\nmetric = {{ kind = "contract_call", {call} }}\nat_least = 1\n'
    with pytest.raises(CannotTell, match="cannot be concluded"):
        supposed(watch, changed(tmp_path / "new", adding(text)), tmp_path / "two", offline=True)


def test_a_database_that_concluded_nothing_is_no_ground(store: Store, tmp_path: Path) -> None:
    """There is no block up to which to suppose."""
    watch = Watch(definition(tmp_path), history(Random(1), 5), store)
    with pytest.raises(CannotTell, match="nothing yet"):
        supposed(watch, watch.program, tmp_path)
