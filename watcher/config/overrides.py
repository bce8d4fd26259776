"""Overrides from the environment: WATCHER__SECTION__KEY sets any key of the deployment file.

WATCHER__SCHEDULE__INDEX=5s            schedule.index = "5s"
WATCHER__ENDPOINT__MAIN__URL=https://… url of the endpoint whose id is "main"
WATCHER__CHANNEL__0__CRITICAL=true     critical of the first channel
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from watcher.config.problems import KeyPath, inside

PREFIX = "WATCHER__"

_TOML_VALUE = re.compile(r"true|false|[+-]?[0-9][0-9_]*|\[.*\]|\{.*\}", re.DOTALL)
"""What is read as TOML: booleans, integers, lists, inline tables. Everything else is text."""


def apply_overrides(data: dict[str, Any], environment: Mapping[str, str]) -> dict[KeyPath, str]:
    """Set in `data` what the environment says; return which variable each key was set by.

    ValueError names the variable that cannot be followed, and the remedy.
    """
    origins: dict[KeyPath, str] = {}
    for variable in sorted(environment):
        if variable.startswith(PREFIX):
            at = _set(data, variable, _value(variable, environment[variable]))
            origins[at] = variable
    return origins


def _value(variable: str, text: str) -> Any:  # noqa: ANN401  # any TOML value
    if not _TOML_VALUE.fullmatch(text):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise ValueError(
            f"{variable} is neither text nor a TOML value: correct its brackets and quotes"
        ) from None


def _set(data: dict[str, Any], variable: str, value: object) -> KeyPath:
    *sections, last = variable.removeprefix(PREFIX).lower().split("__")
    here: Any = data
    at: KeyPath = ()
    for section in sections:
        if isinstance(here, dict):
            # `endpoint` and `channel` are lists of tables; a file without any has yet to get the list.
            here.setdefault(section, [] if section in ("endpoint", "channel") else {})
        at = (*at, _place(here, section, variable) if isinstance(here, list) else section)
        here = inside(here, at[-1])
    if not isinstance(here, dict) or not last:
        raise ValueError(f"{variable} sets no key of the deployment file: write WATCHER__SECTION__KEY")
    here[last] = value
    return (*at, last)


def _place(tables: list[Any], section: str, variable: str) -> int:
    """Find a table by its place, or by its id with _ for every other sign; the next place is a new table."""
    if section.isdecimal() and int(section) <= len(tables):
        if int(section) == len(tables):
            tables.append({})
        return int(section)
    ids = [str(table.get("id", "")) for table in tables if isinstance(table, dict)]
    places = [place for place, name in enumerate(ids) if _shouted(name) == _shouted(section)]
    if len(places) != 1:
        known = ", ".join(_shouted(name) for name in ids) or "none"
        raise ValueError(
            f"{variable} names no one table by {section.upper()}: "
            f"write its id in capitals ({known}) or its place from 0"
        )
    return places[0]


def _shouted(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())
