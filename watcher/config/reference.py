"""The reference of both files in the documents, made from the models: each key with type, default, meaning.

`python -m watcher.config.reference program docs/programs.md` (or `deployment`) replaces everything below the
marker line of that page; what stands above it is written by hand. `make docs` does it for every page.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from watcher.config.deployment import DeploymentFile
from watcher.config.program_file import ProgramFile
from watcher.core.wording import duration_text
from watcher.fields import LARGEST_INTEGER, Amount, HexAddress, Id, Seconds

MARKER = "<!-- generated below: make docs -->"

FILES: dict[str, type[BaseModel]] = {"program": ProgramFile, "deployment": DeploymentFile}
"""The model of each file, by the word that names it on the command line."""

_DURATION = "duration"
_NAMES = {
    TypeAdapter(HexAddress).json_schema()["pattern"]: "address",
    TypeAdapter(Id).json_schema()["pattern"]: "id",
    TypeAdapter(Seconds).json_schema()["pattern"]: _DURATION,
    TypeAdapter(Amount).json_schema()["anyOf"][0]["pattern"]: "amount",
}
"""What a text is called, by the pattern that it has to match."""

_PLURALS = {
    "address": "addresses",
    _DURATION: "durations",
    "id or table": "ids or tables",
    "text or secret": "secrets",
}

_HEAD = "| key | type | default | meaning |\n|---|---|---|---|"

Schema = dict[str, Any]

_NULL: Schema = {"type": "null"}


def reference(model: type[BaseModel]) -> str:
    """Describe every table of a file in Markdown."""
    schema = model.model_json_schema(by_alias=True)
    return "\n".join(_tables("", "At the top of the file", schema, schema["$defs"]))


def renewed(document: str, text: str) -> str:
    """Give a page with its generated part made anew; ValueError where the marker is missing."""
    head, marker, _ = document.partition(MARKER)
    if not marker:
        raise ValueError(f"the page has no line {MARKER!r} below which the reference could go")
    return f"{head}{MARKER}\n\n{text}"


def main(arguments: list[str]) -> None:
    """Renew one page: the word for the file that it describes, and its path."""
    word, name = arguments
    page = Path(name)
    page.write_text(renewed(page.read_text(encoding="utf-8"), reference(FILES[word])), encoding="utf-8")


def _tables(path: str, heading: str, table: Schema, defs: Schema) -> Iterator[str]:
    """Describe a table, then the tables in it, depth first."""
    required = table.get("required", [])
    fields = {key: _present(field) for key, field in table["properties"].items()}
    if "kind" in fields and "const" in fields["kind"]:
        del fields["kind"]  # the heading says it
    yield f"### {heading}\n"
    yield f"{table['description']}\n"
    if fields:
        yield _HEAD
        yield from (_row(key, field, required=key in required) for key, field in fields.items())
        yield ""
    for key, field in fields.items():
        inner = f"{path}.{key}" if path else key
        for kind, nested in _nested(field, defs):
            name = f"`[[{inner}]]`" if field.get("type") == "array" else f"`[{inner}]`"
            yield from _tables(inner, f'{name} with `kind = "{kind}"`' if kind else name, nested, defs)


def _present(field: Schema) -> Schema:
    """Give the schema of a key that is written: TOML has no null."""
    choices = [choice for choice in field.get("anyOf", []) if choice != _NULL]
    return {**choices[0], **field} if len(choices) == 1 else field


def _nested(field: Schema, defs: Schema) -> Iterator[tuple[str, Schema]]:
    """Give the tables that may stand at a key, each with its kind, empty where there is but one form."""
    inner = field.get("items", field)
    if "$ref" in inner:
        yield "", defs[inner["$ref"].rpartition("/")[2]]
    for choice in inner.get("oneOf", []):
        # A condition inside a condition has the same keys again, and its other form is a KPI's id.
        if "properties" in choice:
            yield choice["title"], choice


def _row(key: str, field: Schema, *, required: bool) -> str:
    default = "required" if required else _default(field)
    return f"| `{key}` | {_type(field)} | {default} | {field.get('description', '')} |"


def _type(field: Schema) -> str:
    """Say what may be written at a key."""
    if "const" in field or "enum" in field:
        return " or ".join(f"`{json.dumps(value)}`" for value in field.get("enum", [field.get("const")]))
    if "anyOf" in field:
        return _type(next(choice for choice in field["anyOf"] if choice != _NULL))
    if "oneOf" in field:
        return "table" if all("properties" in choice for choice in field["oneOf"]) else "id or table"
    return _simple_type(field) if "type" in field else "table"


def _simple_type(field: Schema) -> str:
    match field["type"]:
        case "array":
            item = _type(field["items"])
            return "tables" if item == "table" else f"list of {_PLURALS.get(item, item)}"
        case "object":
            values = field.get("patternProperties", {"": field.get("additionalProperties")})
            return f"table of {_type(next(iter(values.values())))}"
        case "integer":
            return _integer(field)
        case "boolean":
            return "`true` or `false`"
        case _:
            return "text or secret" if "writeOnly" in field else _NAMES.get(field.get("pattern"), "text")


def _integer(field: Schema) -> str:
    most = field["maximum"]
    return f"whole number from {field['minimum']}" + (f" to {most}" if most != LARGEST_INTEGER else "")


def _default(field: Schema) -> str:
    default = field.get("default")
    if default in (None, "", [], {}):
        return ""
    if isinstance(default, int) and _type(field) == _DURATION:
        default = duration_text(default)
    return f"`{json.dumps(default)}`"


if __name__ == "__main__":
    main(sys.argv[1:])
