"""How every command and group of commands is set up: help alike everywhere, no tracebacks, no completion."""

import sys

import typer
from typer.core import TyperGroup


def new_app(cls: type[TyperGroup] = TyperGroup) -> typer.Typer:
    """Make an app without commands; a module with one command gives a command, with several a group."""
    return typer.Typer(
        cls=cls,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        # Boxes and colours are for people; in a pipe help is plain text of one form.
        rich_markup_mode="rich" if sys.stdout.isatty() else None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
