"""Each token, of an exchange where it has something to say and of one where it has not."""

import os
import re

import pytest

from mainstay.web.accesslog.exchange import Exchange, Outcome
from mainstay.web.accesslog.tokens import KNOWN, Value, what_is_wrong
from mainstay.web.proxy import Client


def full() -> Exchange:
    return Exchange(
        method="PUT",
        path="/%0a",
        query="b=c",
        version="2",
        client=Client("192.0.2.1", 5, "https", "a.example"),
        time=971_186_136.789,
        started=1.0,
        responded=1.0125,
        first=1.02,
        ended=1.025,
        status=201,
        sent=12,
        outcome=Outcome.COMPLETE,
        request_id="an-id",
        trace="a" * 32,
        headers={"user-agent": "curl", "referrer": "/r", "authorization": "Basic dGo6eA==", "x-a": "1"},
        response_headers=[("X-B", "2")],
    )


def value(name: str, argument: str = "", exchange: Exchange | None = None) -> Value:
    return KNOWN[name].make(argument)(exchange or full())


EXPECTED: dict[tuple[str, str], Value] = {
    ("bytes", ""): 12,
    ("completed", ""): "+",
    ("host", ""): "a.example",
    ("http-version", ""): "2.0",
    ("method", ""): "PUT",
    ("path", ""): "/%0a",
    ("pid", ""): os.getpid(),
    ("referrer", ""): "/r",
    ("remote-addr", ""): "192.0.2.1",
    ("remote-user", ""): "tj",
    ("req", "X-A"): "1",
    ("request-id", ""): "an-id",
    ("res", "x-b"): "2",
    ("response-time", ""): "12.500",
    ("response-time", "0"): "13",
    ("scheme", ""): "https",
    ("status", ""): 201,
    ("time", ""): "Tue, 10 Oct 2000 13:55:36 GMT",
    ("time", "iso"): "2000-10-10T13:55:36.789Z",
    ("time", "clf"): "10/Oct/2000:13:55:36 +0000",
    ("total-time", "1"): "25.0",
    ("trace-id", ""): "a" * 32,
    ("ttfb", "2"): "20.00",
    ("url", ""): "/%0a?b=c",
    ("user-agent", ""): "curl",
}
DATES = {"": r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "iso": r"\d{4}-\d\d-\d\dT[\d:.]{12}Z", "clf": r"\d\d/.* \+0000"}


@pytest.mark.parametrize(("name", "argument"), EXPECTED)
def test_a_token_says_what_it_is_for(name: str, argument: str) -> None:
    assert value(name, argument) == EXPECTED[name, argument]


@pytest.mark.parametrize("style", DATES)
def test_the_date_is_of_now(style: str) -> None:
    shown = value("date", style)

    assert isinstance(shown, str)
    assert re.fullmatch(DATES[style], shown)
    assert "2000" not in shown


def test_every_token_is_tried_here() -> None:
    assert {name for name, _ in EXPECTED} | {"date"} == set(KNOWN)


@pytest.mark.parametrize("name", sorted(set(KNOWN) - {"pid", "date", "time", "scheme", "http-version"}))
def test_a_token_of_an_empty_exchange_says_nothing(name: str) -> None:
    assert value(name, "x" if name in ("req", "res") else "", Exchange()) in (None, "", 0)


def test_headers_of_a_response_that_was_not_sent_are_not_shown() -> None:
    unsent = Exchange(response_headers=[("x-b", "2")])

    assert value("res", "x-b", unsent) is None


@pytest.mark.parametrize("name", ["response-time", "total-time"])
def test_without_headers_there_is_no_time(name: str) -> None:
    assert value(name, "", Exchange(started=1.0, ended=2.0)) is None


def test_a_total_time_without_an_end_is_until_now() -> None:
    shown = value("total-time", "", Exchange(started=0.5, responded=1.0))

    assert isinstance(shown, str)
    assert float(shown) > 0


def test_a_name_that_no_header_has_finds_none() -> None:
    assert value("req", "\udc80é") is None
    assert value("res", "\udc80é") is None


@pytest.mark.parametrize("name", ["referer", "referrer"])
def test_both_spellings_of_the_referrer_are_read(name: str) -> None:
    assert value("referrer", "", Exchange(headers={name: "/r"})) == "/r"


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_what_a_token_cannot_have_is_said(name: str) -> None:
    needs, counts = name in ("req", "res"), name in ("response-time", "total-time", "ttfb")

    assert bool(what_is_wrong(name, None)) is needs
    assert bool(what_is_wrong(name, "")) is needs
    assert bool(what_is_wrong(name, "101")) is counts
    assert what_is_wrong(name, "3") == ""


def test_plain_tokens_never_hold_what_must_be_escaped() -> None:
    nasty = '\n"\\\x1b'
    sent = full()
    sent.method = sent.path = sent.query = sent.version = sent.request_id = nasty
    sent.headers = dict.fromkeys(["user-agent", "referer", "authorization", "connection", "traceparent"], nasty)
    sent.client = Client(nasty, 5, "http", nasty)
    held = {name: str(known.make("x")(sent)) for name, known in KNOWN.items() if known.plain}

    assert {name for name, shown in held.items() if set(shown) & set(nasty)} == set()
    assert "status" in held
