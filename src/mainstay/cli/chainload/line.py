"""Reads the words of `mainstay run`: options and assignments, and from the first other word on the command.

By hand and not with argparse, which would cost as much as all else: this runs before every script of somebody's day.
"""

from __future__ import annotations

from dataclasses import dataclass

from mainstay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = "mainstay run [OPTIONS] [NAME=VALUE ...] [--] COMMAND [ARGUMENT ...]"
COMPATS = ("cross-env", "cross-env-shell")
VALUED = {"-f": "--file", "--file": "--file", "-u": "--unset", "--unset": "--unset", "--env": "--env"}
"""Options with a value, by each of their names; `--compat` is read apart, as it ends the options."""
FLAGS = ("--override", "--shell", "--expand-args", "--quiet", "--print", "--json")
_COMPAT = "--compat"


@dataclass(frozen=True, slots=True)
class FromFile:
    """`-f FILE`."""

    path: str


@dataclass(frozen=True, slots=True)
class Unset:
    """`-u NAME`."""

    name: str


@dataclass(frozen=True, slots=True)
class Assign:
    """`NAME=VALUE`, or `NAME?=VALUE`, which is for a variable that is not set."""

    name: str
    value: str
    if_unset: bool = False


Step = FromFile | Unset | Assign


@dataclass(frozen=True, slots=True)
class Line:
    """What the words say. `steps` in their order; `words` are the command and its arguments."""

    steps: tuple[Step, ...]
    words: tuple[str, ...]
    flags: frozenset[str] = frozenset()
    compat: str = ""

    @property
    def printing(self) -> bool:
        """Whether the result is shown, and nothing run."""
        return bool(self.flags & {"--print", "--json"})


class HelpWanted(Exception):
    """`--help` stands among the options."""


def read(argv: Sequence[str]) -> Line:
    """Take a command line apart. Raises UsageError, or HelpWanted."""
    steps: list[Step] = []
    flags: set[str] = set()
    at = 0
    while at < len(argv):
        word = argv[at]
        at += 1
        if word == "--":
            return _checked(Line(tuple(steps), tuple(argv[at:]), frozenset(flags)))
        option, value, is_attached = _parted(word)
        if option == _COMPAT or option in VALUED:
            if not is_attached:
                value = _next(argv, at, option)
                at += 1
            if option == _COMPAT:
                return _compatible(value, steps, flags, argv[at:])
            steps.extend(_steps_of(option, value))
        elif word in FLAGS:
            flags.add(word)
        elif word in ("--help", "-h"):
            raise HelpWanted
        elif word.startswith("-") and word != "-":
            raise _unreadable(f"no option {option}", "what is run begins behind `--`, if it begins with a dash")
        elif step := assignment(word):
            steps.append(step)
        else:
            return _checked(Line(tuple(steps), tuple(argv[at - 1 :]), frozenset(flags)))
    return _checked(Line(tuple(steps), (), frozenset(flags)))


def assignment(word: str) -> Assign | None:
    """The assignment that a word is. Names are those of POSIX: ASCII letters, digits and _, no digit first."""
    name, equals, value = word.partition("=")
    if_unset = name.endswith("?")
    name = name.removesuffix("?")
    return Assign(name, value, if_unset) if equals and is_name(name) else None


def is_name(text: str) -> bool:
    """Whether it is a POSIX name, which is what ASCII identifiers of Python are, too."""
    return text.isascii() and text.isidentifier()


def _parted(word: str) -> tuple[str, str, bool]:
    """The option, its value, and whether that is part of the word: `--file=FILE`, `-fFILE`."""
    if word.startswith("--"):
        option, equals, value = word.partition("=")
        return option, value, bool(equals)
    return word[:2], word[2:], len(word) > 2


def _next(argv: Sequence[str], at: int, option: str) -> str:
    if at >= len(argv):
        raise _unreadable(f"{option} needs a value", "`mainstay run --help` shows what it takes")
    return argv[at]


def _steps_of(option: str, value: str) -> tuple[Step, ...]:
    match VALUED[option]:
        case "--file":
            return (FromFile(value),)
        case "--unset":
            name, equals, _ = value.partition("=")
            if not name or equals:
                raise _unreadable(f"-u takes the name of a variable, not {f'{name}=...' if equals else repr(name)}", "")
            return (Unset(value),)
        case _:
            if not value:
                raise _unreadable("--env needs a name", "--env production, for example")
            return (Assign("APP_ENV", value), Assign("NODE_ENV", value))


def _compatible(compat: str, steps: list[Step], flags: set[str], words: Sequence[str]) -> Line:
    if compat not in COMPATS:
        raise _unreadable(f"--compat knows {' and '.join(COMPATS)}, not {compat!r}", "")
    if steps or flags - {"--print", "--json"}:
        hint = "before it there may be --print and --json; everything behind it is read as the original reads it"
        raise _unreadable("--compat goes with nothing else of ours", hint)
    return Line((), tuple(words), frozenset(flags), compat)


def _checked(line: Line) -> Line:
    if line.flags >= {"--shell", "--expand-args"}:
        raise _unreadable("--expand-args goes without --shell", "the shell expands its script itself")
    if not line.words and not line.printing:
        raise _unreadable("there is no command to run", f"usage: {USAGE}")
    return line


def _unreadable(cause: str, hint: str) -> UsageError:
    return UsageError(f"cannot read the command line: {cause}", hint=hint)
