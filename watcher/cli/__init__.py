"""The command line: one file a command or group of commands, no logic.

    watcher NAME … ─▶ watcher/cli/NAME.py (`_` for `-`), imported only now ─▶ its `app`

A module here is a command: its `app` (a `typer.Typer`) holds one command, or several as a group, and the
first line of its docstring is what `watcher --help` says of it. Names that begin with `_` are what several
share.
"""

import ast
import importlib
import os
import pkgutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from watcher import __version__
from watcher.cli._app import new_app
from watcher.errors import WatcherError

_UNFORESEEN = 3
_DEBUG = "WATCHER_DEBUG"


class _Commands(TyperGroup):
    """Imports a command's module when it is called for, and turns errors into words and exit codes."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  # types of typer's own click
        """Put the real command in the place of its line in the list."""
        if args[0] in self.commands:
            module = args[0].replace("-", "_")
            self.commands[args[0]] = get_command(importlib.import_module(f"watcher.cli.{module}").app)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  # types of typer's own click
        """Run the command; what goes wrong is said on stderr, without a traceback."""
        try:
            return super().invoke(ctx)
        except WatcherError as error:
            _complain(str(error))
            raise typer.Exit(error.exit_code) from error
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except Exception as error:
            if os.environ.get(_DEBUG):
                raise
            _complain(
                f"unforeseen {type(error).__name__}: {error}. This is a fault of the watcher; "
                f"{_DEBUG}=1 shows where, for a report"
            )
            raise typer.Exit(_UNFORESEEN) from error


app = new_app(_Commands)
"""Every command."""


def _print_version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"watcher {__version__}")
        raise typer.Exit


@app.callback()
def _watcher(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="print the version"),
    ] = False,
) -> None:
    """Turn a token programme's performance KPIs into facts that anyone can check."""


def _list_commands() -> None:
    """Give each module its line in the list, without importing it: importing all takes seconds."""
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            source = (Path(__path__[0]) / f"{module.name}.py").read_text(encoding="utf-8")
            said = ast.get_docstring(ast.parse(source)) or ""
            app.command(module.name.replace("_", "-"), help=said.splitlines()[0])(_not_imported)


def _not_imported() -> None:
    """Stand in for a command until its module is imported."""


def _complain(message: str) -> None:
    typer.echo(f"watcher: {message}", file=sys.stderr)


_list_commands()
