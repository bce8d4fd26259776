"""The JSON Schemas for editors: generated from the models, current, and true to the files."""

import json
import tomllib
from pathlib import Path

import pytest

from watcher import kinded
from watcher.config.families import families
from watcher.config.schema import BUNDLE, FILES, schema_text, write_schemas
from watcher.shipped import shipped


@pytest.mark.parametrize("name", [*FILES, BUNDLE])
def test_the_shipped_schema_is_current(name: str, tmp_path: Path) -> None:
    """Write it anew with `python -m watcher.config.schema`."""
    write_schemas(tmp_path)
    assert shipped("config", "schema", name).read_bytes() == (tmp_path / name).read_bytes()


def test_every_kind_can_be_completed() -> None:
    """Editors offer each kind with its keys; curated contracts have a table of their own."""
    program = json.loads(schema_text(FILES["program.schema.json"]))
    deployment = json.loads(schema_text(FILES["deployment.schema.json"]))
    offered = [
        program["$defs"]["App"]["properties"]["discover"]["items"],
        program["$defs"]["Kpi"]["properties"]["metric"],
        deployment["properties"]["channel"]["items"],
    ]
    assert [{choice["title"] for choice in item["oneOf"]} for item in offered] == [
        set(kinded.known("discovery")) - {"curated"},
        set(kinded.known("metrics")),
        set(kinded.known("channels")),
    ]
    for item in offered:
        for choice in item["oneOf"]:
            assert choice["properties"]["kind"] == {"const": choice["title"]}
            assert choice["required"][0] == "kind"


def test_known_families_are_listed() -> None:
    """Every file of config/chains can be written."""
    program = json.loads(schema_text(FILES["program.schema.json"]))
    assert program["$defs"]["Chain"]["properties"]["family"]["enum"] == families()


def test_secrets_are_described_by_their_sources() -> None:
    """As they stand in the file: a text, a variable or a file."""
    deployment = json.loads(schema_text(FILES["deployment.schema.json"]))
    choices = deployment["properties"]["database"]["anyOf"]
    assert [choice.get("required", choice["type"]) for choice in choices] == ["string", ["env"], ["file"]]
    assert "null" not in json.dumps(deployment)


def test_every_shipped_file_names_its_schema() -> None:
    """Editors find it by the first line."""
    tables = [*shipped("config", "programs").glob("*.toml"), *shipped("config", "grants").glob("*.toml")]
    for path in [shipped("config", "watcher.toml"), *tables]:
        text = path.read_text(encoding="utf-8")
        named = (path.parent / text.splitlines()[0].removeprefix("#:schema ")).resolve()
        assert named.parent == shipped("config", "schema").resolve()
        assert set(tomllib.loads(text)) <= set(json.loads(named.read_text(encoding="utf-8"))["properties"])
