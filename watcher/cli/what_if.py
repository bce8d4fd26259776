"""Show the ledger that a changed program would have, without adopting it."""

from pathlib import Path
from typing import Annotated

import typer

from watcher import bootstrap, changing
from watcher.cli._app import new_app
from watcher.cli._changes import OfflineOption, show
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, UnreadProgramOption
from watcher.cli._progress import shown_progress
from watcher.cli.status import print_kpis
from watcher.core.ledger_changes import ledger_changes
from watcher.core.rereading import rereading
from watcher.stages.status import kpi_figures

app = new_app()


@app.command()
def what_if(
    changed: Annotated[Path, typer.Argument(metavar="PROGRAM", help="the changed program file")],
    *,
    offline: OfflineOption = False,
    json: JsonOption = False,
    _program: UnreadProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Conclude a changed program on a copy of what the database has read; the database is not changed.

    Shows its KPIs, and each entry that differs from the ledger there is. Exits with 0 where none does, with 1
    where some do, and with 4 where it cannot be told.
    """
    files = bootstrap.load(changed, config)
    new = files.definition
    with (
        shown_progress() as progress,
        changing.supposing(files, offline=offline, progress=progress) as (held, supposed),
    ):
        found = supposed(new)
    plan = rereading(held.program, new)
    kpis = [kpi_figures(new, found.state, kpi) for kpi in new.kpis]
    reached = found.state.milestones
    milestones = [
        {"id": name, "block_number": reached[name].number if name in reached else None}
        for name in new.milestones
    ]
    if not json:
        print_kpis(kpis)
        typer.echo(f"to adopt it: {plan.words()}")
    further = {"kpis": kpis, "milestones": milestones, "reads": plan.words()}
    changes = ledger_changes(held.entries, found.entries, plan.tables, up_to=found.up_to)
    show(held.definition_hash, new.hash, plan.tables, changes, json=json, further=further)
