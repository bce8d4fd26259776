"""The reference in docs/commands.md, made from the commands and the tree of errors.

`python -m watcher.cli._reference docs/commands.md` replaces everything below the marker line of that page;
`make docs` does it for every page.
"""

import importlib
import inspect
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from typer.core import TyperGroup
from typer.main import get_command

from watcher.cli import app
from watcher.config.reference import renewed
from watcher.errors import WatcherError

_HEAD = "| argument or option | meaning | default |\n|---|---|---|"


def reference() -> str:
    """Describe every command and every error in Markdown."""
    group = get_command(app)
    lines = ["## Every command\n"]
    for name in sorted(group.commands if isinstance(group, TyperGroup) else ()):
        command = get_command(importlib.import_module(f"watcher.cli.{name.replace('-', '_')}").app)
        lines += _command(f"watcher {name}", command)
    lines += ["## Every error\n", "| error | exit code | what it does |", "|---|---|---|"]
    lines += [f"| `{error.__name__}` | {error.exit_code} | {_first_line(error)} |" for error in _errors()]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> None:
    """Renew the pages that are named."""
    for name in arguments:
        page = Path(name)
        page.write_text(renewed(page.read_text(encoding="utf-8"), reference()), encoding="utf-8")


def _command(path: str, command: Any) -> Iterator[str]:  # noqa: ANN401  # typer's own click has no public types
    """Describe a command, or each command of a group."""
    if isinstance(command, TyperGroup):
        for name, part in sorted(command.commands.items()):
            yield from _command(f"{path} {name}", part)
        return
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    yield f"### `{' '.join([path, *map(_argument, arguments)])}`\n"
    yield f"{inspect.cleandoc(command.help)}\n"
    yield _HEAD
    yield from map(_parameter, command.params)
    yield ""


def _argument(argument: Any) -> str:  # noqa: ANN401  # as above
    """Give an argument as it stands in a usage line."""
    name = argument.metavar.strip("[]")
    return name if argument.required else f"[{name}]"


def _parameter(parameter: Any) -> str:  # noqa: ANN401  # as above
    if parameter.param_type_name == "argument":
        written = f"`{_argument(parameter)}`"
    else:
        written = ", ".join(f"`{name}{_values(parameter)}`" for name in parameter.opts)
    variable = f", or `{parameter.envvar}`" if parameter.envvar else ""
    several = "; may be repeated" if parameter.multiple else ""
    default = "required" if parameter.required else _default(parameter.default)
    return f"| {written}{variable} | {parameter.help}{several} | {default} |"


def _values(option: Any) -> str:  # noqa: ANN401  # as above
    """Say what stands behind an option; nothing behind a flag."""
    if option.is_flag:
        return ""
    if option.metavar:
        return f" {option.metavar}".replace("|", r"\|")
    annotation = option.type_descriptor.annotation
    for choice in (annotation, *get_args(annotation)):
        if isinstance(choice, type) and issubclass(choice, Enum):
            return " " + r"\|".join(str(member.value) for member in choice)
    return " N" if annotation is int else " TEXT"


def _default(value: object) -> str:
    return "" if value is None or value is False else f"`{value}`"


def _errors(parent: type[WatcherError] = WatcherError) -> Iterator[type[WatcherError]]:
    """Give every error of the tree, in its order; the local chain's own refusals are none of a command's."""
    for error in parent.__subclasses__():
        if error.__module__ == WatcherError.__module__:
            yield error
            yield from _errors(error)


def _first_line(error: type[WatcherError]) -> str:
    return inspect.cleandoc(error.__doc__ or "").splitlines()[0]


if __name__ == "__main__":
    main(sys.argv[1:])
