"""The options that commands share, each with one name, one meaning and one default."""

from pathlib import Path
from typing import Annotated

import typer

PROGRAM = Path("program.toml")
CONFIG = Path("watcher.toml")
"""Where `watcher init` writes the two files, and where they are looked for when nothing names them."""

ProgramOption = Annotated[
    Path, typer.Option("--program", envvar="WATCHER_PROGRAM", help="the program file", metavar="FILE")
]
ConfigOption = Annotated[
    Path, typer.Option("--config", envvar="WATCHER_CONFIG", help="the deployment file", metavar="FILE")
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON on stdout")]
HistoryOption = Annotated[
    bool,
    typer.Option("--deliver-history", help="also deliver ledger entries that are older than the database"),
]
