"""What becomes of apps that break the rules, and of those that use them to the end."""

# An app takes what its interface gives it, needed or not.
# ruff: noqa: ARG001

import asyncio
from typing import Any

import pytest

from tests.runtime.wire import serving, without_date

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]}
STREAM: dict[str, Any] = {"type": "http.response.start", "status": 200}
BODY: dict[str, Any] = {"type": "http.response.body", "body": b"abc"}
ERROR = b"HTTP/1.1 500 Internal Server Error\r\n"


def answer_of(*messages: Any, result: object = None) -> bytes:
    """What goes over the wire when an app sends these messages, raises those that are exceptions and returns."""

    async def app(scope: Any, receive: Any, send: Any) -> object:
        for message in messages:
            if isinstance(message, Exception):
                raise message
            await send(message)
        return result

    with serving(app) as server:
        return server.exchange(REQUEST)


def test_head_and_body_are_one() -> None:
    assert answer_of(START, BODY) == (
        b"HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc"
    )


def test_a_body_of_unknown_length_goes_in_chunks() -> None:
    more = {**BODY, "more_body": True}

    assert answer_of(STREAM, more, {"type": "http.response.body"}).endswith(b"chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")


def test_a_body_larger_than_what_is_copied_is_whole() -> None:
    body = b"x" * 1_000_000
    start = {**START, "headers": [(b"content-length", b"1000000")]}

    assert answer_of(start, {**BODY, "body": body}).endswith(b"\r\n\r\n" + body)


def test_a_view_of_memory_is_a_body() -> None:
    assert answer_of(START, {**BODY, "body": memoryview(b"abc")}).endswith(b"\r\n\r\nabc")


@pytest.mark.parametrize(
    "messages",
    [
        [ValueError("early")],
        [BODY],
        [START, ValueError("before the body")],
        [START, {**BODY, "body": b"too long"}],
        [{**START, "headers": [(b"a", b"b\r\nc: d")]}],
        [{**START, "status": 999}],
        [],
        [START],
    ],
    ids=["raises", "no head", "raises after the head", "too long", "bad header", "bad status", "nothing", "no body"],
)
def test_while_nothing_was_sent_a_failure_is_a_500(messages: list[Any]) -> None:
    answer = answer_of(*messages)

    assert answer.startswith(ERROR)
    assert answer.endswith(b"connection: close\r\n\r\nInternal Server Error")


@pytest.mark.parametrize(
    "messages",
    [
        [STREAM, {**BODY, "more_body": True}, ValueError("late")],
        [STREAM, {**BODY, "more_body": True}],
        [{**START, "headers": [(b"content-length", b"9")]}, BODY],
    ],
    ids=["raises", "returns", "too short"],
)
def test_when_a_part_was_sent_a_failure_cuts_the_connection(messages: list[Any]) -> None:
    answer = answer_of(*messages)

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"abc" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    assert ERROR not in answer


def test_what_is_sent_after_the_end_is_an_error_in_the_app_alone(caplog: pytest.LogCaptureFixture) -> None:
    assert answer_of(START, BODY, BODY).endswith(b"\r\n\r\nabc")
    assert "after response already completed" in caplog.text


def test_an_app_that_returns_something_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    answer_of(START, BODY, result="something")

    assert "ASGI callable should return None, but returned 'something'." in caplog.text


@pytest.mark.parametrize("status", [204, 304])
def test_a_response_without_a_body_has_no_length(status: int) -> None:
    answer = answer_of({"type": "http.response.start", "status": status}, {"type": "http.response.body"})

    assert b"transfer-encoding" not in answer
    assert answer.endswith(b"connection: close\r\n\r\n")


def test_the_answer_to_head_has_the_length_and_no_body() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(BODY)

    with serving(app) as server:
        answer = server.exchange(REQUEST.replace(b"GET", b"HEAD"))

    assert answer.endswith(b"content-length: 3\r\nconnection: close\r\n\r\n")


def test_two_may_wait_for_the_client_to_go() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        both = asyncio.gather(receive(), receive())
        await asyncio.sleep(0.01)
        await send(START)
        await send(BODY)
        seen.extend(message["type"] for message in await both)

    with serving(app) as server:
        server.exchange(REQUEST)
        server.call(lambda: None)

    assert seen == ["http.disconnect"] * 2


def test_a_head_without_a_length_does_not_wait_for_the_body() -> None:
    released = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(STREAM)
        await released.wait()
        await send(BODY)

    with serving(app) as server, server.connect() as client:
        client.sendall(REQUEST)
        head = without_date(client.recv(65536))
        server.call(released.set)

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert head.endswith(b"\r\n\r\n")
