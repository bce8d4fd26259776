"""JSON Schemas of both files, and of bundles: `python -m watcher.config.schema` writes them to config/schema.

They say what is valid in one place of a file; what holds between tables is left to `watcher check`.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from watcher.config.bundle_form import Bundle
from watcher.config.deployment import DeploymentFile
from watcher.config.grant import GrantFile
from watcher.config.program_file import ProgramFile
from watcher.shipped import shipped

FILES: dict[str, type[BaseModel]] = {
    "program.schema.json": ProgramFile,
    "deployment.schema.json": DeploymentFile,
    "grant.schema.json": GrantFile,
}
"""The file name of each schema in config/schema."""

BUNDLE = "bundle.schema.json"
"""The file name of the schema of what `watcher evidence --json` prints."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SOURCES = [
    {
        "type": "object",
        "properties": {key: {"type": "string"}},
        "required": [key],
        "additionalProperties": False,
    }
    for key in ("env", "file")
]


def schema_text(model: type[BaseModel]) -> str:
    """Give the JSON Schema of one file as text, the same each time."""
    schema = {
        "$schema": _DIALECT,
        **_as_written(model.model_json_schema(by_alias=True)),
    }
    return _text(schema)


def bundle_schema_text() -> str:
    """Give the JSON Schema of a milestone's bundle, which is JSON itself."""
    return _text({"$schema": _DIALECT, **Bundle.model_json_schema(by_alias=True)})


def write_schemas(folder: Path) -> None:
    """Write all schemas into a folder."""
    for name, model in FILES.items():
        (folder / name).write_text(schema_text(model), encoding="utf-8")
    (folder / BUNDLE).write_text(bundle_schema_text(), encoding="utf-8")


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _as_written(node: Any, *, named: bool = False) -> Any:  # noqa: ANN401  # any JSON
    """Describe what stands in the file: TOML has no null, secrets have sources, defaults are written as text.

    `named`: the node's keys are names that the file may hold, not words of JSON Schema.
    """
    if isinstance(node, list):
        return [_as_written(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {
        key: _as_written(item, named=not named and key in ("properties", "$defs"))
        for key, item in node.items()
    }
    if named:
        return node
    if {"type": "null"} in node.get("anyOf", []):
        present = [choice for choice in node.pop("anyOf") if choice != {"type": "null"}]
        del node["default"]
        node |= present[0] if len(present) == 1 else {"anyOf": present}
    if node.get("type") == "string" and not isinstance(node.get("default", ""), str):
        del node["default"]
    if node.pop("writeOnly", False):
        del node["format"], node["type"]
        node = {"anyOf": [{"type": "string"}, *_SOURCES], **node}
    if "$ref" not in node and node.get("type") != "object":
        node.pop("title", None)
    return node


if __name__ == "__main__":
    write_schemas(shipped("config", "schema"))
