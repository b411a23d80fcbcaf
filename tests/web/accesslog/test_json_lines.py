"""The format `json`."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.accesslog.exchange import Exchange, Outcome
from mainstay.web.accesslog.json_lines import FIELDS, JsonFormat, as_line
from mainstay.web.accesslog.redaction import Redaction
from mainstay.web.proxy import Client


def exchange(**more: object) -> Exchange:
    known: dict[str, object] = {
        "method": "GET",
        "path": "/a",
        "query": "b=c",
        "status": 200,
        "sent": 12,
        "outcome": Outcome.COMPLETE,
        "client": Client("192.0.2.1", 5, "https", "a.example"),
        "time": 971_186_136.789,
        "started": 1.0,
        "responded": 1.0025,
        "first": 1.003,
        "ended": 1.0125,
        "headers": {"user-agent": "curl", "referer": "http://a.example/", "authorization": "Basic dGo6eA=="},
        "request_id": "an-id",
        "trace": "a" * 32,
    }
    return Exchange(**(known | more))


def line(exchange: Exchange, **options: Any) -> dict[str, Any]:
    redaction = options.pop("redaction", Redaction())
    record: dict[str, Any] = json.loads(JsonFormat(redaction, **options)(exchange))
    return record


def test_a_line_has_every_field_with_its_type() -> None:
    assert line(exchange(error=ValueError("secret"))) == {
        "time": "2000-10-10T13:55:36.789Z",
        "method": "GET",
        "path": "/a",
        "query": "b=c",
        "status": 200,
        "bytes": 12,
        "duration_ms": 12.5,
        "ttfb_ms": 3.0,
        "completed": "+",
        "remote_addr": "192.0.2.1",
        "remote_user": "tj",
        "scheme": "https",
        "host": "a.example",
        "http_version": "1.1",
        "user_agent": "curl",
        "referrer": "http://a.example/",
        "request_id": "an-id",
        "trace_id": "a" * 32,
        "error": "ValueError",
    }
    assert [*line(exchange(error=ValueError()))] == [*FIELDS]


def test_what_is_not_known_is_left_out_and_zero_is_known() -> None:
    assert line(Exchange()) == {
        "time": "1970-01-01T00:00:00.000Z",
        "status": 0,
        "bytes": 0,
        "duration_ms": 0.0,
        "scheme": "http",
        "http_version": "1.1",
    }


@given(st.text(), st.text(), st.text(), st.text())
def test_a_line_is_one_line_of_ascii_and_holds_what_was_sent(path: str, query: str, agent: str, referrer: str) -> None:
    sent = exchange(path=path, query=query, headers={"user-agent": agent, "referer": referrer})
    text = JsonFormat(Redaction(), headers=["user-agent"])(sent)

    assert text.isascii()
    assert text.isprintable()
    record = json.loads(text)
    assert record.get("path", "") == path
    assert record.get("user_agent", "") == record["headers"]["user-agent"] == agent
    assert record.get("query", "") == Redaction().query(query)
    assert type(record["status"]) is type(record["bytes"]) is int
    assert type(record["duration_ms"]) is float


def test_headers_are_there_when_they_are_asked_for() -> None:
    sent = exchange(response_headers=[(b"Content-Type", b"text/html"), (b"set-cookie", b"a=1")])

    record = line(sent, headers=["User-Agent", "Authorization", "x-a"], response_headers=["content-type", "Set-Cookie"])
    assert record["headers"] == {"user-agent": "curl", "authorization": "[REDACTED]"}
    assert record["response_headers"] == {"content-type": "text/html", "set-cookie": "[REDACTED]"}


def test_secrets_are_hidden_in_the_query_and_in_the_referrer() -> None:
    sent = exchange(query="token=hunter2&pin=1234", headers={"referer": "http://a.example/?code=hunter2#x"})
    text = JsonFormat(Redaction(parameters=["PIN"]))(sent)

    assert "hunter2" not in text
    assert "1234" not in text
    assert json.loads(text)["query"] == "token=[REDACTED]&pin=[REDACTED]"


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.booleans()))
def test_a_mapping_of_ones_own_is_one_line_too(record: dict[str, object]) -> None:
    text = as_line(record)

    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text) == record


@pytest.mark.parametrize("value", [ValueError("x"), b"\n", Outcome.CUT])
def test_what_json_cannot_hold_is_written_as_text(value: object) -> None:
    assert json.loads(as_line({"x": value})) == {"x": str(value)}
