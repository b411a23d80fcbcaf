"""Errors as people see them: one line, the app's own last lines, a hint. Never a traceback."""

from __future__ import annotations

import os

from mainstay.cli.escaping import escaped, escaped_but_colours, without_colours
from mainstay.cli.terminal import BOLD, DIM, RED
from mainstay.errors import FAILURE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstay.cli.terminal import Terminal
    from mainstay.errors import MainstayError


def show_error(error: MainstayError, terminal: Terminal) -> int:
    """Print it; the exit code."""
    terminal.print(f"{terminal.paint('mainstay:', f'{BOLD};{RED}')} {_lines_escaped(error.message)}")
    bar = terminal.paint("│" if terminal.unicode else "|", RED)
    shown = escaped_but_colours if terminal.colours else without_colours
    terminal.print(*(f"  {bar} {shown(line)}" for line in error.lines))
    if error.hint:
        terminal.print(f"  {terminal.paint('hint:', DIM)} {_lines_escaped(error.hint)}")
    return error.exit_code


def show_bug(error: BaseException, argv: Sequence[str], terminal: Terminal) -> int:
    """One line for an exception that nobody expected, with the details in crash.log; the exit code."""
    what = f"{type(error).__name__}: {error}".partition("\n")[0]
    where = _write_details(error, argv)
    terminal.print(f"{terminal.paint('mainstay:', f'{BOLD};{RED}')} a bug in mainstay: {escaped(what)}")
    if where:
        terminal.print(f"  {terminal.paint('hint:', DIM)} the details are in {where}; please report them")
    return FAILURE


def _lines_escaped(text: str) -> str:
    """Messages of several lines (all errors of a file at once) keep them."""
    return "\n".join(escaped(line) for line in text.split("\n"))


def _write_details(error: BaseException, argv: Sequence[str]) -> str:
    """Append the traceback to MAINSTAY_HOME/crash.log; its path, or nothing where that cannot be."""
    import sys
    from traceback import format_exception

    from mainstay import __version__
    from mainstay.cli.units import moment_text
    from mainstay.client.home import home_path, prepared_home
    from mainstay.errors import MainstayError

    try:
        import time

        path = os.path.join(prepared_home(home_path(os.environ)), "crash.log")
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with open(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
            head = f"{moment_text(time.time())} mainstay {__version__}, Python {sys.version}"
            file.write(f"{head}\n{argv[:1]}\n{''.join(format_exception(error))}\n")
    except (OSError, MainstayError):
        return ""
    return path
