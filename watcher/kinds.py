"""Kinds: from `kind = "registry"` in a file to the module `watcher.discovery.registry`.

A package's modules are its kinds: nothing is registered, nothing is imported before it is named. Names that
begin with an underscore are no kinds.
"""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from types import ModuleType
from typing import Any, Literal, Protocol, cast

from pydantic import BaseModel

from watcher.channels import Channel
from watcher.core.applications import Discovery
from watcher.core.readings import Metric, Reading
from watcher.core.types import AppId

Family = Literal["discovery", "metrics", "channels"]
"""A package of `watcher` whose modules are kinds."""


class DiscoveryKind(Protocol):
    """What a module of `watcher.discovery` offers."""

    Settings: type[BaseModel]
    build: Callable[[Any, AppId, int], Discovery]
    """Make the discovery of one app from settings, the app's id and the program's `count_from`."""


class MetricKind(Protocol):
    """What a module of `watcher.metrics` offers."""

    Settings: type[BaseModel]
    build: Callable[[Any], Metric]
    bounds: Callable[[Any, int], Reading]
    """Give the least and the most that the metric can read with so many apps; high None: no limit."""


class ChannelKind(Protocol):
    """What a module of `watcher.channels` offers."""

    Settings: type[BaseModel]
    build: Callable[[Any], Channel]


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
    return cast(type[BaseModel], _module(family, kind).Settings)


def discovery(kind: str) -> DiscoveryKind:
    """Give a discovery kind; ValueError lists the known ones."""
    return cast(DiscoveryKind, _module("discovery", kind))


def metric(kind: str) -> MetricKind:
    """Give a metric kind; ValueError lists the known ones."""
    return cast(MetricKind, _module("metrics", kind))


def channel(kind: str) -> ChannelKind:
    """Give a channel kind; ValueError lists the known ones."""
    return cast(ChannelKind, _module("channels", kind))


def _module(family: Family, kind: str) -> ModuleType:
    names = known(family)
    if kind not in names:
        raise ValueError(unknown(kind, names))
    return importlib.import_module(f"watcher.{family}.{kind}")
