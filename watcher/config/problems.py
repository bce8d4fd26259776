"""Problems of a file: where, which value, what is wrong and what to do about it.

pydantic's errors, or our own checks ─▶ Problem ─▶ one ConfigurationError that lists them all
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce
from pathlib import Path

from watcher.errors import ConfigurationError

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys of tables and indices of lists."""

_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `message` goes on from key and value, and ends with the remedy.

    The value is shown as it stands in the file, unless it is `hidden` or missing.
    """

    at: KeyPath
    message: str
    hidden: bool = False


def refusal(path: Path, data: object, problems: Iterable[Problem]) -> ConfigurationError:
    """Make the error that reports all problems of a file, one a line."""
    lines = [_line(data, problem) for problem in problems]
    if len(lines) == 1:
        return ConfigurationError(f"{path}: {lines[0]}")
    return ConfigurationError("\n  ".join([f"{path}: {len(lines)} problems", *lines]))


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Give the remedy for a name that is not among those known."""
    known = sorted(names)
    close = get_close_matches(name, known, 1)
    if close:
        return f'did you mean "{close[0]}"?'
    return f"write one of {', '.join(known)}" if known else "there is none, leave it out"


def inside(data: object, key: str | int) -> object:
    """Give what stands under one key or index, None where there is nothing: TOML has no null."""
    if isinstance(data, dict):
        return data.get(key)
    if isinstance(data, list) and isinstance(key, int) and key < len(data):
        return data[key]
    return None


def _line(data: object, problem: Problem) -> str:
    found = reduce(inside, problem.at, data)
    value = "" if problem.hidden or found is None else f" = {_show(found)}"
    return f"{_key_text(data, problem.at)}{value} {problem.message}"


def _key_text(data: object, at: KeyPath) -> str:
    """Write a key path as `app[2].contract[0].address`, with the id of the innermost table that has one."""
    text, owner, here = "", "", data
    for key in at:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
        here = inside(here, key)
        if isinstance(key, int) and isinstance(here, dict) and isinstance(here.get("id"), str):
            owner = f' ({at[0]} "{here["id"]}")'
    return text + owner


def _show(value: object) -> str:
    """Write a value about as it stands in the file; long ones are cut."""
    text = _toml(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(item)}' for key, item in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value)
