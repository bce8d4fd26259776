"""The rule that no test depends on the internet."""

import socket

import pytest


def test_a_test_cannot_reach_beyond_this_machine() -> None:
    """A name is refused before it is looked up, an address before it is connected to."""
    with pytest.raises(Exception, match=r"a test looked up example\.org"):
        socket.create_connection(("example.org", 80))
    with socket.socket() as client, pytest.raises(Exception, match=r"a test connected to 192\.0\.2\.1"):
        client.connect(("192.0.2.1", 80))
