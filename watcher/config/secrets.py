"""Secrets: `{ env = "NAME" }` and `{ file = "path" }` in a deployment file stand for text kept elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watcher.config.problems import KeyPath, Problem

_SOURCES = ({"env"}, {"file"})


@dataclass(slots=True)
class Resolved:
    """What resolving found: where secrets stand, and those that could not be had."""

    at: set[KeyPath] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def resolve_secrets(data: dict[str, Any], folder: Path, environment: Mapping[str, str]) -> Resolved:
    """Put the text in the place of each source in `data`; relative files are relative to `folder`.

    Where a secret cannot be had, an empty text is put there and a problem is returned.
    """
    resolved = Resolved()
    for at, container, key in list(_sources(data, ())):
        [(kind, name)] = container[key].items()
        resolved.at.add(at)
        try:
            container[key] = _text(kind, name, folder, environment)
        except ValueError as error:
            container[key] = ""
            resolved.problems.append(Problem(at, str(error), hidden=True))
    return resolved


def _sources(here: Any, at: KeyPath) -> Iterator[tuple[KeyPath, Any, Any]]:  # noqa: ANN401  # any TOML value
    items = here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ()
    for key, value in items:
        if isinstance(value, dict) and set(value) in _SOURCES:
            yield (*at, key), here, key
        else:
            yield from _sources(value, (*at, key))


def _text(kind: str, name: object, folder: Path, environment: Mapping[str, str]) -> str:
    if not isinstance(name, str) or not name:
        raise ValueError(f'names no {kind}: write {{ {kind} = "…" }}')
    if kind == "env":
        text = environment.get(name, "")
        if not text.strip():
            state = "empty" if name in environment else "not set"
            raise ValueError(
                f"needs the environment variable {name}, which is {state}: set it before starting"
            )
    else:
        path = folder / name
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ValueError(
                f"needs the file {path}, which cannot be read ({reason}): create it, readable by this user"
            ) from None
        if not text.strip():
            raise ValueError(f"needs the file {path}, which is empty: write the secret into it")
    return text.strip()
