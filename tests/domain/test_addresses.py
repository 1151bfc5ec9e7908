"""Addresses inside a network are never taken for public ones, in whatever form they come."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.addresses import is_public

INSIDE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1"),
    *("169.254.169.254", "168.63.129.16", "192.0.0.8", "198.18.0.1", "192.0.2.1", "203.0.113.9", "192.88.99.1"),
    *("224.0.0.1", "224.0.1.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *(
        "::1",
        "::",
        "::127.0.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "ff0e::1",
    ),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"),
    *("64:ff9b::169.254.169.254", "64:ff9b:1::10.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::"),
    *("2001:db8::1", "3fff::1", "100::1", "2606:4700::1%1"),
]
NONE = ["localhost", "127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "1.2.3", "", "[::1]", "8.8.8.8 "]
PUBLIC = ["8.8.8.8", "20.50.1.1", "1.1.1.1", "2606:4700::1111", "2a01:111:f400::1", "2001:4860:4860::8888"]
V4 = list(
    map(IPv4Network, ("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"))
)


@pytest.mark.parametrize("address", INSIDE + NONE)
def test_what_is_not_on_the_public_internet(address: str) -> None:
    """Loopback, private, link-local, the cloud's own, multicast, and IPv4 inside IPv6; and what is no address."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is(address: str) -> None:
    """Of both families."""
    assert is_public(address)


def within(networks: list[IPv4Network]) -> st.SearchStrategy[IPv4Address]:
    """Addresses of these networks."""
    return st.sampled_from(networks).flatmap(
        lambda network: st.integers(0, network.num_addresses - 1).map(lambda n: network[n])
    )


@given(within(V4))
def test_no_address_of_a_private_network_in_any_form(address: IPv4Address) -> None:
    """As itself, and inside IPv6: compatible, mapped, translated, NAT64, 6to4 and Teredo."""
    number = int(address)
    forms = [number, 0xFFFF << 32 | number, 0xFFFF << 48 | number, 0x64FF9B << 96 | number]
    forms += [0x2002 << 112 | number << 80, 0x20010000 << 96 | number << 64, 0x20010000 << 96 | (number ^ 0xFFFFFFFF)]

    assert not is_public(str(address))
    assert not any(is_public(str(IPv6Address(form))) for form in forms)


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_only_routed_unicast_of_the_newer_family(address: IPv6Address) -> None:
    """What IANA has given out for it; everything else stays shut."""
    if is_public(str(address)):
        assert address in IPv6Network("2000::/3")
        assert address.is_global
