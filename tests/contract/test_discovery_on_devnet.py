"""Discovery on a real chain: our registry and factory really emit what the discovery kinds read."""

from typing import Any

import pytest

from tests.unit.discovery.givens import chain
from watcher import kinds
from watcher.chain.reader import JsonRpcSource
from watcher.core.facts import Announcement
from watcher.core.types import Address, AppId, BlockRange
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet


def _found(source: JsonRpcSource, last: int, kind: str, **settings: Any) -> list[Announcement]:  # noqa: ANN401  # TOML
    """Read blocks 1 to `last` with one discovery, whose settings are as in a program file."""
    module = kinds.discovery(kind)
    discovery = module.build(module.Settings.model_validate(settings), AppId("app"), chain(1))
    windows = source.windows(BlockRange(1, last), 10)
    return [item for window in windows for made in window.blocks for item in discovery.read(made)]


def _addresses(found: list[Announcement]) -> list[tuple[Address, bool]]:
    return [(item.address, item.removed) for item in found]


def test_the_registry_announces_and_removes(devnet: Devnet, source: JsonRpcSource) -> None:
    """An app's name is recognised by its hash; other apps' announcements are not its own."""
    owner, app = devnet.accounts[0], compiled("AppRegistry")
    registry = devnet.deploy(owner, "AppRegistry")
    contract = devnet.deploy(owner, "App")
    devnet.mine()
    devnet.transact(owner, registry, app.call("announce", "kumbaya", contract))
    devnet.transact(owner, registry, app.call("announce", "other", contract))
    devnet.mine()
    devnet.transact(owner, registry, app.call("remove", "kumbaya", contract))
    last = devnet.mine()
    found = _found(source, last, "registry", address=registry, app="kumbaya")
    assert _addresses(found) == [(contract, False), (contract, True)]


def test_a_deployers_contracts_are_found(devnet: Devnet, source: JsonRpcSource) -> None:
    """By the receipts of the creations, in whatever block."""
    deployer, other = devnet.accounts[:2]
    contracts = [devnet.deploy(deployer, "App")]
    devnet.deploy(other, "App")
    devnet.mine()
    contracts.append(devnet.deploy(deployer, "App"))
    last = devnet.mine()
    assert _addresses(_found(source, last, "deployer", accounts=[deployer.address])) == [
        (contract, False) for contract in contracts
    ]


@pytest.mark.parametrize(
    ("event", "call"),
    [
        ("AppCreated(address indexed creator, uint256 salt, address app)", ("create",)),
        ("AppDeployed(address indexed app, address indexed creator)", ("create",)),
        (
            "PoolCreated(address indexed t0, address indexed t1, uint24 indexed fee, int24, address app)",
            ("createPool", "0x" + "01" * 20, "0x" + "02" * 20, 3000),
        ),
    ],
)
def test_what_a_factory_creates_is_found_and_runs(
    event: str, call: tuple[Any, ...], devnet: Devnet, source: JsonRpcSource
) -> None:
    """Created inside a call, named by the event alone, whether the address is data or a topic."""
    user = devnet.accounts[0]
    factory = devnet.deploy(user, "Factory")
    devnet.mine()
    devnet.transact(user, factory, compiled("Factory").call(*call), gas=3_000_000)
    last = devnet.mine()
    [found] = _found(source, last, "factory_event", factories=[factory], event=event, argument="app")
    assert source.code_now(found.address) == compiled("App").runtime
