"""What stands in the way of a message, as far as the receiver's name tells."""

import ipaddress
import socket
from collections.abc import Sequence

import pytest

from watcher.channels._addresses import IpAddress
from watcher.channels._exchange import Route, obstacle

PUBLIC, HOME = ipaddress.ip_address("203.0.114.7"), ipaddress.ip_address("192.168.0.7")


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        ([PUBLIC], None),
        ([HOME, PUBLIC], None),
        ([HOME], "hook.test is at 192.168.0.7, a private address: set allow_private_addresses = true"),
        ([], "hook.test has no address"),
    ],
)
def test_a_name_is_judged_by_where_it_leads(addresses: Sequence[IpAddress], said: str | None) -> None:
    """One permitted address is enough: the message goes there."""
    route = Route(resolving=lambda _host, _port: addresses)
    found = obstacle("hook.test", 443, route)
    assert (found and found.removesuffix(" if that is meant")) == said


def test_a_private_address_that_is_meant_is_no_obstacle() -> None:
    """The operator said so."""
    route = Route(allow_private_addresses=True, resolving=lambda _host, _port: [HOME])
    assert obstacle("hook.test", 443, route) is None


def test_a_name_that_nobody_knows_is_one() -> None:
    """It is said in the words that an attempt would use."""

    def unknown(_host: str, _port: int) -> Sequence[IpAddress]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    said = obstacle("hook.test", 443, Route(resolving=unknown))
    assert said == "hook.test has no address: Name or service not known"
