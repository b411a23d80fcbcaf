"""The same lines as the real morgan 1.12.1: every token, every named format, whatever a request sends."""

import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainstay.web.accesslog import tokens
from mainstay.web.accesslog.formats import FormatError, Tokens, compile_format, known_format
from tests.web.accesslog.original import Case, Oracle, Refused

NAMED = ("combined", "common", "default", "short", "tiny", "dev")
EVERY = (
    ":method :url :status :http-version :remote-addr :remote-user :referrer :user-agent :date :date[clf] :date[iso]"
    " :date[web] :date[no] :req[Accept] :req[x-a] :req[cookie] :res[Content-Length] :res[x-b] :response-time"
    " :response-time[0] :total-time[1]"
)
# The package is not asked about the process's id: it is another process.


@pytest.fixture(scope="module")
def morgan() -> Iterator[Oracle]:
    with Oracle() as oracle:
        yield oracle


def ours(case: Case, monkeypatch: pytest.MonkeyPatch) -> str:
    """The line we write."""
    with monkeypatch.context() as patch:
        patch.setattr(tokens, "time", lambda: case.now / 1000)
        if not case.named:
            return compile_format(case.format)(case.exchange())
        known = known_format(case.format, Tokens(), colours=True, compat="morgan")
        assert known is not None
        line = known(case.exchange())
    assert isinstance(line, str)
    return line


def basic(pair: bytes) -> str:
    return "Basic " + base64.b64encode(pair).decode()


def user(authorization: str) -> Case:
    return Case(":remote-user", headers=(("Authorization", authorization),))


def took(format: str, nanoseconds: int) -> Case:
    """A case that took so long to its headers, and as long again to its end."""
    ends = [(100 + time // 10**9, time % 10**9) for time in (nanoseconds, 2 * nanoseconds)]
    return Case(format, responded=ends[0], ended=ends[1])


BROWSER = (("User-Agent", 'Mozilla "5"'), ("Referer", "http://a.example/\\x"), ("Authorization", basic(b"tj:secret")))
SENT = (("Content-Length", "12"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))

NAMED_CASES = [
    Case(name, named=True, status=status, headers=headers, response_headers=sent, responded=responded)
    for name in NAMED
    for status, sent, responded in [
        *((status, SENT, (100, 1_234_567)) for status in (100, 101, 199, 200, 204, 304, 404, 500, 599, 600, 999)),
        (0, (), None),
        (200, (("Content-Length", ""),), (101, 1)),
    ]
    for headers in ((), BROWSER)
]
SYNTAX = [
    Case(text, headers=BROWSER, response_headers=SENT)
    for text in (
        *("", "x", ":a", ":ab", ":", "::method", ":method:url", ":method[]", ":method[x]", ":method[", ":method[a]b]"),
        *(
            "12:30 :method",
            "%s :method %d %%",
            ":method\n:url\t",
            '":method" \\ :url',
            "\x1b[0m:status",
            "é :status 😀",
        ),
        *(":method-", ":methoD", ":req[Accept", ":req[ACCEPT]", ":res[SET-COOKIE]", ":res[set-cookie] :res[nope]"),
        *(":date[clf]", ":date[iso]", ":date[web]", ":date[CLF]", ":date[]", ":date", ":date[x y]", "[:date[clf]]"),
        *(
            ":http-version",
            ":referrer",
            ":user-agent",
            ":remote-user",
            ":remote-addr",
            EVERY,
            "::",
            ":-:-",
            ":method :",
        ),
        *(":nope", ":req", ":res", ":30", "12:30", ":response-times"),
        *(f":response-time[{digits}]" for digits in (0, 1, 2, 3, 6, 9, 20, 100, 101, -1, 2.9, -0.5)),
        *(f":response-time[{digits}]" for digits in ("1e1", "0x10", "0b11", "x", "1_0", "00")),
        *(f":total-time[{digits}]" for digits in (" ", " 2 ", "+2", ".5", "1e400", "Infinity", "NaN", "1,5", "007")),
    )
]
DIGITS = [
    took(f":response-time[{digits}] :total-time[{digits}]", nanoseconds)
    for digits in (0, 1, 2, 3, 4, 6, 10)
    for nanoseconds in (0, 1, 499_999, 500_000, 500_001, 1_500_000, 12_500_000, 12_500_001, 12_500_500, 999_999_999)
]
USERS = [
    user(text)
    for text in (
        *(
            basic(pair)
            for pair in (b"tj:", b"tj:a:b", b":x", b"tj", b"", b":", b" tj :x", b'a"b\\:x', b"a\nb:x", b"a:x\ny")
        ),
        *(
            basic(pair)
            for pair in (b"\xff\xfe:x", b"a\xe2\x82:x", b"\xf0\x9f\x98\x80:x", b"\xed\xa0\x80:x", b"\xef\xbb\xbfa:x")
        ),
        *(
            basic(text.encode())
            for text in ("é:x", "a\u2028b:x", "a:x\u2028", "a:x\x85", "a\x7f:x", "a\x00b:\x00", "a:x\ry")
        ),
        *("basic dGo6eA==", "BASIC dGo6eA", "  bAsIc   dGo6eA=  ", "Basic dGo6eA=====", "Basic dG=o6eA==", "Basic"),
        *("Basic ", "Basic =", "Basic dGo6e", "Basic dGo6", "Basic dG.o6~eA==", "Bearer dGo6eA==", "Basicd dGo6eA=="),
        *(
            "Basic dGo6eA== x",
            "Basic\tdGo6eA==",
            "Basic dG o6eA==",
            "Basic _-8_Og==",
            "Basic /+8/Og==",
            "Basic dGo6eA==\xa0",
        ),
        *(
            "Basic " + "dGo6" * 5000,
            "",
            " ",
            "Basic dGo6eA==, Basic dGo6eA==",
            "Basic 8J+YgDo",
            "Basic ~~~~",
            "Basic ....",
        ),
    )
]
SEVERAL = [
    Case(":req[x-a] :req[cookie] :user-agent :referrer :req[host] :req[accept]", headers=headers)
    for headers in (
        (("X-A", "1"), ("x-a", "2"), ("X-a", "")),
        (("Cookie", "a=1"), ("Cookie", "b=2")),
        (("User-Agent", "first"), ("User-Agent", "second")),
        (("User-Agent", ""), ("User-Agent", "second")),
        (("Referrer", "a"), ("Referrer", "b")),
        (("Referer", ""), ("Referrer", "b")),
        (("Referer", "a"), ("Referrer", "b"), ("Referer", "c")),
        (("Host", "a"), ("Host", "b"), ("Accept", "x"), ("Accept", "y")),
        (("X-A", "0"), ("Accept", "-")),
    )
]
WEIRD = [
    Case(EVERY, headers=(("X-A", text), ("User-Agent", text), ("Referer", text), ("Accept", text)), url="/" + text)
    for text in (
        *('"', "\\", '\\"', "\x00", "\b\f\n\r\t\v", "\x1b[31m", "\x7f", "\x80\x85\x9b\x9f", "\xa0\xad\xff", "a" * 9000),
        *("%0A%22", "?a=1?b", "#", "%s", ":method", "${x}", "'", "`", "é\xe9", " "),
    )
]
OTHERS = [
    *(Case(EVERY, method=method) for method in ("", "get", "M-SEARCH", 'A"B')),
    *(Case(EVERY, url=url) for url in ("*", "/", "//", "http://a.example/b", "/a%20b?c=%0a", "a.example:443")),
    *(Case(EVERY, version=version) for version in ((1, 0), (2, 0), (0, 9))),
    *(Case(EVERY, ip=ip) for ip in ("", "::1", "::ffff:192.0.2.1", "fe80::1%eth0")),
    *(
        Case(EVERY, now=now)
        for now in (0, 1, 999, 1000, 86_399_999, 951_782_400_000, 1_709_251_199_999, 4_102_444_800_000)
    ),
    *(Case(EVERY, started=(5, 900_000_000), responded=(7, 100_000_000), ended=(9, 0)) for _ in "1"),
]


CASES_BY_HAND = {
    "named": NAMED_CASES,
    "syntax": SYNTAX,
    "digits": DIGITS,
    "users": USERS,
    "several": SEVERAL,
    "weird": WEIRD,
    "others": OTHERS,
}


@pytest.mark.parametrize("group", CASES_BY_HAND)
def test_a_line_is_the_one_of_the_original(group: str, morgan: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in CASES_BY_HAND[group]:
        _same(case, morgan, monkeypatch)


# What can come out of a socket: latin-1, and here also what servers refuse.
LATIN = st.text(st.characters(max_codepoint=255), max_size=30)
NAMES = st.sampled_from(
    ["Accept", "X-A", "x-a", "Cookie", "User-Agent", "Referer", "Referrer", "Host", "Authorization"]
)
PAIRS = st.lists(st.tuples(NAMES, LATIN), max_size=5).map(tuple)
INSTANTS = st.tuples(st.integers(100, 103), st.integers(0, 999_999_999))
TEXTS = st.lists(
    st.one_of(
        st.sampled_from([":method", ":url", ":status", ":req[x-a]", ":res[x-b]", ":user-agent", ":remote-user"]),
        st.sampled_from(
            [":", "[", "]", "a", "-", '"', "\\", " ", "\n", "%", "\x1b", "é", "\u2028", "ab", ":ab", "[x]"]
        ),
        st.from_regex(r":(response|total)-time(\[[0-9]{1,2}\])?", fullmatch=True),
    ),
    max_size=12,
).map("".join)
CASES = st.builds(
    Case,
    format=TEXTS,
    method=st.text(st.characters(max_codepoint=127), max_size=8),
    url=st.text(st.characters(max_codepoint=255), min_size=1, max_size=30).filter(lambda url: not url.endswith("?")),
    headers=PAIRS,
    status=st.sampled_from([0, 100, 200, 302, 404, 500, 999]),
    response_headers=st.lists(st.tuples(st.sampled_from(["X-B", "x-b", "Content-Length"]), LATIN), max_size=3).map(
        tuple
    ),
    started=st.just((100, 0)),
    responded=st.none() | INSTANTS,
    ended=INSTANTS,
    now=st.integers(0, 4_102_444_800_000),
)
MANY = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@MANY
@given(case=CASES)
def test_so_is_one_of_any_exchange(case: Case, morgan: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    _same(case, morgan, monkeypatch)


@MANY
@given(case=CASES, name=st.sampled_from(NAMED))
def test_so_is_one_in_a_named_format(case: Case, name: str, morgan: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    _same(replace(case, format=name, named=True), morgan, monkeypatch)


@MANY
@given(pair=st.binary(max_size=40) | st.text(max_size=20).map(str.encode), cut=st.integers(0, 3), safe=st.booleans())
def test_so_is_the_user_of_any_credentials(
    pair: bytes, cut: int, safe: bool, morgan: Oracle, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = base64.urlsafe_b64encode if safe else base64.b64encode
    encoded = encode(pair + b":x").decode()

    _same(user("Basic " + encoded[: len(encoded) - cut]), morgan, monkeypatch)


@MANY
@given(text=st.text("BbAaSsIiCc +/-_.~=:dGo6eA\t\xa0", max_size=24).map(lambda text: "Basic " + text))
def test_so_is_what_is_nearly_credentials(text: str, morgan: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    _same(user(text), morgan, monkeypatch)


@MANY
@given(digits=st.text("0123456789.eExXbBoO+- a", min_size=1, max_size=6))
def test_so_is_the_meaning_of_digits(digits: str, morgan: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    _same(took(f":response-time[{digits}]", 12_500_500), morgan, monkeypatch)


def _same(case: Case, morgan: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        expected = morgan.line(case)
    except Refused:
        with pytest.raises(FormatError):
            compile_format(case.format)
        return

    try:
        assert ours(case, monkeypatch) == expected, case
    except FormatError as error:
        raise AssertionError(f"refused ({error}), and logged as {expected!r}") from error
