"""A command written as one line: split into words where that is enough, given to /bin/sh where it is not."""

from enum import Enum

from mainstay.config import values
from mainstay.config.problems import Refused


class _Shell(Enum):
    """What a line needs of a shell, the more the higher."""

    NOTHING = 0
    EXPANSION = 1
    """Variables, patterns, redirections: one program is run, so that the shell can make way for it (`exec`)."""
    CONTROL = 2
    """Several programs, or words that only a shell knows: the shell has to stay."""


_SHELL_WORDS = frozenset(
    (
        *("!", ".", "{", "[[", "alias", "case", "cd", "eval", "exec", "export", "for", "if", "readonly", "set"),
        *("source", "trap", "ulimit", "umask", "unset", "until", "wait", "while"),
    )
)


def command(value: object) -> tuple[str, ...]:
    """A command: a line, or a list of words. Raises Refused."""
    if isinstance(value, str):
        return argv_of(values.text(value))
    if not isinstance(value, list):
        raise Refused(f"must be a text or a list of texts, not {values.kind_of(value)}")
    if not value:
        raise Refused("must not be empty")
    values.text(value[0])
    return values.items(value, _word)


def arguments(value: object) -> tuple[str, ...]:
    """Arguments: a line, or a list of words. Raises Refused."""
    if not isinstance(value, str):
        return values.items(value, _word)
    import shlex

    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise Refused(f"not a list of arguments: {str(error).lower()}") from None


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise Refused(f"must be a text, not {values.kind_of(value)}")
    if "\0" in value:
        raise Refused("has a NUL character")
    return value


def argv_of(line: str) -> tuple[str, ...]:
    """The argument vector for a command line.

    Without anything that a shell must do, its words. With variables, patterns or redirections
    `/bin/sh -c "exec LINE"`, so that signals reach the program itself. With pipes, lists and shell words
    `/bin/sh -c LINE`. Raises Refused for an empty line and for an open quote.
    """
    import shlex

    line = line.strip()
    if "\0" in line:
        raise Refused("has a NUL character")
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise Refused(f"not a command line: {str(error).lower()}") from None
    if not words or not words[0]:
        raise Refused("an empty command")
    needs = _needs(line)
    first = line.split(maxsplit=1)[0]
    if first in _SHELL_WORDS:
        needs = _Shell.CONTROL
    assigns = first.partition("=")[0].isidentifier() and "=" in first
    if needs is _Shell.CONTROL:
        return ("/bin/sh", "-c", line)
    if assigns:  # `exec NAME=value program` is not possible
        return ("/bin/sh", "-c", f"exec env {line}")
    if needs is _Shell.EXPANSION:
        return ("/bin/sh", "-c", f"exec {line}")
    return tuple(words)


def _needs(line: str) -> _Shell:
    """Read as sh reads it: what is quoted means nothing, except `$` and backticks in double quotes."""
    quote, before, needs = "", " ", _Shell.NOTHING
    rest = iter(line)
    for char in rest:
        if quote == "'":
            quote = "" if char == "'" else quote
        elif char == "\\":
            next(rest, "")
        elif char in "$`":
            needs = _Shell.EXPANSION
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in ";|()\n" or (char == "&" and before not in "<>"):
            return _Shell.CONTROL
        elif char in "*?[<>" or (char in "~#" and before.isspace()):
            needs = _Shell.EXPANSION
        before = char
    return needs
