"""From pydantic's errors to problems in the words of the file: what is wrong, and what to write instead."""

from collections.abc import Callable
from datetime import date, time

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from watcher.config.problems import Problem, did_you_mean
from watcher.config.shape import fields_at
from watcher.fields import TOLD

_WRITE = {
    "int_type": "a whole number, without quotes and without a decimal point",
    "bool_type": "true or false, without quotes",
    "string_type": "text in quotes",
    "tuple_type": "a list: [ … ], or [[tables]] of this name",
    "model_type": "a table: { key = value }",
    "dict_type": "a table: { key = value }",
    "union_tag_not_found": "an id in quotes, or a table",
}
"""What to write where a value has the wrong type, by pydantic's error type."""

_PATTERNS = {
    r"^[a-z0-9][a-z0-9._-]*$": "is no id: write lowercase letters, digits, dots, dashes and underscores",
    r"^[0-9a-fA-F]{64}$": "is no public key: write the 64 hex digits that `watcher attest key` prints",
    r"^https?://\S+$": "is no URL: write one that begins with https:// or http://",
}
"""What is wrong with a text, by the pattern that it does not match."""

_SAY: dict[str, Callable[[ErrorDetails], str]] = {
    "value_error": lambda item: str(item["ctx"]["error"]),
    TOLD: lambda item: item["msg"],
    "literal_error": lambda item: f"is not known: write {item['ctx']['expected']}",
    "too_short": lambda item: f"is too short: list at least {item['ctx']['min_length']}",
    "string_too_short": lambda _: "is empty: write something, or leave the key out",
    "string_too_long": lambda item: f"is too long: write at most {item['ctx']['max_length']} characters",
    "string_pattern_mismatch": lambda item: _PATTERNS[item["ctx"]["pattern"]],
    "greater_than_equal": lambda item: f"is too small: write {item['ctx']['ge']} or more",
    "less_than_equal": lambda item: f"is too large: write {item['ctx']['le']} or less",
}
"""What is wrong, and the remedy, by pydantic's error type."""

_TYPE_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a float"),
    (str, "text"),
    (dict, "a table"),
    (list, "a list"),
    ((date, time), "a date or time"),
)


def problems_of(error: ValidationError, model: type[BaseModel], data: object) -> list[Problem]:
    """Translate pydantic's errors about `data`, which was read with `model`."""
    items = error.errors(include_url=False)
    places = [item["loc"] for item in items]
    return [_problem(item, model, data) for item in items if not _follows(item, places)]


def _follows(item: ErrorDetails, places: list[tuple[str | int, ...]]) -> bool:
    """Tell whether a list only counts as short because items of it are wrong, which is reported anyway."""
    at = item["loc"]
    return item["type"] == "too_short" and any(
        len(place) > len(at) and place[: len(at)] == at for place in places
    )


def _problem(item: ErrorDetails, model: type[BaseModel], data: object) -> Problem:
    # What pydantic puts between angle brackets is the form of a value, no key of the file: see program_file.
    at = tuple(key for key in item["loc"] if not str(key).startswith("<"))
    kind = item["type"]
    if kind in ("missing", "extra_forbidden"):
        known, name = fields_at(model, at[:-1], data), str(at[-1])
        if kind == "extra_forbidden":
            return Problem(at, f"is an unknown key: {did_you_mean(name, known)}")
        meaning = known[name].description if name in known else None
        return Problem(at, f"is missing: add it{f', {meaning}' if meaning else ''}")
    if kind in _WRITE:
        found = next(name for types, name in _TYPE_NAMES if isinstance(item["input"], types))
        return Problem(at, f"is {found}: write {_WRITE[kind]}")
    return Problem(at, _SAY[kind](item) if kind in _SAY else f"is wrong: {item['msg']}")
