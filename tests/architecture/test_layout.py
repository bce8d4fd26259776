"""docs/architecture.md draws the tree that is there."""

import re

from tests.architecture.project import PACKAGE, ROOT, files


def drawn() -> tuple[set[str], set[str]]:
    """Return what the documented tree names: at the top, and below `watcher/`.

    The tree is the fenced block with the line `watcher/`; a line begins with one name, or is a list of names.
    """
    document = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = next(
        text for text in re.findall(r"```text\n(.*?)```", document, re.DOTALL) if "\nwatcher/\n" in text
    )
    top: set[str] = set()
    package: set[str] = set()
    for line in block.splitlines():
        words = line.split()
        named = {
            word.rstrip("/") for word in words if re.fullmatch(r"[\w.]+/|[\w]+\.\w+|LICENSE|\w*file", word)
        }
        names = named if len(named) == len(words) else {words[0].rstrip("/")}
        (package if line.startswith(" ") else top).update(names)
    return top, package


def test_the_documented_tree_is_the_package() -> None:
    """Every package and module is drawn, and nothing else is."""
    there = {path.relative_to(PACKAGE).parts[0] for path in files() if PACKAGE in path.parents}
    assert drawn()[1] == {name for name in there if not name.startswith(("__init__", "py.typed"))}


def test_the_documented_top_is_there() -> None:
    """Every file and folder that is drawn exists, and every folder that exists is drawn."""
    top, _ = drawn()
    assert [name for name in sorted(top) if not (ROOT / name).exists()] == []
    folders = {path.relative_to(ROOT).parts[0] for path in files() if path.parent != ROOT}
    assert {name for name in folders if not name.startswith(".")} <= top
