"""Show each app: verdict, reasons, counts."""

from typing import Annotated

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._moment import AtOption, moment
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json
from watcher.cli._table import print_lines, print_table
from watcher.core.explanation import labelled
from watcher.core.roster import roster, unused, why_not
from watcher.core.wording import COVERAGE, counted
from watcher.stages.lookback import as_of

app = new_app()

_COLUMNS = (
    "app",
    "verdict",
    "deployed",
    "active",
    "actions",
    "gross",
    "actors",
    "days",
    "contracts",
)


@app.command()
def apps(
    *,
    at: AtOption = None,
    live: Annotated[bool, typer.Option("--live", help="leave out apps that are NOT_LIVE")] = False,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Show each app as of the last concluded block, or of an earlier one: verdict, reasons, counts."""
    when = moment(at)
    files = bootstrap.load(program, config)
    with bootstrap.reading(files) as store, store.reading() as tx:
        found = as_of(files.definition, tx, when)
    rows = roster(files.definition, found.state)
    number = sum(row["verdict"] == "LIVE" for row in rows)
    typer.echo(f"{number} of {len(rows)} apps are live as of {found.words()}", err=json)
    if live:
        rows = [row for row in rows if row["verdict"] != "NOT_LIVE"]
    if json:
        for row in rows:
            print_json(row)
        return
    table = [
        (
            row["id"],
            row["verdict"],
            row["deployed"],
            row["active"],
            row["actions"],
            row["actions_gross"],
            row["actors"],
            row["active_days"],
            len(row["contracts"]),
        )
        for row in rows
    ]
    print_table(_COLUMNS, table)
    print_lines(labelled("missing", [f"{row['id']}: {why}" for row in rows if (why := why_not(row))]))
    if files.definition.open_rule is not None:
        print_lines(
            [f"{counted(unused(found.state), 'more account')} created what nobody used in the window."]
        )
    print_lines([COVERAGE])
