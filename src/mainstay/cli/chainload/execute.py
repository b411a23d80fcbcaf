"""Becomes another program, as execvp(3) does it, with the exit codes of POSIX shells where that cannot be.

Python's own `os.execvpe` runs no scripts without a first line `#!`, and leaves to others to say why nothing was run.
"""

from __future__ import annotations

import errno
import os

from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import NoReturn

NOT_FOUND = 127
NOT_EXECUTABLE = 126
SHELL = "/bin/sh"
_GO_ON = (errno.ENOENT, errno.EACCES)
"""What the system says of a file that is there: its interpreter is missing, or it may not be executed. The next folder
of PATH may have one that can be run."""
_OF_SHELLS = frozenset(" \t\n&|;<>()$`*")
"""What is in a script and hardly in a program's name."""


class NotRun(MainstayError):
    """The command cannot be run: 127 when it is not found, 126 when it is there and cannot be executed."""

    def __init__(self, message: str, hint: str = "", exit_code: int = NOT_EXECUTABLE) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


def execute(words: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Be the program, found on the PATH of `environ`, from now on. Raises NotRun."""
    _restore_signals()
    refused: tuple[str, OSError] | None = None
    for path in _candidates(words[0], environ):
        error = _tried(path, words, environ)
        if not os.path.exists(path):
            continue
        if error.errno not in _GO_ON:
            refused = (path, error)
            break
        refused = refused or (path, error)
    if refused is None:
        raise _not_found(words[0])
    from mainstay.cli.chainload.refusal import cause_of

    cause, hint = cause_of(*refused, words, environ)
    raise NotRun(f"cannot run {words[0]}: {cause}", hint) from refused[1]


def _candidates(program: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Where it may be. An empty entry of PATH is the working folder; a folder called like the program is not it."""
    if "/" in program:
        yield program
    elif program:
        for folder in environ.get("PATH", os.defpath).split(os.pathsep):
            path = os.path.join(folder or ".", program)
            if not os.path.isdir(path):
                yield path


def _tried(path: str, words: Sequence[str], environ: Mapping[str, str]) -> OSError:
    """Why the file cannot be executed; when it can, this never comes back."""
    try:
        try:
            os.execve(path, [*words], environ)
        except OSError as error:
            if error.errno != errno.ENOEXEC or not _looks_like_script(path):
                return error
        os.execve(SHELL, [SHELL, path, *words[1:]], environ)
    except OSError as error:
        return error


def _looks_like_script(path: str) -> bool:
    """As shells see it: no NUL in the first line. It may have no `#!`, and is the shell's then."""
    try:
        with open(path, "rb") as file:
            return b"\0" not in file.readline(4096)
    except OSError:
        return False


def _not_found(program: str) -> NotRun:
    from mainstay.cli.chainload.line import is_name
    from mainstay.cli.masking import masked

    if not program:
        return NotRun("cannot run '': the command's name is empty", "", NOT_FOUND)
    name, equals, _ = program.partition("=")
    program = masked("", program)  # somebody's URL, for which the command was forgotten
    if equals and "/" not in name:  # nothing of the value: it may be a secret
        rule = "a name has letters, digits and _ only, and no digit first"
        hint = "assignments stand in front of `--`" if is_name(name) else rule
        return NotRun(f"cannot run {name}=...: it is no assignment, and no such command is found", hint, NOT_FOUND)
    if "/" in program:
        return NotRun(f"cannot run {program}: there is no such file", "", NOT_FOUND)
    hint = "--shell lets /bin/sh read it" if _OF_SHELLS & set(program) else ""
    return NotRun(f"cannot run {program}: no folder of PATH has it", hint, NOT_FOUND)


def _restore_signals() -> None:
    """Python ignores SIGPIPE and SIGXFSZ, and whoever ignores a signal hands that on to the program."""
    try:
        import _signal as signal  # type: ignore[import-not-found]  # what CPython's `signal` is made of: it needs no enum
    except ImportError:  # another Python than CPython
        import signal

    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
