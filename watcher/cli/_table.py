"""Tables and explanations: aligned columns, coloured on a terminal, in a pipe plain text that never folds."""

import re
from collections.abc import Sequence

import typer
from rich.table import Table
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
}
_WORDS = re.compile(r"\b(?:LIVE|MET|NOT_LIVE|NOT_MET|UNKNOWN)\b")
_GAP = "  "


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under their headings; numbers stand to the right, None is left empty."""
    console = stdout()
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    numeric = [all(isinstance(row[place], int) for row in rows) for place in range(len(columns))]
    if console.is_terminal:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column, right in zip(columns, numeric, strict=True):
            table.add_column(column, justify="right" if right else "left", overflow="fold")
        for row in texts:
            table.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in row))
        console.print(table)
        return
    widths = [max(len(row[place]) for row in [columns, *texts]) for place in range(len(columns))]
    for line in [columns, *texts]:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        typer.echo(_GAP.join(cells).rstrip())


def print_lines(lines: Sequence[str]) -> None:
    """Print lines as they are; on a terminal verdicts are coloured and long lines folded at words."""
    console = stdout()
    for line in lines:
        if console.is_terminal:
            text = Text(line)
            for found in _WORDS.finditer(line):
                text.stylize(_STYLES[found[0]], *found.span())
            console.print(text)
        else:
            typer.echo(line)
