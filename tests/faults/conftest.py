"""Two endpoints of one chain, for tests of what becomes of them; a test file may serve another `node`."""

from collections.abc import Iterator

import pytest

from tests.faults.scripted_node import ScriptedNode, scripted_node


@pytest.fixture
def node() -> Iterator[ScriptedNode]:
    """Serve a chain of a hundred blocks."""
    with scripted_node(blocks=100) as made:
        yield made


@pytest.fixture
def second() -> Iterator[ScriptedNode]:
    """Serve the same chain from another endpoint."""
    with scripted_node(blocks=100) as made:
        yield made
