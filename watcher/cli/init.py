"""Write a commented pair of files to start from."""

from pathlib import Path
from typing import Annotated

import typer

from watcher.cli._app import new_app
from watcher.cli._options import CONFIG, PROGRAM
from watcher.config.starter import starter_deployment, starter_program
from watcher.errors import UsageError

app = new_app()


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="where to; made where it is not there")
    ] = Path(),
) -> None:
    """Write program.toml and watcher.toml, commented, to start from; nothing is overwritten."""
    files = {folder / PROGRAM: starter_program(), folder / CONFIG: starter_deployment()}
    there = [str(path) for path in files if path.exists()]
    if there:
        raise UsageError(f"{' and '.join(there)} exists: nothing was written; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise UsageError(
            f"{error.filename}: cannot be written ({error.strerror}); name another folder"
        ) from None
    for path in files:
        typer.echo(f"wrote {path}")
    enter = "" if folder == Path() else f"cd {folder} && "
    typer.echo(f"next: adapt both to your chain and apps, then {enter}watcher check")
