"""What every test lives under: no network beyond this machine, none at all in unit tests, no deadlines.

pytest-randomly shuffles the tests and seeds the random generators; the seed is in the header of each run.
"""

import ipaddress
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.databases"]

UNIT_TESTS = Path(__file__).parent / "unit"

# Machines are shared and slow at times: how long an example took says nothing about the code.
settings.register_profile("watcher", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("watcher")


class ForbiddenInTests(Exception):
    """Report a test that reached for the network."""


class _NetworkPolicy:
    """What the test that runs may do with sockets; read by an audit hook, which cannot be taken off again."""

    sockets = True
    remote_hosts = True

    def audit(self, event: str, arguments: tuple[object, ...]) -> None:
        """Refuse what the policy does not allow."""
        if event == "socket.__new__" and not self.sockets:
            raise ForbiddenInTests("a unit test opened a socket: fake the endpoint, or test it elsewhere")
        if self.remote_hosts:
            return
        if event == "socket.getaddrinfo" and not (_is_literal(arguments[0]) or _is_local(arguments[0])):
            raise ForbiddenInTests(f"a test looked up {arguments[0]}: only this machine is there")
        if event == "socket.connect" and isinstance(arguments[1], tuple) and not _is_local(arguments[1][0]):
            raise ForbiddenInTests(f"a test connected to {arguments[1][0]}: only this machine is there")


def _is_literal(host: object) -> bool:
    """Tell whether the host is an address already, so that looking it up asks nobody."""
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


def _is_local(host: object) -> bool:
    """Tell whether the host is this machine."""
    return host in {None, "", "localhost", b"localhost"} or (
        _is_literal(host) and ipaddress.ip_address(str(host)).is_loopback
    )


_POLICY = _NetworkPolicy()
sys.addaudithook(_POLICY.audit)


@pytest.fixture(autouse=True)
def _network_policy(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold each test to what its kind may do with sockets."""
    _POLICY.sockets = UNIT_TESTS not in request.path.parents
    _POLICY.remote_hosts = request.node.get_closest_marker("live") is not None
    yield
    _POLICY.sockets = _POLICY.remote_hosts = True
