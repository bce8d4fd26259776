"""Tables and explanations: on a terminal coloured and folded where they should, in a pipe plain and whole."""

import re
from collections.abc import Sequence
from textwrap import wrap

from rich.console import Console
from rich.text import Text

from watcher.cli._output import stdout

_STYLES = {
    "LIVE": "green",
    "MET": "green",
    "NOT_LIVE": "red",
    "NOT_MET": "red",
    "UNKNOWN": "yellow",
    "delivered": "green",
    "dead": "red",
    "pending": "yellow",
    "ok": "green",
    "warning": "yellow",
    "problem": "red",
    "unreachable": "red",
}
_VERDICTS = re.compile(r"\b(?:LIVE|MET|NOT_LIVE|NOT_MET|UNKNOWN)\b")
_BEFORE_TEXT = re.compile(r"(?:\S+ {2,})? *")
"""A label, or the room of one, ahead of a line's text."""
_GAP = "  "
_LEAST_ROOM = 20
"""In fewer columns nothing is folded: the terminal breaks the line, and what is copied stays whole."""


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under their headings; numbers stand to the right, None is left empty.

    Only the last column may be long: it is folded in its place.
    """
    console = stdout()
    table = [columns, *(["" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in table) for place in range(len(columns))]
    numeric = [all(isinstance(row[place], int) for row in rows) for place in range(len(columns))]
    for number, row in enumerate(table):
        line = Text(style="" if number else "bold")
        for cell, width, right in list(zip(row, widths, numeric, strict=True))[:-1]:
            line.append(cell.rjust(width) if right else cell.ljust(width), _STYLES.get(cell, ""))
            line.append(_GAP)
        last = row[-1].rjust(widths[-1]) if numeric[-1] else row[-1]
        line.append(_folded(console, last, len(line)), _STYLES.get(last, ""))
        line.rstrip()
        console.print(line, soft_wrap=True)


def print_lines(lines: Sequence[str]) -> None:
    """Print lines as they are; on a terminal verdicts are coloured and long lines folded."""
    console = stdout()
    for line in lines:
        [before] = _BEFORE_TEXT.findall(line)[:1]
        text = Text(before + _folded(console, line[len(before) :], len(before)))
        text.highlight_regex(_VERDICTS, lambda word: _STYLES[word])
        console.print(text, soft_wrap=True)


def _folded(console: Console, text: str, column: int) -> str:
    """Fold a text that begins in a column of a terminal's line, so that it goes on below its beginning."""
    room = console.width - column
    if not console.is_terminal or not _LEAST_ROOM <= room < len(text):
        return text
    return f"\n{' ' * column}".join(wrap(text, room, break_long_words=False, break_on_hyphens=False))
