"""The rule that unit tests are pure, checked where it holds."""

import socket

import pytest


def test_a_unit_test_cannot_open_a_socket() -> None:
    """Nothing in tests/unit may depend on anything outside the process."""
    with pytest.raises(Exception, match="a unit test opened a socket"):
        socket.socket()
