"""What proxies say, hop by hop, the nearest first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.proxy.hops import MOST, Hop, forwarded, x_forwarded


def nodes(value: str) -> list[str]:
    return [hop.node for hop in forwarded((value,))]


def test_the_values_that_belong_to_one_hop_are_the_nth_from_the_right() -> None:
    said = ("192.0.2.1, 10.0.0.1", "https, http", "shop.example, inside", "443, 80")

    assert list(x_forwarded(said)) == [
        Hop("10.0.0.1", "http", "inside", "80"),
        Hop("192.0.2.1", "https", "shop.example", "443"),
    ]


def test_a_value_that_was_passed_on_holds_for_all_hops() -> None:
    assert list(x_forwarded(("192.0.2.1, 10.0.0.1", "https", "", ""))) == [
        Hop("10.0.0.1", "https"),
        Hop("192.0.2.1", "https"),
    ]


def test_a_proxy_that_tells_no_address_may_tell_the_scheme() -> None:
    assert list(x_forwarded(("", "http, https", "", ""))) == [Hop("", "https")]


def test_empty_values_of_a_list_do_not_count() -> None:
    assert [hop.node for hop in x_forwarded((", 192.0.2.1,, \t10.0.0.1 ,", "", "", ""))] == ["10.0.0.1", "192.0.2.1"]


@pytest.mark.parametrize(
    ("value", "hops"),
    [
        ("for=192.0.2.43", [Hop("192.0.2.43")]),
        ('For="[2001:db8:cafe::17]:4711"', [Hop("[2001:db8:cafe::17]:4711")]),
        ("for=192.0.2.60;proto=http;by=203.0.113.43", [Hop("192.0.2.60", "http")]),
        ("for=192.0.2.43, for=198.51.100.17", [Hop("198.51.100.17"), Hop("192.0.2.43")]),
        ('for="_gazonk",for=unknown', [Hop("unknown"), Hop("_gazonk")]),
        ('proto=https ; host="shop.example:8443" ; for=_a', [Hop("_a", "https", "shop.example:8443")]),
        (";;for=192.0.2.1;", [Hop("192.0.2.1")]),
        ('for=192.0.2.1;secret="a,b;c=\\"d\\""', [Hop("192.0.2.1")]),
        ('for="192.0.2.1\\:80"', [Hop("192.0.2.1:80")]),
        ("for=192.0.2.1:80;host=[::1]:443", [Hop("192.0.2.1:80", "", "[::1]:443")]),
        ("host=a;proto=https", [Hop("", "https", "a")]),
        ('for=192.0.2.1;ext=""', [Hop("192.0.2.1")]),
    ],
)
def test_forwarded_is_read_by_its_grammar(value: str, hops: list[Hop]) -> None:
    assert list(forwarded((value,))) == hops


@pytest.mark.parametrize(
    "element",
    [
        "for",
        "for=",
        "=a",
        "for=a;for=b",
        "for=a proto=b",
        'for="a',
        'for="a"b',
        "for = a",
        'for=a"',
        "for=a;proto",
        "ä=b",
    ],
)
def test_an_element_that_is_none_says_nothing(element: str) -> None:
    assert list(forwarded((element,))) == [Hop()]


@pytest.mark.parametrize("junk", ['for="', 'for="a\\', '"', 'for="a\\"', '""""', "for=\\", 'x="\\\\', ';"', 'a="b,c'])
def test_what_stands_before_it_does_not_change_how_an_element_is_read(junk: str) -> None:
    assert nodes(f'{junk}, for="[2001:db8::1]:80";proto=https')[0] == "[2001:db8::1]:80"


@given(st.text(alphabet='for=";,\\ a'), st.sampled_from(["for=_x", 'for="_x"', 'proto=a;for="\\_x"']))
def test_no_junk_before_it_changes_how_an_element_is_read(junk: str, element: str) -> None:
    assert nodes(f"{junk},{element}")[0] == "_x"


@given(st.lists(st.text(alphabet='ab,;= \\"', min_size=1), min_size=1, max_size=5))
def test_what_is_quoted_comes_out_as_it_was(values: list[str]) -> None:
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]

    assert nodes(", ".join(f'for="{value}"' for value in quoted)) == values[::-1]


def test_no_more_than_so_many_hops_are_looked_at() -> None:
    assert len(list(x_forwarded(("192.0.2.1," * 500, "", "", "")))) <= MOST
    assert len(list(forwarded(("for=192.0.2.1," * 500,)))) <= MOST


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert len(list(forwarded((text,)))) + len(list(x_forwarded((text, text, text, text)))) <= 2 * MOST
