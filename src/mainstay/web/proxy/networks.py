"""Which addresses are trusted to be proxies: networks, and the names of those that everybody has."""

from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network

UNIX = "unix"
"""The word for whoever connects over a Unix socket: the file's permissions say who that can be."""
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
PRESETS: dict[str, tuple[str, ...]] = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": _PRIVATE,
    "uniquelocal": _PRIVATE,
    "linklocal": ("169.254.0.0/16", "fe80::/10"),
    UNIX: (),
}
"""`private`: RFC 1918 and the IPv6 addresses of RFC 4193; `uniquelocal` is what others call the same."""


class TrustedProxiesError(ValueError):
    """What was written says not whom to trust; `hint`: how it could."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}: {hint}" if hint else message)
        self.message = message
        self.hint = hint


def read_networks(word: str) -> tuple[Network, ...]:
    """The networks of one word: a preset, `10.0.0.0/8`, or an address alone. Raises `TrustedProxiesError`."""
    if word in PRESETS:
        return tuple(ip_network(network) for network in PRESETS[word])
    try:
        network = ip_network("" if "%" in word else word)
    except ValueError:
        raise _no_network(word) from None
    if not network.prefixlen:
        raise _everybody(word)
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and network.prefixlen > 96:  # addresses are compared as the IPv4 addresses that they are
        return (ip_network(f"{mapped}/{network.prefixlen - 96}"),)
    return (network,)


def _no_network(word: str) -> TrustedProxiesError:
    if word == "*":
        return _everybody(word)
    if "%" in word:
        return TrustedProxiesError(
            f"{word!r:.60} has a zone", f"write {word.partition('%')[0]}, whatever the interface"
        )
    try:
        return TrustedProxiesError(f"{word} is an address in a network", f"write {ip_network(word, strict=False)}")
    except ValueError:
        hint = f"write an address, 10.0.0.0/8, or one of {', '.join(PRESETS)}; no name is looked up"
        return TrustedProxiesError(f"{word!r:.60} is no network", hint)


def _everybody(word: str) -> TrustedProxiesError:
    hint = "name the networks of your proxies, or how many there are"
    return TrustedProxiesError(f"{word} would let every client say who it is", hint)
