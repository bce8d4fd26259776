"""Where answers go: JSON or tables on stdout, everything else on stderr."""

import json
from collections.abc import Mapping
from typing import Any

import typer
from rich.console import Console

_PIPED_WIDTH = 160
"""Columns where nobody looks: wide enough that no table is folded, and always the same."""


def print_json(value: Mapping[str, Any]) -> None:
    """Print one object on one line."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def stdout() -> Console:
    """Give the console for tables and sentences: coloured on a terminal, plain and of one width in a pipe."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPED_WIDTH)


def stderr() -> Console:
    """Give the console for progress and remarks."""
    return Console(stderr=True, highlight=False)
