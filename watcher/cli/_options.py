"""The options that commands share, each with one name, one meaning and one default."""

from pathlib import Path
from typing import Annotated

import typer

from watcher.errors import UsageError
from watcher.stages.workplaces import Workers

PROGRAM = Path("program.toml")
CONFIG = Path("watcher.toml")
"""Where `watcher init` writes the two files, and where they are looked for when nothing names them."""

ProgramOption = Annotated[
    Path, typer.Option("--program", envvar="WATCHER_PROGRAM", help="the program file", metavar="FILE")
]
ConfigOption = Annotated[
    Path, typer.Option("--config", envvar="WATCHER_CONFIG", help="the deployment file", metavar="FILE")
]
_UNREAD = "taken as by every command, and not read"
UnreadProgramOption = Annotated[Path, typer.Option("--program", metavar="FILE", help=_UNREAD)]
UnreadConfigOption = Annotated[Path, typer.Option("--config", metavar="FILE", help=_UNREAD)]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON on stdout")]
SignedOption = Annotated[
    bool, typer.Option("--signed", help="print JSON that the deployment's signing_key has signed")
]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=1, help="read the history in so many processes", metavar="N")
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster", help="read the history on a Dask cluster, e.g. tcp://scheduler:8786", metavar="URL"
    ),
]
HistoryOption = Annotated[
    bool,
    typer.Option("--deliver-history", help="also deliver ledger entries that are older than the database"),
]


def chosen_workers(workers: int, cluster: str | None) -> Workers:
    """Give who reads the history; UsageError where both were asked for."""
    if cluster is not None and workers > 1:
        raise UsageError("--workers and --cluster: name one of them, a cluster has its own workers")
    return Workers(workers, cluster)
