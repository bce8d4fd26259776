"""The real chains that contract tests read: the devnet, over HTTP like any node, and anvil."""

from collections.abc import Iterator
from threading import Event

import pytest
import urllib3

from tests.nodes import GENESIS_TIME, Anvil, Node, anvil
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.reader import JsonRpcSource
from watcher.clock import SystemClock
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_server import serve


@pytest.fixture
def devnet() -> Devnet:
    """Make a fresh chain with block 0 only."""
    return Devnet(GENESIS_TIME)


@pytest.fixture
def devnet_node(devnet: Devnet) -> Iterator[Node]:
    """Serve the same chain to a client."""
    with serve(devnet) as url, urllib3.PoolManager() as pool:
        yield Node(url, pool)


@pytest.fixture
def source(devnet: Devnet) -> Iterator[JsonRpcSource]:
    """Read the devnet as the watcher does."""
    with serve(devnet) as url:
        reader = JsonRpcSource(
            [EndpointSettings("devnet", url)], devnet.chain_id, clock=SystemClock(), wait=Event().wait
        )
        yield reader
        reader.close()


@pytest.fixture
def anvil_node() -> Iterator[Anvil]:
    """Start an anvil that seals blocks when told; its genesis has the devnet's time."""
    with anvil("--timestamp", str(GENESIS_TIME)) as node:
        yield node
