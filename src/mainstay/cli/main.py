"""The entry of the command line: finds the command, runs it, turns whatever happens into an exit code.

0 done, 1 failed, 2 wrong usage, 3 unknown name, 130 interrupted; 141 when nobody reads the output any more.
Imports as little as it can: `mainstay list` must start in less than twice the time of a bare Python.
"""

from __future__ import annotations

import os
import sys

from mainstay.cli.index import find_command
from mainstay.cli.terminal import Console, NotWritten
from mainstay.errors import MainstayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

INTERRUPTED = 130
BROKEN_PIPE = 141  # what a shell reports for a program that SIGPIPE ended


def main(argv: list[str] | None = None) -> int:
    """Run one command line (without the program's name); the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    _open_streams()
    console = Console.standard()
    try:
        code = _guarded(argv, console)
        sys.stdout.flush()
        sys.stderr.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _mute()
        return BROKEN_PIPE
    except OSError as error:  # a full disk behind stdout
        _mute()
        console.err.print(f"mainstay: cannot write the output: {error.strerror}")
        return 1
    return code


def _guarded(argv: list[str], console: Console) -> int:
    try:
        return _dispatch(argv, console)
    except MainstayError as error:
        from mainstay.cli.failures import show_error

        sys.stdout.flush()
        return show_error(error, console.err)
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except (BrokenPipeError, NotWritten):
        raise
    except Exception as error:
        from mainstay.cli.failures import show_bug

        return show_bug(error, argv, console.err)


def _dispatch(argv: list[str], console: Console) -> int:
    name, rest = (argv[0], argv[1:]) if argv else ("--help", [])
    if name in ("--help", "-h"):
        name = "help"
    elif name in ("--version", "-V"):
        console.out.print(f"mainstay {_version()}")
        return 0
    command = find_command(name)
    if command is None:
        raise _unknown(name)
    if command.name != "list":  # the one that makes no dataclass
        from mainstay.model import records

        sys.modules.setdefault("dataclasses", records)  # quicker to import, and to make our classes with
    module = __import__(command.module, fromlist=["run"])
    run: Callable[[list[str], Console], int] = module.run
    return run(rest, console)


def _version() -> str:
    from mainstay import __version__

    return __version__


def _unknown(name: str) -> UsageError:
    from mainstay.cli.index import commands
    from mainstay.cli.nearest import nearest

    if name.startswith("-"):
        return UsageError(
            f"cannot read the command line: no option {name}", hint="`mainstay --help` shows what there is"
        )
    near = nearest(name, [word for command in commands() for word in (command.name, *command.aliases)])
    hint = f"did you mean `mainstay {near}`?" if near else "`mainstay --help` shows what there is"
    return UsageError(f"no command is called {name!r}", hint=hint)


def _open_streams() -> None:
    """Stand /dev/null in for streams that were closed by the caller: nothing else may get their numbers."""
    if sys.stdin and sys.stdout and sys.stderr:
        return
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)
    sys.stdin = sys.stdin or open(0)  # noqa: SIM115  # for as long as we live
    sys.stdout = sys.stdout or open(1, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w")  # noqa: SIM115


def _mute() -> None:
    """Send what is left in stdout's buffer nowhere, or Python would complain at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
