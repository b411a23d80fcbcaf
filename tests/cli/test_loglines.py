import json

from mainstay.cli.loglines import Prefixed, json_line
from mainstay.cli.terminal import Terminal
from mainstay.client.logs import Line, Stream
from tests.cli.terminals import pipe, screen

WEB = Stream("web", "web-0", 0, "out", "/logs/web-0.out.log")
JOBS = Stream("jobs", "jobs-0", 0, "err", "/logs/jobs-0.err.log")


def printed(terminal: Terminal, *lines: Line) -> list[str]:
    prefixed = Prefixed(terminal)
    prefixed.learn([WEB, JOBS])
    return [prefixed(line) for line in lines]


def test_a_line_says_whose_it_is_and_stderr_is_marked() -> None:
    assert printed(pipe(), Line(1, WEB, "hello"), Line(2, JOBS, "oops")) == ["web-0  | hello", "jobs-0 ! oops"]


def test_each_app_has_its_own_colour() -> None:
    web, jobs = printed(screen(NO_COLOR=""), Line(1, WEB, "hello"), Line(2, JOBS, "oops"))

    assert (web.partition("web-0")[0], jobs.partition("jobs-0")[0]) == ("\x1b[36m", "\x1b[35m")


def test_what_an_app_writes_cannot_steer_the_terminal() -> None:
    line = Line(1, WEB, "\x1b[31mred\x1b[0m\x1b[2J\r")

    assert printed(screen(), line) == ["web-0  | red\\x1b[2J"]


def test_a_pipe_gets_what_was_written() -> None:
    assert printed(pipe(), Line(1, WEB, "\x1b[31mred")) == ["web-0  | \x1b[31mred"]


def test_a_line_as_json_has_its_time_and_place() -> None:
    assert json.loads(json_line(Line(1_795_435_201.25, JOBS, 'say "no"'))) == {
        "time": "2026-11-23T12:00:01.250Z",
        "app": "jobs",
        "slot": "jobs-0",
        "stream": "err",
        "line": 'say "no"',
    }


def test_no_room_is_kept_for_the_long_name_of_a_template() -> None:
    prefixed = Prefixed(pipe(), err_mark="|")
    prefixed.learn([WEB, Stream("web", "web-template", -1, "err", "/logs/web-template.err.log")])

    assert prefixed(Line(1, WEB, "hello")) == "web-0 | hello"
