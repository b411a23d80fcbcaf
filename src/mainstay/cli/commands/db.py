"""`mainstay db`: the database that a project declares: is it there, where is it, and a shell in it."""

from __future__ import annotations

import os

from mainstay.cli.arguments import Parser, ours_and_more, print_json
from mainstay.cli.database_inquiry import Asking, NotAnswered
from mainstay.cli.escaping import escaped
from mainstay.cli.terminal import BOLD, DIM, GREEN
from mainstay.errors import MainstayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from mainstay.cli.terminal import Console
    from mainstay.settings.database.inquiry import Answer

ACTIONS = ("check", "url", "shell")
_LONGEST = 3600.0


class Options:
    """What the command line said."""

    action: str

    def __init__(self) -> None:
        self.file = ""
        self.environment = ""
        self.python = ""
        self.timeout = 5.0
        self.reveal = False
        self.json = False


def parser() -> Parser:
    """The options of `db`."""
    made = Parser(
        "db",
        "The database that a Python file of the project declares with mainstay.settings.database. `check` connects,\n"
        "and says which server answers or why none does, with exit code 1. `url` prints where it is, with *** for the\n"
        "password. `shell` becomes psql, mariadb, mysql or sqlite3; the password is in no command line. FILE is a\n"
        "path or a module, with the name of its sections where it has several; without, it is the key `database` of\n"
        "mainstay.toml, config/database.py, or the database.py that is found. .env files are read first.",
        (
            ("mainstay db check", "the database of this environment (APP_ENV)"),
            ("mainstay db check --env production --json", ""),
            ("mainstay db url shop/database.py:reports --reveal", "with the password"),
            ("mainstay db shell -- -c 'SELECT 1'", "what follows -- goes to the client"),
        ),
        usage="check|url|shell [FILE] [--env NAME] [OPTION ...] [-- ARGUMENT ...]",
    )
    made.add_argument("action", choices=ACTIONS, metavar="|".join(ACTIONS), help="what to do")
    made.add_argument("file", nargs="?", metavar="FILE", help="path.py, path.py:NAME, module or module:NAME")
    made.add_argument("--env", dest="environment", metavar="NAME", help="the section: that of APP_ENV unless told")
    made.add_argument("--python", metavar="PATH", help="the interpreter, or a virtual environment's folder")
    made.add_argument("--timeout", type=float, metavar="SECONDS", help="how long `check` waits: 5 unless told")
    made.add_argument("--reveal", action="store_true", help="print the password, too")
    made.add_json("an object: environment, url and, for `check`, ok, server, version, times, or error and hint")
    return made


def run(argv: list[str], console: Console) -> int:
    """Do one of the three; the exit code."""
    ours, more = ours_and_more(argv)
    options = parser().read(ours, Options())
    if not 0 < options.timeout <= _LONGEST:
        raise UsageError(f"cannot wait for {options.timeout:g} s", hint=f"--timeout goes up to {_LONGEST:g}")
    if more and options.action != "shell":
        raise UsageError(f"cannot pass {' '.join(more)} on: only `db shell` runs another program")
    if options.reveal and options.action != "url":
        raise UsageError("--reveal goes with `db url`")
    asking = _asking(options)
    match options.action:
        case "check":
            return _check(asking, options, console)
        case "url":
            return _url(asking, options, console)
        case _:
            _shell(asking, more)


def _asking(options: Options) -> Asking:
    from mainstay.cli.database_file import find_target, python_for

    target = find_target(options.file, os.getcwd())
    python, venv = python_for(target, options.python, os.environ)
    return Asking(target, options.environment, python, venv)


def _check(asking: Asking, options: Options, console: Console) -> int:
    try:
        answer = asking.ask("check", timeout=options.timeout)
    except NotAnswered as error:
        if not options.json:
            raise
        told = {name: value for name, value in error.answer.items() if name in ("environment", "url")}
        print_json({"ok": False, **told, "error": error.message, "hint": error.hint})
        return error.exit_code
    if options.json:
        print_json({"ok": True, **answer})
        return 0
    console.out.print(*_lines(answer, console))
    return 0


def _lines(answer: Answer, console: Console) -> list[str]:
    out = console.out
    server = out.paint(escaped(f"{answer['server']} {answer['version']}"), f"{BOLD};{GREEN}")
    times = f"connected in {answer['connect_ms']:.1f} ms, answers in {answer['latency_ms']:.1f} ms"
    where = f"{escaped(answer['environment'])}: {escaped(answer['url'])}"
    return [f"{server}  {times}", out.paint(where, DIM)]


def _url(asking: Asking, options: Options, console: Console) -> int:
    answer = asking.ask("url", reveal=options.reveal)
    if options.json:
        print_json({"environment": answer["environment"], "url": answer["url"]})
    else:
        console.out.print(answer["url"] if options.reveal else escaped(answer["url"]))
    return 0


def _shell(asking: Asking, more: Sequence[str]) -> NoReturn:
    """Become the client: signals, the terminal and the exit code are its own."""
    from mainstay.cli.chainload.execute import execute
    from mainstay.cli.chainload.inherited import environment
    from mainstay.config.interpreter import which

    answer = asking.ask("client")
    environ = environment() | answer["env"]
    for name in answer["programs"]:
        if which(name, environ.get("PATH", os.defpath), os.getcwd()):
            execute([name, *answer["arguments"], *more], environ)
    names = " or ".join(answer["programs"])
    raise MainstayError(f"cannot open a shell: {names} is not installed", hint=f"apt-get install {answer['package']}")
