"""What the documents say, in pieces that tests can compare with the code."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.project import ROOT, files
from watcher.config.reference import MARKER

_FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def pages() -> list[Path]:
    """Return every Markdown page of the project."""
    return [path for path in files() if path.suffix == ".md" and not path.name.startswith(".")]


def named(path: Path) -> str:
    """Name a page for the list of tests."""
    return str(path.relative_to(ROOT))


def page(name: str) -> str:
    """Return a page's text."""
    return (ROOT / name).read_text(encoding="utf-8")


def by_hand(name: str) -> str:
    """Return what of a page is not generated."""
    return page(name).partition(MARKER)[0]


def blocks(text: str, kind: str) -> list[str]:
    """Return the texts of a page's fenced blocks of a kind."""
    return [found["text"] for found in _FENCE.finditer(text) if found["kind"] == kind]


def anchors(text: str) -> set[str]:
    """Return the anchors that a page's headings get."""
    headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> Iterator[str]:
    """Give the targets of a page's links to pages, anchors and files of this project."""
    for target in re.findall(r"\]\(([^)\s]+)\)", _FENCE.sub("", text)):
        if "://" not in target:
            yield target


def code(text: str) -> Iterator[str]:
    """Give each line of a page's shell blocks, and each inline code."""
    for block in blocks(text, "sh"):
        yield from (line.partition("#")[0].strip() for line in block.splitlines())
    for inline in re.findall(r"`([^`\n]+)`", _FENCE.sub("", text)):
        yield inline.replace(r"\|", "|")
