"""Kinds, and tables with a `kind`: from a name in a file to the module of that name.

{ kind = "live_apps", … } ─▶ watcher.metrics.live_apps ─▶ Kinded("live_apps", live_apps.Settings(…))

A package's modules are its kinds: nothing is registered, nothing is imported before it is named. Names that
begin with an underscore are no kinds.
"""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import ModuleType
from typing import Any, Literal, cast

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from watcher.fields import refuse

Family = Literal["discovery", "metrics", "channels", "explorers"]
"""A package of `watcher` whose modules are kinds."""


def known(family: Family) -> tuple[str, ...]:
    """List the kinds of a family, sorted."""
    package = importlib.import_module(f"watcher.{family}")
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name for name in names if not name.startswith("_")))


def unknown(kind: str, names: Sequence[str]) -> str:
    """Say that a kind is none of those known, which are listed."""
    close = get_close_matches(kind, names, 1)
    hint = f'did you mean "{close[0]}"? ' if close else ""
    return f"is no known kind: {hint}The known ones are {', '.join(names)}"


def settings_of(family: Family, kind: str) -> type[BaseModel]:
    """Give the model that a kind's table is read with; ValueError lists the known kinds."""
    return cast(type[BaseModel], module_of(family, kind).Settings)


def module_of(family: Family, kind: str) -> ModuleType:
    """Give the module of a kind; ValueError lists the known ones."""
    names = known(family)
    if kind not in names:
        raise ValueError(unknown(kind, names))
    return importlib.import_module(f"watcher.{family}.{kind}")


@dataclass(frozen=True, slots=True)
class Kinded:
    """A table's kind, and the rest of it."""

    kind: str
    settings: BaseModel

    def canonical(self) -> dict[str, Any]:
        """Give the table in its canonical form, without what equals its default."""
        return {
            "kind": self.kind,
            **self.settings.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        }

    @property
    def summary(self) -> str:
        """Give what the kind's module says of itself in its first line; the kind where it says nothing."""
        said = (inspect.getdoc(inspect.getmodule(type(self.settings))) or "").partition("\n")[0]
        return said.partition(": ")[2].rstrip(".") or self.kind

    @property
    def words(self) -> str:
        """Give the summary with the settings that are not the default, as in the file."""
        settings = {key: value for key, value in self.canonical().items() if key != "kind"}
        return f"{self.summary} {_toml(settings)}" if settings else self.summary


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(part)}' for key, part in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class KindOf:
    """Marks a field as a table of one family of kinds; `elsewhere` names kinds that are not written here."""

    family: Family
    elsewhere: Mapping[str, str] | None = None

    def known(self) -> list[str]:
        """List the kinds that may be written here."""
        return [kind for kind in known(self.family) if kind not in (self.elsewhere or {})]

    def model(self, table: object) -> type[BaseModel] | None:
        """Give the model that this table's keys are read with; None where its kind is unknown."""
        kind = table.get("kind") if isinstance(table, dict) else None
        return settings_of(self.family, kind) if kind in known(self.family) else None

    def read(self, table: object) -> Kinded:
        """Validate one table; ValidationError where it is wrong."""
        if not isinstance(table, dict):
            raise ValueError(f"is not a table: write {{ kind = … }} with one of {', '.join(self.known())}")  # noqa: TRY004  # pydantic reports ValueError
        if "kind" not in table:
            raise refuse(("kind",), f"is missing: write one of {', '.join(self.known())}")
        kind = table["kind"]
        place = (self.elsewhere or {}).get(kind) if isinstance(kind, str) else None
        if place is not None:
            raise refuse(("kind",), f"is not written here but as {place}")
        if kind not in self.known():
            raise refuse(("kind",), unknown(str(kind), self.known()))
        model = settings_of(self.family, kind)
        return Kinded(
            kind, model.model_validate({key: value for key, value in table.items() if key != "kind"})
        )

    def write(self, value: Kinded) -> dict[str, Any]:
        """Give the table in its canonical form, without what equals its default."""
        return value.canonical()

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.read, serialization=core_schema.plain_serializer_function_ser_schema(self.write)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        choices = []
        for kind in self.known():
            model = settings_of(self.family, kind)
            choice = handler.resolve_ref_schema(handler(model.__pydantic_core_schema__)).copy()
            choice["title"] = kind
            choice["properties"] = {"kind": {"const": kind}, **choice.get("properties", {})}
            choice["required"] = ["kind", *choice.get("required", [])]
            choices.append(choice)
        return {"oneOf": choices}
