"""Whom a request comes from: the connection's other end, or the client that proxies who are trusted have named.

The rule: an address is believed because somebody who is trusted wrote it. So the way is walked from the connection
outwards, from the right of the header to the left, and ends at the first address that is not trusted, which is the
client; or at what is no address, and then the last one that was good is. Nobody is trusted unless it is said.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from mainstay.web.proxy.client import Client
from mainstay.web.proxy.hops import Hop, forwarded, x_forwarded
from mainstay.web.proxy.networks import UNIX, Network, TrustedProxiesError, read_networks
from mainstay.web.proxy.node import IPAddress, Node, is_host, read_ip, read_node

Header = Literal["x-forwarded", "forwarded"]
Said = tuple[str, ...]
"""What the headers of one family hold, in the order of `names`."""

VARIABLE: Final = "MAINSTAY_TRUSTED_PROXY"
NAMES: Final[dict[Header, tuple[str, ...]]] = {
    "x-forwarded": ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"),
    "forwarded": ("forwarded",),
}
"""The headers that are read, by family; those of the other are not even looked at."""
MOST_HOPS: Final = 32
_READERS: Final[dict[Header, Callable[[Sequence[str]], Iterator[Hop]]]] = {
    "x-forwarded": x_forwarded,
    "forwarded": forwarded,
}
_ENCODED: Final = {header: tuple(name.encode() for name in names) for header, names in NAMES.items()}
_WANTED: Final = {header: frozenset((b"host", *names)) for header, names in _ENCODED.items()}
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
_REMEMBERED = 1024  # answers, and at most as many peers: some hundred kilobytes
_LONGEST_REMEMBERED = 1024  # characters of headers: longer ones are not worth the memory
_LOCAL_PEERS = (None, "", "localhost", "unix", "0.0.0.0")
"""What servers call the peer of a Unix socket: uvicorn, gunicorn and granian, waitress, and uWSGI."""


class TrustedProxies:
    """Who may say where a request comes from: networks, a number of hops, or both; nothing: nobody.

    `networks`: `"10.0.0.0/8"`, `"192.0.2.7"`, or `"loopback"`, `"private"`, `"linklocal"`, `"unix"`. `hops`: how many
    proxies there are between the clients and here, whatever their addresses. With both, a proxy must be in one of
    the networks and there are no more than `hops`. `header`: the family that the proxies send, the only one that is
    read. `host`: whether they say for which host the client asked; False where they pass on what a client sends as
    X-Forwarded-Host, as AWS' load balancers do. Raises `TrustedProxiesError`.
    """

    __slots__ = ("_answers", "_is_anyone_trusted", "_networks", "_peers", "header", "hops", "host", "names", "networks")

    networks: tuple[str, ...]
    hops: int
    header: Header
    host: bool
    names: tuple[str, ...]
    _networks: tuple[Network, ...]
    _is_anyone_trusted: bool
    _peers: dict[str | None, tuple[str, bool]]
    _answers: dict[tuple[str | None, str, str, Said], Client]

    def __init__(self, *networks: str, hops: int = 0, header: Header = "x-forwarded", host: bool = True) -> None:
        if header not in NAMES:
            raise TrustedProxiesError(f"{header!r:.60} is no header of proxies", f"write {' or '.join(NAMES)}")
        if isinstance(hops, bool) or not isinstance(hops, int) or not 0 <= hops <= MOST_HOPS:
            raise TrustedProxiesError(f"{hops!r:.60} is no number of proxies", f"write one from 0 to {MOST_HOPS}")
        found = [network for word in networks for network in read_networks(word)]
        values = {
            "networks": networks,
            "hops": hops,
            "header": header,
            "host": host,
            "names": NAMES[header],
            "_networks": tuple(found),
            "_is_anyone_trusted": hops > 0 and not networks,
            "_peers": {},
            "_answers": {},
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @classmethod
    def parse(cls, text: str) -> "TrustedProxies":
        """From one text, as `str()` makes it: `loopback, 10.0.0.0/8`, `2` (hops), `private, forwarded, keep-host`.

        Raises `TrustedProxiesError`.
        """
        networks: list[str] = []
        hops, host = 0, True
        header: Header = "x-forwarded"
        for word in text.replace(",", " ").split():
            match word:
                case "x-forwarded" | "forwarded":
                    header = word
                case "keep-host":
                    host = False
                case number if number.isascii() and number.isdecimal():
                    hops = int(number[:9])
                case network:
                    networks.append(network)
        return cls(*networks, hops=hops, header=header, host=host)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "TrustedProxies":
        """What MAINSTAY_TRUSTED_PROXY says, which mainstay sets from the app's key `trusted_proxy`; else nobody.

        Raises `TrustedProxiesError`.
        """
        try:
            return cls.parse(environ.get(VARIABLE, ""))
        except TrustedProxiesError as error:
            raise TrustedProxiesError(f"{VARIABLE}: {error.message}", error.hint) from None

    def resolve(
        self,
        peer: str | None,
        peer_port: int | None,
        scheme: str,
        host: str,
        headers: Iterable[tuple[bytes, bytes]],
    ) -> Client:
        """The client of a request. `peer`, `scheme` and `host` are the connection's and of its Host header.

        Never raises, whatever the headers hold, and takes time in proportion to their length.
        """
        if not self.trusts_peer(peer):
            return self.untold(peer, peer_port, scheme, host)
        return self.resolve_said(peer, peer_port, scheme, host, self.said(headers)[1])

    def said(self, headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, Said]:
        """What the headers hold: Host, and those of the names in `names`, each empty when not sent."""
        wanted = _WANTED[self.header]
        found: dict[bytes, bytes] = {}
        for name, value in headers:
            if name in wanted:
                found[name] = found[name] + b"," + value if name in found else value
        host = found.get(b"host", b"").decode("latin-1")
        return host, tuple([found[name].decode("latin-1") if name in found else "" for name in _ENCODED[self.header]])

    def trusts_peer(self, peer: str | None) -> bool:
        """Whether what the connection's other end says is believed: only then need headers be looked at."""
        return self._peer(peer)[1]

    def untold(self, peer: str | None, peer_port: int | None, scheme: str, host: str) -> Client:
        """The connection's other end as the client."""
        address = self._peer(peer)[0]
        return Client(address, peer_port if address else None, _scheme(scheme), host if is_host(host) else "")

    def resolve_said(self, peer: str | None, peer_port: int | None, scheme: str, host: str, said: Said) -> Client:
        """As `resolve`, of what `said` gives of a trusted peer's headers."""
        key = (peer, scheme, host, said)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._walk(peer, scheme, host, said)
            if sum(map(len, said)) + len(host) <= _LONGEST_REMEMBERED:
                _remember(self._answers, key, answer)
        if answer.port is None and answer.address == self._peer(peer)[0]:
            return Client(answer.address, peer_port, answer.scheme, answer.host)
        return answer

    def _walk(self, peer: str | None, scheme: str, host: str, said: Said) -> Client:
        ip = read_ip(self._peer(peer)[0])
        at = None if ip is None else Node(ip)
        vouched = Hop()
        for depth, hop in enumerate(_READERS[self.header](said)):
            if not self._is_trusted(at.ip if at else None, depth):
                break
            vouched = hop
            node = read_node(hop.node)
            if node is None:
                break
            at = node
        scheme = _SCHEMES.get(vouched.proto.lower()) or _scheme(scheme)
        host = _host(vouched if self.host else Hop(), host, scheme)
        return Client(str(at.ip) if at else "", at.port if at else None, scheme, host)

    def _is_trusted(self, ip: IPAddress | None, depth: int) -> bool:
        """Whether the proxy at this address, with `depth` others between it and here, is one of ours."""
        if self.hops and depth >= self.hops:
            return False
        if ip is None:
            return self._is_anyone_trusted or UNIX in self.networks
        return self._is_anyone_trusted or any(ip in network for network in self._networks)

    def _peer(self, peer: str | None) -> tuple[str, bool]:
        """The connection's other end in the usual form, and whether it is trusted."""
        known = self._peers.get(peer)
        if known is None:
            is_local = peer is None or peer in _LOCAL_PEERS or peer.startswith(("unix:", "/"))
            ip = None if is_local or peer is None else read_ip(peer)
            if ip is not None:
                known = (str(ip), self._is_trusted(ip, 0))
            else:
                known = ("", self._is_anyone_trusted or (is_local and UNIX in self.networks))
            _remember(self._peers, peer, known)
        return known

    def __bool__(self) -> bool:
        return self.hops > 0 or bool(self.networks)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot set {name}: who is trusted does not change")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrustedProxies) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __str__(self) -> str:
        hops = [str(self.hops)] if self.hops else []
        header = [self.header] if self.header != "x-forwarded" else []
        return ", ".join([*self.networks, *hops, *header, *([] if self.host else ["keep-host"])])

    def __repr__(self) -> str:
        words = [repr(network) for network in self.networks] + ([f"hops={self.hops}"] if self.hops else [])
        return f"TrustedProxies({', '.join([*words, f'header={self.header!r}, host={self.host}'])})"

    def _identity(self) -> tuple[object, ...]:
        return self.networks, self.hops, self.header, self.host


def _remember(answers: dict[Any, Any], key: object, answer: object) -> None:
    """Keep an answer; all are forgotten when they are many, which costs less than to know the oldest."""
    if len(answers) >= _REMEMBERED:
        answers.clear()
    answers[key] = answer


def _scheme(written: str) -> str:
    return _SCHEMES.get(written, "http")


def _host(vouched: Hop, host: str, scheme: str) -> str:
    """The host that the proxy names, else that of the request; with the port that the proxy names, if it has none."""
    named = vouched.host if is_host(vouched.host) else host
    if not is_host(named):
        return ""
    port = vouched.port
    has_port = ":" in named.rpartition("]")[2]
    if has_port or not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) <= 65535):
        return named
    return named if port == _DEFAULT_PORTS[scheme] else f"{named}:{port}"
