"""`mainstay run`: set variables, then become a command."""

from __future__ import annotations

import os

from mainstay.cli.chainload.execute import SHELL, execute
from mainstay.cli.chainload.inherited import environment
from mainstay.cli.chainload.line import COMPATS, USAGE, HelpWanted, read
from mainstay.cli.chainload.variables import COMMAND_LINE, Outcome, applied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mainstay.cli.arguments import Parser
    from mainstay.cli.chainload.line import Line
    from mainstay.cli.chainload.variables import ReadFile
    from mainstay.cli.terminal import Console


def parser() -> Parser:
    """The options of `run`, for its help and for completion; `chainload.line` reads them."""
    from mainstay.cli.arguments import Parser

    made = Parser(
        "run",
        "Set variables, then run a command in this process's place: signals, exit code and job control are exactly\n"
        "the command's own. Everything is done from left to right; the first word that is neither an option nor an\n"
        "assignment is the command, and everything behind it belongs to it, unchanged. `--` ends options and\n"
        "assignments, too. A value may hold $NAME, ${NAME}, ${NAME:-default}, ${NAME:?message} and ${NAME:+other};\n"
        "\\$ is a dollar sign. NAME?=VALUE sets a variable only where there is none. Exit codes: 127 when the command\n"
        "is not found, 126 when it cannot be executed, 2 for a wrong command line, 1 when a file or variable is\n"
        "missing.\n"
        "(To run a job of mainstay.toml now: `mainstay run-job`.)",
        (
            ("mainstay run APP_ENV=production -- python manage.py migrate", ""),
            ("mainstay run -f .env PORT?=8000 'URL=http://localhost:$PORT' -- pytest", ""),
            ("mainstay run --shell A=1 'echo $A && date'", "words are joined, and /bin/sh reads them"),
            ("mainstay run -f .env --print", "what it would set, with secrets masked"),
        ),
        usage=USAGE.removeprefix("mainstay run "),
    )
    add = made.add_argument
    add("--file", "-f", action="append", metavar="FILE", help="read a .env file; sets what is not set yet")
    add("--override", action="store_true", help="files win over the environment, later files over earlier ones")
    add("--quiet", action="store_true", help="do not tell of odd lines in files")
    add("--unset", "-u", action="append", metavar="NAME", help="take a variable away")
    add("--env", metavar="NAME", help="the same as APP_ENV=NAME NODE_ENV=NAME")
    add("--shell", action="store_true", help="join the command's words with spaces and let /bin/sh -c run them")
    add("--expand-args", action="store_true", help="expand variables in the command's words, too")
    add("--print", action="store_true", help="show what would be set and run; run nothing")
    made.add_json("the same as JSON")
    add("--compat", choices=COMPATS, help="read everything behind it as that program (10.1.0) does")
    return made


def run(argv: list[str], console: Console) -> int:
    """Become the command, or show it."""
    try:
        line = read(argv)
    except HelpWanted:
        parser().print_help()
        return 0
    if line.compat:
        return _compatible(line, console)
    outcome = applied(line.steps, environment(), _reader(line, console), override="--override" in line.flags)
    words = _words(line, outcome.environ)
    if line.printing:
        return _show(outcome, words, line, console)
    execute(words, outcome.environ)


def _reader(line: Line, console: Console) -> ReadFile:
    def variables_of(path: str) -> Mapping[str, tuple[str, str]]:
        from mainstay.cli.chainload.files import read_file
        from mainstay.cli.escaping import escaped

        file = read_file(path)
        if "--quiet" not in line.flags:
            console.err.print_all(f"mainstay: {escaped(oddity)}" for oddity in file.oddities)
        return file.variables

    return variables_of


def _words(line: Line, environ: Mapping[str, str]) -> Sequence[str]:
    if not line.words:
        return ()
    if "--shell" in line.flags:
        return (SHELL, "-c", "--", " ".join(line.words))
    if "--expand-args" in line.flags:
        from mainstay.cli.chainload.variables import expanded_words

        return expanded_words(line.words, environ)
    return line.words


def _compatible(line: Line, console: Console) -> int:
    import sys

    from mainstay.cli.chainload import cross_env
    from mainstay.cli.chainload.execute import NotRun

    environ = environment()
    try:
        found = cross_env.read(line.words, environ, windows=cross_env.is_windows(sys.platform, os.environ))
    except cross_env.CommandRequired as error:
        raise NotRun("cannot run '': nothing is left of the command without its quotes", exit_code=1) from error
    words = found.command
    if words and line.compat == "cross-env-shell":
        words = (SHELL, "-c", " ".join(words))
    outcome = Outcome(environ)
    for name, value in found.variables.items():
        outcome.give(name, value, COMMAND_LINE)
    if line.printing:
        return _show(outcome, words, line, console)
    if not words:
        return 0
    return _child(words, outcome.environ)


def _child(words: Sequence[str], environ: Mapping[str, str]) -> int:
    import signal

    from mainstay.cli.chainload.child import ran
    from mainstay.cli.chainload.cross_env import exit_code
    from mainstay.cli.chainload.execute import NotRun

    try:
        return exit_code(ran(words, environ), signal.SIGINT)
    except NotRun as error:
        error.exit_code = 1
        raise


def _show(outcome: Outcome, words: Sequence[str], line: Line, console: Console) -> int:
    from mainstay.cli.chainload.shown import Shown

    shown = Shown(outcome, words)
    if "--json" in line.flags:
        from mainstay.cli.arguments import print_json

        print_json(shown.as_json())
    else:
        console.out.print(*shown.lines(console.out))
    return 0
