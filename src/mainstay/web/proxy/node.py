"""Addresses as proxies write them: with ports, brackets, zones, and whatever else comes in their place."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

IPAddress = IPv4Address | IPv6Address

LONGEST = 80
"""Characters of the longest text that is looked at: an IPv6 address with zone, brackets and port is shorter."""
_IN_BRACKETS = re.compile(r"\[([^\[\]]*)\](?::([0-9]{1,5}))?")
_V4_WITH_PORT = re.compile(r"([0-9.]+):([0-9]{1,5})")
_ZONE = re.compile(r"[A-Za-z0-9._-]{1,32}")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Node:
    """One end of a connection."""

    ip: IPAddress
    port: int | None = None


def read_node(text: str) -> Node | None:
    """`192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; None for anything else.

    A zone (`fe80::1%eth0`) is dropped: it means something on the machine that wrote it only.
    """
    if len(text) > LONGEST:
        return None
    found = _IN_BRACKETS.fullmatch(text) or _V4_WITH_PORT.fullmatch(text)
    address, port = (found[1], found[2]) if found else (text, None)
    if text.startswith("[") and ":" not in address:  # brackets are for IPv6
        return None
    ip = read_ip(address)
    if ip is None or (port is not None and int(port) > 65535):
        return None
    return Node(ip, None if port is None else int(port))


def read_ip(text: str) -> IPAddress | None:
    """The address, without its zone; an IPv4 address that is written as an IPv6 one is an IPv4 address."""
    address, percent, zone = text.partition("%")
    if len(text) > LONGEST or (percent and not (":" in address and _ZONE.fullmatch(zone))):
        return None
    try:
        ip = ip_address(address)
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip


def is_host(text: str) -> bool:
    """Whether this can stand in a Host header: a name or an address, a port or none, and nothing that is not of it.

    No name is looked up. What is neither letter, digit, dot, dash nor underscore has no place in it: with a space, a
    slash, an `@` or a line break a redirect to this host would go elsewhere.
    """
    return len(text) <= 261 and _is_host(text)


@lru_cache(maxsize=512)  # few are asked for, again and again; long ones, which would fill the memory, do not get here
def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text) is not None
