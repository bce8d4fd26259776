"""What people see on a terminal: colours, and lines that fold where they should."""

import pytest

from tests.cli.conftest import Command
from tests.stages.world import Watch


@pytest.fixture
def shown(watcher: Command, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Give the command line with its output on a terminal, eighty columns wide."""
    assert watch.digest()
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return watcher


def test_verdicts_are_coloured(shown: Command) -> None:
    """Green is live, red is not; in a pipe there is neither."""
    said = shown("apps").out
    assert "\x1b[32mLIVE" in said
    assert "\x1b[31mNOT_LIVE" in said
    assert "\x1b[32mLIVE\x1b[0m as of" in shown("explain", "alpha").out


def test_a_long_line_is_folded_under_its_text(shown: Command) -> None:
    """The label keeps its column to itself."""
    lines = shown("explain", "alpha").out.splitlines()
    rule = next(place for place, line in enumerate(lines) if line.startswith("rule       It is live when"))
    assert lines[rule + 1].startswith(" " * 11)
    assert not lines[rule + 1].startswith(" " * 12)
    assert max(len(line) for line in lines if "\x1b" not in line and "0x" not in line) <= 80


def test_a_table_folds_its_last_column_and_never_cuts_an_id(shown: Command, watch: Watch) -> None:
    """What is copied from a terminal is whole, however narrow it is."""
    lines = shown("ledger").out.splitlines()
    entries = watch.entries()
    assert all(any(entry["digest"][:12] in line for line in lines) for entry in entries)
    listed = shown("deliveries", "list").out
    assert all(entry["id"] in listed for entry in entries)


def test_a_narrow_terminal_folds_nothing(shown: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below twenty columns of room a fold would be harder to read than what the terminal makes of it."""
    monkeypatch.setenv("COLUMNS", "30")
    assert any(
        line.startswith("rule       It is live") and len(line) > 60
        for line in shown("explain", "alpha").out.splitlines()
    )
