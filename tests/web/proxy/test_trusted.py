"""Who is believed: the walk from the connection to the client, and what forgers try."""

from ipaddress import ip_address
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.proxy import Client, TrustedProxies, TrustedProxiesError

PROXIES = TrustedProxies("loopback", "10.0.0.0/8")
RFC7239 = TrustedProxies("loopback", "10.0.0.0/8", header="forwarded")
STRANGER, PROXY = "203.0.113.9", "10.0.0.1"


def resolved(
    proxies: TrustedProxies, peer: str | None, *headers: tuple[str, str], host: str = "shop.example"
) -> Client:
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return proxies.resolve(peer, 4711, "http", host, [(b"accept", b"*/*"), *encoded])


def test_nobody_is_trusted_unless_it_is_said() -> None:
    forged = ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https"), ("Forwarded", "for=192.0.2.1")

    for nobody in (TrustedProxies(), TrustedProxies(header="forwarded"), TrustedProxies("unix")):
        assert resolved(nobody, "127.0.0.1", *forged) == Client("127.0.0.1", 4711, "http", "shop.example")
    assert not TrustedProxies()


def test_a_trusted_proxy_tells_the_client_its_scheme_and_its_host() -> None:
    client = resolved(
        PROXIES,
        PROXY,
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "www.shop.example"),
        host="backend:8000",
    )

    assert client == Client("192.0.2.1", None, "https", "www.shop.example")
    assert client.secure


def test_forwarded_tells_the_same() -> None:
    said = 'for="[2001:db8::7]:5123";proto=https;host="www.shop.example:8443";by=10.0.0.1'

    assert resolved(RFC7239, PROXY, ("Forwarded", said)) == Client(
        "2001:db8::7", 5123, "https", "www.shop.example:8443"
    )


def test_the_client_is_the_first_from_the_right_that_is_not_trusted() -> None:
    chain = "198.51.100.66, 192.0.2.1, 10.9.9.9, 127.0.0.1"

    assert resolved(PROXIES, PROXY, ("X-Forwarded-For", chain)).address == "192.0.2.1"
    elements = ", ".join(f"for={address}" for address in chain.split(", "))
    assert resolved(RFC7239, PROXY, ("Forwarded", elements)).address == "192.0.2.1"


def test_a_client_in_a_trusted_network_is_the_leftmost_address() -> None:
    assert resolved(PROXIES, PROXY, ("X-Forwarded-For", "10.0.0.77, 10.0.0.2")).address == "10.0.0.77"


def test_headers_that_are_sent_several_times_are_one_list() -> None:
    headers = [
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-For", "10.0.0.2"),
        ("X-Forwarded-For", "10.0.0.3, 10.0.0.4"),
    ]

    assert resolved(PROXIES, PROXY, *headers).address == "192.0.2.1"
    assert (
        resolved(RFC7239, PROXY, ("Forwarded", "for=192.0.2.1"), ("Forwarded", "for=10.0.0.2")).address == "192.0.2.1"
    )


def test_scheme_and_host_are_those_of_the_hop_that_the_client_came_in_by() -> None:
    headers = ("X-Forwarded-For", "192.0.2.1, 10.0.0.2"), ("X-Forwarded-Proto", "https, http")
    inside = ("X-Forwarded-Host", "www.shop.example, inside")

    assert resolved(PROXIES, PROXY, *headers, inside) == Client("192.0.2.1", None, "https", "www.shop.example")
    chain = (
        "for=6.6.6.6;proto=http;host=evil.example, for=192.0.2.1;proto=https;host=a.example, for=10.0.0.2;proto=http"
    )
    assert resolved(RFC7239, PROXY, ("Forwarded", chain)) == Client("192.0.2.1", None, "https", "a.example")


def test_a_proxy_that_only_tells_the_scheme_is_believed_in_that() -> None:
    client = resolved(PROXIES, PROXY, ("X-Forwarded-Proto", "https"))

    assert client == Client(PROXY, 4711, "https", "shop.example")


@pytest.mark.parametrize(
    ("said", "scheme"),
    [
        ("HTTPS", "https"),
        (" https ", "https"),
        ("wss", "https"),
        ("ws", "http"),
        ("gopher", "http"),
        ("https;x", "http"),
    ],
)
def test_a_scheme_that_is_none_leaves_that_of_the_connection(said: str, scheme: str) -> None:
    assert resolved(PROXIES, PROXY, ("X-Forwarded-Proto", said)).scheme == scheme


def test_a_port_that_the_scheme_does_not_imply_goes_with_a_host_that_has_none() -> None:
    def host(*headers: tuple[str, str]) -> str:
        return resolved(PROXIES, PROXY, *headers).host

    https = ("X-Forwarded-Proto", "https")
    assert host(https, ("X-Forwarded-Port", "8443")) == "shop.example:8443"
    assert host(https, ("X-Forwarded-Port", "443")) == "shop.example"
    assert host(("X-Forwarded-Port", "443")) == "shop.example:443"
    assert host(("X-Forwarded-Host", "a.example:81"), ("X-Forwarded-Port", "8443")) == "a.example:81"
    assert host(("X-Forwarded-Host", "[::1]"), ("X-Forwarded-Port", "8443")) == "[::1]:8443"
    for wrong in ("0", "65536", "x", "-1", "8443\r\nx: y", "9" * 5000, ""):
        assert host(("X-Forwarded-Port", wrong)) == "shop.example"


def test_a_proxy_that_does_not_say_the_host_is_not_believed_in_it() -> None:
    said = ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Port", "81")
    element = ("Forwarded", "for=192.0.2.1;host=evil.example")
    plain, rfc = TrustedProxies("private", host=False), TrustedProxies("private", header="forwarded", host=False)

    for client in (resolved(plain, PROXY, *said), resolved(rfc, PROXY, element)):
        assert (client.address, client.host) == ("192.0.2.1", "shop.example")


@pytest.mark.parametrize("host", ["evil.example/path", "a b", "a\r\nb: c", "user@evil.example", "", '"', "a,b\\"])
def test_a_host_that_is_none_is_not_taken_from_a_proxy_either(host: str) -> None:
    assert resolved(PROXIES, PROXY, ("X-Forwarded-Host", host)).host == "shop.example"
    quoted = host.replace("\\", "\\\\").replace('"', '\\"')
    assert resolved(RFC7239, PROXY, ("Forwarded", f'for=192.0.2.1;host="{quoted}"')).host == "shop.example"


def test_a_host_header_that_is_no_host_is_no_host_of_the_client() -> None:
    assert resolved(TrustedProxies(), STRANGER, host="evil.example/..").host == ""
    assert resolved(PROXIES, PROXY, ("X-Forwarded-For", "192.0.2.1"), host="a b").host == ""


@pytest.mark.parametrize(
    "garbage",
    [
        "unknown",
        "_hidden",
        "not an address",
        "192.0.2.1:99999",
        "[::1",
        "1.2.3.4.5",
        "'192.0.2.1'",
        "fe80::1%<b>",
        "\xff",
    ],
)
def test_garbage_stops_the_walk_at_the_last_good_address(garbage: str) -> None:
    assert resolved(PROXIES, PROXY, ("X-Forwarded-For", f"192.0.2.1, {garbage}, 10.0.0.2")).address == "10.0.0.2"
    assert resolved(PROXIES, PROXY, ("X-Forwarded-For", garbage)).address == PROXY


def test_a_proxy_that_hides_the_client_still_tells_the_scheme() -> None:
    hidden = ("Forwarded", "for=_SEVKISEK;proto=https;host=www.shop.example")

    assert resolved(RFC7239, PROXY, hidden) == Client(PROXY, 4711, "https", "www.shop.example")


def test_hops_count_proxies_whatever_their_addresses() -> None:
    chain = ("X-Forwarded-For", "6.6.6.6, 192.0.2.1, 198.51.100.1")

    assert resolved(TrustedProxies(hops=1), STRANGER, chain).address == "198.51.100.1"
    assert resolved(TrustedProxies(hops=2), STRANGER, chain).address == "192.0.2.1"
    assert resolved(TrustedProxies(hops=9), STRANGER, chain).address == "6.6.6.6"
    assert resolved(TrustedProxies(hops=1), None, chain).address == "198.51.100.1"
    assert resolved(TrustedProxies(hops=1), "testclient", chain).address == "198.51.100.1"


def test_with_networks_and_hops_both_must_hold() -> None:
    both = TrustedProxies("10.0.0.0/8", hops=2)

    assert resolved(both, STRANGER, ("X-Forwarded-For", "6.6.6.6")).address == STRANGER
    assert resolved(both, PROXY, ("X-Forwarded-For", "6.6.6.6, 10.0.0.9, 10.0.0.2")).address == "10.0.0.9"
    assert resolved(both, PROXY, ("X-Forwarded-For", "6.6.6.6, 192.0.2.1")).address == "192.0.2.1"


@pytest.mark.parametrize("peer", [None, "", "unix:", "unix", "localhost", "0.0.0.0"])
def test_whoever_connects_over_a_unix_socket_is_trusted_when_that_is_said(peer: str | None) -> None:
    said = ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https")

    assert resolved(TrustedProxies("unix"), peer, *said) == Client("192.0.2.1", None, "https", "shop.example")
    assert resolved(PROXIES, peer, *said) == Client("", None, "http", "shop.example")
    assert resolved(TrustedProxies("unix"), "127.0.0.1", *said).address == "127.0.0.1"


def test_a_peer_in_another_form_is_the_same_peer() -> None:
    assert resolved(PROXIES, "::ffff:10.0.0.1", ("X-Forwarded-For", "192.0.2.1")).address == "192.0.2.1"
    assert (
        resolved(TrustedProxies("linklocal"), "fe80::1%eth0", ("X-Forwarded-For", "192.0.2.1")).address == "192.0.2.1"
    )
    assert resolved(TrustedProxies(), "::ffff:192.0.2.1").address == "192.0.2.1"


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        (STRANGER, [("X-Forwarded-For", "127.0.0.1")], STRANGER),
        (STRANGER, [("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-Proto", "https")], STRANGER),
        (STRANGER, [("Forwarded", "for=127.0.0.1;proto=https")], STRANGER),
        (PROXY, [("X-Forwarded-For", "127.0.0.1, 203.0.113.9")], STRANGER),
        (PROXY, [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", "203.0.113.9")], STRANGER),
        (PROXY, [("X_Forwarded_For", "127.0.0.1"), ("X-Forwarded-For", "203.0.113.9")], STRANGER),
        (PROXY, [("Forwarded", "for=127.0.0.1"), ("X-Forwarded-For", "203.0.113.9")], STRANGER),
        (PROXY, [("X-Real-IP", "127.0.0.1"), ("X-Forwarded-For", "203.0.113.9")], STRANGER),
        (PROXY, [("X-Forwarded-For", "127.0.0.1," * 9000 + "203.0.113.9")], STRANGER),
        (PROXY, [("X-Forwarded-For", "127.0.0.1, 203.0.113.9:80")], STRANGER),
        (PROXY, [("X-Forwarded-For", "127.0.0.1, ::ffff:203.0.113.9")], STRANGER),
    ],
)
def test_a_forged_address_is_not_believed(peer: str, headers: list[tuple[str, str]], address: str) -> None:
    client = resolved(PROXIES, peer, *headers)

    assert client == Client(address, client.port, "http", "shop.example")


@pytest.mark.parametrize(
    "forged",
    ['for="', "for=127.0.0.1;proto=https", 'for="10.0.0.1\\', '"', 'for=127.0.0.1, for="', "for=127.0.0.1;;;,,,", "\\"],
)
def test_what_a_client_sends_in_forwarded_does_not_hide_what_the_proxy_adds(forged: str) -> None:
    added = 'for="203.0.113.9:5555"'

    for headers in ([("Forwarded", f"{forged}, {added}")], [("Forwarded", forged), ("Forwarded", added)]):
        assert resolved(RFC7239, PROXY, *headers) == Client(STRANGER, 5555, "http", "shop.example")


def test_the_other_family_is_not_even_looked_at() -> None:
    both = (
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "for=192.0.2.2;host=b.example"),
    )

    assert resolved(PROXIES, PROXY, *both) == Client("192.0.2.1", None, "https", "shop.example")
    assert resolved(RFC7239, PROXY, *both) == Client("192.0.2.2", None, "http", "b.example")


@pytest.mark.parametrize(
    "value",
    [
        *("," * 200_000, '"' * 200_000, "\\" * 200_000, ";" * 200_000, " " * 200_000, "a=" * 100_000),
        *('\\"' * 100_000, '",' * 100_000, 'for="' * 40_000, "10.0.0.1," * 22_000),
        *("for=10.0.0.1;" * 15_000, "for=10.0.0.1,\t" * 14_000),
    ],
)
def test_no_header_however_long_holds_anybody_up(value: str) -> None:
    began = perf_counter()
    for proxies in (PROXIES, RFC7239):
        for name in (*proxies.names, "host"):
            resolved(proxies, PROXY, (name, value), host=value)

    assert perf_counter() - began < 1  # linear: some milliseconds; quadratic: minutes


addresses = st.sampled_from([STRANGER, PROXY, "127.0.0.1", "192.0.2.1", "10.1.2.3", "2001:db8::1", "unknown", "_a", ""])
values = st.text(max_size=60) | st.lists(addresses, max_size=6).map(", ".join)
elements = st.lists(
    addresses.map(lambda a: f'for="{a}";proto=https') | st.text('for=";,\\10. ', max_size=9), max_size=6
)


@given(
    proxies=st.sampled_from([PROXIES, RFC7239, TrustedProxies(hops=1), TrustedProxies("unix", "private", hops=3)]),
    peer=st.none() | addresses | st.text(max_size=20),
    scheme=st.sampled_from(["http", "https", "ws", "wss", "?"]),
    host=st.text(max_size=30),
    headers=st.lists(
        st.tuples(
            st.sampled_from([b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port"])
            | st.sampled_from([b"forwarded", b"x_forwarded_for"]),
            (values | elements.map(", ".join)).map(lambda text: text.encode("latin-1", "replace")),
        ),
        max_size=6,
    ),
)
def test_nothing_raises_and_the_client_is_the_peer_or_somebody_a_trusted_one_named(
    proxies: TrustedProxies, peer: str | None, scheme: str, host: str, headers: list[tuple[bytes, bytes]]
) -> None:
    client = proxies.resolve(peer, 1, scheme, host, headers)

    assert client == proxies.resolve(peer, 1, scheme, host, headers)  # remembered or not
    assert client.scheme in ("http", "https")
    assert not set(client.host) & set(" /\\@\r\n\t\"',;?#")
    itself = TrustedProxies().resolve(peer, 1, scheme, host, [])
    if client.address != itself.address:
        assert proxies.trusts_peer(peer)
        assert str(ip_address(client.address)) == client.address
        said = b",".join(value for name, value in headers if name.decode() in proxies.names)
        assert client.address.encode() in said
    if not proxies.trusts_peer(peer):
        assert client == itself


@given(
    forged=st.lists(values | elements.map(", ".join), max_size=3),
    client=st.ip_addresses().filter(lambda ip: not ip.is_private and getattr(ip, "ipv4_mapped", None) is None),
)
def test_whatever_a_client_sends_the_nearest_proxy_s_word_is_what_counts(forged: list[str], client: object) -> None:
    text = f'for="[{client}]"' if ":" in str(client) else f"for={client}"
    plain = [("X-Forwarded-For", value.encode("latin-1", "replace").decode("latin-1")) for value in forged]
    rfc = [("Forwarded", value) for _, value in plain]

    assert resolved(PROXIES, PROXY, *plain, ("X-Forwarded-For", str(client))).address == str(client)
    assert resolved(RFC7239, PROXY, *rfc, ("Forwarded", text)).address == str(client)


def walked(trusted: set[str], peer: str, chain: list[str]) -> str:
    """The rule, as one would say it: from the right, as long as the last one is trusted and the next is an address."""
    client = peer
    for word in reversed(chain):
        if client not in trusted or word not in NAMED:
            break
        client = word
    return client


NAMED = {"10.0.0.1", "10.0.0.2", "127.0.0.1", STRANGER, "192.0.2.1", "2001:db8::1"}
chains = st.lists(st.sampled_from([*sorted(NAMED), "unknown", "_hidden", "10.0.0.1:99999", "x y"]), max_size=8)


@given(peer=st.sampled_from(sorted(NAMED)), chain=chains)
def test_the_client_is_the_one_that_the_rule_gives(peer: str, chain: list[str]) -> None:
    expected = walked({"10.0.0.1", "10.0.0.2", "127.0.0.1"}, peer, chain)
    elements = [f'for="[{word}]"' if word == "2001:db8::1" else f'for="{word}"' for word in chain]

    assert resolved(PROXIES, peer, ("X-Forwarded-For", ", ".join(chain))).address == expected
    assert resolved(RFC7239, peer, ("Forwarded", ", ".join(elements))).address == expected


def test_answers_are_remembered_but_not_without_end() -> None:
    proxies = TrustedProxies("private")
    for number in range(5000):
        resolved(proxies, PROXY, ("X-Forwarded-For", f"192.0.{number // 250}.{number % 250}"))
        proxies.resolve(f"198.51.{number // 250}.{number % 250}", 1, "http", "", [])
    resolved(proxies, PROXY, ("X-Forwarded-For", "x" * 100_000))

    assert 0 < len(proxies._answers) <= 1024
    assert 0 < len(proxies._peers) <= 1024
    assert max(len(said) for _, _, _, saids in proxies._answers for said in saids) < 1024


@pytest.mark.parametrize(
    ("text", "proxies"),
    [
        ("", TrustedProxies()),
        ("loopback, 10.0.0.0/8", TrustedProxies("loopback", "10.0.0.0/8")),
        ("2", TrustedProxies(hops=2)),
        ("private unix, forwarded", TrustedProxies("private", "unix", header="forwarded")),
        ("10.0.0.0/8, 1", TrustedProxies("10.0.0.0/8", hops=1)),
        ("1, x-forwarded", TrustedProxies(hops=1)),
        ("private, keep-host", TrustedProxies("private", host=False)),
        ("private, forwarded, keep-host", TrustedProxies("private", header="forwarded", host=False)),
    ],
)
def test_who_is_trusted_can_be_written_as_one_text(text: str, proxies: TrustedProxies) -> None:
    assert TrustedProxies.parse(text) == proxies
    assert TrustedProxies.parse(str(proxies)) == proxies
    assert hash(TrustedProxies.parse(text)) == hash(proxies)
    assert TrustedProxies.from_environment({"MAINSTAY_TRUSTED_PROXY": text}) == proxies


def test_without_the_variable_nobody_is_trusted() -> None:
    assert TrustedProxies.from_environment({}) == TrustedProxies()


def test_a_variable_that_cannot_be_read_is_named() -> None:
    with pytest.raises(TrustedProxiesError, match=r"MAINSTAY_TRUSTED_PROXY: 'nginx' is no network: write an address"):
        TrustedProxies.from_environment({"MAINSTAY_TRUSTED_PROXY": "nginx"})


@pytest.mark.parametrize("hops", [-1, 33, True, "2", 1.0])
def test_a_number_of_hops_that_cannot_be_is_refused(hops: object) -> None:
    with pytest.raises(TrustedProxiesError, match="is no number of proxies: write one from 0 to 32"):
        TrustedProxies(hops=hops)  # type: ignore[arg-type]  # the test is what happens then


def test_a_header_that_is_not_known_is_refused() -> None:
    with pytest.raises(
        TrustedProxiesError, match="'x-real-ip' is no header of proxies: write x-forwarded or forwarded"
    ):
        TrustedProxies("private", header="x-real-ip")  # type: ignore[arg-type]  # the test is what happens then


def test_who_is_trusted_does_not_change_and_is_shown() -> None:
    with pytest.raises(AttributeError, match="who is trusted does not change"):
        PROXIES.hops = 3

    assert repr(TrustedProxies("private", hops=1)) == (
        "TrustedProxies('private', hops=1, header='x-forwarded', host=True)"
    )
