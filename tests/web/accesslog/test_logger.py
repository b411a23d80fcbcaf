"""What is between the middlewares and the writer: options, sinks, colours, and what else logs requests."""

import io
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mainstay.settings import UnknownEnvironment
from mainstay.web.accesslog import logger as module
from mainstay.web.accesslog.exchange import Exchange
from mainstay.web.accesslog.formats import FormatError
from mainstay.web.accesslog.logger import Logger, Options, sees_colours
from mainstay.web.proxy import TrustedProxies

Make = Callable[..., Logger]


def logger(**options: Any) -> Logger:
    return Logger(Options(**options), TrustedProxies())


def exchange(**known: Any) -> Exchange:
    return Exchange(**{"method": "GET", "path": "/a", "status": 200, "sent": 3, **known})


def logged(given: Exchange | None = None, **options: Any) -> str:
    out = io.StringIO()
    logger(to=out, **options).log(given or exchange())
    return out.getvalue()


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "APP_ENV"):
        monkeypatch.delenv(name, raising=False)


def test_a_stream_gets_each_line_with_its_end(tmp_path: Path) -> None:
    with open(tmp_path / "log", "w") as file:
        logger(to=file, format=":method :status").log(exchange())

    assert logged(format=":method :url") == "GET /a\n"
    assert (tmp_path / "log").read_text() == "GET 200\n"


def test_a_logger_of_logging_gets_each_line_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "requests")
    logger(to=logging.getLogger("requests"), format=":method :url").log(exchange(path="/%s%d"))

    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [("requests", "INFO", "GET /%s%d")]


def test_a_path_may_be_a_text_or_a_path(tmp_path: Path) -> None:
    for to in (tmp_path / "log", str(tmp_path / "log")):
        made = logger(to=to, format=":url")
        made.log(exchange())
        made.flush()

    assert (tmp_path / "log").read_text() == "/a\n/a\n"


def test_a_descriptor_may_be_named() -> None:
    reader, end = os.pipe()
    made = logger(to=end, format=":url")
    made.log(exchange())
    made.flush()

    assert os.read(reader, 100) == b"/a\n"
    os.close(reader)
    os.close(end)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "combind"}, "no format is called 'combind'; there are combined, common, default, dev, json"),
        ({"format": ":methd"}, "no token is called :methd; :method is one"),
        ({"format": ":req"}, ":req needs the name of a header"),
        ({"format": 5}, "not int"),
        ({"format": ":ab", "tokens": {"a b": lambda _: ""}}, "no token can be called 'a b'"),
    ],
)
def test_a_format_that_cannot_be_is_refused_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=re.escape(message)):
        logger(**options)


def test_an_environment_nobody_knows_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "prod")
    with pytest.raises(UnknownEnvironment):
        logger()


def test_formats_of_ones_own_have_names_and_may_stand_in_for_ours() -> None:
    formats: dict[str, Any] = {"mine": ":status", "tiny": lambda tokens, exchange: f"<{tokens['url'](exchange)}>"}

    assert logged(format="mine", formats=formats) == "200\n"
    assert logged(format="tiny", formats=formats) == "</a>\n"


def test_skip_is_one_rule_or_several() -> None:
    assert logged(format=":url", skip=lambda e: e.path == "/a") == ""
    assert logged(format=":url", skip=[lambda e: e.path == "/b", lambda e: e.status == 200]) == ""
    assert logged(format=":url", skip=[lambda e: e.path == "/b"]) == "/a\n"


def test_what_the_apps_own_functions_raise_is_told_once_and_ends_no_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def wrong(*_: object) -> str:
        raise LookupError("no")

    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise ValueError("I/O operation on closed file")

    out = io.StringIO()
    made = [
        logger(to=out, format=":url", skip=wrong),
        logger(to=out, format=wrong),
        logger(to=Closed(), format=":url"),
    ]
    for each in made * 2:
        each.log(exchange())

    assert out.getvalue() == "/a\n/a\n"  # a rule that raises skips nothing
    assert caplog.messages == [
        "a rule of skip of the access log raised LookupError: no",
        "the format of the access log raised LookupError: no",
        "the target of the access log raised ValueError: I/O operation on closed file",
    ]


COLOURED = "\x1b[0mGET /a \x1b[32m200\x1b[0m"


@pytest.mark.parametrize(
    ("given", "terminal", "coloured"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_dev_has_colours_where_they_will_be_seen(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], terminal: bool, coloured: bool
) -> None:
    if terminal:
        reader, end = os.openpty()
    else:
        reader, end = os.pipe()
    made = logger(to=end)
    for name, value in given.items():  # after it was made: what counts is what is when the first line comes
        monkeypatch.setenv(name, value)
    made.log(exchange())
    made.flush()
    line = os.read(reader, 1000).decode()
    os.close(reader)
    os.close(end)

    assert line.startswith(COLOURED if coloured else "GET /a 200")


def test_colours_may_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert logged(colours=True).startswith(COLOURED)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert logged(colours=False).startswith("GET /a 200")


def test_a_stream_that_is_a_terminal_has_colours() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert sees_colours(Terminal())
    assert not sees_colours(io.StringIO())
    assert not sees_colours("access.log")
    assert not sees_colours(logging.getLogger("x"))


def test_an_id_is_made_once_however_many_logs_there_are() -> None:
    scope: dict[str, Any] = {}
    outer, inner = exchange(), exchange()

    assert logger().identify(outer, None, scope)
    assert not logger().identify(inner, None, scope)
    assert outer.request_id == inner.request_id != ""


@pytest.fixture
def others() -> Iterator[Callable[[str], logging.Logger]]:
    """Makes the logger that a server would, in a process that has not looked yet; takes all away again."""
    known, before = logging.root.manager.loggerDict, [*module._warned]
    kept = {name: known.pop(name) for name in module.SERVERS if name in known}
    module._warned.clear()
    yield logging.getLogger
    for name in module.SERVERS:
        known.pop(name, None)
    known.update(kept)
    module._warned[:] = before


def test_a_server_that_logs_too_is_told_of_once(
    others: Callable[[str], logging.Logger], caplog: pytest.LogCaptureFixture
) -> None:
    server = others("uvicorn.access")
    server.addHandler(logging.NullHandler())
    server.setLevel(logging.INFO)
    logged()
    logged()

    assert caplog.messages == [
        "uvicorn.access is on too: each request is logged twice; turn the server's own access log off"
    ]


def test_an_apps_own_logging_is_not_taken_for_a_server_that_logs(
    others: Callable[[str], logging.Logger], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    off = others("uvicorn.access")
    off.propagate = False  # as uvicorn's --no-access-log leaves it
    logged()

    assert caplog.messages == []
    assert [name for name in module.SERVERS if name in logging.root.manager.loggerDict] == ["uvicorn.access"]


@pytest.mark.parametrize(
    ("arguments", "variable", "told"), [([], "", False), (["--access-log"], "", True), ([], "true", True)]
)
def test_granian_has_its_logger_always_and_logs_when_it_was_asked_to(
    others: Callable[[str], logging.Logger],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    arguments: list[str],
    variable: str,
    told: bool,
) -> None:
    server = others("granian.access")
    server.addHandler(logging.NullHandler())
    server.setLevel(logging.INFO)
    monkeypatch.setattr(sys, "argv", ["granian", *arguments])
    monkeypatch.setenv("GRANIAN_LOG_ACCESS_ENABLED", variable)
    logged()

    assert bool(caplog.messages) is told
