"""Look at files, endpoints, database and channels before a run, and say what reading will cost."""

from dataclasses import asdict

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json
from watcher.cli._table import print_table
from watcher.core.preflight import Level, worst

app = new_app()

_COLUMNS = ("level", "about", "found")
_EXIT_CODES = {Level.OK: 0, Level.WARNING: 0, Level.PROBLEM: 1, Level.UNREACHABLE: 3}


@app.command()
def check(
    *,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Validate both files, ask every endpoint, look at database and channels; nothing is sent or made.

    Exits with 1 where something will not work, and with 3 where an endpoint does not answer.
    """
    found = bootstrap.check(bootstrap.load(program, config))
    level = worst(found.findings)
    if json:
        print_json(
            {
                "verdict": str(level),
                "findings": [asdict(finding) for finding in found.findings],
                "endpoints": [asdict(report) for report in found.endpoints],
                "backfill": None if found.backfill is None else found.backfill.as_json(),
            }
        )
    else:
        print_table(_COLUMNS, [(str(each.level), each.about, each.text) for each in found.findings])
    raise typer.Exit(_EXIT_CODES[level])
