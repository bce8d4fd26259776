"""Problems of a file: where, which value, what is wrong and what to do about it.

pydantic's errors, or our own checks ─▶ Problem ─▶ one ConfigurationError that lists them all
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from watcher.config.kinded import KindOf
from watcher.errors import ConfigurationError

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys of tables and indices of lists."""

NO_VALUE = object()
"""Stands for the value of a key that is missing, or that must not be shown."""

_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `message` goes on from the key, and ends with the remedy."""

    at: KeyPath
    message: str
    value: object = NO_VALUE


def refusal(path: Path, data: object, problems: Iterable[Problem]) -> ConfigurationError:
    """Make the error that reports all problems of a file, one a line."""
    lines = [_line(data, problem) for problem in problems]
    if len(lines) == 1:
        return ConfigurationError(f"{path}: {lines[0]}")
    return ConfigurationError("\n  ".join([f"{path}: {len(lines)} problems", *lines]))


def problems_of(error: ValidationError, model: type[BaseModel], data: object) -> list[Problem]:
    """Translate pydantic's errors about `data`, read with `model`."""
    return [_problem(item, model, data) for item in error.errors(include_url=False)]


def show(value: object) -> str:
    """Write a value about as it stands in the file; long ones are cut."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = f'"{value}"'
    elif isinstance(value, dict):
        text = f"{{ {', '.join(f'{key} = {show(item)}' for key, item in value.items())} }}"
    elif isinstance(value, list | tuple):
        text = f"[{', '.join(map(show, value))}]"
    else:
        text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Give the remedy for a name that is not among those known."""
    known = sorted(names)
    close = get_close_matches(name, known, 1)
    if close:
        return f'did you mean "{close[0]}"?'
    return f"known: {', '.join(known)}" if known else "there is none"


def key_text(data: object, at: KeyPath) -> str:
    """Write a key path as `app[2].contract[0].address`, with the id of the innermost table that has one."""
    text, owner, here = "", "", data
    for key in at:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
        here = _inside(here, key)
        if isinstance(key, int) and isinstance(here, dict) and isinstance(here.get("id"), str):
            owner = f' ({at[0]} "{here["id"]}")'
    return text + owner


def _line(data: object, problem: Problem) -> str:
    key = key_text(data, problem.at)
    value = "" if problem.value is NO_VALUE else f" = {show(problem.value)}"
    return f"{key}{value} {problem.message}" if key else problem.message


def _problem(item: ErrorDetails, model: type[BaseModel], data: object) -> Problem:
    at, value = item["loc"], item["input"]
    match item["type"]:
        case "missing":
            field = _fields(model, at[:-1], data).get(str(at[-1]))
            meaning = f" ({field.description})" if field is not None and field.description else ""
            return Problem(at, f"is missing: it is required{meaning}, add it")
        case "extra_forbidden":
            known = _fields(model, at[:-1], data)
            return Problem(at, f"is an unknown key: {did_you_mean(str(at[-1]), known)}", value)
        case "literal_error":
            return Problem(at, f"is not known: write {item['ctx']['expected']}", value)
        case "value_error":
            return Problem(at, str(item["ctx"]["error"]), value)
        case kind if kind in _EXPECTED:
            return Problem(at, f"is {_type_name(value)}: write {_EXPECTED[kind]}", value)
        case _:
            said = item["msg"].removeprefix("Input ").removeprefix("should ")
            return Problem(at, f"is not valid: it should {said}" if said != item["msg"] else said, value)


_EXPECTED = {
    "int_type": "a whole number, without quotes and without a decimal point",
    "bool_type": "true or false, without quotes",
    "string_type": "text in quotes",
    "tuple_type": "a list: [ … ], or [[tables]] of this name",
    "model_type": "a table: { key = value }",
    "dict_type": "a table: { key = value }",
}
"""What belongs where a value has the wrong type, by pydantic's error type."""

_TYPE_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a float"),
    (str, "text"),
    (dict, "a table"),
    ((list, tuple), "a list"),
    ((date, time), "a date or time"),
)


def _type_name(value: object) -> str:
    return next((name for types, name in _TYPE_NAMES if isinstance(value, types)), "of another type")


def _inside(data: object, key: str | int) -> object:
    if isinstance(data, dict):
        return data.get(key)
    if isinstance(data, list) and isinstance(key, int) and key < len(data):
        return data[key]
    return None


def _fields(model: type[BaseModel], at: KeyPath, data: object) -> dict[str, FieldInfo]:
    """Give the fields of the table at a key path, by the names they have in the file."""
    table: type[BaseModel] | None = model
    annotation: Any = None
    for place, key in enumerate(at):
        if table is None:
            break
        if isinstance(key, str):
            field = _by_name(table).get(key)
            annotation = field.rebuild_annotation() if field is not None else None
        here: Any = data
        for step in at[: place + 1]:
            here = _inside(here, step)
        following = at[place + 1] if place + 1 < len(at) else None
        if not isinstance(following, int):
            table = _table_in(annotation, here)
    return _by_name(table) if table is not None else {}


def _by_name(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _table_in(annotation: Any, data: object) -> type[BaseModel] | None:  # noqa: ANN401  # any type expression
    """Find the model in a type expression such as `tuple[Annotated[App, …], …]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    parts = [*getattr(annotation, "__metadata__", ()), *get_args(annotation)]
    for part in parts:
        found = part.model(data) if isinstance(part, KindOf) else _table_in(part, data)
        if found is not None:
            return found
    return None
