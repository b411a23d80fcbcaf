import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.sessions.cookie import (
    LARGEST,
    MOST_OF_ONE_NAME,
    CookieAttributes,
    CookieRefused,
    SetCookie,
    values_of,
)
from tests.web.sessions.properties import patient

OCTETS = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")  # RFC 6265, cookie-octet


def test_every_attribute_is_written_in_the_order_of_express_session() -> None:
    header = SetCookie(
        name="sid",
        value="x",
        max_age=60,
        domain="example.org",
        path="/shop",
        expires=datetime(2026, 11, 25, 8, 0, 0, tzinfo=UTC),
        http_only=True,
        secure=True,
        partitioned=True,
        priority="high",
        same_site="none",
    )

    assert str(header) == (
        "sid=x; Max-Age=60; Domain=example.org; Path=/shop; Expires=Wed, 25 Nov 2026 08:00:00 GMT; "
        "HttpOnly; Secure; Partitioned; Priority=High; SameSite=None"
    )


def test_what_is_not_set_is_not_written() -> None:
    assert str(SetCookie(name="sid", value="x")) == "sid=x"


def test_the_value_is_in_no_repr() -> None:
    assert "secret" not in repr(SetCookie(name="sid", value="secret"))


_REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"name": "__Host-sid", "secure": False}, "__Host- needs secure=True"),
    ({"name": "__Host-sid", "secure": "auto"}, "__Host- needs secure=True"),
    ({"name": "__Host-sid", "domain": "example.org"}, "__Host- takes no domain"),
    ({"name": "__Host-sid", "path": "/shop"}, "__Host- needs path='/'"),
    ({"name": "__hOST-sid", "path": "/shop"}, "__Host- needs path='/'"),
    ({"name": "__Secure-sid", "secure": False}, "__Secure- needs secure=True"),
    ({"same_site": "none", "secure": False}, "same_site='none' needs secure=True"),
    ({"same_site": "none", "secure": "auto"}, "same_site='none' needs secure=True"),
    ({"partitioned": True, "secure": "auto"}, "partitioned=True needs secure=True"),
    ({"name": "a b"}, "has a name"),
    ({"name": ""}, "has a name"),
    ({"path": "shop"}, "does not begin with '/'"),
    ({"path": "/a;b"}, "has a path with"),
    ({"domain": "a;b"}, "has the domain"),
    ({"same_site": "Lax"}, "has a same_site"),
    ({"priority": "High"}, "has a priority"),
    ({"secure": "yes"}, "has a secure"),
]


@pytest.mark.parametrize(("given", "problem"), _REFUSED)
def test_what_browsers_refuse_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(CookieRefused, match=problem.replace("(", r"\(")):
        CookieAttributes(**{"name": "sid", "secure": True, **given})


def test_what_browsers_take_is_taken() -> None:
    CookieAttributes(name="__Host-sid", secure=True, partitioned=True, same_site="none", priority="low")
    CookieAttributes(name="__Secure-sid", secure=True, domain="example.org", path="/shop")
    CookieAttributes(name="sid", secure="auto", same_site="auto", domain=".example.org")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"sid=a", [b"a"]),
        (b"a=b; sid=c; d=e", [b"c"]),
        (b"sid=a; sid=b; sid=a", [b"a", b"b"]),
        (b'sid="quoted"', [b"quoted"]),
        (b" sid = a ;", [b"a"]),
        (b"xsid=a; sidx=b; x-sid=c", []),
        (b"sid", []),
        (b"sid=", []),
        (b"SID=a", []),
        (b"sid=a=b", [b"a=b"]),
        (b"other=sid=a", []),
    ],
)
def test_our_cookie_is_found_among_others(header: bytes, found: list[bytes]) -> None:
    assert values_of(b"sid", [header]) == found


def test_cookies_may_come_in_several_headers() -> None:
    assert values_of(b"sid", [b"a=b", b"sid=c", b"sid=d"]) == [b"c", b"d"]


def test_no_more_is_looked_at_than_a_browser_sends() -> None:
    many = b"; ".join(b"sid=%d" % number for number in range(100))

    assert len(values_of(b"sid", [many])) == MOST_OF_ONE_NAME
    assert values_of(b"sid", [b"sid=" + b"x" * (LARGEST + 1)]) == []


@patient
@given(st.lists(st.binary() | st.text(alphabet='sid=;" ,\t\xff').map(lambda text: text.encode("latin-1")), max_size=3))
def test_no_bytes_make_reading_fail(headers: list[bytes]) -> None:
    for value in values_of(b"sid", headers):
        assert b";" not in value
        assert 0 < len(value) <= LARGEST


@patient
@given(st.text(alphabet=st.characters(codec="ascii"), max_size=30).filter(OCTETS.fullmatch), st.binary(max_size=30))
def test_what_was_set_is_read_back_among_anything(value: str, before: bytes) -> None:
    header = before.replace(b"sid", b"") + b"; " + str(SetCookie(name="sid", value=value)).encode()

    assert values_of(b"sid", [header]) == ([value.encode()] if value else [])
