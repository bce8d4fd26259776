"""Say why an app, KPI, milestone, countdown or tranche is what it is."""

from typing import Annotated

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._moment import AtOption, moment
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json
from watcher.cli._table import print_lines
from watcher.stages.explaining import explain as explanations
from watcher.stages.lookback import as_of

app = new_app()


@app.command()
def explain(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="the id of an app, KPI, milestone, countdown or tranche")
    ],
    *,
    at: AtOption = None,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Say why an app, KPI, milestone, countdown or tranche is what it is; all that have this id."""
    when = moment(at)
    files = bootstrap.load(program, config)
    with bootstrap.reading(files) as store, store.reading() as tx:
        found = as_of(files.definition, tx, when)
        told = explanations(files.definition, tx, found, name)
    for number, explanation in enumerate(told):
        if json:
            print_json({**explanation.as_json(), "as_of": {"block_number": found.number}})
            continue
        if number:
            typer.echo()
        print_lines([f"{explanation.headline} as of {found.words()}", *explanation.lines])
