"""Say which ledger entries differ between two program files, and why."""

from pathlib import Path
from typing import Annotated

import typer

from watcher import bootstrap, changing
from watcher.cli._app import new_app
from watcher.cli._changes import OfflineOption, show
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, UnreadProgramOption
from watcher.cli._progress import shown_progress
from watcher.config.program import load_program
from watcher.core.ledger_changes import ledger_changes
from watcher.core.rereading import rereading

app = new_app()


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="a program file")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="another one")],
    *,
    offline: OfflineOption = False,
    json: JsonOption = False,
    _program: UnreadProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Compare the ledgers of two programs on what the deployment's database has read; it is not changed.

    What was never read is read, into a copy that is thrown away. Exits with 0 where no entry differs, with 1
    where some do, and with 4 where it cannot be told.
    """
    first, second = load_program(old).definition, load_program(new).definition
    files = bootstrap.load(new, config)
    with (
        shown_progress() as progress,
        changing.supposing(files, offline=offline, progress=progress) as (_, supposed),
    ):
        before, after = supposed(first), supposed(second)
    tables = rereading(first.canonical, second).tables
    changes = ledger_changes(before.entries, after.entries, tables, up_to=min(before.up_to, after.up_to))
    show(first.hash, second.hash, tables, changes, json=json, further={})
