"""Plays every test of this folder on every implementation of ChainSource."""

from collections.abc import Iterator

import pytest

from tests.contract.chain_source.chains import ChainUnderTest, Faked, OnAnvil, Served
from tests.nodes import GENESIS_TIME, anvil
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_server import serve


@pytest.fixture(params=["fake", "devnet", "anvil"])
def chain(request: pytest.FixtureRequest) -> Iterator[ChainUnderTest]:
    """Give a fresh chain with block 0 only."""
    match request.param:
        case "fake":
            yield Faked()
        case "devnet":
            devnet = Devnet(GENESIS_TIME)
            with serve(devnet) as url:
                yield Served(devnet, url)
        case _:
            with anvil(*OnAnvil.OPTIONS) as node:
                yield OnAnvil(node)


@pytest.fixture(params=["fake", "devnet"])
def tagging(request: pytest.FixtureRequest) -> Iterator[tuple[ChainUnderTest, Faked | Served]]:
    """Give a chain whose tags the test sets: anvil has its own rule."""
    if request.param == "fake":
        faked = Faked()
        yield faked, faked
    else:
        devnet = Devnet(GENESIS_TIME)
        with serve(devnet) as url:
            served = Served(devnet, url)
            yield served, served
