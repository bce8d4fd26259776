"""Bring the database to this release's tables, back behind a reorganisation, or over to a changed program."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from watcher import bootstrap, changing
from watcher.cli._app import new_app
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json, stdout
from watcher.cli._progress import shown_progress
from watcher.clock import SystemClock
from watcher.stages.rewind import rewind as go_back

app = new_app()


@app.command()
def upgrade(
    *, json: JsonOption = False, program: ProgramOption = PROGRAM, config: ConfigOption = CONFIG
) -> None:
    """Make the database, or bring its tables to this release; nothing happens where they are there."""
    with bootstrap.reading(bootstrap.load(program, config), create=True) as store:
        if json:
            print_json({"database": store.name})
        else:
            stdout().print(f"{store.name} has the tables of this release", markup=False, soft_wrap=True)


@app.command()
def rewind(
    *,
    to: Annotated[int, typer.Option(min=0, metavar="N", help="the last block that still stands")],
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Go back to block N after a reorganisation below finality; stop the watcher first.

    The ledger so far is kept as a closed generation, and receivers are told once that it is broken.
    """
    files = bootstrap.load(program, config)
    clock = SystemClock()
    with bootstrap.reading(files) as store, store.writer_lock():
        announcer = bootstrap.announcer(files, clock)
        result = go_back(files.definition, store, clock, announcer, to)
    if json:
        print_json({"to": to, "rows": result.rows, "generation": result.generation})
        return
    console = stdout()
    console.print(f"{result.rows} stored blocks above block {to} are gone")
    if result.generation is not None:
        console.print(
            f"ledger generation {result.generation - 1} is closed (`watcher ledger --generation "
            f"{result.generation - 1}` prints it); generation {result.generation} goes on from there",
            soft_wrap=True,
        )
    console.print("next: `watcher run`, which reads and concludes anew what lies above")


@app.command()
def adopt(
    *,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="keep here what is read, for a second start; default: a temporary folder"
        ),
    ] = None,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Let the database go over to the changed program file; stop the watcher first.

    The ledger so far is kept as a closed generation. What was never read is read, and nothing else; the next
    `watcher run` concludes everything anew, and tells channels of what is different.
    """
    files = bootstrap.load(program, config)
    with (
        TemporaryDirectory() as passing,
        shown_progress() as progress,
        changing.adopting(files, work or Path(passing), progress=progress) as (planned, act),
    ):
        if not json:
            stdout().print(planned.rereading.words(), markup=False, soft_wrap=True)
        generation = act()
    if json:
        print_json(
            {
                "replaces": planned.replaces,
                "definition_hash": files.definition.hash,
                "generation": generation,
                "changed": list(planned.rereading.tables),
                "reads": planned.rereading.words(),
            }
        )
        return
    stdout().print(
        f"the database belongs to definition {files.definition.hash} now; ledger generation "
        f"{generation - 1} is closed (`watcher ledger --generation {generation - 1}` prints it). "
        "Next: `watcher run`, which concludes everything anew",
        markup=False,
        soft_wrap=True,
    )
