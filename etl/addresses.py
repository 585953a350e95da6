"""Which network addresses may be reached: what a name leads to is checked before anything connects to it.

The lists are our own: `ipaddress.is_global` lets multicast and addresses with another one inside pass, and what it says
changes with the Python version.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

from etl.errors import ForbiddenPlaceError, NetworkError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]

# The registry of special addresses of IANA, and the address at which Azure answers its own machines.
_SPECIAL_4 = tuple(
    map(
        ipaddress.IPv4Network,
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 "
        "198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4".split(),
    )
)
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
# Protocol assignments with Teredo, documentation, 6to4: the last carries an IPv4 address and has no hosts any more.
_SPECIAL_6 = tuple(map(ipaddress.IPv6Network, "2001::/23 2001:db8::/32 2002::/16 3fff::/20".split()))
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def is_public(address: Address) -> bool:
    """Whether a host on the internet can have this address; one that stands for an IPv4 address is judged by that."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _SPECIAL_4)
    if address.scope_id:
        return False
    inner = address.ipv4_mapped
    if address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if inner:
        return is_public(inner)
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return False
    return address in _GLOBAL_6 and not any(address in network for network in _SPECIAL_6)


def literal(host: str) -> Address | None:
    """The address that a host is written as, also in the forms that only systems understand: 127.1, 0x7f000001."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def resolve(host: str, port: int) -> list[str]:
    """The addresses that the system knows for a name; raises NetworkError where there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NetworkError(host, "the name is not known") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked(host: str, port: int, look_up: Resolver, allows_private: bool) -> list[str]:
    """The addresses of a host, to be connected to as they are: asked again, a name may lead elsewhere.

    Raises ForbiddenPlaceError where one of them is not public, NetworkError where there is none.
    """
    found = look_up(host, port)
    for text in found:
        check(host, ipaddress.ip_address(text), allows_private)
    if not found:
        raise NetworkError(host, "the name leads to no address")
    return found


def check(host: str, address: Address, allows_private: bool) -> None:
    """Raises ForbiddenPlaceError where an address is not public and has to be."""
    if not allows_private and not is_public(address):
        raise ForbiddenPlaceError(host, f"leads to {address}, which is not a public address")
