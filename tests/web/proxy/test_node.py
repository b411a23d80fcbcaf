"""Addresses as proxies write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.proxy.node import is_host, read_ip, read_node


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("192.0.2.1", "192.0.2.1", None),
        ("192.0.2.1:8080", "192.0.2.1", 8080),
        ("2001:DB8:0::1", "2001:db8::1", None),
        ("[2001:db8::1]", "2001:db8::1", None),
        ("[2001:db8::1]:443", "2001:db8::1", 443),
        ("::ffff:192.0.2.1", "192.0.2.1", None),
        ("[::ffff:10.0.0.1]:1", "10.0.0.1", 1),
        ("fe80::1%eth0", "fe80::1", None),
        ("[fe80::1%25]:80", "fe80::1", 80),
    ],
)
def test_an_address_is_read_in_its_usual_form(text: str, address: str, port: int | None) -> None:
    node = read_node(text)

    assert node is not None
    assert (str(node.ip), node.port) == (address, port)


@pytest.mark.parametrize(
    "text",
    [
        *("", "unknown", "_hidden", "_SEVKISEK", "localhost", "shop.example", "192.0.2", "192.0.2.256", "010.0.0.1"),
        *("192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:x", "192.0.2.1:-1", "[192.0.2.1]", "[192.0.2.1]:80"),
        *("[::1", "::1]", "[::1]80", "[::1]:", "[[::1]]", "192.0.2.1/24", "192.0.2.1%eth0", "fe80::1%<script>"),
        *("fe80::1%", "fe80::1%a b", "192.0.2.1\n", " 192.0.2.1", "1", "3221225985", "٣.0.2.1", "::1" + " " * 100),
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert read_node(text) is None


@given(st.text())
def test_no_text_raises(text: str) -> None:
    node = read_node(text)

    assert node is None or read_ip(str(node.ip)) == node.ip
    assert is_host(text) in (True, False)


@given(st.ip_addresses())
def test_every_address_is_read_as_itself_in_brackets_or_without(ip: object) -> None:
    expected = getattr(ip, "ipv4_mapped", None) or ip
    with_port = f"[{ip}]:8080" if ":" in str(ip) else f"{ip}:8080"

    assert read_ip(str(ip)) == expected
    node = read_node(with_port)
    assert node is not None
    assert (node.ip, node.port) == (expected, 8080)


@pytest.mark.parametrize(
    "text", ["shop.example", "SHOP.example:8443", "127.0.0.1:80", "[::1]", "[2001:db8::1]:443", "my_app", "localhost."]
)
def test_a_name_or_an_address_is_a_host(text: str) -> None:
    assert is_host(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "shop example",
            "shop.example/",
            "a\r\nSet-Cookie: x",
            "shop.example\n",
            "user@shop.example",
            "a?b",
            "a#b",
        ),
        *(
            "shop.example:",
            "shop.example:x",
            "shop.example:123456",
            "::1",
            "[::1",
            "<b>",
            'a"b',
            "a\\b",
            "a,b",
            "ä.example",
        ),
        "a" * 300,
    ],
)
def test_what_could_lead_a_redirect_elsewhere_is_no_host(text: str) -> None:
    assert not is_host(text)
