"""Tables with a `kind`: read with the Settings of the module that the kind names.

{ kind = "live_apps", … } ─▶ Kinded("live_apps", live_apps.Settings(…))
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from watcher import kinds
from watcher.fields import refuse


@dataclass(frozen=True, slots=True)
class Kinded:
    """A table's kind, and the rest of it."""

    kind: str
    settings: BaseModel


@dataclass(frozen=True, slots=True)
class KindOf:
    """Marks a field as a table of one family of kinds; `elsewhere` names kinds that are not written here."""

    family: kinds.Family
    elsewhere: Mapping[str, str] | None = None

    def known(self) -> list[str]:
        """List the kinds that may be written here."""
        return [kind for kind in kinds.known(self.family) if kind not in (self.elsewhere or {})]

    def model(self, table: object) -> type[BaseModel] | None:
        """Give the model that this table's keys are read with; None where its kind is unknown."""
        kind = table.get("kind") if isinstance(table, dict) else None
        return kinds.settings_of(self.family, kind) if kind in kinds.known(self.family) else None

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
            raise refuse(("kind",), kinds.unknown(str(kind), self.known()))
        model = kinds.settings_of(self.family, kind)
        return Kinded(
            kind, model.model_validate({key: value for key, value in table.items() if key != "kind"})
        )

    def write(self, value: Kinded) -> dict[str, Any]:
        """Give the table in its canonical form, without what equals its default."""
        return {
            "kind": value.kind,
            **value.settings.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        }

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.read, serialization=core_schema.plain_serializer_function_ser_schema(self.write)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        choices = []
        for kind in self.known():
            model = kinds.settings_of(self.family, kind)
            choice = handler.resolve_ref_schema(handler(model.__pydantic_core_schema__)).copy()
            choice["title"] = kind
            choice["properties"] = {"kind": {"const": kind}, **choice.get("properties", {})}
            choice["required"] = ["kind", *choice.get("required", [])]
            choices.append(choice)
        return {"oneOf": choices}
