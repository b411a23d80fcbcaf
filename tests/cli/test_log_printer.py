import json
from pathlib import Path

import pytest

from mainstay.cli.log_printer import LogPrinter, Streams, shower
from mainstay.client.home import socket_path
from mainstay.client.logs import Line, Stream
from tests.cli.fake_daemon import FakeDaemon, ok
from tests.cli.terminals import pipe, written
from tests.waiting import until

OUT = Stream("web", "web-0", 0, "out", "/logs/web-0.out.log")
ERR = Stream("web", "web-0", 0, "err", "/logs/web-0.err.log")


def shown(form: str) -> tuple[str, str]:
    out, err = pipe(), pipe()
    show = shower(form, out, err, lambda: [OUT, ERR])
    show([Line(1, OUT, "a"), Line(2, ERR, "b"), Line(3, OUT, "c")])
    return written(out), written(err)


def test_each_stream_of_an_app_goes_to_its_own() -> None:
    assert shown("prefix") == ("web-0 | a\nweb-0 | c\n", "web-0 | b\n")
    assert shown("raw") == ("a\nc\n", "b\n")


def test_json_says_which_stream_it_was() -> None:
    out, err = shown("json")

    assert err == ""
    assert [(o["slot"], o["stream"], o["line"]) for o in map(json.loads, out.splitlines())] == [
        ("web-0", "out", "a"),
        ("web-0", "err", "b"),
        ("web-0", "out", "c"),
    ]


def test_what_is_written_until_the_end_is_printed_the_last_line_without_its_newline_too(tmp_path: Path) -> None:
    path, out = tmp_path / "web-0.out.log", pipe()
    path.write_text("before\n")
    stream = Stream("web", "web-0", 0, "out", str(path))
    printer = LogPrinter(lambda: [stream], shower("raw", out, pipe(), lambda: [stream]))
    with path.open("a") as file:
        file.write("one\n")
        file.flush()
        until(lambda: "one" in written(out))
        file.write("two\nthree")
    printer.finish(30)

    assert written(out) == "one\ntwo\nthree\n"


@pytest.mark.usefixtures("daemon")
def test_streams_of_an_app_that_is_gone_are_kept(home: Path, daemon: FakeDaemon) -> None:
    streams = Streams(socket_path(str(home)))
    place = {"app": "web", "slot": "web-0", "index": 0, "stream": "out", "path": "/logs/web-0.out.log"}
    daemon.answers["streams"] = ok({"streams": [place]})
    first = streams()
    daemon.answers["streams"] = ok({"streams": []})

    assert (first, streams(), streams.known) == ([OUT], [OUT], [OUT])


def test_without_a_daemon_what_was_known_stays(home: Path) -> None:
    assert Streams(str(home / "daemon.sock"), [OUT])() == [OUT]
