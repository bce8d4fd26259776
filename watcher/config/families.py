"""Chain families: which transactions and contracts are the chain's own, and count for nobody.

config/chains/<family>.toml ─▶ SystemTransactions, markers of actions. To add a family, add its file.
"""

import tomllib
from functools import cache

from watcher.config.markers import MarkerTable
from watcher.core.actions import Marker
from watcher.core.definition import SystemTransactions
from watcher.core.types import Address
from watcher.shipped import shipped


def families() -> list[str]:
    """List the known families, sorted."""
    return sorted(path.stem for path in shipped("config", "chains").glob("*.toml"))


def known_family(name: str) -> str:
    """Return the name of a known family as it is; ValueError lists the known ones."""
    if name not in families():
        raise ValueError(f"is no known family: write one of {', '.join(families())}")
    return name


@cache
def family_markers(family: str) -> tuple[Marker, ...]:
    """Give the markers of actions that every program of a known family believes."""
    data = tomllib.loads(shipped("config", "chains", f"{family}.toml").read_text(encoding="utf-8"))
    return tuple(MarkerTable.model_validate(row).built() for row in data["marker"])


@cache
def system_transactions(family: str) -> SystemTransactions:
    """Give what is the chain's own in a known family."""
    data = tomllib.loads(shipped("config", "chains", f"{family}.toml").read_text(encoding="utf-8"))
    system, left_out = data["system"], data["open"]
    return SystemTransactions(
        senders=frozenset(map(Address, system["senders"])),
        types=frozenset(system["types"]),
        creators=frozenset(map(Address, left_out["creators"])),
        contracts=frozenset(map(Address, left_out["contracts"])),
    )
