"""Which addresses a message must not be sent to without permission."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.channels._addresses import permitted, refusal


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("10.0.0.8", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("192.0.2.1", "private"),
        ("198.18.0.1", "private"),
        ("240.0.0.1", "private"),
        ("255.255.255.255", "private"),
        ("fd12:3456::1", "private"),
        ("fec0::1", "private"),
        ("2001:db8::1", "private"),
        ("5f00::1", "private"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.250", "multicast"),
        ("ff0e::1", "multicast"),
        ("0.0.0.0", "unspecified"),  # noqa: S104  # an address to refuse, not to bind
        ("::", "unspecified"),
        ("169.254.169.254", "cloud metadata"),
        ("fd00:ec2::254", "cloud metadata"),
        ("100.100.100.200", "cloud metadata"),
        ("168.63.129.16", "cloud metadata"),
        ("192.0.0.192", "cloud metadata"),
    ],
)
def test_an_address_that_is_not_public_is_refused_by_its_kind(address: str, kind: str) -> None:
    """The message to the operator says what kind of address a name led to."""
    assert refusal(ipaddress.ip_address(address)) == kind


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"])
def test_a_public_address_is_not_refused(address: str) -> None:
    """Receivers on the internet need no permission."""
    assert refusal(ipaddress.ip_address(address)) is None


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_an_ipv6_one_is_judged_as_itself(address: ipaddress.IPv4Address) -> None:
    """Mapped, 6to4 and NAT64 addresses are ways to write an IPv4 address, and no way around the rule."""
    number = int(address)
    mapped = ipaddress.IPv6Address(0xFFFF << 32 | number)
    six_to_four = ipaddress.IPv6Address(0x2002 << 112 | number << 80)
    nat64 = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | number)
    expected = refusal(address)
    assert refusal(mapped) == expected
    assert refusal(six_to_four) == expected
    assert refusal(nat64) == expected


def test_an_ipv4_compatible_address_is_judged_as_the_ipv4_address() -> None:
    """The oldest way to write one is no way around the rule either."""
    assert refusal(ipaddress.ip_address("::127.0.0.1")) == "loopback"
    assert refusal(ipaddress.ip_address("::10.0.0.1")) == "private"


def test_of_several_addresses_only_the_allowed_are_left() -> None:
    """A name with a public and a private address is reached at the public one, or not at all."""
    private, public = ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("93.184.216.34")
    assert permitted([private, public], allow_private=False) == [public]
    assert permitted([private], allow_private=False) == []
    assert permitted([private, public], allow_private=True) == [private, public]
