"""The programs and databases that the benchmarks run the watcher with."""

from pathlib import Path

from made_chain import CONTRACTS, Totals, contract

from watcher.chain.endpoint import EndpointSettings
from watcher.chain.reader import JsonRpcSource
from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.core.types import ActorId
from watcher.store.database import Store, Tx

PROGRAM = """schema = 1
id = "bench"
provenance = {{ authority = "observer", source = "https://example.org" }}
kpi = [{{ id = "live", metric = {{ kind = "live_apps" }}, at_least = 1 }}]
milestone = [{{ id = "first", any_of = ["live"] }}]
[liveness]
unit = "transaction"
reach = "{reach}"
window = {{ days = 30, kind = "rolling" }}
min_actions = 1
[chain]
id = 31337
name = "replay"
family = "ethereum"
finality = {{ {finality} }}
count_from = 1
"""


def source(url: str) -> JsonRpcSource:
    """Make a fresh client."""
    return JsonRpcSource([EndpointSettings("replay", url)], 31337)


def definition(
    folder: Path, apps: int = CONTRACTS, reach: str = "direct", finality: str = 'tag = "finalized"'
) -> Definition:
    """Make a program of an app for each of the first contracts."""
    program = folder / "program.toml"
    tables = "".join(
        f'[[app]]\nid = "app{number}"\ncontract = [{{ address = "{contract(number)}" }}]\n'
        for number in range(apps)
    )
    program.write_text(PROGRAM.format(reach=reach, finality=finality) + tables, encoding="utf-8")
    return load_program(program).definition


def database(folder: Path) -> Store:
    """Make a fresh database."""
    for file in folder.glob("bench.db*"):
        file.unlink()
    return Store.open(f"sqlite:///{folder / 'bench.db'}", create=True)


def stored_totals(store: Store, blocks: int) -> Totals:
    """Sum what the stored blocks say per contract, as `made_chain.recount` does."""
    found: Totals = {}
    actors: dict[str, set[ActorId]] = {}
    with store.reading() as tx:
        for facts in _all_blocks(tx, blocks):
            for activity in facts.activity.values():
                [(address, totals)] = activity.contracts.items()
                sums = found.setdefault(
                    address, dict.fromkeys(("actions", "failed", "gas", "fee_wei", "logs"), 0)
                )
                for name in sums:
                    sums[name] += getattr(totals, name)
                actors.setdefault(address, set()).update(activity.actors)
    return {address: sums | {"actors": len(actors[address])} for address, sums in found.items()}


def _all_blocks(tx: Tx, blocks: int):  # noqa: ANN202  # an iterator of BlockFacts
    for first in range(0, blocks, 1_000):
        yield from tx.facts.blocks(first, min(first + 1_000, blocks), 1_000)
