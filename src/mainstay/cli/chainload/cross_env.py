r"""The rules of cross-env 10.1.0, its defects included, for scripts that rely on them. Nothing here has an effect.

What is an assignment is found anywhere in a word (`--b=1`, `./run?x=1` and `MY-FOO=1` are assignments); quotes around a
value are removed; variables come from the environment before the call; the first word that is no assignment is the
command. Words that are empty vanish. Single quotes vanish from the command and its arguments, and so does a backslash
before `$`, `"`, or another one.

On Windows, or where OSTYPE says msys or cygwin, `;` parts the folders of PATH and NODE_PATH, and `$NAME` in the command
becomes `%NAME%`, or nothing when it is not set.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_REST = r"[^\n\r\u2028\u2029]*"  # what `.` matches in JavaScript
_ASSIGNMENT = re.compile(rf"(\w+)=(?:'({_REST})'|\"({_REST})\"|({_REST}))", re.ASCII)
_QUOTING = re.compile(r"\\\\|\\?'|\\(?=[$\"])")
_VARIABLE = re.compile(r"(\\*)(\$(\w+)|\$\{(\w+)\})", re.ASCII)
_COLON = re.compile(r"(\\*):")
_WITH_DEFAULT = re.compile(r"\$\{(\w+):-([^}]+)\}", re.ASCII)
_SIMPLE = re.compile(r"\$(\w+)|\$\{(\w+)\}", re.ASCII)
_PATHS = ("PATH", "NODE_PATH")
_NEVER_SET = "__proto__"
"""Assigning text to it does nothing in JavaScript."""


class CommandRequired(ValueError):
    """Nothing is left of the command."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the words say. `command` is empty when there is none: then nothing is done."""

    variables: Mapping[str, str]
    command: tuple[str, ...]


def is_windows(platform: str, environ: Mapping[str, str]) -> bool:
    """Whether the rules of Windows are applied. `platform` is that of `sys.platform`."""
    return platform == "win32" or environ.get("OSTYPE") in ("msys", "cygwin")


def read(words: Sequence[str], environ: Mapping[str, str], *, windows: bool = False) -> Read:
    """The variables to set and the command to run. Raises CommandRequired when only quotes are left of the command."""
    raw: dict[str, str] = {}
    command: tuple[str, ...] = ()
    for at, word in enumerate(words):
        found = _ASSIGNMENT.search(word)
        if found is not None:
            raw[found[1]] = next((value for value in found.groups()[1:] if value is not None), "")
        elif word:
            command = _command(words[at:])
            break
    raw.pop(_NEVER_SET, None)
    variables = {name: _value(name, value, environ, windows) for name, value in raw.items()}
    return Read(variables, _for_windows(command, {**environ, **variables}) if windows else command)


def exit_code(status: int, interrupt: int) -> int:
    """The exit code for how a command ended: negative for a signal, as in `subprocess`. An interrupt is a success."""
    if status >= 0:
        return status
    return 0 if -status == interrupt else 1


def _command(words: Sequence[str]) -> tuple[str, ...]:
    first, *rest = (_QUOTING.sub(_unquoted, word) for word in words)
    if not first:
        raise CommandRequired
    return (first, *(word for word in rest if word))


def _unquoted(found: re.Match[str]) -> str:
    return {"\\\\": "\\", "\\'": "'"}.get(found[0], "")


def _value(name: str, value: str, environ: Mapping[str, str], windows: bool) -> str:
    if name in _PATHS:
        value = _COLON.sub(lambda found: _separator(found, ";" if windows else ":"), value)
    return _VARIABLE.sub(lambda found: _filled(found, environ), value)


def _separator(found: re.Match[str], separator: str) -> str:
    """A colon with an odd number of backslashes before it stays one, and loses one of them."""
    return found[0][1:] if len(found[1]) % 2 else found[1] + separator


def _filled(found: re.Match[str], environ: Mapping[str, str]) -> str:
    """After an odd number of backslashes the variable stays, and all of them vanish; of an even one half is left."""
    backslashes = len(found[1])
    if backslashes % 2:
        return found[2]
    return "\\" * (backslashes // 2) + environ.get(found[3] or found[4], "")


def _for_windows(command: tuple[str, ...], environ: Mapping[str, str]) -> tuple[str, ...]:
    converted = [_converted(word, environ) for word in command]
    return (_normalized(converted[0]), *converted[1:]) if converted else ()


def _converted(word: str, environ: Mapping[str, str]) -> str:
    word = _WITH_DEFAULT.sub(lambda found: environ.get(found[1]) or found[2], word)
    return _SIMPLE.sub(lambda found: f"%{name}%" if environ.get(name := found[1] or found[2]) else "", word)


def _normalized(path: str) -> str:
    """As Node's `path.posix.normalize`: Python's keeps two slashes at the beginning and drops the last one."""
    if not path:
        return "."
    normal = posixpath.normpath(path)
    normal = "/" + normal.lstrip("/") if normal.startswith("/") else normal
    return normal + "/" if path.endswith("/") and not normal.endswith("/") else normal
