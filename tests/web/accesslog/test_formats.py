"""What a line says, and what is no format."""

import re
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.accesslog.escaping import escaped
from mainstay.web.accesslog.exchange import Exchange, Outcome
from mainstay.web.accesslog.formats import TEMPLATES, Compat, FormatError, Tokens, compile_format, known_format
from mainstay.web.accesslog.tokens import KNOWN, Value
from mainstay.web.proxy import Client

ANY = st.text(st.one_of(st.sampled_from(':[]-"\\%ab\n\x1b {}'), st.characters()), max_size=40)


def exchange(**more: object) -> Exchange:
    known: dict[str, object] = {
        "method": "GET",
        "path": "/a",
        "query": "b=c",
        "status": 200,
        "sent": 12,
        "outcome": Outcome.COMPLETE,
        "client": Client("192.0.2.1", 5, "http", "a.example"),
        "started": 1.0,
        "responded": 1.0025,
        "ended": 1.25,
        "headers": {"user-agent": "curl", "referer": "http://a.example/"},
        "response_headers": [("Content-Length", "99")],
    }
    return Exchange(**(known | more))


def line(name: str, *, colours: bool = False, compat: Compat = "", **more: object) -> str:
    written = known_format(name, Tokens(), colours=colours, compat=compat)
    assert written is not None
    text = written(exchange(**more))
    assert isinstance(text, str)
    return re.sub(r"\[[^]]*\d{4}[^]]*\]", "[date]", text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("combined", '192.0.2.1 - - [date] "GET /a?b=c HTTP/1.1" 200 12 "http://a.example/" "curl"'),
        ("common", '192.0.2.1 - - [date] "GET /a?b=c HTTP/1.1" 200 12'),
        ("default", '192.0.2.1 - - [date] "GET /a?b=c HTTP/1.1" 200 12 "http://a.example/" "curl"'),
        ("short", "192.0.2.1 - GET /a?b=c HTTP/1.1 200 12 - 2.500 ms"),
        ("tiny", "GET /a?b=c 200 12 - 2.500 ms"),
        ("dev", "GET /a?b=c 200 2.500 ms - 12"),
    ],
)
def test_a_named_format_has_the_bytes_that_were_sent(name: str, expected: str) -> None:
    assert line(name) == expected


@pytest.mark.parametrize("name", TEMPLATES)
def test_as_morgan_has_it_the_size_is_the_headers(name: str) -> None:
    assert "99" in line(name, compat="morgan").split()
    assert "99" not in line(name).split()


@pytest.mark.parametrize(
    ("status", "colour"), [(200, 32), (302, 36), (404, 33), (500, 31), (999, 31), (101, 0), (0, 0)]
)
def test_dev_has_the_colour_of_the_statuss_class(status: int, colour: int) -> None:
    shown = line("dev", colours=True, status=status)

    assert shown == f"\x1b[0mGET /a?b=c \x1b[{colour}m{status or '-'}\x1b[0m 2.500 ms - 12\x1b[0m"


def test_no_other_name_is_known() -> None:
    assert known_format("combine", Tokens(), colours=False, compat="") is None


@given(ANY)
def test_any_text_is_a_format_or_its_token_is_named(text: str) -> None:
    try:
        write = compile_format(text)
    except FormatError as error:
        named = re.search(r":([-A-Za-z0-9_]{2,})", str(error))
        assert named is not None
        assert f":{named[1]}" in text
    else:
        assert isinstance(write(exchange()), str)


@given(st.text(st.characters(exclude_characters=":")))
def test_what_is_no_token_stays_as_it_is(text: str) -> None:
    assert compile_format(text)(exchange()) == text


@given(st.sampled_from(['"{}"', "\\ {} \\ ", "\x1b[0m{}\x1b[0m", "{}", "%s {} %"]), st.text(), st.text())
def test_what_a_request_sends_is_escaped_in_every_format(frame: str, agent: str, method: str) -> None:
    write = compile_format(frame.format(":method") + " " + frame.format(":user-agent"))

    text = write(exchange(method=method, headers={"user-agent": agent}))
    assert text == frame.format(escaped(method) or "-") + " " + frame.format(escaped(agent) or "-")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":a :method", ":a GET"),
        (":method:url", "GET/a?b=c"),
        ("::method", ":GET"),
        (":method[]", "GET[]"),
        (":method[x]", "GET"),
        (":method[", "GET["),
        ("%d :status %s", "%d 200 %s"),
        (":req[USER-AGENT] :res[content-LENGTH] :res[x]", "curl 99 -"),
        ("", ""),
    ],
)
def test_a_token_is_a_colon_and_two_characters_or_more(text: str, expected: str) -> None:
    assert compile_format(text)(exchange()) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (":metod", "no token is called :metod; :method is one"),
        ("12:30", "no token is called :30; there are :bytes, :completed, "),
        (":req", "req needs the name of a header, such as :req\\[accept\\]"),
        (":res[]", "res needs the name of a header, such as :res\\[accept\\]"),
        (":response-time[101]", ":response-time takes from 0 to 100 digits, not '101'"),
        (":ttfb[-1]", ":ttfb takes from 0 to 100 digits, not '-1'"),
    ],
)
def test_what_cannot_be_is_refused_when_the_format_is_made(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        compile_format(text)


@pytest.mark.parametrize("value", [None, "", 0])
def test_a_token_without_a_value_is_a_dash(value: Value) -> None:
    assert compile_format("[:own]", Tokens({"own": lambda _: value}))(exchange()) == "[-]"


def test_ones_own_token_is_given_its_argument_and_is_escaped() -> None:
    tokens = Tokens({"own": lambda exchange, argument="none": f'{exchange.method}\n"{argument}"'})

    assert compile_format(":own :own[x]", tokens)(exchange()) == r"GET\n\"none\" GET\n\"x\""
    assert tokens["own"](exchange(), "x") == r"GET\n\"x\""


def test_ones_own_token_comes_before_ours() -> None:
    assert compile_format(":method", Tokens({"method": lambda _: "mine"}))(exchange()) == "mine"
    assert compile_format(":method")(exchange()) == "GET"


def test_a_token_that_returns_what_it_should_not_is_escaped_all_the_same() -> None:
    class Forging:
        def __str__(self) -> str:
            return "a\nb"

    own = {"own": lambda _: cast("str", Forging())}

    assert compile_format(":own", Tokens(own))(exchange()) == r"a\nb"


def test_a_token_that_raises_is_a_dash_and_told() -> None:
    told: list[tuple[str, str]] = []

    def broken(_: Exchange) -> Value:
        raise KeyError("x")

    tokens = Tokens({"own": broken}, lambda name, error: told.append((name, type(error).__name__)))

    assert compile_format(":method :own", tokens)(exchange()) == "GET -"
    assert told == [(":own", "KeyError")]


@pytest.mark.parametrize("name", ["a", "", "a b", "é" * 3, "a]", "ab\n"])
def test_a_name_that_no_format_could_hold_is_refused(name: str) -> None:
    with pytest.raises(FormatError, match="no token can be called"):
        Tokens({name: lambda _: ""})


def test_all_tokens_can_be_listed_and_read() -> None:
    tokens = Tokens({"own": lambda _: 7})

    assert set(tokens) == {*KNOWN, "own"}
    assert tokens["status"](exchange()) == 200
    assert tokens["req"](exchange(), "user-agent") == "curl"
    with pytest.raises(FormatError, match="no token is called :owm; :own is one"):
        tokens["owm"]
