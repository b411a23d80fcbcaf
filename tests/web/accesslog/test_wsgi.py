"""The access log around WSGI apps."""

import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from mainstay.web.accesslog import WSGIAccessLog, request_id

# Any: WSGI's dictionaries and callables are open.


def environ(**more: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a\nb",
        "RAW_URI": "/a%0Ab?x=1",
        "QUERY_STRING": "x=1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "wsgi.url_scheme": "http",
        **more,
    }


def hello(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "99")])
    return [b"hello ", b"world"]


def serve(app: Any, given: dict[str, Any], parts: int = 100) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a server does with an app; it stops asking after so many parts. What was started."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        started.append((status, headers))
        return lambda _data: None

    response = app(given, start_response)
    try:
        iterator = iter(response)
        for _ in range(parts):
            if next(iterator, None) is None:
                break
    finally:
        close = getattr(response, "close", None)
        if close:
            close()
    return started


def lines(app: Any, given: dict[str, Any] | None = None, parts: int = 100, **options: Any) -> list[str]:
    out = io.StringIO()
    serve(WSGIAccessLog(app, to=out, **options), given or environ(), parts)
    return out.getvalue().splitlines()


def test_the_bytes_that_were_sent_are_counted_and_the_path_is_the_one_of_the_request_line() -> None:
    found = lines(hello, format=":method :url HTTP/:http-version :status :bytes :res[content-length] :completed")

    assert found == ["GET /a%0Ab?x=1 HTTP/1.1 200 11 99 +"]


def test_a_server_without_the_raw_path_cannot_be_made_to_write_two_lines() -> None:
    given = environ()
    del given["RAW_URI"]

    assert lines(hello, given, format=":url") == ["/a%0Ab?x=1"]


def test_the_line_is_written_when_the_server_closes_the_response() -> None:
    out = io.StringIO()
    started: list[Any] = []
    response = WSGIAccessLog(hello, to=out, format=":status")(environ(), lambda *told: started.append(told))
    assert list(response) == [b"hello ", b"world"]
    before = out.getvalue()
    response.close()  # type: ignore[attr-defined]
    response.close()  # type: ignore[attr-defined]

    assert (before, out.getvalue()) == ("", "200\n")


def test_a_client_that_leaves_before_the_end_is_seen() -> None:
    assert lines(hello, parts=1, format=":bytes :completed") == ["- X"]
    assert lines(hello, parts=2, format=":bytes :completed") == ["6 X"]


def test_an_app_that_raises_has_a_line_and_the_exception_goes_on() -> None:
    def broken(_environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
        raise LookupError("no")

    def broken_later(_environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"half"
        raise LookupError("no")

    found = []
    for app in (broken, broken_later):
        out = io.StringIO()
        with pytest.raises(LookupError):
            serve(WSGIAccessLog(app, to=out, format=":status :bytes :completed"), environ())
        found.append(out.getvalue())

    assert found == ["500 - X\n", "200 4 X\n"]


def test_what_the_app_closes_is_closed() -> None:
    closed: list[str] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"x"])

        def close(self) -> None:
            closed.append("closed")

    def app(_environ: dict[str, Any], start_response: Any) -> Body:
        start_response("200 OK", [])
        return Body()

    assert lines(app, format=":bytes") == ["1"]
    assert closed == ["closed"]


def test_bytes_given_to_write_are_counted_too() -> None:
    def old(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])(b"four")
        return []

    (line,) = lines(old, format=":bytes :ttfb")

    assert re.fullmatch(r"4 \d+\.\d{3}", line)


def test_every_request_has_an_id_in_the_context_the_response_and_the_line() -> None:
    seen: list[str] = []

    def app(given: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append(request_id.get())
        return hello(given, start_response)

    out = io.StringIO()
    ((_, headers),) = serve(WSGIAccessLog(app, to=out, format=":request-id"), environ())

    assert out.getvalue() == f"{seen[0]}\n"
    assert ("X-Request-ID", seen[0]) in headers


def test_a_line_may_be_written_when_the_request_comes() -> None:
    assert lines(hello, immediate=True, format=":method :status :total-time") == ["GET - -"]


def test_it_goes_around_flask() -> None:
    from flask import Flask

    app, out = Flask("flasked"), io.StringIO()
    app.add_url_rule("/page", view_func=lambda: f"id {request_id.get()}")
    app.wsgi_app = WSGIAccessLog(app.wsgi_app, to=out, format="json")  # type: ignore[method-assign]
    answer = app.test_client().get("/page?token=x", buffered=True)
    found = json.loads(out.getvalue())

    assert (found["status"], found["path"], found["query"]) == (200, "/page", "token=[REDACTED]")
    assert found["bytes"] == len(answer.data)
    assert answer.text == f"id {found['request_id']}"


def test_it_goes_around_django() -> None:
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    def page(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"id {request_id.get()}")

    class Urls:
        urlpatterns = (path("page", page),)

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=Urls, SECRET_KEY="x" * 40)
        django.setup()
    from django.test.utils import override_settings

    out = io.StringIO()
    with override_settings(ALLOWED_HOSTS=["*"], ROOT_URLCONF=Urls):
        given = environ(PATH_INFO="/page", RAW_URI="/page", HTTP_HOST="a.example", SERVER_NAME="a", SERVER_PORT="80")
        serve(WSGIAccessLog(WSGIHandler(), to=out, format="json"), {**given, "wsgi.input": io.BytesIO()})
    found = json.loads(out.getvalue())

    assert (found["status"], found["path"], found["host"]) == (200, "/page", "a.example")
    assert found["bytes"] == len(f"id {found['request_id']}")
