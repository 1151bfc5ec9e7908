"""Which addresses are on the public internet: what is not is never called for somebody else. Pure."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is routed: outside of it are loopback, link-local, unique local, mapped, NAT64 and multicast."""
_DOCUMENTED: Final = IPv6Network("3fff::/20")
"""For examples only (RFC 9637); the standard library may not know it yet."""
_INSIDE: Final = (
    IPv4Network(
        "168.63.129.16/32"
    ),  # https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
    IPv4Network("192.88.99.0/24"),  # relays of 6to4 (RFC 7526)
)
"""IPv4 that is global by its number and not by where it leads."""


def parsed(address: str) -> IPv4Address | IPv6Address | None:
    """The address in its one canonical form; None for a name, and for shortened or octal numbers that are none."""
    try:
        return ip_address(address)
    except ValueError:
        return None


def is_public(address: str) -> bool:
    """Whether an address leads to the public internet and nowhere else.

    An IPv6 address that holds an IPv4 one (mapped, 6to4, Teredo, NAT64) is not public, whatever it holds.
    """
    match parsed(address):
        case IPv4Address() as four:
            return four.is_global and not four.is_multicast and not any(four in each for each in _INSIDE)
        case IPv6Address() as six:
            return six in _UNICAST and six not in _DOCUMENTED and six.is_global and six.scope_id is None
        case None:
            return False
