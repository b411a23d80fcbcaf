from mainstay.cli.progress import Progress
from mainstay.cli.terminal import Terminal
from tests.cli.terminals import pipe, screen, written


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def after(seconds: float, terminal: Terminal, *notices: str) -> str:
    clock = Clock()
    with Progress(terminal, clock=clock) as progress:
        clock.now = seconds
        for notice in notices:
            progress.notice(notice)
        progress.tick()
        return written(terminal)


def test_what_is_over_soon_shows_nothing() -> None:
    assert (after(0.2, screen(), "web-0 is starting"), after(0.2, pipe(), "web-0 is starting")) == ("", "")


def test_on_a_terminal_the_last_notice_stands_in_one_line() -> None:
    text = after(1, screen(), "web-0 is starting", "web-1 is starting")

    assert text.rpartition("\r\x1b[K")[2].endswith(" web-1 is starting")
    assert "\n" not in text


def test_the_line_is_gone_at_the_end() -> None:
    terminal = screen()
    after(1, terminal, "web-0 is starting")

    assert written(terminal).endswith("\r\x1b[K")


def said(*notices: tuple[float, str, str]) -> str:
    """What stands in a pipe after notices: when, text, app."""
    clock, terminal = Clock(), pipe()
    with Progress(terminal, clock=clock) as progress:
        for now, text, app in notices:
            clock.now = now
            progress.notice(text, app)
    return written(terminal)


def test_in_a_pipe_what_takes_less_than_a_second_shows_nothing() -> None:
    assert said((0.4, "web-0 is ready", "web"), (0.9, "web-1 is ready", "web")) == ""


def test_in_a_pipe_an_app_has_one_line() -> None:
    assert said((1, "importing web", "web"), (2.5, "web-0 is ready", "web"), (4, "web-1 is ready", "web")) == (
        "importing web\n"
    )


def test_in_a_pipe_there_is_a_line_a_second_at_most_however_many_apps_there_are() -> None:
    notices = [(number / 100, f"s{number} is ready", f"s{number}") for number in range(250)]

    assert said(*notices) == "s100 is ready\ns200 is ready\n"


def test_in_a_pipe_what_was_said_early_is_told_when_it_takes_long() -> None:
    clock, terminal = Clock(), pipe()
    with Progress(terminal, clock=clock) as progress:
        progress.notice("importing web", "web")
        clock.now = 1
        progress.tick()
        progress.tick()

    assert written(terminal) == "importing web\n"


def test_before_the_first_notice_a_terminal_shows_what_is_being_done() -> None:
    clock, terminal = Clock(), screen()
    with Progress(terminal, "stopping", clock) as progress:
        clock.now = 1
        progress.tick()

        assert written(terminal).endswith(" stopping")


def test_a_long_notice_does_not_wrap() -> None:
    line = after(1, screen(20), "x" * 50).rpartition("\x1b[K")[2]

    assert len(line) <= 20
    assert line.endswith("…")


def test_a_notice_cannot_steer_the_terminal() -> None:
    assert "\x1b]0;" not in after(1, screen(), "\x1b]0;title\x07")


def test_a_dumb_terminal_is_written_like_a_pipe() -> None:
    assert after(1, screen(TERM="dumb"), "web-0 is starting") == "web-0 is starting\n"
