"""Watch the whole story on a local chain: no key, no account, nothing to configure."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from watcher import log
from watcher.cli._app import new_app
from watcher.cli._options import JsonOption
from watcher.cli._output import print_json, stderr, stdout
from watcher.errors import UsageError

app = new_app()

_NO = 1


@app.command()
def demo(
    *,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="keep files, databases and messages in this new or empty folder"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Watch ten apps go live and start a countdown, on a local chain; nothing to configure.

    Exits with 1, and says what is missing, where not everything came as it should.
    """
    # Not before it is called for: `--help` works without the extra `demo`.
    from watcher.cli._storyteller import Storyteller  # noqa: PLC0415
    from watcher.testing.demo.show import show  # noqa: PLC0415

    log.configure(sys.stderr, stage_runs=False)
    console = stderr() if json else stdout()
    with _folder(keep) as folder:
        outcome = show(folder, Storyteller(console), kept=keep is not None)
    if json:
        print_json(outcome.as_json())
    raise typer.Exit(_NO if outcome.missing else 0)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give an empty folder: the one to keep, or one that is gone in the end."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="watcher-demo-") as name:
            yield Path(name)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        is_used = any(keep.iterdir())
    except OSError as error:
        raise UsageError(f"--keep {keep}: cannot be used ({error.strerror}); name another folder") from error
    if is_used:
        raise UsageError(f"--keep {keep}: has something in it already; name a new or an empty folder")
    yield keep.absolute()
