"""Where a receiver's name leads, and which addresses a message must not be sent to.

A deployment file may come from someone who should not reach the machine's own network through the watcher
(server-side request forgery). So a name is resolved at each attempt, each address is judged, and the
connection goes to the very address that was judged: a name that changes its mind in between (DNS rebinding)
gains nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

Resolve = Callable[[str, int], Sequence[IpAddress]]
"""Gives the addresses of a host, in the order in which to try them; OSError where there are none."""

_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
"""Where clouds serve a machine its credentials (AWS and most others, AWS on IPv6, Alibaba, Azure, Oracle)."""

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")


def resolve(host: str, port: int) -> list[IpAddress]:
    """Ask the system where a host is; a host that is an address already stands for itself."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(address) for address in dict.fromkeys(str(entry[4][0]) for entry in found)]


def permitted(addresses: Sequence[IpAddress], *, allow_private: bool) -> list[IpAddress]:
    """Give those of a name's addresses that a message may be sent to, in their order."""
    return [address for address in addresses if allow_private or refusal(address) is None]


def refusal(address: IpAddress) -> str | None:
    """Say what kind of address it is that only an explicit permission opens; None: a public one."""
    inner = _inner(address)
    if inner in _METADATA:
        return "cloud metadata"
    for kind, applies in (
        ("unspecified", inner.is_unspecified),
        ("loopback", inner.is_loopback),
        ("link-local", inner.is_link_local),
        ("multicast", inner.is_multicast),
        ("private", not inner.is_global),
        ("private", inner.version == 6 and inner not in _GLOBAL_UNICAST),  # noqa: PLR2004  # the IP version
    ):
        if applies:
            return kind
    return None


def _inner(address: IpAddress) -> IpAddress:
    """Unwrap an IPv4 address that travels inside an IPv6 one: the packets end up there."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour
    if inside is not None:
        return inside
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
