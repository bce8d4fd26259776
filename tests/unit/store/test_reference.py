"""docs/database.md is current, and says something about everything."""

from pathlib import Path

import pytest

from watcher.store.reference import MARKER, main, reference, renewed
from watcher.store.tables import Row
from watcher.store.views import views

DOCUMENT = Path(__file__).parents[3] / "docs" / "database.md"


def test_the_document_is_what_the_code_says(tmp_path: Path) -> None:
    """After a change: `python -m watcher.store.reference docs/database.md`."""
    text = DOCUMENT.read_text(encoding="utf-8")
    copy = tmp_path / "database.md"
    copy.write_text(text, encoding="utf-8")
    main([str(copy)])
    assert copy.read_text(encoding="utf-8") == text


def test_every_view_and_table_is_described() -> None:
    """With a sentence of its own, and every column with its meaning."""
    text = reference()
    for view in views():
        assert f"### {view.name}\n\n{view.comment}" in text
        assert view.comment
    for table in Row.metadata.tables.values():
        assert f"### {table.name}\n\n" in text
        for column in table.columns:
            assert f"| `{column.name}` |" in text
    assert "| None |" not in text


def test_what_is_written_by_hand_stays() -> None:
    """Only what stands below the marker is made anew."""
    assert renewed(f"By hand.\n\n{MARKER}\nold") == f"By hand.\n\n{MARKER}\n\n{reference()}"


def test_a_document_without_the_marker_is_refused() -> None:
    """Else somebody's text would be lost, or the reference forgotten."""
    with pytest.raises(ValueError, match="has no line"):
        renewed("By hand.")
