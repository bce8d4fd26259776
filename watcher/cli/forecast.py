"""Say when each KPI may be met, with the method and its error on the stored history."""

from typing import Annotated

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json, stderr
from watcher.cli._table import print_lines
from watcher.forecast.outlook import TooShort
from watcher.forecast.report import reports
from watcher.stages.explaining import kpi_ids
from watcher.stages.lookback import as_of

app = new_app()

_CANNOT_TELL = 4
_NOTE = "A forecast goes on with the past. It is no conclusion: no verdict, entry or notice rests on one."


@app.command()
def forecast(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="KPI", help="the ids of KPIs; without any, all of them")
    ] = None,
    *,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Say when each KPI may be met: a range of days, the method, its error on the stored history.

    Needs the extra `forecast`. Ends with 4 where the history is too short for every KPI asked about.
    """
    files = bootstrap.load(program, config)
    kpis = kpi_ids(files.definition, names or [])
    with bootstrap.reading(files) as store, store.reading() as tx:
        found = as_of(files.definition, tx, None)
        told = reports(files.definition, tx, found, kpis)
    if json:
        for report in told:
            print_json({**report.as_json(), "as_of": {"block_number": found.number}})
        stderr().print(_NOTE)
    else:
        for report in told:
            print_lines(report.lines)
            typer.echo()
        print_lines([f"As of {found.words()}. {_NOTE}"])
    if all(isinstance(report.answer, TooShort) for report in told):
        raise typer.Exit(_CANNOT_TELL)
