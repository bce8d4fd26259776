"""What the modules of each family of kinds offer, and how to get one by its kind.

`kind = "registry"` in a file ─▶ `kinds.discovery("registry")` ─▶ the module `watcher.discovery.registry`
"""

from collections.abc import Callable
from typing import Any, Protocol, cast

from pydantic import BaseModel

from watcher.channels import Channel
from watcher.core.applications import Discovery
from watcher.core.definition import Chain
from watcher.core.readings import Metric, Reading
from watcher.core.types import AppId
from watcher.explorers import Explorer
from watcher.kinded import module_of


class DiscoveryKind(Protocol):
    """What a module of `watcher.discovery` offers."""

    Settings: type[BaseModel]
    build: Callable[[Any, AppId, Chain], Discovery]
    """Make the discovery of one app from settings, the app's id and the program's chain."""


class MetricKind(Protocol):
    """What a module of `watcher.metrics` offers."""

    Settings: type[BaseModel]
    build: Callable[[Any], Metric]
    bounds: Callable[[Any, int | None], Reading]
    """Give the least and the most that the metric can read with so many apps; None: no limit."""


class ChannelKind(Protocol):
    """What a module of `watcher.channels` offers."""

    Settings: type[BaseModel]
    build: Callable[[Any], Channel]


class ExplorerKind(Protocol):
    """What a module of `watcher.explorers` offers."""

    Settings: type[BaseModel]
    build: Callable[[Any, int], Explorer]
    """Make the explorer from settings and the id of the chain that it is asked about."""


def discovery(kind: str) -> DiscoveryKind:
    """Give a discovery kind; ValueError lists the known ones."""
    return cast(DiscoveryKind, module_of("discovery", kind))


def metric(kind: str) -> MetricKind:
    """Give a metric kind; ValueError lists the known ones."""
    return cast(MetricKind, module_of("metrics", kind))


def channel(kind: str) -> ChannelKind:
    """Give a channel kind; ValueError lists the known ones."""
    return cast(ChannelKind, module_of("channels", kind))


def explorer(kind: str) -> ExplorerKind:
    """Give an explorer kind; ValueError lists the known ones."""
    return cast(ExplorerKind, module_of("explorers", kind))
