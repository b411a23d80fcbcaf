import pytest

from mainstay.cli.terminal import GREEN, Console
from tests.cli.terminals import pipe, screen, written


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "", "TERM": "dumb"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"NO_COLOR": "", "TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_a_terminal_has_colours_unless_told_not_to(environ: dict[str, str], colours: bool) -> None:
    assert screen(80, **environ).colours is colours


@pytest.mark.parametrize(
    ("environ", "colours"), [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "0"}, False)]
)
def test_a_pipe_has_colours_when_forced(environ: dict[str, str], colours: bool) -> None:
    assert pipe(**environ).colours is colours


def test_text_is_painted_where_there_are_colours() -> None:
    assert screen(NO_COLOR="").paint("online", GREEN) == "\x1b[32monline\x1b[0m"
    assert screen().paint("online", GREEN) == "online"
    assert screen(NO_COLOR="").paint("", GREEN) == ""


def test_a_pipe_has_no_width_and_no_box_drawing() -> None:
    terminal = pipe(COLUMNS="50")

    assert (terminal.width, terminal.height, terminal.unicode, terminal.live) == (None, None, False, False)


def test_the_width_is_what_columns_says() -> None:
    assert screen(columns=50).width == 50


def test_lines_are_printed_with_their_ends() -> None:
    terminal = pipe()
    terminal.print("a", "b")
    terminal.print()
    terminal.print_all(["c"])

    assert written(terminal) == "a\nb\nc\n"


def test_the_console_is_the_process_s_own() -> None:
    console = Console.standard()

    assert (console.out.is_terminal, console.err.is_terminal) == (False, False)
