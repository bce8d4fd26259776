"""The shape of a file: which keys its models know at a place, for remedies and for keeping secrets."""

from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from watcher.config.problems import KeyPath, inside
from watcher.kinded import KindOf


def fields_at(model: type[BaseModel], at: KeyPath, data: object) -> dict[str, FieldInfo]:
    """Give the fields of the table at a key path by their names in the file; `data` says which kind it is.

    Empty where the models do not know the place.
    """
    table: type[BaseModel] | None = model
    here, annotation = data, None
    for key in at:
        here = inside(here, key)
        if isinstance(key, str):
            field = _by_name(table).get(key)
            annotation = field.rebuild_annotation() if field is not None else None
        if not isinstance(here, list):
            table = _table_in(annotation, here)
    return _by_name(table)


def is_secret(model: type[BaseModel], at: KeyPath, data: object) -> bool:
    """Tell whether the value at a key path may be a secret: it is one, or the model does not know the key.

    A kind never is: it chooses the model.
    """
    places = [place for place, key in enumerate(at) if isinstance(key, str)]
    if at[-1:] == ("kind",):
        return False
    field = fields_at(model, at[: places[-1]], data).get(str(at[places[-1]]))
    return field is None or _mentions(field.rebuild_annotation(), SecretStr)


def _by_name(model: type[BaseModel] | None) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()} if model else {}


def _table_in(annotation: Any, data: object) -> type[BaseModel] | None:  # noqa: ANN401  # any type expression
    """Find the model in a type expression such as `tuple[Annotated[App, …], …]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in (*getattr(annotation, "__metadata__", ()), *get_args(annotation)):
        found = part.model(data) if isinstance(part, KindOf) else _table_in(part, data)
        if found is not None:
            return found
    return None


def _mentions(annotation: Any, wanted: type) -> bool:  # noqa: ANN401  # any type expression
    return annotation is wanted or any(_mentions(part, wanted) for part in get_args(annotation))
