"""Chains on which something has happened already."""

import pytest
from web3.contract import Contract

from tests.contract.devnet.web3_chain import Web3Chain
from tests.nodes import Node
from watcher.core.types import Address
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet


@pytest.fixture
def web3_chain(devnet: Devnet, devnet_node: Node) -> Web3Chain:
    """Put web3 on top of the devnet."""
    return Web3Chain(devnet, devnet_node)


@pytest.fixture
def app(web3_chain: Web3Chain) -> Contract:
    """Deploy an application."""
    return web3_chain.deploy("App")


@pytest.fixture
def used(devnet: Devnet) -> Address:
    """Deploy an application in block 1, use it twice with 7 and fail once in block 2; 3 is empty."""
    deployed = devnet.deploy(devnet.accounts[0], "App")
    devnet.mine()
    for user in devnet.accounts[1:3]:
        devnet.transact(user, deployed, compiled("App").call("use", 7))
    devnet.transact(devnet.accounts[1], deployed, compiled("App").call("fail"))
    devnet.mine()
    devnet.mine()
    return deployed
