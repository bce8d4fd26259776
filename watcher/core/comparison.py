"""Comparing two bundles: where the one that was handed over differs from the one that was recounted.

    bundle, recount ─▶ walked side by side ─▶ Difference: "app alpha, day 2026-02-01, actions", 13, 12

It knows nothing of what bundles hold: objects are walked by key, lists of objects by what names them. So
whatever evidence learns to say is compared without a change here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

_NAMES = ("id", "day", "address", "name")
"""What names an object among others of its list; the first that all of them have, each once."""


class Absent(Enum):
    """What stands on the side that has nothing at a place; null is something."""

    ABSENT = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which two bundles differ; `path` are the keys and names that lead to it."""

    path: tuple[str, ...]
    words: str
    bundle: object
    recount: object

    def as_json(self) -> dict[str, Any]:
        """Give path, words and both values; a side that has nothing there has no key."""
        sides = {"bundle": self.bundle, "recount": self.recount}
        return {
            "path": list(self.path),
            "words": self.words,
            **{side: value for side, value in sides.items() if value is not Absent.ABSENT},
        }


def differences(bundle: object, recount: object) -> list[Difference]:
    """Give every place at which two JSON values differ, in the order of their keys; none: they are equal."""
    return list(_walk(bundle, recount, (), ()))


def _walk(
    bundle: object, recount: object, path: tuple[str, ...], words: tuple[str, ...]
) -> Iterator[Difference]:
    if isinstance(bundle, Mapping) and isinstance(recount, Mapping):
        for key in sorted(bundle.keys() | recount.keys()):
            left, right = bundle.get(key, Absent.ABSENT), recount.get(key, Absent.ABSENT)
            named, counted = _named(left), _named(right)
            if named is None or counted is None:
                yield from _walk(left, right, (*path, key), (*words, key.replace("_", " ")))
            else:
                yield from _walk_named(named, counted, (*path, key), words)
    elif type(bundle) is not type(recount) or bundle != recount:
        yield Difference(path, ", ".join(words), bundle, recount)


def _walk_named(
    named: Mapping[str, Any], counted: Mapping[str, Any], path: tuple[str, ...], words: tuple[str, ...]
) -> Iterator[Difference]:
    """Compare two lists by what names their objects, and then their order."""
    kind = _singular(path[-1])
    for name in sorted(named.keys() | counted.keys()):
        left, right = named.get(name, Absent.ABSENT), counted.get(name, Absent.ABSENT)
        yield from _walk(left, right, (*path, name), (*words, f"{kind} {name}"))
    if named.keys() == counted.keys() and list(named) != list(counted):
        yield Difference(path, ", ".join((*words, f"order of {path[-1]}")), list(named), list(counted))


def _named(items: object) -> dict[str, Any] | None:
    """Give a list's objects by what names them; None where it is no list of such objects."""
    if not isinstance(items, Sequence) or isinstance(items, str):
        return None
    for name in _NAMES:
        if all(isinstance(item, Mapping) and isinstance(item.get(name), str) for item in items):
            found = {item[name]: item for item in items}
            if len(found) == len(items):
                return found
    return None


def _singular(key: str) -> str:
    return {"kpis": "KPI"}.get(key, key.removesuffix("s").replace("_", " "))
